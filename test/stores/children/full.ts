/** Writes until the disk is full (the parent limits the size of files): `file`. Prints how each transaction ended. */
import { asLatchkeyError } from "../../../src/kernel/errors.js";
import { toInstant } from "../../../src/kernel/time.js";
import type { Transaction } from "../../../src/store/contract.js";
import { openSqliteStore } from "../../../src/store/sqlite.js";
import { ports, print } from "./ports.js";

const [, , path = ""] = process.argv;
const store = await openSqliteStore({ path, ...ports });
const ended = (work: (tx: Transaction) => Promise<void>): Promise<string> =>
  store.transaction(work).then(
    () => "committed",
    (error: unknown) => asLatchkeyError(error).code,
  );
const large = (tx: Transaction, url: string): Promise<void> =>
  tx.metadata.save({
    url,
    body: "x".repeat(1_000_000),
    fetchedAt: toInstant(1),
    freshUntil: toInstant(1),
    staleUntil: toInstant(1),
  });

const first = await ended((tx) => tx.announcements.append("user", "before", toInstant(1)));
const full = await ended(async (tx) => {
  await tx.announcements.append("user", "never", toInstant(1));
  for (let index = 0; index < 20; index++) await large(tx, `https://example.test/${index}`);
});
// One that goes on after the failure must not commit what came after it.
const swallowed = await ended(async (tx) => {
  await tx.announcements.append("user", "never", toInstant(1));
  for (let index = 0; index < 20; index++) await large(tx, `https://example.test/${index}`).catch(() => {});
  await tx.announcements.append("user", "never either", toInstant(1)).catch(() => {});
});
const small = await ended((tx) => tx.announcements.append("user", "after", toInstant(1)));
print({ first, full, swallowed, small, keys: (await store.announcements.after(0)).map(({ key }) => key) });
await store.close();
