/**
 * Opens a Postgres store (QU-21): a pool for reads, one connection for write transactions, which run one after the other
 * among all nodes. The same tables, records and promises as on SQLite.
 *
 * Not here: how nodes hear of each other (bus), when migrations run (the command line decides).
 */
import { sql } from "kysely";
import type { Log } from "../kernel/log.js";
import type { Clock } from "../kernel/time.js";
import type { Store, StoreReads } from "./contract.js";
import { closed, translating } from "./postgres/failures.js";
import { openPool, type PostgresPool } from "./postgres/pool.js";
import { postgresSpelling } from "./postgres/spelling.js";
import { createPostgresWriter, type PostgresWriter } from "./postgres/writer.js";
import { codeVersion } from "./sql/migrations/all.js";
import { appliedMigrations, checkVersion, runMigrations } from "./sql/migrations/run.js";
import type { Db } from "./sql/schema.js";
import { readTables, wrapTables } from "./sql/tables.js";

export interface PostgresOptions {
  /** `postgres://user@host/database`, as libpq writes it. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Opens the store.
 *
 * @param options.migrate Bring the schema up to date first, once however many nodes start.
 * @default false
 * @throws LatchkeyError `store.not_migrated` · `store.newer` · `store.unavailable` · `store.driver_missing`
 */
export async function openPostgresStore(options: PostgresOptions & { readonly migrate?: boolean }): Promise<Store> {
  const pool = await openPool(options.url, options.log);
  const writer = createPostgresWriter(options, pool);
  try {
    if (options.migrate) await migrateThrough(options, writer);
    checkVersion(await translating(() => versionOf(pool.db)));
    return storeOver(pool, writer);
  } catch (error) {
    await writer.close();
    await pool.pool.end();
    throw error;
  }
}

/** Brings the schema to this code's version, in one transaction. @throws LatchkeyError as `openPostgresStore` */
export async function migratePostgres(
  options: PostgresOptions,
): Promise<{ readonly from: number; readonly to: number }> {
  const pool = await openPool(options.url, options.log);
  const writer = createPostgresWriter(options, pool);
  try {
    return await migrateThrough(options, writer);
  } finally {
    await writer.close();
    await pool.pool.end();
  }
}

const migrateThrough = ({ clock }: PostgresOptions, writer: PostgresWriter) =>
  writer.exclusively((db) => runMigrations(db, postgresSpelling, clock.now()));

async function versionOf(db: Db): Promise<{ version: number; runsFrom: number }> {
  const { rows } = await sql<{ found: boolean }>`select to_regclass('migrations') is not null as found`.execute(db);
  return rows[0]?.found ? appliedMigrations(db) : { version: 0, runsFrom: 0 };
}

function storeOver({ pool, db }: PostgresPool, writer: PostgresWriter): Store {
  let isClosed = false;
  const checkUse = (): void => {
    writer.refuseInside();
    if (isClosed) throw closed();
  };
  const reads: StoreReads = wrapTables(readTables(db), async (call) => {
    checkUse();
    return translating(call);
  });
  return {
    ...reads,
    async transaction(work) {
      checkUse();
      return writer.transaction(work);
    },
    alone: wrapTables({ grants: writer.alone }, async (call) => {
      checkUse();
      return call();
    }),
    // Nothing tells without asking: the bus says that there are news, and its heartbeat that it still can (LO-3).
    changeCounter() {
      if (isClosed) throw closed();
      return undefined;
    },
    async schemaVersion() {
      checkUse();
      const { version } = await translating(() => versionOf(db));
      return { database: version, code: codeVersion };
    },
    async close() {
      writer.refuseInside();
      if (isClosed) return;
      isClosed = true;
      await writer.close();
      await pool.end();
    },
  };
}
