/**
 * How a node that lost a lease learns that the holder has written (VA-7): on SQLite from the change counter, which costs no
 * I/O; elsewhere from the holder's hint, and by looking again after a pause, since a hint may be lost.
 */
import type { GrantId } from "../kernel/ids.js";
import { randomFraction } from "../kernel/random.js";
import { type Clock, type Duration, milliseconds } from "../kernel/time.js";
import type { VaultPorts } from "./ports.js";

/** How long one look at the database's change counter is apart from the next: it costs microseconds. */
const counterPause = milliseconds(1);
/** So long at most until the row is read again, whatever the counter says. */
const counterWait = milliseconds(250);
const pollPauses = { first: 25, longest: 250, withBus: 500 } as const;

export interface Waiter {
  /** One grant, for one refresh of it at a time. */
  watch(id: GrantId): Watch;
  /** Ends every wait. */
  stop(): void;
}

export interface Watch {
  /** Before the row is read: a commit or a hint after it is noticed. */
  mark(): void;
  /** Resolves when something may have become of the grant since the mark: a hint, a commit, the end of the pause. @param round from 0 */
  changed(round: number): Promise<void>;
  /** Nobody waits any more. */
  end(): void;
}

export function createWaiter(ports: Pick<VaultPorts, "store" | "hints" | "waitingClock" | "random">): Waiter {
  const { store, hints, waitingClock: clock, random } = ports;
  const hinted = new Map<string, () => void>();
  let stopped = false;
  hints?.onHint((about) => hinted.get(about)?.());

  /** One timer after the other and nothing else: whoever waits for 30 seconds looks thirty thousand times. */
  async function counterMoved(counter: number): Promise<void> {
    const over = new AbortController();
    const moved = new Promise<void>((resolve, reject) => {
      const look = (): void => {
        try {
          if (over.signal.aborted || stopped || store.changeCounter() !== counter) resolve();
          else clock.after(counterPause, look);
        } catch (thrown) {
          reject(thrown);
        }
      };
      look();
    });
    // What keeps the process alive meanwhile.
    await Promise.race([moved, quietSleep(clock, counterWait, over.signal)]).finally(() => over.abort());
  }

  function pauseOf(round: number): Duration {
    const longest = hints?.isAlive() ? pollPauses.withBus : pollPauses.longest;
    const length = Math.min(pollPauses.first * 2 ** round, longest);
    return milliseconds(Math.round(length / 2 + (length / 2) * randomFraction(random)));
  }

  return {
    watch(id) {
      let counter: number | undefined;
      let wasHinted = false;
      let wake = (): void => {};
      hinted.set(id, () => {
        wasHinted = true;
        wake();
      });
      return {
        mark() {
          counter = store.changeCounter();
          wasHinted = false;
        },
        async changed(round) {
          // SQLite tells, without I/O, whether any process has committed.
          if (counter !== undefined) return counterMoved(counter);
          if (wasHinted || stopped) return;
          const over = new AbortController();
          const woken = new Promise<void>((resolve) => {
            wake = resolve;
          });
          await Promise.race([quietSleep(clock, pauseOf(round), over.signal), woken]);
          over.abort();
        },
        end: () => void hinted.delete(id),
      };
    },
    stop() {
      stopped = true;
      for (const hint of hinted.values()) hint();
    },
  };
}

const quietSleep = (clock: Clock, length: Duration, signal: AbortSignal): Promise<void> =>
  clock.sleep(length, signal).catch(() => {});
