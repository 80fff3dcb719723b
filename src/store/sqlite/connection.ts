/**
 * One SQLite connection: its settings, its prepared statements, and kysely over it.
 *
 * better-sqlite3 answers in the same turn of the event loop, so whatever waits inside SQLite stops the whole process.
 * The busy timeout is therefore a few milliseconds, and longer waits happen outside (`lock`).
 * Statements are kept by their text, since preparing costs more than running. Kysely's own SQLite driver has a mutex
 * per connection that makes a query on the plain handle inside a transaction wait for ever; ours has none, because
 * the writer's queue already lets only one in.
 */
import type BetterSqlite3 from "better-sqlite3";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { Db, Schema } from "../sql/schema.js";
import { isWellFormed } from "../sql/text.js";
import { translating } from "./failures.js";
import { type LockPorts, whenFree } from "./when-free.js";

/**
 * Milliseconds that SQLite itself may wait for another process's lock, with the event loop standing still. The writer
 * asks again by itself; a read in WAL waits for nobody but a process that recovers the log, and is not repeated.
 */
const busyTimeouts = { writer: 2, reader: 20 } as const;
/** Texts are few (one per query of the code); this only guards against a mistake. */
const statementsKept = 500;

type Statement = BetterSqlite3.Statement<unknown[], Record<string, unknown>>;

export interface SqliteConnection {
  readonly raw: BetterSqlite3.Database;
  /** The statement for this text, prepared once. */
  prepared(text: string): Statement;
  /** Carries a query out in this turn of the event loop. @throws as SQLite does */
  run(query: CompiledQuery): QueryResult<unknown>;
  readonly db: Db;
}

/**
 * What every connection needs. `FULL`: a commit that was answered survives a power cut, in WAL mode too. Each of these
 * may read the file, and while another process makes it WAL or recovers its log SQLite refuses that at once.
 */
const settings = ["synchronous = FULL", "journal_mode = WAL", "foreign_keys = ON", "trusted_schema = OFF"] as const;

/** Opens `path` and sets what every connection needs. @throws as SQLite does, or LatchkeyError `store.busy` */
export async function openConnection(
  path: string,
  role: keyof typeof busyTimeouts,
  ports: LockPorts,
): Promise<SqliteConnection> {
  // Loaded when first needed: a native module would slow every start of the command line.
  const { default: Database } = await import("better-sqlite3");
  const raw = new Database(path, { timeout: busyTimeouts[role] });
  const startedAt = ports.clock.monotonic();
  try {
    for (const setting of settings) await whenFree(ports, startedAt, () => raw.pragma(setting));
    if (role === "reader") raw.pragma("query_only = ON");
    return connectionOver(raw);
  } catch (error) {
    raw.close();
    throw error;
  }
}

/** Opens a file that is there, for reading alone, and sets nothing that could be kept in it. @throws as `openConnection` */
export async function openToLook(path: string, ports: LockPorts): Promise<SqliteConnection> {
  const { default: Database } = await import("better-sqlite3");
  const raw = new Database(path, { timeout: busyTimeouts.reader, fileMustExist: true });
  const startedAt = ports.clock.monotonic();
  try {
    for (const setting of ["query_only = ON", "trusted_schema = OFF"] as const)
      await whenFree(ports, startedAt, () => raw.pragma(setting));
    return connectionOver(raw);
  } catch (error) {
    raw.close();
    throw error;
  }
}

function connectionOver(raw: BetterSqlite3.Database): SqliteConnection {
  const statements = new Map<string, Statement>();
  const prepared = (text: string): Statement => {
    const known = statements.get(text);
    if (known) return known;
    const statement = raw.prepare<unknown[], Record<string, unknown>>(text);
    if (statements.size >= statementsKept) statements.clear();
    statements.set(text, statement);
    return statement;
  };

  function run<R>({ sql, parameters }: CompiledQuery): QueryResult<R> {
    for (const value of parameters) {
      // Bound as it is, half a surrogate pair would be stored as another text.
      if (typeof value === "string" && !isWellFormed(value)) throw new TypeError("text without a UTF-8 form");
    }
    const statement = prepared(sql);
    if (statement.reader) return { rows: statement.all(...parameters) as R[] };
    const { changes, lastInsertRowid } = statement.run(...parameters);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  const connection: DatabaseConnection = {
    executeQuery: async <R>(query: CompiledQuery) => translating(() => run<R>(query)),
    streamQuery: () => {
      throw new Error("queries are not streamed");
    },
  };
  const notHere = async () => {
    throw new Error("transactions are begun by the writer");
  };
  const driver: Driver = {
    init: async () => {},
    acquireConnection: async () => connection,
    releaseConnection: async () => {},
    beginTransaction: notHere,
    commitTransaction: notHere,
    rollbackTransaction: notHere,
    destroy: async () => {},
  };
  const db = new Kysely<Schema>({
    dialect: {
      createDriver: () => driver,
      createAdapter: () => new SqliteAdapter(),
      createQueryCompiler: () => new SqliteQueryCompiler(),
      createIntrospector: (any) => new SqliteIntrospector(any),
    },
  });
  return { raw, prepared, run, db };
}
