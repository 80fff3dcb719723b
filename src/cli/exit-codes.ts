/** What the exit status of a command means; `docs/reference/cli.md` lists the same. */
import { isLatchkeyError } from "../kernel/errors.js";

export const exitCodes = {
  fine: 0,
  /** The command ran and found something wrong, or what was asked for is not there. */
  problem: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** There is no configuration, it cannot be read or written, or it is not valid. */
  config: 3,
  /** The database, or something else that is needed, cannot be reached. */
  unreachable: 4,
} as const;

export function exitCodeOf(thrown: unknown): number {
  if (!isLatchkeyError(thrown)) return exitCodes.problem;
  if (thrown.code.startsWith("config.")) return exitCodes.config;
  if (thrown.code.startsWith("egress.") || isLatchkeyError(thrown, "store.busy", "store.unavailable"))
    return exitCodes.unreachable;
  return exitCodes.problem;
}

/** A command line that cannot be meant: told to the person, exit 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
