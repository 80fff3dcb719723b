/** Brings together what the provider says of the person: the ID token, and userinfo only where it adds something. */
import { LatchkeyError } from "../kernel/errors.js";
import type { JsonObject } from "../kernel/json.js";
import type { Instant } from "../kernel/time.js";
import { mergeClaims, userinfoNeeded } from "../oauth/collected-claims.js";
import type { AuthorizationServer, IdTokenClaims } from "../oauth/types.js";
import { fetchUserinfo } from "../oauth/userinfo.js";
import type { Provider } from "../providers/provider.js";
import type { SignInPorts } from "./ports.js";

export async function collectClaims(
  ports: SignInPorts,
  input: {
    readonly as: AuthorizationServer;
    readonly provider: Provider;
    readonly idToken: IdTokenClaims;
    readonly accessToken: string;
    readonly now: Instant;
  },
): Promise<JsonObject> {
  const { as, provider, idToken, accessToken, now } = input;
  const names = usedClaims(provider);
  if (!userinfoNeeded({ as, names, idToken })) return mergeClaims(idToken, undefined, names);
  const userinfo = await fetchUserinfo(ports, { as, provider, accessToken, expectedSub: idToken.sub, now });
  const claims = mergeClaims(idToken, userinfo, names);
  // `mergeClaims` promises this; it is the one promise that another person's account hangs on (AT-11).
  if (claims["sub"] !== idToken.sub || claims["iss"] !== idToken.iss) {
    throw new LatchkeyError("signin.userinfo_invalid", { data: { reason: "identity_overridden" } });
  }
  return claims;
}

/** Only what is used is worth a request (SI-11); nothing reads roles and groups yet. */
const usedClaims = ({ claims }: Provider) => ({ ...claims, roles: null, groups: null });
