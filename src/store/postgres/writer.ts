/**
 * Write transactions, one at a time in the whole database: each begins by taking one advisory lock, which ends with it.
 * So what a transaction reads cannot change before it commits, as on SQLite, and announcements are numbered in the order
 * of their commits. A decision record says what that costs and why the other ways were not taken.
 *
 * A node that stops in the middle of a transaction must not stop the others: the server ends a transaction that idles.
 */
import { sql } from "kysely";
import type { Client } from "pg";
import { LatchkeyError } from "../../kernel/errors.js";
import type { Log } from "../../kernel/log.js";
import { type Clock, type Duration, seconds } from "../../kernel/time.js";
import type { Store, Transaction } from "../contract.js";
import { grantSwaps, swapped } from "../sql/grants.js";
import { createQueue } from "../sql/queue.js";
import type { Db } from "../sql/schema.js";
import { createScopes } from "../sql/scope.js";
import { readTables, transactionTables, wrapTables } from "../sql/tables.js";
import { closed, translated, translating } from "./failures.js";
import type { PostgresPool } from "./pool.js";

export interface PostgresWriter {
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Each one statement, which takes the lock by itself. */
  readonly alone: Store["alone"]["grants"];
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

/**
 * The same inside one statement: true once the lock is held. It is asked once, before the row is changed; a row that was
 * changed while the lock was waited for is looked at again, and its version counts as it is then (Read Committed, §13.2.1 of
 * the manual). A `case` asks in its order, so the limit holds for this wait.
 */
const inTurn = sql<boolean>`(select case when set_config('lock_timeout', ${`${patience}ms`}, true) is not null
  then pg_advisory_xact_lock(${lockKey}, hashtext(current_schema()))::text is not null end)`;

const busy = (cause?: unknown): LatchkeyError => new LatchkeyError("store.busy", { cause });

interface Connection {
  readonly client: Client;
  readonly db: Db;
  readonly tables: Transaction;
  readonly alone: Store["alone"]["grants"];
  /** The next turn makes another one, unless there is another one already. */
  forget(): void;
}

export function createPostgresWriter(ports: { clock: Clock; log: Log }, pool: PostgresPool): PostgresWriter {
  const scopes = createScopes();
  const queue = createQueue(ports, patience, busy);
  let connection: Promise<Connection> | undefined;
  let isClosed = false;

  async function open(forget: () => void): Promise<Connection> {
    const client = await pool.connect();
    const db = pool.over(client);
    const tables = wrapTables(transactionTables(db, readTables(db)), translating);
    client.once("end", forget);
    const { alone } = wrapTables(
      {
        alone: grantSwaps(
          db,
          (swap) => swapped(db, swap),
          (swap) => swap.where(inTurn),
        ),
      },
      translating,
    );
    return { client, db, tables, alone, forget };
  }

  function connected(): Promise<Connection> {
    if (connection) return connection;
    // One that broke ends after the next turn has begun, and must not take the new one with it: nobody would end that.
    const forget = () => {
      if (connection === mine) connection = undefined;
    };
    const mine = open(forget);
    mine.catch(forget);
    connection = mine;
    return mine;
  }

  /** One that failed in an unknown state is never used again. */
  function abandon({ client, forget }: Connection): void {
    forget();
    void client.end().catch(() => {});
  }

  /** One after the other. What failed because the server did not answer may be under way still, on that connection. */
  async function inTurnHere<T>(act: (connection: Connection) => Promise<T>): Promise<T> {
    if (isClosed) throw closed();
    await queue.enter();
    try {
      const current = await translating(connected);
      return await act(current).catch((error: unknown) => {
        if (error instanceof LatchkeyError && error.code === "store.unavailable") abandon(current);
        throw error;
      });
    } finally {
      queue.leave();
    }
  }

  const run = <T>(act: (connection: Connection) => Promise<T>): Promise<T> =>
    inTurnHere(async (current) => {
      try {
        await translating(() => current.client.query(begin));
        const result = await act(current);
        await translating(() => current.client.query("commit"));
        return result;
      } catch (error) {
        await rollBack(current, error);
        throw error;
      }
    });

  async function rollBack(current: Connection, why: unknown): Promise<void> {
    if (why instanceof LatchkeyError && why.code === "store.unavailable") return;
    await current.client.query("rollback").catch((failed: unknown) => {
      ports.log.warn({ err: translated(failed) as Error }, "a transaction could not be rolled back");
      abandon(current);
    });
  }

  const single = <T>(act: (swaps: Connection["alone"]) => Promise<T>): Promise<T> =>
    inTurnHere(({ alone }) => act(alone));

  return {
    async transaction(work) {
      scopes.refuseInside();
      return run(({ tables }) => scopes.run(tables, () => {}, work));
    },
    alone: {
      replace: (next, version) => single(({ replace }) => replace(next, version)),
      lease: (id, lease, version) => single((swaps) => swaps.lease(id, lease, version)),
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
