/** One of several processes that migrate one file at the same moment: `file`. Prints what it did. */
import { migrateSqlite, openSqliteStore } from "../../../src/store/sqlite.js";
import { ports, print, told } from "./ports.js";

const [, , path = ""] = process.argv;
print("ready");
await told();
const done = await migrateSqlite({ path, ...ports });
const store = await openSqliteStore({ path, ...ports });
print({ ...done, version: await store.schemaVersion() });
await store.close();
