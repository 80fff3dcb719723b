/** Whom a provider's own access token stands for here (VA-15): that provider is asked, and people it knows are found. */
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { UserId } from "../kernel/ids.js";
import type { Log } from "../kernel/log.js";
import type { RandomSource } from "../kernel/random.js";
import type { Clock, Instant } from "../kernel/time.js";
import type { Metadata } from "../oauth/metadata.js";
import { readPresentedToken } from "../oauth/presented-token.js";
import type { AuthorizationServer } from "../oauth/types.js";
import type { Provider, ProviderRegistry } from "../providers/provider.js";
import type { Store } from "../store/contract.js";

export interface ProviderTokenPorts {
  readonly store: Pick<Store, "identities">;
  readonly providers: Pick<ProviderRegistry, "byId">;
  readonly metadata: Pick<Metadata, "discover" | "jwks">;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
}

export interface KnownPerson {
  readonly userId: UserId;
  readonly provider: Provider;
  readonly as: AuthorizationServer;
  readonly issuer: string;
  readonly sub: string;
}

/**
 * @throws LatchkeyError `token.subject_refused` for a provider that takes no tokens here, a token that proves nothing, and
 *   a person nobody knows · `signin.provider_unavailable` · `signin.provider_misconfigured` · …
 */
export async function personOfProviderToken(
  ports: ProviderTokenPorts,
  { provider: id, token }: { readonly provider: string; readonly token: string },
  now: Instant,
): Promise<KnownPerson> {
  const provider = ports.providers.byId(id);
  if (!provider?.enabled || !provider.tokenExchange.enabled) throw refused("provider", provider?.id);
  const as = await ports.metadata.discover(provider);
  const { issuer, sub } = await readPresentedToken(ports, { as, provider, token, now });
  const users = new Set((await ports.store.identities.bySub(issuer, sub)).map(({ userId }) => userId));
  const [userId, another] = users;
  // Two people of one `sub` can only come of another claim that was the subject once: nobody can say which is meant.
  if (userId === undefined || another !== undefined)
    throw refused(userId ? "ambiguous" : "unknown_person", provider.id);
  return { userId, provider, as, issuer, sub };
}

const refused = (reason: string, provider: string | undefined): LatchkeyError =>
  new LatchkeyError("token.subject_refused", { data: { reason, provider } });
