/** What the child processes open their stores with. */
import { createInterface } from "node:readline";
import { systemRandom } from "../../../src/crypto/random.js";
import { silentLog } from "../../../src/kernel/log.js";
import { systemClock } from "../../../src/kernel/time.js";

export const ports = { clock: systemClock, random: systemRandom, log: silentLog };

export const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

/** Waits for a word from the parent. */
export const told = (): Promise<void> =>
  new Promise((resolve) => {
    const input = createInterface({ input: process.stdin });
    input.once("line", () => {
      input.close();
      // An open pipe would keep the process alive.
      process.stdin.destroy();
      resolve();
    });
  });
