/**
 * The lease of a grant: of all processes that share the database, the one that may ask the token endpoint (VA-7). It is
 * in the grant's row, and every change of it moves the row's version, so that whoever lost it without noticing is fenced
 * off. The holder renews it while its request runs; of one that was killed the others wait for the end.
 */
import { after, type Duration, milliseconds } from "../kernel/time.js";
import type { GrantRecord } from "../store/records.js";
import { grantNews } from "./grant-cache.js";
import type { VaultPorts } from "./ports.js";
import { holdSameTokens } from "./sealed-grant.js";

export interface Lease {
  /** The row as it was when the lease was taken; what is sealed in it is what was sent. */
  readonly row: GrantRecord;
  /** The row as it was last renewed. */
  current(): GrantRecord;
  /** Ends the renewing. The lease itself ends with the write of whatever came of it. */
  stop(): Promise<void>;
}

/**
 * Takes the lease; undefined when another process changed the row first.
 *
 * @param changes written with it
 */
export async function takeLease(
  ports: VaultPorts,
  row: GrantRecord,
  changes: Pick<GrantRecord, "expiresAt">,
): Promise<Lease | undefined> {
  const { store, clock, node, options } = ports;
  /** The row with a lease from now on, once it is written; undefined when its version is another one. */
  async function hold(before: GrantRecord): Promise<GrantRecord | undefined> {
    const leaseEndsAt = after(clock.now(), options.leaseTtl);
    const lease = { leaseOwner: node, leaseEndsAt, expiresAt: before.expiresAt };
    if (!(await store.alone.grants.lease(before.id, lease, before.version))) return undefined;
    return { ...before, ...lease, version: before.version + 1 };
  }
  const taken = await hold({ ...row, ...changes });
  if (!taken) return undefined;

  let current = taken;
  let renewing: Promise<void> = Promise.resolve();
  let cancel = (): void => {};
  let stopped = false;
  const third = milliseconds(options.leaseTtl / 3);
  // Others watch for half a lease once the database takes writes again: the holder has to come first by far.
  const soon = milliseconds(options.leaseTtl / 20);

  /**
   * The row under another version, if this lease is in it still: a renewal was written and its answer got lost, or somebody
   * changed something else in the row. Whoever renewed no more then would lose the lease with its request still out.
   */
  async function stillHeld(): Promise<GrantRecord | undefined> {
    const found = await store.grants.byId(row.id);
    return found?.leaseOwner === node && holdSameTokens(ports.keyring, found, row) ? found : undefined;
  }

  async function renew(): Promise<void> {
    let pause = third;
    try {
      const next = await hold(current);
      if (!next) pause = soon;
      const held = next ?? (await stillHeld());
      // It ran out, and another process has it: the request that is out cannot be called back.
      if (!held) return;
      current = held;
    } catch (thrown) {
      ports.log.warn({ grant: row.id, err: asError(thrown) }, "a lease could not be renewed");
      pause = soon;
    }
    if (!stopped) schedule(pause);
  }
  function schedule(pause: Duration): void {
    cancel = clock.after(pause, () => {
      renewing = renew();
    });
  }
  schedule(third);

  return {
    row: taken,
    current: () => current,
    async stop() {
      stopped = true;
      cancel();
      await renewing;
    },
  };
}

/** Somebody else's lease, as this process has watched it by its own monotonic clock. */
export interface WatchedLease {
  readonly version: number;
  readonly since: number;
  /** When the database was seen to take a write, while the lease stood unchanged. */
  provenAt: number | null;
}

/**
 * Whether another process may still be at work under this lease; the caller looks again after a while, and hands back what
 * it was given.
 *
 * The end in the row is written by one wall clock and read by another, and either may have been set. And when the
 * database stood still, a living holder could not renew: it would lose its lease at the moment of waking up, with the only
 * valid refresh token in its hands. So a lease is over only when the database took a write of ours, and nobody
 * renewed for half a lease after that; the holder does it every third.
 */
export async function watchLease(
  ports: Pick<VaultPorts, "store" | "clock" | "options">,
  row: GrantRecord,
  before: WatchedLease | undefined,
): Promise<{ readonly holds: boolean; readonly watched: WatchedLease }> {
  const { store, clock } = ports;
  const half = ports.options.leaseTtl / 2;
  const watched =
    before?.version === row.version ? before : { version: row.version, since: clock.monotonic(), provenAt: null };
  const isSuspect = (row.leaseEndsAt ?? 0) <= clock.now() || clock.monotonic() - watched.since >= half;
  if (watched.provenAt === null && isSuspect) {
    // Something must be written: on a full disk the lock alone is still to be had. What is written says no more than is
    // so, that this grant is worth another look.
    await store.transaction((tx) => tx.announcements.append("grant", grantNews(row), clock.now()));
    watched.provenAt = clock.monotonic();
  }
  return { holds: watched.provenAt === null || clock.monotonic() - watched.provenAt < half, watched };
}

const asError = (thrown: unknown): Error | undefined => (thrown instanceof Error ? thrown : undefined);
