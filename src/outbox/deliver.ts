/**
 * Delivers what is due in the outbox: at least once, with growing pauses, until it succeeds or its time is over. Of several
 * nodes one has a row while it is tried (claim.ts). A row that no key opens is left alone and reported (VA-4).
 *
 * Each kind of row has rounds of its own beside the others', so that a webhook that hangs holds up no revocation.
 * Not here: what an attempt is (deliver-revocation.ts, deliver-webhook.ts, or handed in).
 */
import type { Keyring } from "../crypto/port.js";
import { asLatchkeyError, type LatchkeyError } from "../kernel/errors.js";
import type { Faults } from "../kernel/fault.js";
import type { GrantId } from "../kernel/ids.js";
import type { Metrics } from "../kernel/metrics.js";
import { after, type Duration, type Instant } from "../kernel/time.js";
import type { Store, Transaction } from "../store/contract.js";
import type { OutboxRecord } from "../store/records.js";
import { claimRow, type OutboxClaim } from "./claim.js";
import { claimsKind, openClaimsRow } from "./claims-again.js";
import { type RevokePorts, revocationPause, revoke } from "./deliver-revocation.js";
import { postWebhook, webhookAttempts, webhookPause } from "./deliver-webhook.js";
import { openRevocation } from "./revocation.js";
import { openUnregistration, type Unregistration, unregister, unregistrationKind } from "./unregistration.js";
import { openWebhookMessage, type WebhookTarget, webhookKind } from "./webhook.js";

export interface DeliverPorts extends RevokePorts {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly metrics: Metrics;
  readonly faults: Faults;
  readonly webhooks: readonly WebhookTarget[];
  /** Applies the claims of a grant that could not be applied when they came (AC-19). */
  readonly claimsAgain: (grant: GrantId) => Promise<void>;
  /** Has the row of a registration go that is thrown away; false where it is used again. */
  readonly letGo: (unregistration: Unregistration) => Promise<boolean>;
}

/** What one kind of row needs. */
interface OutboxKind {
  readonly kind: string;
  /** For the log: "a revocation". */
  readonly what: string;
  /** The attempt, ready to be made; undefined when no key opens the row. */
  prepare(row: OutboxRecord, now: Instant): { readonly about: object; attempt(): Promise<void> } | undefined;
  /** How long after so many attempts the next one is; a part of it is by chance, so that nodes and rows spread. */
  pause(attempts: number): Duration;
  /** Rows that are tried at one time. */
  readonly atOnce: number;
  /** Whether the attempt that just failed was the last. */
  isOver(row: OutboxRecord, now: Instant, error: LatchkeyError): boolean;
  /** Whether a row that is given up is kept for the operator to see. */
  readonly keepsDead: boolean;
}

/** What is tried one by one for as long as its row says, and forgotten then. */
const untilItsEnd = ({ random }: DeliverPorts): Pick<OutboxKind, "pause" | "atOnce" | "isOver" | "keepsDead"> => ({
  pause: (attempts) => revocationPause(attempts, random),
  atOnce: 1,
  isOver: (row, now) => now >= row.endsAt,
  keepsDead: false,
});

const kinds = (ports: DeliverPorts): readonly OutboxKind[] => [
  {
    kind: "revoke",
    what: "a revocation",
    prepare(row) {
      const revocation = openRevocation(ports.keyring, row);
      return revocation && { about: {}, attempt: () => revoke(ports, revocation) };
    },
    ...untilItsEnd(ports),
  },
  {
    kind: claimsKind,
    what: "applying claims of a refresh",
    prepare(row) {
      const grant = openClaimsRow(ports.keyring, row);
      return grant && { about: { grant }, attempt: () => ports.claimsAgain(grant) };
    },
    ...untilItsEnd(ports),
  },
  {
    kind: unregistrationKind,
    what: "taking a registration back",
    prepare(row) {
      const unregistration = openUnregistration(ports.keyring, row);
      if (!unregistration) return undefined;
      const { connection } = unregistration;
      return { about: { connection }, attempt: () => unregister(ports, unregistration) };
    },
    ...untilItsEnd(ports),
  },
  {
    kind: webhookKind,
    what: "a message to a webhook",
    prepare(row, now) {
      const message = openWebhookMessage(ports.keyring, row);
      return message && { about: { webhook: message.webhook }, attempt: () => postWebhook(ports, row, message, now) };
    },
    pause: (attempts) => webhookPause(attempts, ports.random),
    // One receiver that hangs must not hold up the others.
    atOnce: 5,
    isOver: (row, now, error) =>
      row.attempts + 1 >= webhookAttempts || now >= row.endsAt || error.data["gone"] === true,
    keepsDead: true,
  },
];

/**
 * One round of each kind; answers how many rows were tried.
 *
 * @param stop between two rows: a round of twenty at a provider that hangs would hold up a shutdown for minutes
 */
export const deliverOutbox = (ports: DeliverPorts, stop?: AbortSignal): Promise<number> =>
  allOf(kinds(ports).map((kind) => oneRound(ports, kind, stop)));

async function oneRound(ports: DeliverPorts, kind: OutboxKind, stop?: AbortSignal): Promise<number> {
  const due = await ports.store.outbox.due(ports.clock.now(), 20, kind.kind);
  let tried = 0;
  for (let at = 0; at < due.length && !stop?.aborted; at += kind.atOnce) {
    tried += await allOf(due.slice(at, at + kind.atOnce).map((row) => tryRow(ports, kind, row)));
  }
  return tried;
}

/** 1 when the row was tried, 0 when another node has it. */
async function tryRow(ports: DeliverPorts, kind: OutboxKind, row: OutboxRecord): Promise<number> {
  const claim = await claimRow(ports, row);
  if (!claim) return 0;
  try {
    await deliver(ports, kind, row, claim);
  } finally {
    await claim.stop();
  }
  return 1;
}

/** The sum; a failure is thrown only when all have ended, so that nothing writes to a store that is being closed. */
async function allOf(work: readonly Promise<number>[]): Promise<number> {
  const settled = await Promise.allSettled(work);
  return settled.reduce((sum, one) => {
    if (one.status === "rejected") throw one.reason;
    return sum + one.value;
  }, 0);
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
