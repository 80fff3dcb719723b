/**
 * Write transactions on the one writer connection.
 *
 * `begin immediate` takes the file's lock before anything is read, so that what a transaction reads cannot change
 * under it; a plain `begin` that reads first fails at its first write when another process wrote in between. Only the
 * lock is waited for (`lock`); whatever else fails goes up to the caller.
 * What holds inside a transaction is `sql/scope`.
 */
import type { CompiledQuery } from "kysely";
import { LatchkeyError } from "../../kernel/errors.js";
import type { Log } from "../../kernel/log.js";
import type { RandomSource } from "../../kernel/random.js";
import type { Clock } from "../../kernel/time.js";
import type { Store, Transaction } from "../contract.js";
import { grantSwaps } from "../sql/grants.js";
import { createQueue } from "../sql/queue.js";
import { createScopes } from "../sql/scope.js";
import { transactionTables } from "../sql/tables.js";
import type { SqliteConnection } from "./connection.js";
import { closed, translated, translating } from "./failures.js";
import { hotReads } from "./hot-reads.js";
import { createLock } from "./lock.js";
import { busy, patience } from "./when-free.js";

export interface WriterPorts {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
}

export interface Writer {
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  readonly alone: Store["alone"];
  /** Runs `act` with the lock, like a transaction, for those who need the connection itself. */
  exclusively<T>(act: () => Promise<T>): Promise<T>;
  /** Runs `act` in turn with the transactions, without the lock: reads of a database with only one connection. */
  inTurn<T>(act: () => Promise<T>): Promise<T>;
  /** @throws when called from inside a transaction */
  refuseInside(): void;
  /** Transactions committed so far. */
  commits(): number;
  /** Waits for the transaction that runs (at most `patience`), refuses those that wait, closes the connection. */
  close(): Promise<void>;
}

/** By every store of this process: two may share a file, and then need not wait for a turn of the event loop to see it. */
let committedHere = 0;
export const commitsInThisProcess = (): number => committedHere;

export function createWriter(ports: WriterPorts, connection: SqliteConnection): Writer {
  const { raw } = connection;
  const tables = transactionTables(connection.db, hotReads(connection));
  const scopes = createScopes();
  const lock = createLock(ports, connection);
  const queue = createQueue(ports, patience, busy);
  let commits = 0;
  let isClosed = false;

  async function inTurn<T>(act: () => Promise<T>): Promise<T> {
    if (isClosed) throw closed();
    await queue.enter();
    try {
      return await act();
    } finally {
      queue.leave();
    }
  }

  // SQLite rolls back by itself when the disk fails; what came after would be committed piece by piece.
  function checkAlive(): void {
    if (!raw.inTransaction) throw new LatchkeyError("store.unavailable", { data: { reason: "rolled back" } });
  }

  async function run<T>(act: (tx: Transaction) => Promise<T>): Promise<T> {
    const startedAt = ports.clock.monotonic();
    return inTurn(async () => {
      try {
        await lock.begin(startedAt);
        const result = await scopes.run(tables, checkAlive, act);
        lock.commit();
        commits++;
        committedHere++;
        return result;
      } catch (error) {
        rollBack();
        throw error;
      }
    });
  }

  function rollBack(): void {
    if (!raw.inTransaction) return;
    try {
      connection.prepared("rollback").run();
    } catch (error) {
      ports.log.error({ err: translated(error) as Error }, "a transaction could not be rolled back");
    }
  }

  /** One statement, and nothing awaited while it holds the lock: of processes that come at once none waits for long. */
  function swapAlone(swap: CompiledQuery, id: string, expectedVersion: number): Promise<boolean> {
    const startedAt = ports.clock.monotonic();
    return inTurn(async () => {
      // Most of those that come at once come too late, and need no lock to see it.
      const row = translating(() => connection.prepared("select version from grants where id = ?").get(id));
      if (row?.["version"] !== expectedVersion) return false;
      const { numAffectedRows } = await lock.once(startedAt, () => connection.run(swap));
      if (numAffectedRows !== 1n) return false;
      commits++;
      committedHere++;
      return true;
    });
  }

  return {
    alone: {
      grants: grantSwaps(connection.db, async (swap, { id, expected }) => {
        scopes.refuseInside();
        return swapAlone(swap, id, expected);
      }),
    },
    async transaction(work) {
      scopes.refuseInside();
      return run(work);
    },
    exclusively: (act) => run(act),
    inTurn,
    refuseInside: scopes.refuseInside,
    commits: () => commits,
    async close() {
      if (isClosed) return;
      isClosed = true;
      queue.dismiss(closed());
      // One that hangs is given up: closing rolls it back, and its next call is told so.
      const entered = await queue.enter().then(
        () => true,
        () => false,
      );
      raw.close();
      if (entered) queue.leave();
    },
  };
}
