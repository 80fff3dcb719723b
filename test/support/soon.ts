/**
 * What one node did, seen from another (LO-3): with its next request on SQLite, where the database itself says that
 * something was committed; on Postgres when the bus has brought it, of which a busy machine may be late.
 */
import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";

const onPostgres = (process.env["LATCHKEY_TEST_WORLD_DATABASE"] ?? "") !== "";
const longest = onPostgres ? 3_000 : 0;

/** Reads until it is as expected, for as long as LO-3 allows on this database, and says what was seen last. */
export async function expectSoon<T>(read: () => Promise<T>, expected: T): Promise<void> {
  const began = performance.now();
  let seen = await read();
  while (!isDeepStrictEqual(seen, expected) && performance.now() - began < longest) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    seen = await read();
  }
  expect(seen).toEqual(expected);
}
