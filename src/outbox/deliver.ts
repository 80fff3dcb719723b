/**
 * Delivers what is due in the outbox: at least once, with growing pauses, until it succeeds or its time is over.
 *
 * Each kind of row is delivered by itself, so that a webhook that hangs holds up no revocation. Within a kind there is a lane
 * for each receiver, and while one of them is slow the others are looked after every few seconds: whoever hangs holds up what is
 * for itself; claims, whose rows do not name their provider, go one after the other. Not here: what the kinds are (kinds.ts) and what a try is (try-row.ts).
 */
import { type Clock, seconds } from "../kernel/time.js";
import type { OutboxRecord } from "../store/records.js";
import { kindsOf, type OutboxKindName } from "./kinds.js";
import { type DeliverPorts, tryRow } from "./try-row.js";

/** How long after a look the next one is, here and in the job that begins again when nothing is under way. */
export const lookEvery = seconds(5);

/** Rows that one look reads, and at most, where the first ones are all for receivers that are busy and others stand behind them. */
const rows = { atFirst: 100, atMost: 1_600 };

/**
 * Tries what is due of one kind, and what becomes due, until nothing is under way.
 *
 * @param stop between two rows: many of them at a provider that hangs would hold up a shutdown for minutes
 * @throws what the store threw, when all have ended, so that nothing writes to a store that is being closed
 */
export async function deliverOutbox(ports: DeliverPorts, name: OutboxKindName, stop: AbortSignal): Promise<void> {
  const kind = kindsOf(ports)[name];
  /** By receiver; what no key opens has a lane of its own. */
  const lanes = new Map<string | undefined, Promise<void>>();
  const failures: unknown[] = [];
  const fail = (thrown: unknown) => void failures.push(thrown);
  const isOver = () => stop.aborted || failures.length > 0;

  async function look(limit = rows.atFirst): Promise<void> {
    const now = ports.clock.now();
    const due = await ports.store.outbox.due(now, limit, name);
    const free = new Map<string | undefined, OutboxRecord[]>();
    for (const row of due) {
      const to = kind.prepare(row, now)?.to;
      const theirs = free.get(to);
      if (theirs) theirs.push(row);
      else if (!lanes.has(to)) free.set(to, [row]);
    }
    for (const [to, theirs] of free) {
      const ended = inTurn(theirs).catch(fail);
      const gone = ended.then(() => void lanes.delete(to));
      lanes.set(to, gone);
    }
    if (free.size === 0 && due.length === limit && limit < rows.atMost) await look(limit * 4);
  }

  async function inTurn(theirs: readonly OutboxRecord[]): Promise<void> {
    for (let at = 0; at < theirs.length && !isOver(); at += kind.atOnce) {
      await allOf(theirs.slice(at, at + kind.atOnce).map((row) => tryRow(ports, kind, row)));
    }
  }

  do {
    await look().catch(fail);
    await endOf(lanes.values(), ports.clock);
  } while (lanes.size > 0 && !isOver());
  await Promise.all(lanes.values());
  if (failures.length > 0) throw failures[0];
}

/** Resolves when all of them have ended, or when it is time for another look. They never reject. */
async function endOf(lanes: Iterable<Promise<void>>, clock: Clock): Promise<void> {
  let cancel = (): void => {};
  const nextLook = new Promise<void>((resolve) => {
    cancel = clock.after(lookEvery, resolve);
  });
  await Promise.race([Promise.all(lanes), nextLook]);
  cancel();
}

/** A failure is thrown only when all have ended. */
async function allOf(work: readonly Promise<void>[]): Promise<void> {
  for (const one of await Promise.allSettled(work)) if (one.status === "rejected") throw one.reason;
}
