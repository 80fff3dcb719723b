/** The check on the bus: does what one node says come back? Judgements are pure; a look takes three seconds at most. */
import type { Bus } from "../bus/port.js";
import { isLatchkeyError, type LatchkeyError } from "../kernel/errors.js";
import { type Clock, type Duration, milliseconds, seconds } from "../kernel/time.js";
import { check, type Finding } from "./finding.js";

export type BusSeen =
  /** None is needed. */
  | { readonly kind: "none" }
  /** Our own message came back. */
  | { readonly kind: "heard"; readonly after: Duration }
  | { readonly kind: "silent" }
  | { readonly kind: "failed"; readonly error: LatchkeyError };

const bus = check(
  "bus",
  "Nodes hear through it that somebody was signed out. While it is down each session check asks the database.",
);

/** @param where what the configuration calls it, without a password */
export function judgeBus(where: string, seen: BusSeen): Finding {
  switch (seen.kind) {
    case "none":
      return bus.ok("None is needed: processes that share a SQLite file hear of each other's changes from the file.");
    case "heard":
      return bus.ok(`${where}: a message came back after ${Math.ceil(seen.after)} ms.`);
    case "silent":
      return bus.warn(
        `${where}: no message came back within 3 seconds.`,
        "Check that this machine reaches it, with this password; a pooler between us and Postgres must pass LISTEN on.",
      );
    case "failed":
      return seen.error.code === "store.driver_missing"
        ? bus.fail(
            `${where} needs a package that is not installed.`,
            `npm install ${String(seen.error.data["package"])}`,
          )
        : bus.fail(`${where} cannot be used (${seen.error.code}).`, seen.error.entry.operator);
  }
}

const longest: Duration = seconds(3);
const pause: Duration = milliseconds(10);

/**
 * Says a word on the bus and waits for it. Nobody else knows the word, and a bus takes an unknown one for nothing.
 *
 * @param open the bus as a node opens it; undefined where none is needed
 */
export async function lookAtBus(
  { clock, node }: { readonly clock: Clock; readonly node: string },
  open: () => Promise<Bus | undefined>,
): Promise<BusSeen> {
  let opened: Bus | undefined;
  try {
    opened = await open();
    if (!opened) return { kind: "none" };
    let heard = false;
    opened.onHint((word) => {
      heard ||= word === node;
    });
    const begun = clock.monotonic();
    let said = begun;
    while (clock.monotonic() - begun < longest) {
      // A transport connects in its own time, and what is said before is lost.
      if (opened.isAlive() && said === begun) {
        said = clock.monotonic();
        await opened.hint(node);
      }
      if (heard) return { kind: "heard", after: milliseconds(clock.monotonic() - said) };
      await clock.sleep(pause);
    }
    return { kind: "silent" };
  } catch (error) {
    if (!isLatchkeyError(error)) throw error;
    return { kind: "failed", error };
  } finally {
    await opened?.close();
  }
}
