/**
 * Write transactions, one at a time in the whole database: each begins by taking one advisory lock, which ends with it.
 * So what a transaction reads cannot change before it commits, as on SQLite, and announcements are numbered in the order
 * of their commits. A decision record says what that costs and why the other ways were not taken.
 *
 * A node that stops in the middle of a transaction must not stop the others: the server ends a transaction that idles.
 */
import type { Client } from "pg";
import { LatchkeyError } from "../../kernel/errors.js";
import type { Log } from "../../kernel/log.js";
import { type Clock, type Duration, seconds } from "../../kernel/time.js";
import type { Transaction } from "../contract.js";
import { createQueue } from "../sql/queue.js";
import type { Db } from "../sql/schema.js";
import { createScopes } from "../sql/scope.js";
import { readTables, transactionTables, wrapTables } from "../sql/tables.js";
import { closed, translated, translating } from "./failures.js";
import type { PostgresPool } from "./pool.js";

export interface PostgresWriter {
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Runs `act` in a transaction with the lock, on the bare connection: migrations. */
  exclusively<T>(act: (db: Db) => Promise<T>): Promise<T>;
  /** @throws when called from inside a transaction */
  refuseInside(): void;
  close(): Promise<void>;
}

/** How long a transaction waits for its turn here, and then for the other nodes, before `store.busy`. */
const patience: Duration = seconds(5);
/** A transaction awaits nothing but the database, so one that idles belongs to a node that has stopped. */
const idleLimit: Duration = seconds(5);
/** "latc" in a number. With the schema's name beside it, installations that share a database do not wait for each other. */
const lockKey = 0x6c_61_74_63;

const begin = `begin; set local lock_timeout = ${patience}; set local idle_in_transaction_session_timeout = ${idleLimit};
  set local statement_timeout = ${patience * 2}; select pg_advisory_xact_lock(${lockKey}, hashtext(current_schema()))`;

const busy = (cause?: unknown): LatchkeyError => new LatchkeyError("store.busy", { cause });

interface Connection {
  readonly client: Client;
  readonly db: Db;
  readonly tables: Transaction;
}

export function createPostgresWriter(ports: { clock: Clock; log: Log }, pool: PostgresPool): PostgresWriter {
  const scopes = createScopes();
  const queue = createQueue(ports, patience, busy);
  let connection: Promise<Connection> | undefined;
  let isClosed = false;

  async function open(): Promise<Connection> {
    const client = await pool.connect();
    const db = pool.over(client);
    const tables = wrapTables(transactionTables(db, readTables(db)), translating);
    client.once("end", () => {
      connection = undefined;
    });
    return { client, db, tables };
  }

  function connected(): Promise<Connection> {
    connection ??= open().catch((error: unknown) => {
      connection = undefined;
      throw error;
    });
    return connection;
  }

  /** One that failed in an unknown state is never used again. */
  function abandon({ client }: Connection): void {
    connection = undefined;
    void client.end().catch(() => {});
  }

  async function run<T>(act: (connection: Connection) => Promise<T>): Promise<T> {
    if (isClosed) throw closed();
    await queue.enter();
    try {
      const current = await translating(connected);
      try {
        await translating(() => current.client.query(begin));
        const result = await act(current);
        await translating(() => current.client.query("commit"));
        return result;
      } catch (error) {
        await current.client.query("rollback").catch((failed: unknown) => {
          ports.log.warn({ err: translated(failed) as Error }, "a transaction could not be rolled back");
          abandon(current);
        });
        throw error;
      }
    } finally {
      queue.leave();
    }
  }

  return {
    async transaction(work) {
      scopes.refuseInside();
      return run(({ tables }) => scopes.run(tables, () => {}, work));
    },
    exclusively: (act) => run(({ db }) => translating(() => act(db))),
    refuseInside: scopes.refuseInside,
    async close() {
      if (isClosed) return;
      isClosed = true;
      queue.dismiss(closed());
      const entered = await queue.enter().then(
        () => true,
        () => false,
      );
      const current = await connection?.catch(() => undefined);
      await current?.client.end().catch(() => {});
      if (entered) queue.leave();
    },
  };
}
