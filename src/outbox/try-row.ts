/**
 * One try of a row: claimed, so that of several nodes one has it (claim.ts), attempted, and settled by what came of it.
 * A row that no key opens is left alone and reported (VA-4).
 */
import { asLatchkeyError, type LatchkeyError } from "../kernel/errors.js";
import type { Faults } from "../kernel/fault.js";
import type { Metrics } from "../kernel/metrics.js";
import { after } from "../kernel/time.js";
import type { Store, Transaction } from "../store/contract.js";
import type { OutboxRecord } from "../store/records.js";
import { claimRow, type OutboxClaim } from "./claim.js";
import type { KindPorts, OutboxKind } from "./kinds.js";

export interface DeliverPorts extends KindPorts {
  readonly store: Store;
  readonly metrics: Metrics;
  readonly faults: Faults;
}

/** Does nothing when another node has the row. */
export async function tryRow(ports: DeliverPorts, kind: OutboxKind, row: OutboxRecord): Promise<void> {
  const claim = await claimRow(ports, row);
  if (!claim) return;
  try {
    await deliver(ports, kind, row, claim);
  } finally {
    await claim.stop();
  }
}

async function deliver(ports: DeliverPorts, kind: OutboxKind, row: OutboxRecord, claim: OutboxClaim): Promise<void> {
  const startedAt = ports.clock.now();
  const attempts = row.attempts + 1;
  const again = (tx: Transaction, why?: string) =>
    tx.outbox.postpone(row.id, attempts, after(ports.clock.now(), kind.pause(attempts)), why);
  const settle = async (write: (tx: Transaction) => Promise<unknown>): Promise<void> => {
    // First: a claim that was made longer afterwards would undo it.
    await claim.stop();
    await ports.store.transaction(write);
  };
  const prepared = kind.prepare(row, startedAt);
  if (!prepared) {
    await settle((tx) => again(tx));
    // Kept, and tried again later: the secret that opens it may come back (VA-4).
    ports.metrics.outboxTried("unreadable");
    return ports.log.error({ outbox: row.id }, "an outbox row cannot be opened with the configured secrets");
  }
  ports.faults.point(14);
  const failure = await prepared.attempt().then(() => undefined, asLatchkeyError);
  ports.faults.point(15);
  if (failure === undefined) {
    await settle((tx) => tx.outbox.delete(row.id));
    return ports.metrics.outboxTried("delivered");
  }
  const over = kind.isOver(row, startedAt, failure);
  const fate = !over ? "failed" : kind.keepsDead ? "dead" : "given_up";
  ports.metrics.outboxTried(fate);
  const fields = { outbox: row.id, ...prepared.about, ...causeOf(failure), attempts };
  ports.log.warn(fields, over ? `${kind.what} was given up` : `${kind.what} failed and will be tried again`);
  const why = [failure.code, failure.data["reason"]].filter((part) => typeof part === "string").join(" ");
  await settle(async (tx) => {
    if (fate === "dead") await tx.outbox.bury(row.id, why, startedAt);
    else if (fate === "given_up") await tx.outbox.delete(row.id);
    else await again(tx, why);
  });
}

/** The code and, where it is known, why: `address_refused`, `status_500`. Never what the other side answered. */
function causeOf({ code, data }: LatchkeyError) {
  const { reason } = data;
  return typeof reason === "string" ? { code, reason } : { code };
}
