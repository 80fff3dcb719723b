/**
 * Connections to Postgres: a pool for reads, and kysely over it. `pg` is the operator's to install, and is loaded when a
 * Postgres is opened.
 *
 * Every wait has an end. A server that was stopped, not closed, answers nothing for ever, so the driver gives a query up by
 * itself, and a connection that failed is never used again.
 */
import { Kysely, PostgresDialect, type PostgresPoolClient } from "kysely";
import type { Client, Pool, PoolClient, PoolConfig } from "pg";
import { LatchkeyError } from "../../kernel/errors.js";
import type { Log } from "../../kernel/log.js";
import { type Duration, minutes, seconds } from "../../kernel/time.js";
import type { Db, Schema } from "../sql/schema.js";
import { isWellFormed } from "../sql/text.js";
import { connecting } from "./failures.js";

export interface PostgresPool {
  readonly pool: Pool;
  readonly db: Db;
  /**
   * A connection of its own, outside the pool, connected; whoever asked for it ends it.
   *
   * @throws LatchkeyError `store.unavailable`
   */
  connect(): Promise<Client>;
  /** A kysely handle over one connection. */
  over(client: Client): Db;
}

/** How many reads run at once; more wait for one of these. */
const connections = 10;
const connectTimeout: Duration = seconds(5);
/** A new connection takes longer than what it is asked: one that is used now and then is kept. */
const idleTimeout: Duration = minutes(1);
/** Longer than any query of ours takes on a database that works. */
const queryTimeout: Duration = seconds(10);
/** SQLSTATE's `bigint`: our instants and counts, all of them below 2^53. */
const int8 = 20;

/** @throws LatchkeyError `store.driver_missing` when `pg` is not installed */
export async function openPool(url: string, log: Log): Promise<PostgresPool> {
  const { default: pg } = await import("pg").catch((cause: unknown) => {
    throw new LatchkeyError("store.driver_missing", { cause, data: { package: "pg" } });
  });
  const types: PoolConfig["types"] = {
    getTypeParser: (oid: number, format?: "text" | "binary") =>
      oid === int8 ? Number : format === "binary" ? pg.types.getTypeParser(oid, "binary") : pg.types.getTypeParser(oid),
  };
  const settings: PoolConfig = {
    connectionString: url,
    application_name: "latchkey",
    connectionTimeoutMillis: connectTimeout,
    query_timeout: queryTimeout,
    keepAlive: true,
    types,
  };
  const pool = new pg.Pool({ ...settings, max: connections, idleTimeoutMillis: idleTimeout, allowExitOnIdle: true });
  // A connection that breaks while nobody uses it: the pool drops it, and the next query makes another one.
  pool.on("error", (error) => log.warn({ err: error }, "an idle connection to Postgres broke"));
  return {
    pool,
    db: new Kysely<Schema>({
      dialect: new PostgresDialect({ pool: { connect: () => taken(pool), end: async () => {} } }),
    }),
    async connect() {
      const client = new pg.Client(settings);
      client.on("error", (error) => log.warn({ err: error }, "a connection to Postgres broke"));
      await connecting(() => client.connect());
      return client;
    },
    over(client) {
      const one = orderly(client, () => {});
      return new Kysely<Schema>({
        dialect: new PostgresDialect({ pool: { connect: async () => one, end: async () => {} } }),
      });
    },
  };
}

/** What kysely asks of a connection. */
type Connection = PostgresPoolClient;
const isKept = (value: unknown): boolean => typeof value !== "string" || isWellFormed(value);

/**
 * A connection whose queries run one after the other, and take no text that has no UTF-8 form: the driver would store it
 * as another one.
 */
function orderly(client: Client | PoolClient, release: () => void): Connection {
  let last: Promise<unknown> = Promise.resolve();
  const query = async (text: string, parameters: readonly unknown[]) => {
    if (!parameters.every(isKept)) throw new TypeError("text without a UTF-8 form");
    return client.query(text, [...parameters]);
  };
  return {
    query: (text: string, parameters: readonly unknown[]) => {
      const result = last.then(() => query(text, parameters));
      last = result.catch(() => {});
      return result;
    },
    release,
  } as unknown as Connection;
}

/** From the pool and back; one whose query failed is not used again, since nobody knows what is still under way on it. */
async function taken(pool: Pool): Promise<Connection> {
  const client = await connecting(() => pool.connect());
  let failed = false;
  // The pool listens only to those that nobody uses; an error that nobody hears would end the process.
  const broken = (): void => {
    failed = true;
  };
  client.on("error", broken);
  const connection = orderly(client, () => {
    client.off("error", broken);
    client.release(failed);
  });
  return {
    ...connection,
    query: (text: string, parameters: readonly unknown[]) =>
      connection.query(text, parameters).catch((error: unknown) => {
        failed = true;
        throw error;
      }),
  } as unknown as Connection;
}
