/** What the commands over the database share: they open it, do one thing, and close it whatever happens. */
import { InvalidArgumentError } from "commander";
import type { Administration } from "../administration.js";
import { isLatchkeyError } from "../kernel/errors.js";
import { type CommonOptions, commandLog, load, type Session } from "./command.js";
import { UsageError } from "./exit-codes.js";

export async function administering<T>(
  session: Session,
  options: CommonOptions,
  act: (administration: Administration) => Promise<T>,
): Promise<T> {
  const loaded = await load(session, options);
  const { openAdministration } = await import("../administration.js");
  const administration = await openAdministration(loaded.config, { log: await commandLog(loaded) });
  try {
    return await act(administration);
  } finally {
    await administration.close();
  }
}

/** For `--limit`. */
export function pageSize(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) < 1 || Number(text) > 200)
    throw new InvalidArgumentError("It must be a number from 1 to 200.");
  return Number(text);
}

/** A cursor that no list gave is a mistake on the command line. */
export function cursorProblem(thrown: unknown): never {
  if (!isLatchkeyError(thrown, "server.bad_request")) throw thrown;
  throw new UsageError("--cursor is none that a page before ended with");
}
