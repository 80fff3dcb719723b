/**
 * Writes what a refresh came to, before any caller sees it (VA-8). What is replaced must still be the tokens that the
 * request was made with: then whoever asks with a newer lease has nothing yet, and a success is never thrown away for it.
 * A loser that finds other tokens writes nothing (AT-30).
 */
import { auditEvent } from "../audit/audit-event.js";
import type { ErrorCode } from "../kernel/error-catalog.js";
import { isLatchkeyError } from "../kernel/errors.js";
import { type AuditEventId, newId } from "../kernel/ids.js";
import { randomFraction } from "../kernel/random.js";
import { after, type Duration, type Instant, milliseconds } from "../kernel/time.js";
import type { Transaction } from "../store/contract.js";
import type { GrantRecord } from "../store/records.js";
import { grantNews } from "./grant-cache.js";
import type { Lease } from "./lease.js";
import { failureText, pauseAfter, readFailure } from "./policy/hold.js";
import type { MergedTokens } from "./policy/merge.js";
import { ambiguousRefresh, type RefreshOutcome } from "./policy/outcome.js";
import type { VaultPorts } from "./ports.js";
import { holdSameTokens, sealGrant } from "./sealed-grant.js";

/** `gone`: the row was deleted meanwhile · `overtaken`: it holds other tokens now. */
export type Written =
  | { readonly kind: "written"; readonly row: GrantRecord }
  | { readonly kind: "gone" }
  | { readonly kind: "overtaken" };

/** Why a grant is over whose tokens may be good still, at a server that they must not go to any more. */
export const foreignReasons = ["issuer_changed", "client_replaced", "server_changed", "registration_changed"] as const;
const isForeign = (reason: string | null): boolean => (foreignReasons as readonly (string | null)[]).includes(reason);

const noLease = { leaseOwner: null, leaseEndsAt: null } as const;

/** The new tokens. A write that fails is tried again for as long as the request itself may have taken. */
export async function writeTokens(
  ports: VaultPorts,
  lease: Pick<Lease, "row" | "current">,
  merged: MergedTokens,
  used: boolean,
): Promise<Written> {
  const { store } = ports;
  const now = ports.clock.now();
  const sealed = sealGrant(ports.keyring, lease.row, merged.secrets);
  ports.faults.point(11);
  const { scopes, issuedAt, expiresAt } = merged;
  const next = (row: GrantRecord): GrantRecord => ({
    ...row,
    ...noLease,
    scopes,
    issuedAt,
    expiresAt,
    sealed,
    status: "active",
    statusReason: null,
    lastRefreshAt: now,
    lastUsedAt: used ? now : row.lastUsedAt,
    lastFailureCode: null,
    nextAttemptAt: null,
    updatedAt: now,
  });
  const written = await persistently(ports, async () => {
    // While the lease holds nobody has changed the row, but for a rotation that put the same tokens under another key.
    const held = lease.current();
    const row = { ...next(held), version: held.version + 1 };
    if (await store.alone.grants.replace(row, held.version)) return { kind: "written", row } as const;
    return store.transaction(async (tx) => {
      // A try before this one, whose answer got lost.
      const found = await tx.grants.byId(row.id);
      if (found?.sealed === sealed) return { kind: "written", row: found } as const;
      return overSame(ports, tx, lease.row, next);
    });
  });
  ports.faults.point(13);
  return written;
}

/** The end of a grant, with its reason; the row is kept. */
export async function writeEnd(ports: VaultPorts, base: GrantRecord, reason: string): Promise<Written> {
  const now = ports.clock.now();
  const messages = ports.tellEnd(base, reason.slice(0, 100), now);
  const ended = await ports.store.transaction(async (tx) => {
    const written = await overSame(ports, tx, base, (row) => ({
      ...row,
      ...noLease,
      status: "needs_reconnect",
      statusReason: reason.slice(0, 100),
      lastFailureCode: reason.slice(0, 100),
      nextAttemptAt: null,
      updatedAt: now,
    }));
    if (written.kind !== "written") return written;
    await tx.announcements.append("grant", grantNews(base), now);
    for (const message of messages) await tx.outbox.insert(message);
    await tx.audit.append(event(ports, base, now, "grant.needs_reconnect", "grant.needs_reconnect", { reason }));
    return written;
  });
  if (messages.length > 0) ports.onQueued();
  // Who listens in this process hears of it now; a failure is the next reader's to meet.
  await ports.news.catchUp().catch(() => {});
  return ended;
}

type Failure = Extract<
  RefreshOutcome,
  { kind: "transient" | "client_fault" | "configuration_fault" | "sign_in_needed" }
>;
const codes = {
  sign_in_needed: "grant.sign_in_needed",
  transient: "grant.refresh_unavailable",
  client_fault: "grant.client_rejected",
  configuration_fault: "grant.provider_refused",
} as const satisfies Record<Failure["kind"], ErrorCode>;
export const codeOfFailure = (kind: Failure["kind"]): ErrorCode => codes[kind];

