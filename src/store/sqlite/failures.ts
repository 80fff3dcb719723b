/**
 * What SQLite's failures mean to the product. A database that cannot be asked is `store.unavailable` and never looks
 * like a row that is not there: the one says "try again", the other would sign people out.
 */
import { LatchkeyError } from "../../kernel/errors.js";
import { UniqueViolation } from "../contract.js";

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";

/** Another connection holds the lock. */
export const isBusy = (error: unknown): boolean => /^SQLITE_BUSY(_|$)/.test(codeOf(error));

/** The file, the disk or the handle failed; nothing is wrong with the statement. */
const unavailable =
  /^SQLITE_(IOERR|FULL|CORRUPT|NOTADB|CANTOPEN|READONLY|PERM|AUTH|NOMEM|PROTOCOL|LOCKED|NOLFS|INTERRUPT|INTERNAL)(_|$)/;
const closedHandle = "The database connection is not open";

/** The error that callers of the store see; one that means a defect comes back as it is. */
export function translated(error: unknown): unknown {
  const code = codeOf(error);
  if (code === "SQLITE_CONSTRAINT_UNIQUE" || code === "SQLITE_CONSTRAINT_PRIMARYKEY") {
    // "UNIQUE constraint failed: users.email"; the columns stay out of our message, the cause keeps them.
    const table = /failed: ([a-z_]+)\./.exec((error as Error).message)?.[1] ?? "unknown";
    return new UniqueViolation(table, error);
  }
  if (isBusy(error)) return new LatchkeyError("store.busy", { cause: error, data: { sqlite: code } });
  if (unavailable.test(code)) return new LatchkeyError("store.unavailable", { cause: error, data: { sqlite: code } });
  if (error instanceof TypeError && error.message === closedHandle) return closed(error);
  return error;
}

export const closed = (cause?: unknown): LatchkeyError =>
  new LatchkeyError("store.unavailable", { cause, data: { reason: "closed" } });

/** Runs `act`; throws what `translated` makes of its error. */
export function translating<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw translated(error);
  }
}
