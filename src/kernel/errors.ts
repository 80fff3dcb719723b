/**
 * The one error that steps throw. Its code comes from the catalog; the public words live there, the private
 * facts live in `data` and `cause`, and the two never mix: shells render the first and log the second.
 */
import { type ErrorCode, type ErrorEntry, errorCatalog } from "./error-catalog.js";
import type { JsonValue } from "./json.js";

/** A failure with a code of the catalog. Tell failures apart by `code`, never by `message`. */
export class LatchkeyError extends Error {
  override readonly name = "LatchkeyError";
  /** Stable, from the catalog. */
  readonly code: ErrorCode;
  /** Facts for the log. Never rendered; never a token. */
  readonly data: Readonly<Record<string, JsonValue | undefined>>;
  constructor(code: ErrorCode, init: { cause?: unknown; data?: Record<string, JsonValue | undefined> } = {}) {
    super(code, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.data = init.data ?? {};
  }
  get entry(): ErrorEntry {
    return errorCatalog[this.code];
  }
}

/** Any thrown value as a `LatchkeyError`; what nobody foresaw becomes `server.unexpected` with its cause kept. */
export const asLatchkeyError = (thrown: unknown): LatchkeyError =>
  thrown instanceof LatchkeyError ? thrown : new LatchkeyError("server.unexpected", { cause: thrown });

/** True for a `LatchkeyError` of one of these codes. */
export const isLatchkeyError = (thrown: unknown, ...codes: ErrorCode[]): thrown is LatchkeyError =>
  thrown instanceof LatchkeyError && (codes.length === 0 || codes.includes(thrown.code));
