/** Opens the store that the configuration names. A driver is loaded only when its database is used. */
import type { Log } from "../kernel/log.js";
import type { RandomSource } from "../kernel/random.js";
import type { Secret } from "../kernel/secret.js";
import type { Clock } from "../kernel/time.js";
import type { ReadOnlyStore, Store } from "./contract.js";

/** Where rows are kept. */
export type StoreLocation =
  /** A file, or `:memory:`. */
  | { readonly kind: "sqlite"; readonly path: string }
  /** The URL holds a password as a rule. */
  | { readonly kind: "postgres"; readonly url: Secret };

export interface StorePorts {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
}

/**
 * @param options.migrate bring the schema up to date first; of several nodes one does it, the others wait
 * @throws LatchkeyError `store.not_migrated` · `store.newer` · `store.busy` · `store.unavailable` · `store.driver_missing`
 */
export async function openStore(
  location: StoreLocation,
  ports: StorePorts,
  options: { readonly migrate?: boolean } = {},
): Promise<Store> {
  if (location.kind === "sqlite") {
    const { openSqliteStore } = await import("./sqlite.js");
    return openSqliteStore({ path: location.path, ...options, ...ports });
  }
  const { openPostgresStore } = await import("./postgres.js");
  return openPostgresStore({ url: location.url.reveal(), ...options, ...ports });
}

/** Brings the schema to this code's version. @throws LatchkeyError as `openStore` */
export async function migrateStore(
  location: StoreLocation,
  ports: StorePorts,
): Promise<{ readonly from: number; readonly to: number }> {
  if (location.kind === "sqlite") {
    const { migrateSqlite } = await import("./sqlite.js");
    return migrateSqlite({ path: location.path, ...ports });
  }
  const { migratePostgres } = await import("./postgres.js");
  return migratePostgres({ url: location.url.reveal(), ...ports });
}

/**
 * Opens what is there for looking alone: nothing is made, migrated or written. Undefined where no database was made yet.
 *
 * @throws LatchkeyError as `openStore`
 */
export async function lookAtStore(location: StoreLocation, ports: StorePorts): Promise<ReadOnlyStore | undefined> {
  if (location.kind === "sqlite") {
    const { lookAtSqlite } = await import("./sqlite/read-only.js");
    return lookAtSqlite(location.path, ports);
  }
  const { lookAtPostgres } = await import("./postgres/read-only.js");
  return lookAtPostgres(location.url.reveal(), ports.log);
}
