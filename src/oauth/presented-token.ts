/**
 * The step that tells whom a provider's own access token stands for (VA-15): asked at that provider's introspection
 * endpoint where it has one, since only there is it known what was revoked; else verified by that provider's keys.
 */
import type { Egress } from "../egress/port.js";
import { isLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import type { Log } from "../kernel/log.js";
import type { RandomSource } from "../kernel/random.js";
import type { Result } from "../kernel/result.js";
import type { Clock, Instant } from "../kernel/time.js";
import type { Provider } from "../providers/provider.js";
import { introspectToken } from "./introspection.js";
import type { Metadata } from "./metadata.js";
import {
  checkAccessTokenJwt,
  checkIntrospection,
  isOtherJwt,
  type PresentedRefusal,
  saysItsKind,
} from "./presented-token-claims.js";
import { parseJwt, signingAlgorithms, verifySignature } from "./signature.js";
import { idTokenIssuer } from "./tenant-issuers.js";
import type { AuthorizationServer } from "./types.js";
import { fetchUserinfo } from "./userinfo.js";

/** Whom a token stands for: found by both, and by nothing else that it says. */
export interface PresentedPerson {
  readonly issuer: string;
  readonly sub: string;
}

interface PresentedToken {
  readonly as: AuthorizationServer;
  readonly provider: Provider;
  readonly token: string;
  readonly now: Instant;
}

/**
 * @throws LatchkeyError `token.subject_refused` with `data.reason` · `signin.provider_unavailable` and what else a provider
 *   that cannot be asked comes to
 */
export async function readPresentedToken(
  deps: {
    readonly egress: Egress;
    readonly metadata: Pick<Metadata, "jwks">;
    readonly clock: Clock;
    readonly random: RandomSource;
    readonly log: Log;
  },
  input: PresentedToken,
): Promise<PresentedPerson> {
  const { as, provider, token, now } = input;
  const { clients } = provider.tokenExchange;
  const { clockTolerance } = provider;
  const jwt = parseJwt(token);
  // What is plainly something else is not shown to anybody.
  if (jwt.ok && isOtherJwt(jwt.value)) throw refused(provider, "not_an_access_token");
  if (as.introspection_endpoint !== undefined) {
    const document = await introspectToken(deps, { as, provider, token });
    const issuer = provider.tenants?.kind === "many" ? idTokenIssuer(provider, as.issuer, document) : as.issuer;
    if (issuer === undefined) throw refused(provider, "iss");
    const sub = subOf(provider, checkIntrospection(document, { issuer, clients, now, clockTolerance }));
    if (!saysItsKind(document, jwt.ok ? jwt.value.header : undefined)) await mustOpenUserinfo(deps, input, sub);
    return { issuer, sub };
  }
  if (!jwt.ok) throw refused(provider, jwt.error);
  const signed = await verifySignature(deps, { provider, as, jwt: token, algorithms: signingAlgorithms(as) });
  if (!signed.ok) throw refused(provider, signed.error);
  const issuer = idTokenIssuer(provider, as.issuer, signed.value.payload);
  if (issuer === undefined) throw refused(provider, "iss");
  return { issuer, sub: subOf(provider, checkAccessTokenJwt(signed.value, { issuer, clients, now, clockTolerance })) };
}

/** What an access token is for, and a refresh token is not (RFC 6749 §1.5). @throws LatchkeyError as `readPresentedToken` */
async function mustOpenUserinfo(
  deps: Parameters<typeof fetchUserinfo>[0],
  { as, provider, token, now }: PresentedToken,
  expectedSub: string,
): Promise<void> {
  if (as.userinfo_endpoint === undefined) throw refused(provider, "not_an_access_token");
  try {
    await fetchUserinfo(deps, { as, provider, accessToken: token, expectedSub, now });
  } catch (thrown) {
    if (isLatchkeyError(thrown, "signin.userinfo_invalid")) throw refused(provider, "not_an_access_token");
    throw thrown;
  }
}

function subOf(provider: Provider, checked: Result<string, PresentedRefusal>): string {
  if (checked.ok) return checked.value;
  throw refused(provider, checked.error);
}

const refused = (provider: Provider, reason: string): LatchkeyError =>
  new LatchkeyError("token.subject_refused", { data: { provider: provider.id, reason } });
