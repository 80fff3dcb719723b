/**
 * The steps that turn a logout token into a request that may be believed (LO-7). Everything that can be refused without
 * a key is refused first, so that a stranger's token costs no request: the issuer must be one of ours before anybody is
 * asked for keys, and what the token says must be right before its signature is looked at.
 */
import { LatchkeyError } from "../kernel/errors.js";
import type { JsonObject, JsonValue } from "../kernel/json.js";
import { stringMember } from "../kernel/json.js";
import type { Instant } from "../kernel/time.js";
import type { Provider } from "../providers/provider.js";
import { checkLogoutTokenClaims, type LogoutRequest, type LogoutTokenRefusal } from "./logout-token-claims.js";
import { type Metadata, refetchEvery } from "./metadata.js";
import { shownClaim } from "./shown-claim.js";
import { parseJwt, type SignatureFailure, signingAlgorithms, verifySignature } from "./signature.js";

/** A logout token that was believed, and whose it is. */
export interface ProvenLogout extends LogoutRequest {
  readonly provider: Provider;
}

/** A logout token that says what it must, and is believed in nothing yet. */
export interface ClaimedLogout extends ProvenLogout {
  readonly jwt: string;
}

/**
 * What a logout token says (OpenID Connect Back-Channel Logout 1.0 §2.6), without its signature: asks nobody.
 *
 * @param input.providers those that the endpoint speaks for; `iss` and `aud` pick among them
 * @throws LatchkeyError `logout.token_invalid` with `data.reason`
 */
export function readLogoutToken(input: {
  readonly providers: readonly Provider[];
  readonly logoutToken: string;
  readonly now: Instant;
}): ClaimedLogout {
  const jwt = input.logoutToken;
  const parsed = parseJwt(jwt);
  if (!parsed.ok) throw refused(parsed.error);
  const { payload } = parsed.value;
  const issuer = stringMember(payload, "iss");
  const candidates = input.providers.filter((one) => issuer !== undefined && speaksAs(one, issuer));
  const [first] = candidates;
  if (first === undefined || issuer === undefined) throw refused("issuer_unknown", shown(payload, "iss"));
  const claims = checkLogoutTokenClaims(parsed.value, {
    issuer,
    clientIds: candidates.map(({ client }) => client.clientId),
    withoutExp: candidates.flatMap((one) => (one.allowLogoutTokenWithoutExp ? [one.client.clientId] : [])),
    now: input.now,
    clockTolerance: first.clockTolerance,
  });
  if (!claims.ok) throw refused(claims.error, { provider: first.id, ...shown(payload, ...factsOf(claims.error)) });
  const provider = candidates.find(({ client }) => claims.value.clientIds.includes(client.clientId)) ?? first;
  return { ...claims.value, provider, jwt };
}

/**
 * Verifies the signature. The keys are those of ID tokens, and so are the algorithms and the rule for fetching keys
 * again (SI-10).
 *
 * @throws LatchkeyError `logout.token_invalid` with `data.reason` · `signin.provider_unavailable` ·
 *   `signin.provider_misconfigured` when the keys are not to be had; the first with `data.retryAfter` where the token's
 *   key is not among them and they may not be asked for again yet (they were, for somebody's token, within the minute)
 */
export async function proveLogoutToken(
  deps: { readonly metadata: Pick<Metadata, "discover" | "jwks"> },
  claimed: ClaimedLogout,
): Promise<ProvenLogout> {
  const { provider, jwt } = claimed;
  const as = await deps.metadata.discover(provider);
  const algorithms = signingAlgorithms(as);
  const keysAsOld = () =>
    new LatchkeyError("signin.provider_unavailable", {
      data: { provider: provider.id, retryAfter: refetchEvery / 1_000 },
    });
  const signed = await verifySignature(deps, { provider, as, jwt, algorithms, keysAsOld });
  if (!signed.ok) throw refused(signed.error, { provider: provider.id, expected: algorithms });
  return claimed;
}

/** Whether the operator configured this issuer. A provider that is switched off still has sessions that must end. */
const speaksAs = (provider: Provider, issuer: string): boolean =>
  provider.kind === "oidc" && provider.issuers.includes(issuer);

const refused = (
  reason: SignatureFailure | LogoutTokenRefusal | "issuer_unknown",
  data: Readonly<Record<string, JsonValue | undefined>> = {},
): LatchkeyError => new LatchkeyError("logout.token_invalid", { data: { reason, ...data } });

/** The claims that an operator compares in order to see why. Never `sid`, `jti` or `sub`. */
function factsOf(reason: LogoutTokenRefusal): readonly string[] {
  switch (reason) {
    case "aud":
    case "azp":
      return ["aud", "azp"];
    case "exp":
    case "expired":
    case "iat":
    case "issued_in_future":
    case "too_old":
    case "nbf":
      return ["exp", "iat", "nbf"];
    case "iss":
    case "events":
      return [reason];
    default:
      return [];
  }
}

const shown = (payload: JsonObject, ...names: readonly string[]): Record<string, string | undefined> =>
  Object.fromEntries(names.map((name) => [name, shownClaim(payload, name)]));
