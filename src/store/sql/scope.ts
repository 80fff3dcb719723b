/**
 * What holds inside a transaction, on every database: the plain store throws when it is asked from inside, the handle
 * throws once the transaction has ended, and work that ends before its queries did is rolled back.
 *
 * The plain store would see the state before the transaction, or wait for itself. An `AsyncLocalStorage` knows who asks.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Transaction } from "../contract.js";
import { wrapTables } from "./tables.js";

/** A transaction under way. */
interface Scope {
  open: boolean;
  /** Calls that have not settled yet. */
  readonly running: Set<Promise<unknown>>;
}

export interface Scopes {
  /** @throws when called from inside a transaction */
  refuseInside(): void;
  /**
   * Runs `act` inside a scope; when it returns or throws, no query of it is running any more. What still ran when it
   * returned is a mistake and throws.
   *
   * @param check throws before each call when the database has given the transaction up
   */
  run<T>(tables: Transaction, check: () => void, act: (tx: Transaction) => Promise<T>): Promise<T>;
}

export function createScopes(): Scopes {
  const inside = new AsyncLocalStorage<Scope>();

  const tablesFor = (scope: Scope, tables: Transaction, check: () => void): Transaction =>
    wrapTables(tables, async (call) => {
      if (!scope.open) throw new Error("the transaction has ended: something in it was not awaited");
      check();
      const result = call();
      scope.running.add(result);
      try {
        return await result;
      } finally {
        scope.running.delete(result);
      }
    });

  return {
    refuseInside() {
      if (!inside.getStore()?.open) return;
      throw new Error("the plain store was asked inside a transaction: use the handle that the transaction gave");
    },
    async run(tables, check, act) {
      const scope: Scope = { open: true, running: new Set() };
      try {
        const result = await inside.run(scope, () => act(tablesFor(scope, tables, check)));
        scope.open = false;
        if (scope.running.size > 0) throw new Error("the transaction's work ended before its queries did");
        check();
        return result;
      } finally {
        scope.open = false;
        // A query that still runs must not land after the rollback, where it would commit by itself.
        await Promise.allSettled(scope.running);
        // On Node 20 a storage that was used once makes every promise of the process dearer from then on. Nobody is
        // inside now, and the next transaction switches it on again.
        inside.disable();
      }
    },
  };
}
