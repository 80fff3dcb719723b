/** A fair queue in front of the one writer: first come, first served, and nobody waits longer than `patience`. */
import type { Clock, Duration } from "../../kernel/time.js";

export interface Queue {
  /** Resolves when it is the caller's turn; rejects with `tooLate()` after `patience`. */
  enter(): Promise<void>;
  /** Ends the turn; the next one begins. Exactly once for every `enter` that resolved. */
  leave(): void;
  /** Rejects all who wait. The one whose turn it is goes on. */
  dismiss(error: Error): void;
}

interface Waiter {
  readonly begin: () => void;
  readonly refuse: (error: Error) => void;
}

export function createQueue(ports: { clock: Clock }, patience: Duration, tooLate: () => Error): Queue {
  let waiting: Waiter[] = [];
  let taken = false;
  return {
    enter() {
      if (!taken) {
        taken = true;
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => {
        const giveUp = ports.clock.after(patience, () => {
          waiting = waiting.filter((other) => other !== waiter);
          reject(tooLate());
        });
        const waiter: Waiter = {
          begin: () => {
            giveUp();
            resolve();
          },
          refuse: (error) => {
            giveUp();
            reject(error);
          },
        };
        waiting.push(waiter);
      });
    },
    leave() {
      const next = waiting.shift();
      if (next) next.begin();
      else taken = false;
    },
    dismiss(error) {
      const all = waiting;
      waiting = [];
      for (const waiter of all) waiter.refuse(error);
    },
  };
}
