/** Brings together what the provider says of the person: the ID token, and userinfo only where it adds something. */
import { LatchkeyError } from "../kernel/errors.js";
import type { JsonObject } from "../kernel/json.js";
import type { Instant } from "../kernel/time.js";
import { mergeClaims, userinfoNeeded } from "../oauth/collected-claims.js";
import { fetchPerson } from "../oauth/person-documents.js";
import type { AuthorizationServer, IdTokenClaims } from "../oauth/types.js";
import { fetchUserinfo } from "../oauth/userinfo.js";
import type { Provider } from "../providers/provider.js";
import type { SignInPorts } from "./ports.js";

/** The claims of one sign-in; `iss` is the issuer that the identity is keyed by. */
export type CollectedClaims = JsonObject & { readonly iss: string };

export async function collectClaims(
  ports: SignInPorts,
  input: {
    readonly as: AuthorizationServer;
    readonly provider: Provider;
    /** Null at a provider that has none (`oauth2`). */
    readonly idToken: IdTokenClaims | null;
    readonly accessToken: string;
    readonly now: Instant;
  },
): Promise<CollectedClaims> {
  const { as, provider, accessToken, now } = input;
  if (input.idToken === null) return fetchPerson(ports, { as, provider, accessToken });
  const idToken = vouched(provider, input.idToken);
  const names = usedClaims(provider);
  if (!userinfoNeeded({ as, names, idToken })) return idToken;
  const userinfo = await fetchUserinfo(ports, { as, provider, accessToken, expectedSub: idToken.sub, now });
  const claims = mergeClaims(idToken, vouched(provider, userinfo), names);
  // `mergeClaims` promises this; it is the one promise that another person's account hangs on (AT-11).
  if (claims["sub"] !== idToken.sub || claims["iss"] !== idToken.iss) {
    throw new LatchkeyError("signin.userinfo_invalid", { data: { reason: "identity_overridden" } });
  }
  return { ...claims, iss: idToken.iss };
}

/** Whether a document vouches for its address is asked of each by itself, before one's address can meet the other's flag. */
function vouched<T extends JsonObject>({ quirks }: Provider, document: T): T {
  return quirks.emailVerified ? { ...document, email_verified: quirks.emailVerified(document) } : document;
}

/** Only what is used is worth a request (SI-11); nothing reads roles and groups yet. */
const usedClaims = ({ claims }: Provider) => ({ ...claims, roles: null, groups: null });
