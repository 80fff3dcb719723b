/**
 * Cursors of lists. A cursor holds the sort key of the last item, so that rows which come or go in between never
 * make a page repeat or skip one, as an offset would.
 */
import { LatchkeyError } from "../../kernel/errors.js";
import type { Page, PageRequest } from "../contract.js";

const largestPage = 200;

/** The limit within 1 to 200. */
export const pageLimit = (page: PageRequest): number => Math.min(largestPage, Math.max(1, Math.trunc(page.limit) || 1));

/** The parts of the sort key as opaque text. */
export const toCursor = (...parts: readonly (string | number)[]): string =>
  Buffer.from(parts.join(" "), "utf8").toString("base64url");

/**
 * The parts of a cursor that a client sent back.
 *
 * @throws LatchkeyError `server.bad_request` when it is not one of ours.
 */
export function fromCursor(cursor: string, shape: RegExp): readonly string[] {
  const match = shape.exec(Buffer.from(cursor, "base64url").toString("utf8"));
  if (!match) throw new LatchkeyError("server.bad_request", { data: { parameter: "cursor" } });
  return match.slice(1);
}

/** Cuts one row too many into a page and its cursor. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  key: (row: Row) => string,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(toItem), next: rows.length > limit && last !== undefined ? key(last) : null };
}
