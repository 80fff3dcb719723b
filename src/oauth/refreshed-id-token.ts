/**
 * The ID token of a refresh answer (OpenID Connect Core §12.2): verified as the first one was, and about the same person
 * at the same issuer. Who it is about is looked at as soon as the signature is good, before any other check: tokens of
 * another person must not stay because their ID token has expired as well.
 */
import { decodeJwt } from "jose";
import { isLatchkeyError } from "../kernel/errors.js";
import type { JsonObject } from "../kernel/json.js";
import { member } from "../kernel/json.js";
import type { Instant } from "../kernel/time.js";
import type { Provider } from "../providers/provider.js";
import { audienceList, checkIdTokenClaims, subjectText } from "./id-token-claims.js";
import type { Metadata } from "./metadata.js";
import { signingAlgorithms, verifySignature } from "./signature.js";
import { idTokenIssuer } from "./tenant-issuers.js";
import type { AuthorizationServer, IdTokenClaims } from "./types.js";

export type RefreshedIdToken =
  | { readonly kind: "same"; readonly claims: IdTokenClaims }
  /** Signed by the issuer, and about somebody else or by somebody else: the grant is not what it was. */
  | { readonly kind: "another"; readonly reason: "sub" | "iss" }
  /** Not usable; the old one stays. */
  | { readonly kind: "defect"; readonly reason: string };

/** @param input.previous the ID token that is kept, which was verified when it came; null where there is none */
export async function readRefreshedIdToken(
  deps: { readonly metadata: Pick<Metadata, "jwks"> },
  input: {
    readonly as: AuthorizationServer;
    readonly provider: Provider;
    readonly idToken: string;
    readonly previous: string | null;
    readonly accessToken: string;
    readonly now: Instant;
  },
): Promise<RefreshedIdToken> {
  const { as, provider } = input;
  // Without the first one nobody can say whether it is the same person.
  const previous = input.previous === null ? undefined : payloadOf(input.previous);
  if (!previous) return { kind: "defect", reason: "no_previous" };
  const signed = await signedBy();
  if (!signed.ok) return { kind: "defect", reason: signed.error };
  const next = signed.value.payload;
  const issuer = idTokenIssuer(provider, as.issuer, next);
  if (issuer === undefined || member(next, "iss") !== member(previous, "iss"))
    return { kind: "another", reason: "iss" };
  const sub = subjectText(member(next, "sub"));
  if (sub === undefined) return { kind: "defect", reason: "sub" };
  if (sub !== subjectText(member(previous, "sub"))) return { kind: "another", reason: "sub" };
  const claims = checkIdTokenClaims(signed.value, {
    issuer,
    clientId: provider.client.clientId,
    now: input.now,
    clockTolerance: provider.clockTolerance,
    nonce: undefined,
    accessToken: input.accessToken,
    maxAge: undefined,
  });
  if (!claims.ok) return { kind: "defect", reason: claims.error };
  const differs =
    differenceOf(previous, next) ?? provider.quirks.idTokenRefusal?.(claims.value, provider.authorizeParams);
  return differs === undefined ? { kind: "same", claims: claims.value } : { kind: "defect", reason: differs };

  async function signedBy() {
    try {
      return await verifySignature(deps, { provider, as, jwt: input.idToken, algorithms: signingAlgorithms(as) });
    } catch (thrown) {
      // The keys are not to be had: the tokens are good all the same, and the next refresh brings another ID token.
      if (isLatchkeyError(thrown)) return { ok: false, error: thrown.code } as const;
      throw thrown;
    }
  }
}

/** The first claim of §12.2 that is not what it was; undefined when all are. Pure. */
export function differenceOf(
  previous: JsonObject,
  next: JsonObject,
): "aud" | "azp" | "auth_time" | "nonce" | undefined {
  if (audienceText(previous) !== audienceText(next)) return "aud";
  if (member(previous, "azp") !== member(next, "azp")) return "azp";
  // These two may be left out of the new one, but not be others.
  for (const name of ["auth_time", "nonce"] as const) {
    const value = member(next, name);
    if (value !== undefined && value !== member(previous, name)) return name;
  }
  return undefined;
}

/** The claims of an ID token that is kept: it was verified before it was sealed. Undefined where it cannot be read. */
export const keptClaims = (idToken: string): IdTokenClaims | undefined =>
  payloadOf(idToken) as unknown as IdTokenClaims | undefined;

const audienceText = (claims: JsonObject): string =>
  JSON.stringify([...(audienceList(member(claims, "aud")) ?? [])].sort());

function payloadOf(jwt: string): JsonObject | undefined {
  try {
    return decodeJwt(jwt) as JsonObject;
  } catch {
    return undefined;
  }
}
