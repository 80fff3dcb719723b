/**
 * A clock that stands still until a test moves it.
 *
 * Sleepers and timers fire in the order of their due time, first come first served among equals, and whatever
 * they start has a few turns of the event loop before the next one fires. So "the lease runs out while a refresh
 * is under way" is one line in a test, and takes no time.
 *
 * Not here: other people's timers. A socket's own time-out still runs on the real clock.
 */
import { type Clock, type Duration, type Instant, milliseconds, toInstant } from "../kernel/time.js";

export interface ManualClock extends Clock {
  /** Moves forward by `length`, waking each sleeper and timer that falls due at its own moment. */
  advance(length: Duration): Promise<void>;
  /**
   * Moves by `length` in one step, as a machine that was suspended: what fell due on the way fires once, now. For
   * long stretches, in which a loop that runs every 5 seconds would wake a hundred thousand times.
   */
  skip(length: Duration): Promise<void>;
  /** Moves to `at`. Forward wakes what falls due; backward only changes `now`, as a corrected system clock does. */
  set(at: Instant): Promise<void>;
  /** How many sleepers and timers wait. */
  readonly pending: number;
}

interface Waiting {
  readonly due: number;
  readonly act: () => void;
}

/** Turns of the real event loop that work may take between two wake-ups: enough for in-process awaits. */
const settlingTurns = 10;
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < settlingTurns; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};

/**
 * @param start Where the clock stands.
 * @default 2026-01-01T00:00:00Z
 */
export function createManualClock(start: Instant = toInstant(1_767_225_600_000)): ManualClock {
  // `ticks` only ever goes forward; timers hang on it, so that setting the clock back loses none of them.
  let ticks = 0;
  let offset = start as number;
  let waiting: Waiting[] = [];

  const enqueue = (length: number, act: () => void): (() => void) => {
    const entry: Waiting = { due: ticks + Math.max(0, length), act };
    const place = waiting.findIndex((other) => other.due > entry.due);
    waiting.splice(place === -1 ? waiting.length : place, 0, entry);
    return () => {
      waiting = waiting.filter((other) => other !== entry);
    };
  };

  const advance = async (length: Duration): Promise<void> => {
    const end = ticks + length;
    for (let next = waiting[0]; next && next.due <= end; next = waiting[0]) {
      ticks = Math.max(ticks, next.due);
      waiting.shift();
      next.act();
      await settle();
    }
    ticks = Math.max(ticks, end);
    await settle();
  };

  const skip = async (length: Duration): Promise<void> => {
    ticks += length;
    const due = waiting.filter((entry) => entry.due <= ticks);
    waiting = waiting.filter((entry) => entry.due > ticks);
    for (const entry of due) {
      entry.act();
      await settle();
    }
    await settle();
  };

  return {
    now: () => toInstant(offset + ticks),
    monotonic: () => ticks,
    sleep: (length, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const abort = () => {
          cancel();
          reject(signal?.reason);
        };
        const cancel = enqueue(length, () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        });
        signal?.addEventListener("abort", abort, { once: true });
      }),
    after: (length, act) => enqueue(length, act),
    advance,
    skip,
    set: async (at) => {
      const distance = at - (offset + ticks);
      if (distance >= 0) return advance(milliseconds(distance));
      offset += distance;
    },
    get pending() {
      return waiting.length;
    },
  };
}
