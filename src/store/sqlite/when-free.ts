/**
 * Waiting for another process's lock. It is done with timers: SQLite's own waiting would stop the event loop, so it
 * has a few milliseconds only (`connection`).
 */
import { LatchkeyError } from "../../kernel/errors.js";
import { type RandomSource, randomFraction } from "../../kernel/random.js";
import { type Clock, type Duration, milliseconds, seconds } from "../../kernel/time.js";
import { isBusy, translated } from "./failures.js";

export type LockPorts = { readonly clock: Clock; readonly random: RandomSource };

/** How long a transaction waits for its turn here and for the file's lock together, before `store.busy`. */
export const patience: Duration = seconds(5);
/** The longest pause between two attempts, in milliseconds. */
const longestPause = 8;

export const busy = (cause?: unknown): LatchkeyError => new LatchkeyError("store.busy", { cause });

/** A random number of milliseconds: processes that all paused alike would all come back at once. */
export const aPause = ({ random }: LockPorts): number => 1 + randomFraction(random) * (longestPause - 1);

/**
 * Runs `act` until it is not refused with SQLITE_BUSY, pausing a random while in between.
 *
 * @throws LatchkeyError `store.busy` when it was refused `patience` after `startedAt`.
 */
export async function whenFree<T>(
  ports: LockPorts,
  startedAt: number,
  act: () => T,
  refused: () => void = () => {},
): Promise<T> {
  for (;;) {
    try {
      return act();
    } catch (error) {
      if (!isBusy(error)) throw translated(error);
      refused();
      if (ports.clock.monotonic() - startedAt >= patience) throw busy(error);
    }
    await ports.clock.sleep(milliseconds(aPause(ports)));
  }
}
