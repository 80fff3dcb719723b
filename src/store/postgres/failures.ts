/**
 * What Postgres's failures mean to the product (SQLSTATE, appendix A of its manual). A database that cannot be asked is
 * `store.unavailable`, never a row that is not there.
 */
import { LatchkeyError } from "../../kernel/errors.js";
import { UniqueViolation } from "../contract.js";

const memberOf = (error: unknown, name: "code" | "table"): string => {
  const value = error instanceof Error ? (error as Error & { code?: unknown; table?: unknown })[name] : undefined;
  return typeof value === "string" ? value : "";
};

/** The lock was not had in time, or the server ended one of two that waited for each other. */
const busyStates: ReadonlySet<string> = new Set(["55P03", "40P01", "40001"]);

/**
 * Classes of SQLSTATE in which nothing is wrong with the statement: connection (08), a transaction that the server gave
 * up (25), authorisation (28), no such database (3D), resources (53), the operator stopped it (57), the system (58).
 */
const unavailable = /^(08|25|28|3D|53|57|58)/;

/** The error that callers of the store see; one that means a defect comes back as it is. */
export function translated(error: unknown): unknown {
  if (error instanceof LatchkeyError) return error;
  const code = memberOf(error, "code");
  if (code === "23505") return new UniqueViolation(memberOf(error, "table") || "unknown", error);
  if (busyStates.has(code)) return new LatchkeyError("store.busy", { cause: error, data: { postgres: code } });
  if (unavailable.test(code) || isNetwork(error)) {
    return new LatchkeyError("store.unavailable", { cause: error, data: { postgres: code || "network" } });
  }
  return error;
}

/** Codes of Node for sockets, names and TLS; its others (`ERR_INVALID_…`) mean a defect of ours. */
const networkCode = /^(E[A-Z]+|EAI_[A-Z]+|ERR_(STREAM|SOCKET|SSL|TLS)_\w+|UND_ERR_\w+)$/;

/** Those, and the words of `pg` where it gives no code. A bare client says of its connection alone `timeout expired`. */
function isNetwork(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    networkCode.test(memberOf(error, "code")) ||
    /^timeout expired$|connection terminated|timeout exceeded when trying to connect|query read timeout|not queryable|client was closed|connection error|after calling end on the pool/i.test(
      error.message,
    )
  );
}

const sqlState = /^[0-9A-Z]{5}$/;

/**
 * Runs `act`, which opens a connection. Nothing was asked yet, so whatever stopped it is `store.unavailable`, in words that
 * nobody here has to know; but what the server itself said keeps its meaning.
 */
export async function connecting<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const known = translated(error);
    if (known !== error || sqlState.test(memberOf(error, "code"))) throw known;
    throw new LatchkeyError("store.unavailable", { cause: error, data: { postgres: "connecting" } });
  }
}

export const closed = (cause?: unknown): LatchkeyError =>
  new LatchkeyError("store.unavailable", { cause, data: { reason: "closed" } });

/** Runs `act`; throws what `translated` makes of its error. */
export async function translating<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw translated(error);
  }
}
