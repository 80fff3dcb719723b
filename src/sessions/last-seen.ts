/**
 * When sessions were last used (LO-2), written beside the answers. Whoever comes first is written at once; those who come
 * in the moment after that are written together, for each commit waits for the disk and, among several nodes, for its
 * turn, and after a restart everybody comes at once.
 *
 * Not here: whether it is time to write (check-session).
 */
import type { SessionId } from "../kernel/ids.js";
import type { Log } from "../kernel/log.js";
import { type Clock, type Instant, milliseconds } from "../kernel/time.js";
import type { Store } from "../store/contract.js";

/** From the end of one write to the next, whoever comes is gathered. */
const gathering = milliseconds(100);
/** Sessions in one statement: SQLite's process does nothing else meanwhile. */
const atOnce = 250;

/** A session that was used. */
export interface Sighting {
  readonly id: SessionId;
  readonly at: Instant;
  readonly idleEndsAt: Instant;
  /** Called when it is written, with what was: the newest moment of those written together. */
  written(lastSeenAt: Instant, idleEndsAt: Instant): void;
}

export interface LastSeen {
  /** One that waits to be written already stays as it is. */
  note(sighting: Sighting): void;
  /** Resolves when all that was noted is written, or could not be. */
  settled(): Promise<void>;
}

/** @param ports.waitingClock real time, whatever a test says that it is */
export function createLastSeen(ports: {
  readonly store: Pick<Store, "transaction">;
  readonly waitingClock: Clock;
  readonly log: Log;
}): LastSeen {
  const waiting = new Map<SessionId, Sighting>();
  let writing: Promise<void> | undefined;
  /** Ends the gathering. */
  let cancel: (() => void) | undefined;

  async function writeSome(): Promise<void> {
    const some = [...waiting.values()].slice(0, atOnce);
    const ids = some.map(({ id }) => id);
    const lastSeenAt = Math.max(...some.map(({ at }) => at)) as Instant;
    const idleEndsAt = Math.max(...some.map((one) => one.idleEndsAt)) as Instant;
    try {
      await ports.store.transaction((tx) => tx.sessions.touch(ids, lastSeenAt, idleEndsAt));
      for (const { written } of some) written(lastSeenAt, idleEndsAt);
    } catch (thrown) {
      // Whoever comes again is noted again.
      const err = thrown instanceof Error ? thrown : undefined;
      ports.log.warn({ err, sessions: ids.length }, "last-seen could not be written");
    }
    for (const id of ids) waiting.delete(id);
  }

  function start(): void {
    cancel = undefined;
    writing = writeSome().then(() => {
      writing = undefined;
      cancel = ports.waitingClock.after(gathering, () => {
        cancel = undefined;
        if (waiting.size > 0) start();
      });
    });
  }

  return {
    note(sighting) {
      if (waiting.has(sighting.id)) return;
      waiting.set(sighting.id, sighting);
      if (!writing && !cancel) start();
    },
    async settled() {
      while (waiting.size > 0) {
        cancel?.();
        if (!writing) start();
        await writing;
      }
      cancel?.();
      cancel = undefined;
    },
  };
}
