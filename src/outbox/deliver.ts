/**
 * Delivers what is due in the outbox: at least once, one node at a time per row, with growing pauses, until it
 * succeeds or its time is over. A row that no key opens is left alone and reported (VA-4).
 */
import type { Keyring } from "../crypto/port.js";
import type { Egress } from "../egress/port.js";
import { asLatchkeyError } from "../kernel/errors.js";
import type { Log } from "../kernel/log.js";
import type { Metrics } from "../kernel/metrics.js";
import { type RandomSource, randomFraction } from "../kernel/random.js";
import { after, type Clock, hours, type Instant, milliseconds, seconds } from "../kernel/time.js";
import type { Metadata } from "../oauth/metadata.js";
import { revokeToken } from "../oauth/revocation.js";
import type { ProviderRegistry } from "../providers/provider.js";
import type { Store } from "../store/contract.js";
import type { OutboxRecord } from "../store/records.js";
import { openRevocation, type Revocation } from "./revocation.js";

export interface DeliverPorts {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly egress: Egress;
  readonly metadata: Metadata;
  readonly providers: ProviderRegistry;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * One round; answers how many rows were tried.
 *
 * @param stop between two rows: a round of twenty at a provider that hangs would hold up a shutdown for minutes
 */
export async function deliverOutbox(ports: DeliverPorts, stop?: AbortSignal): Promise<number> {
  const due = await ports.store.outbox.due(ports.clock.now(), 20);
  let tried = 0;
  for (const row of due) {
    if (stop?.aborted) break;
    // Taken for each row: the ones before it may have cost minutes, and a pause counted from their start would be over.
    const now = ports.clock.now();
    const next = after(now, pauseAfter(row.attempts + 1, ports.random));
    if (!(await ports.store.transaction((tx) => tx.outbox.claim(row.id, row.attempts, next)))) continue;
    tried++;
    await deliver(ports, row, now);
  }
  return tried;
}

async function deliver(ports: DeliverPorts, row: OutboxRecord, now: Instant): Promise<void> {
  const revocation = openRevocation(ports.keyring, row);
  if (!revocation) {
    // Kept, and tried again later: the secret that opens it may come back (VA-4).
    ports.metrics.outboxTried("unreadable");
    return ports.log.error({ outbox: row.id }, "an outbox row cannot be opened with the configured secrets");
  }
  try {
    await revoke(ports, revocation, now);
    await ports.store.transaction((tx) => tx.outbox.delete(row.id));
    ports.metrics.outboxTried("delivered");
  } catch (thrown) {
    const error = asLatchkeyError(thrown);
    const over = now >= row.endsAt;
    ports.metrics.outboxTried(over ? "given_up" : "failed");
    const fields = { outbox: row.id, code: error.code, attempts: row.attempts + 1 };
    ports.log.warn(fields, over ? "a revocation was given up" : "a revocation failed and will be tried again");
    await ports.store.transaction((tx) => (over ? tx.outbox.delete(row.id) : tx.outbox.fail(row.id, error.code)));
  }
}

async function revoke(ports: DeliverPorts, revocation: Revocation, now: Instant): Promise<void> {
  const provider = ports.providers.byId(revocation.provider);
  // The tokens are this issuer's and this client's alone: a re-pointed provider must never see them.
  const same = provider?.issuers.includes(revocation.issuer) && provider.client.clientId === revocation.clientId;
  if (!provider || !same) {
    ports.log.warn({ provider: revocation.provider }, "a revocation has nowhere to go: the provider is another now");
    return;
  }
  const as = await ports.metadata.discover(provider);
  if (!as.revocation_endpoint) return;
  const request = { as, client: provider.client, timeout: provider.timeout ?? undefined, now };
  if (revocation.refreshToken) {
    await revokeToken(ports, { ...request, token: revocation.refreshToken, hint: "refresh_token" });
  }
  await revokeToken(ports, { ...request, token: revocation.accessToken, hint: "access_token" });
}

/** 5 s, doubled each time up to an hour, half of it by chance so that nodes and rows spread. */
function pauseAfter(attempts: number, random: RandomSource) {
  const full = Math.min(seconds(5) * 2 ** Math.min(attempts - 1, 20), hours(1));
  return milliseconds(Math.round(full / 2 + (full / 2) * randomFraction(random)));
}
