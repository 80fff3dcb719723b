/** Stops in the middle of a transaction, with half of its rows written and the lock held: `file`. */
import { toInstant } from "../../../src/kernel/time.js";
import { openSqliteStore } from "../../../src/store/sqlite.js";
import { ports, print, told } from "./ports.js";

const [, , path = ""] = process.argv;
const store = await openSqliteStore({ path, ...ports });
await store.transaction((tx) => tx.announcements.append("user", "committed", toInstant(1)));
await store.transaction(async (tx) => {
  // More than SQLite's page cache holds, so that rows of the open transaction are already in the log file.
  for (let index = 0; index < 200; index++) {
    const url = `https://example.test/${index}`;
    const body = "x".repeat(50_000);
    await tx.metadata.save({ url, body, fetchedAt: toInstant(1), freshUntil: toInstant(1), staleUntil: toInstant(1) });
  }
  await tx.announcements.append("user", "half-done", toInstant(2));
  print("inside");
  await told();
});
print("finished");
await store.close();
