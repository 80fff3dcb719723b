/**
 * Opens a SQLite store (QU-21): WAL, one writer and one reader connection per process; one for both in `:memory:`,
 * which exists only inside its connection.
 *
 * Not here: where the file lies (config), when migrations run (the command line decides).
 */
import { closeSync, existsSync, openSync } from "node:fs";
import { LatchkeyError } from "../kernel/errors.js";
import { oncePerTurn } from "../kernel/time.js";
import type { Store, StoreReads } from "./contract.js";
import { codeVersion } from "./sql/migrations/all.js";
import { appliedMigrations, checkVersion, runMigrations } from "./sql/migrations/run.js";
import { wrapTables } from "./sql/tables.js";
import { openConnection, type SqliteConnection } from "./sqlite/connection.js";
import { closed, translated, translating } from "./sqlite/failures.js";
import { hotReads } from "./sqlite/hot-reads.js";
import { sqliteSpelling } from "./sqlite/spelling.js";
import { commitsInThisProcess, createWriter, type Writer, type WriterPorts } from "./sqlite/writer.js";

export interface SqliteOptions extends WriterPorts {
  /** A file, or `:memory:` for a database that lives as long as the store. */
  readonly path: string;
}

const inMemory = (path: string): boolean => path === ":memory:";

/**
 * Opens the store. A new file is readable by its owner alone.
 *
 * @param options.migrate Bring the schema up to date first. `:memory:` always does, since nobody else could.
 * @default false
 * @throws LatchkeyError `store.not_migrated` when the file is missing or its schema is older than this code.
 * @throws LatchkeyError `store.newer` when a newer version changed the schema so that this code cannot run on it.
 * @throws LatchkeyError `store.unavailable` when the file cannot be opened or is no database.
 */
export async function openSqliteStore(options: SqliteOptions & { readonly migrate?: boolean }): Promise<Store> {
  const migrate = options.migrate === true || inMemory(options.path);
  // Opening would make an empty file, where none was asked for.
  if (!migrate && !existsSync(options.path)) {
    throw new LatchkeyError("store.not_migrated", { data: { path: options.path, reason: "no file" } });
  }
  const connection = await connect(options);
  const writer = createWriter(options, connection);
  try {
    if (migrate) await migrateThrough(options, connection, writer);
    checkVersion(await versionOf(connection));
    return inMemory(options.path) ? oneConnection(connection, writer) : await twoConnections(options, writer);
  } catch (error) {
    await writer.close();
    throw error;
  }
}

/**
 * Brings the file's schema to this code's version, in one transaction. Several processes may call it at once: one
 * migrates, the others wait and find it done.
 *
 * @throws LatchkeyError as `openSqliteStore`, and `store.busy` when the lock was not had within 5 s.
 */
export async function migrateSqlite(options: SqliteOptions): Promise<{ readonly from: number; readonly to: number }> {
  const connection = await connect(options);
  const writer = createWriter(options, connection);
  try {
    return await migrateThrough(options, connection, writer);
  } finally {
    await writer.close();
  }
}

const migrateThrough = (ports: WriterPorts, { db }: SqliteConnection, writer: Writer) =>
  writer.exclusively(() => runMigrations(db, sqliteSpelling, ports.clock.now()));

/** Opens a connection; the first one makes the file, and makes it WAL. */
async function connect(options: SqliteOptions, role: "writer" | "reader" = "writer"): Promise<SqliteConnection> {
  const data = { path: options.path };
  try {
    // The log and index files that SQLite makes beside it get the same mode.
    if (!inMemory(options.path)) closeSync(openSync(options.path, "a", 0o600));
    return await openConnection(options.path, role, options);
  } catch (error) {
    const known = translated(error);
    if (known instanceof LatchkeyError) throw known;
    throw new LatchkeyError("store.unavailable", { cause: error, data });
  }
}

async function versionOf(connection: SqliteConnection): Promise<{ version: number; runsFrom: number }> {
  const find = "select 1 from sqlite_master where type = 'table' and name = 'migrations'";
  const found = translating(() => connection.raw.prepare(find).get());
  return found ? appliedMigrations(connection.db) : { version: 0, runsFrom: 0 };
}

const schemaVersion = async (connection: SqliteConnection) => {
  const { version } = await versionOf(connection);
  return { database: version, code: codeVersion };
};

async function twoConnections(options: SqliteOptions, writer: Writer): Promise<Store> {
  const reader = await connect(options, "reader");
  const pragma = reader.raw.prepare<[], number>("pragma data_version").pluck();
  // A turn's requests had arrived before it began: one that was sent after another process's commit is in a later turn.
  const counter = oncePerTurn(() => translating(() => pragma.get()));
  let committedHere = commitsInThisProcess();
  const reads: StoreReads = wrapTables(hotReads(reader), async (call) => {
    writer.refuseInside();
    return call();
  });
  /** Whoever came too late has seen another process's commit in this turn already. */
  const noticing = async (swap: Promise<boolean>): Promise<boolean> => {
    const done = await swap;
    if (!done) counter.forget();
    return done;
  };
  const { lease, replace } = writer.alone.grants;
  return {
    ...reads,
    transaction: (work) => writer.transaction(work),
    alone: {
      grants: {
        lease: (id, changes, version) => noticing(lease(id, changes, version)),
        replace: (next, version) => noticing(replace(next, version)),
      },
    },
    // It moves when another connection committed, and for the reader our own writer is another one.
    changeCounter() {
      if (commitsInThisProcess() !== committedHere) counter.forget();
      committedHere = commitsInThisProcess();
      return counter.get();
    },
    async schemaVersion() {
      writer.refuseInside();
      return schemaVersion(reader);
    },
    async close() {
      writer.refuseInside();
      if (reader.raw.open) reader.raw.close();
      await writer.close();
    },
  };
}

function oneConnection(only: SqliteConnection, writer: Writer): Store {
  // A read between the statements of a transaction would see them before they are committed, so it takes its turn.
  const inTurn = async <T>(call: () => Promise<T>): Promise<T> => {
    writer.refuseInside();
    return writer.inTurn(call);
  };
  return {
    ...wrapTables(hotReads(only), inTurn),
    transaction: (work) => writer.transaction(work),
    alone: writer.alone,
    changeCounter() {
      if (!only.raw.open) throw closed();
      return writer.commits();
    },
    schemaVersion: () => inTurn(() => schemaVersion(only)),
    async close() {
      writer.refuseInside();
      await writer.close();
    },
  };
}
