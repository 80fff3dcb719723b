/**
 * A SQLite file opened for looking alone: nothing is made, migrated or written, and what is read is one moment's. The
 * connection itself refuses writes (`query_only`), so that a mistake above it cannot become one here.
 */
import { existsSync } from "node:fs";
import { LatchkeyError } from "../../kernel/errors.js";
import type { ReadOnlyStore } from "../contract.js";
import { appliedMigrations, checkVersion } from "../sql/migrations/run.js";
import { readTables } from "../sql/tables.js";
import { openToLook } from "./connection.js";
import { translated, translating } from "./failures.js";
import type { LockPorts } from "./when-free.js";

/**
 * Undefined where there is no file, or nothing of ours in it, yet.
 *
 * @throws LatchkeyError `store.not_migrated` · `store.newer` · `store.unavailable` · `store.busy`
 */
export async function lookAtSqlite(path: string, ports: LockPorts): Promise<ReadOnlyStore | undefined> {
  if (path === ":memory:" || !existsSync(path)) return undefined;
  const connection = await openToLook(path, ports).catch((error: unknown) => {
    const known = translated(error);
    if (known instanceof LatchkeyError) throw known;
    throw new LatchkeyError("store.unavailable", { cause: error, data: { path } });
  });
  const { raw, db } = connection;
  try {
    translating(() => raw.exec("begin"));
    const find = "select 1 from sqlite_master where type = 'table' and name = 'migrations'";
    const applied = translating(() => raw.prepare(find).get()) ? await appliedMigrations(db) : undefined;
    if (applied === undefined || applied.version === 0) {
      raw.close();
      return undefined;
    }
    checkVersion(applied);
    return { ...readTables(db), close: async () => void raw.close() };
  } catch (error) {
    raw.close();
    throw error;
  }
}
