/**
 * A Postgres database opened for looking alone: one connection, on which every transaction is read-only, and one
 * transaction on it, so that what is read is one moment's.
 */
import { sql } from "kysely";
import type { Log } from "../../kernel/log.js";
import type { ReadOnlyStore } from "../contract.js";
import { appliedMigrations, checkVersion } from "../sql/migrations/run.js";
import { readTables, wrapTables } from "../sql/tables.js";
import { translating } from "./failures.js";
import { openPool } from "./pool.js";

const begin = "set default_transaction_read_only = on; begin transaction isolation level repeatable read, read only";

/**
 * Undefined where nothing of ours is in it yet.
 *
 * @throws LatchkeyError `store.not_migrated` · `store.newer` · `store.unavailable` · `store.driver_missing`
 */
export async function lookAtPostgres(url: string, log: Log): Promise<ReadOnlyStore | undefined> {
  const pool = await openPool(url, log);
  const client = await translating(() => pool.connect());
  const db = pool.over(client);
  const close = () => client.end();
  try {
    return await translating(async () => {
      await client.query(begin);
      const { rows } = await sql<{ found: boolean }>`select to_regclass('migrations') is not null as found`.execute(db);
      const applied = rows[0]?.found ? await appliedMigrations(db) : undefined;
      if (applied === undefined || applied.version === 0) {
        await close();
        return undefined;
      }
      checkVersion(applied);
      return { ...wrapTables(readTables(db), translating), close };
    });
  } catch (error) {
    await close();
    throw error;
  }
}
