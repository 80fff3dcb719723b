/**
 * The step that turns an ID token into claims that may be believed (SI-9 step 8, SI-10): signature first, then what
 * it says. The code is not exchanged again for a token that fails; only the keys are fetched once more.
 */
import { LatchkeyError } from "../kernel/errors.js";
import type { JsonValue } from "../kernel/json.js";
import { stringMember } from "../kernel/json.js";
import type { Log } from "../kernel/log.js";
import type { Clock, Instant } from "../kernel/time.js";
import type { Provider } from "../providers/provider.js";
import { requestedMaxAge } from "./authorization-request.js";
import { checkIdTokenClaims, type IdTokenRefusal } from "./id-token-claims.js";
import type { Metadata } from "./metadata.js";
import { shownClaim } from "./shown-claim.js";
import { type SignatureFailure, signingAlgorithms, type VerifiedJwt, verifySignature } from "./signature.js";
import { idTokenIssuer } from "./tenant-issuers.js";
import type { AuthorizationServer, IdTokenClaims } from "./types.js";

/**
 * Verifies an ID token in full (OpenID Connect Core §3.1.3.7).
 *
 * @throws LatchkeyError `signin.id_token_invalid` with `data.reason` (a `SignatureFailure` or an `IdTokenRefusal`) ·
 *   `signin.provider_unavailable` · `signin.provider_misconfigured` when the keys are not to be had
 */
export async function verifyIdToken(
  deps: { readonly metadata: Pick<Metadata, "jwks">; readonly clock: Clock; readonly log: Log },
  input: {
    readonly as: AuthorizationServer;
    readonly provider: Provider;
    readonly idToken: string;
    /** The nonce of the request; undefined only where none was sent. */
    readonly nonce: string | undefined;
    /** `iss` of the authorization response, where there was one: the token must name the same issuer (SI-2). */
    readonly responseIssuer?: string | undefined;
    readonly accessToken?: string | undefined;
    /** Seconds. Left out: what the provider's `authorizeParams.max_age` asks for. `null`: nothing was asked. */
    readonly maxAge?: number | null | undefined;
    readonly now: Instant;
  },
): Promise<IdTokenClaims> {
  const { as, provider } = input;
  const algorithms = signingAlgorithms(as);
  const signed = await verifySignature(deps, { provider, as, jwt: input.idToken, algorithms });
  if (!signed.ok) throw refused(provider, signed.error, { expected: algorithms });
  const issuer = idTokenIssuer(provider, as.issuer, signed.value.payload);
  if (issuer === undefined) throw refused(provider, "tid", facts(signed.value, as, "tid"));
  if (input.responseIssuer !== undefined && input.responseIssuer !== issuer) {
    throw refused(provider, "iss", { received: issuer, expected: input.responseIssuer.slice(0, 200) });
  }
  const claims = checkIdTokenClaims(signed.value, {
    issuer,
    clientId: provider.client.clientId,
    now: input.now,
    clockTolerance: provider.clockTolerance,
    nonce: input.nonce,
    accessToken: input.accessToken,
    maxAge: input.maxAge === undefined ? requestedMaxAge(provider) : (input.maxAge ?? undefined),
  });
  if (!claims.ok) throw refused(provider, claims.error, facts(signed.value, as, claims.error));
  const further = provider.quirks.idTokenRefusal?.(claims.value, provider.authorizeParams);
  if (further !== undefined) throw refused(provider, further, facts(signed.value, as, further));
  return claims.value;
}

const refused = (
  provider: Provider,
  reason: SignatureFailure | IdTokenRefusal,
  data: Readonly<Record<string, JsonValue | undefined>>,
): LatchkeyError => new LatchkeyError("signin.id_token_invalid", { data: { provider: provider.id, reason, ...data } });

/** What an operator needs in order to see why: values that are no secret, cut short, and never the nonce or a hash. */
function facts(
  jwt: VerifiedJwt,
  as: AuthorizationServer,
  reason: IdTokenRefusal,
): Record<string, JsonValue | undefined> {
  const shown = (name: string) => shownClaim(jwt.payload, name);
  switch (reason) {
    case "iss":
    case "tid":
      return { received: shown("iss"), tid: shown("tid"), expected: as.issuer };
    case "aud":
    case "azp":
      return { aud: shown("aud"), azp: shown("azp") };
    case "exp":
    case "expired":
    case "iat":
    case "issued_in_future":
    case "nbf":
    case "auth_time":
      return { exp: shown("exp"), iat: shown("iat"), nbf: shown("nbf"), auth_time: shown("auth_time") };
    case "at_hash":
      return { alg: jwt.alg };
    case "hd":
    case "org_id":
    case "org_name":
      return { [reason]: shown(reason) };
    case "typ":
      return { typ: stringMember(jwt.header, "typ")?.slice(0, 64) };
    case "sub":
    case "nonce":
      return {};
    default:
      return reason satisfies never;
  }
}