/** A failure that leaves the grant as it is, and when to try again. */
export async function writeFailure(
  ports: VaultPorts,
  base: GrantRecord,
  failure: Failure,
  known: { readonly unknownBefore: boolean; readonly fingerprint: string | null },
): Promise<Written> {
  const now = ports.clock.now();
  const { nextAttemptAt, lastFailureCode } = heldFor(ports, base, failure, known, now);
  return ports.store.transaction(async (tx) => {
    const written = await overSame(ports, tx, base, (row) =>
      // Whoever has the lease now will say how their own attempt went.
      row.leaseOwner === ports.node
        ? { ...row, ...noLease, lastFailureCode, nextAttemptAt, updatedAt: now }
        : undefined,
    );
    // Every session of theirs may find it so again; that it became so is what is told.
    if (failure.kind === "sign_in_needed" && readFailure(base.lastFailureCode)?.kind === failure.kind) return written;
    const data = { reason: failure.reason, unknown: failure.kind === "transient" && failure.unknown };
    await tx.audit.append(event(ports, base, now, "grant.refresh_failed", codes[failure.kind], data));
    return written;
  });
}

/** Whoever signs in again is not kept waiting: it holds as long as they have not. */
function heldFor(
  ports: VaultPorts,
  base: GrantRecord,
  failure: Failure,
  known: { readonly unknownBefore: boolean; readonly fingerprint: string | null },
  now: Instant,
): Pick<GrantRecord, "nextAttemptAt" | "lastFailureCode"> {
  const lastFailureCode = failureText(failure, known.unknownBefore, known.fingerprint);
  if (failure.kind === "sign_in_needed") return { nextAttemptAt: null, lastFailureCode };
  const pause = pauseAfter(failure, previousPause(base), randomFraction(ports.random));
  return { nextAttemptAt: after(now, pause), lastFailureCode };
}

/** The last pause, so that the next can be longer. `updatedAt` is when it began: taking a lease does not move it. */
function previousPause({ nextAttemptAt, updatedAt, lastFailureCode }: GrantRecord): Duration | null {
  if (nextAttemptAt === null || readFailure(lastFailureCode)?.kind !== "transient") return null;
  return milliseconds(Math.max(0, nextAttemptAt - updatedAt));
}

/** True when the outcome of an earlier attempt is unknown: it said so itself, or its process is gone (VA-10). */
export const outcomeUnknown = (row: GrantRecord): boolean =>
  row.leaseOwner !== null || row.lastFailureCode === ambiguousRefresh;

/** Replaces the row while it holds the tokens of `base`, whatever became of the lease; `undefined` leaves it. */
async function overSame(
  ports: VaultPorts,
  tx: Transaction,
  base: GrantRecord,
  next: (row: GrantRecord) => GrantRecord | undefined,
): Promise<Written> {
  const row = await tx.grants.byId(base.id);
  if (!row) return { kind: "gone" };
  // Its server or its client is another now: what a late answer brings must not make it good again (TS-10, TS-11).
  if (row.status === "needs_reconnect" && isForeign(row.statusReason)) return { kind: "overtaken" };
  if (!holdSameTokens(ports.keyring, row, base)) return { kind: "overtaken" };
  const changed = next(row);
  if (!changed) return { kind: "overtaken" };
  const record = { ...changed, version: row.version + 1 };
  return (await tx.grants.replace(record, row.version)) ? { kind: "written", row: record } : { kind: "overtaken" };
}

async function persistently<T>(ports: VaultPorts, act: () => Promise<T>): Promise<T> {
  const { waitingClock: clock, options } = ports;
  const startedAt = clock.monotonic();
  // Well before anybody who watches the lease has watched long enough.
  const longest = Math.min(2_000, options.leaseTtl / 20);
  for (let pause = Math.min(100, longest); ; pause = Math.min(pause * 2, longest)) {
    try {
      return await act();
    } catch (thrown) {
      const again = isLatchkeyError(thrown) && thrown.entry.retryable;
      if (!again || clock.monotonic() - startedAt + pause > options.refreshTimeout) throw thrown;
      ports.log.warn({ code: thrown.code }, "refreshed tokens could not be written yet, and will be");
    }
    await clock.sleep(milliseconds(pause));
  }
}

function event(
  ports: VaultPorts,
  grant: GrantRecord,
  now: Instant,
  type: "grant.needs_reconnect" | "grant.refresh_failed",
  code: ErrorCode,
  data: { readonly reason: string; readonly unknown?: boolean },
) {
  // No request made it: the refresh is a happening of its own.
  const context = { requestId: newId<AuditEventId>(now, ports.random), address: null };
  const actor = { kind: "system", id: null };
  const target = { kind: "grant", id: grant.id };
  const about = { user: grant.userId, issuer: grant.issuer, ...data };
  return auditEvent(ports, now, context, { type, actor, target, connection: grant.connection, code, data: about });
}
