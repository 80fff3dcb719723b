/**
 * One database under several nodes, and a second look at it: what another process, an operator's command line or
 * a restart with another configuration would do to a world that is running. A file of SQLite's, or, where the tests run
 * on Postgres, a schema there.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import pg from "pg";
import { expect } from "vitest";
import { announcingStore } from "../../src/bus/announcing-store.js";
import { openBus } from "../../src/bus/open-bus.js";
import type { ConfigInput } from "../../src/config/schema.js";
import { createLatchkey } from "../../src/create-latchkey.js";
import { systemRandom } from "../../src/crypto/random.js";
import type { Faults } from "../../src/kernel/fault.js";
import { newId } from "../../src/kernel/ids.js";
import { silentLog } from "../../src/kernel/log.js";
import { secret } from "../../src/kernel/secret.js";
import { systemClock } from "../../src/kernel/time.js";
import type { Latchkey } from "../../src/latchkey.js";
import type { Store } from "../../src/store/contract.js";
import { openPostgresStore } from "../../src/store/postgres.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { type Browser, createBrowser } from "../../src/testing/browser.js";
import { loopbackFetch } from "../../src/testing/loopback-fetch.js";
import { createWorld, type World, type WorldOptions } from "../../src/testing/world.js";

type ProviderInput = ConfigInput["providers"][number];

export interface SharedWorld extends World {
  /** The same database, opened once more. */
  readonly store: Store;
  /**
   * Runs SQL on the database by a connection of its own, at once, in the moment between the look at the accounts and the
   * transaction that writes: the next sign-in that gets there is overtaken.
   */
  overtake(sql: string): void;
  /** Another node on the same database, its configuration laid over the world's by top-level key. */
  node(config?: Partial<ConfigInput>, provider?: Partial<ProviderInput>): Promise<Latchkey>;
  /** A browser whose requests to the app go to whichever node `at` answers now. */
  browserAt(at: () => Latchkey): Browser;
}

/** A world whose database others can open too. */
export async function createSharedWorld(options: WorldOptions = {}): Promise<SharedWorld> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-shared-"));
  const onPostgres = (process.env["LATCHKEY_TEST_WORLD_DATABASE"] ?? "") !== "";
  const overtaking: string[] = [];
  const faults: Faults = {
    point(number) {
      const sql = number === 5 ? overtaking.shift() : undefined;
      if (sql !== undefined) runNow(String(world.config.database), sql);
    },
  };
  const database = onPostgres ? {} : { database: `sqlite:${join(folder, "latchkey.db")}` };
  const config = { ...options.config, ...database };
  const world = await createWorld({ ...options, config, ports: { faults, ...options.ports } });
  const { clock, log } = world;
  const { store, closeStore } = await openAgain(world.config);
  const nodes: Latchkey[] = [];
  return {
    ...world,
    store,
    overtake: (sql) => void overtaking.push(sql),
    async node(config = {}, provider = {}) {
      const providers = world.config.providers.map((record, index) =>
        index === 0 ? { ...record, ...provider } : record,
      );
      const node = await createLatchkey({ ...world.config, providers, ...config, ports: { clock, log } });
      nodes.push(node);
      return node;
    },
    browserAt: (at) =>
      createBrowser(
        (request) =>
          new URL(request.url).origin === world.baseUrl
            ? at().fetch(request, { address: "127.0.0.1" })
            : loopbackFetch(request),
        { clock },
      ),
    async close() {
      await Promise.all(nodes.map((node) => node.close()));
      await closeStore();
      await world.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The database that a configuration names, as another process opens it. Waiting for its locks is real time, whatever time a test plays. */
async function openAgain(config: ConfigInput): Promise<{ store: Store; closeStore(): Promise<void> }> {
  const place = String(config.database);
  const ports = { clock: systemClock, random: systemRandom, log: silentLog };
  if (place.startsWith("sqlite:")) {
    const store = await openSqliteStore({ path: place.slice("sqlite:".length), ...ports });
    return { store, closeStore: () => store.close() };
  }
  const opened = await openPostgresStore({ url: place, ...ports });
  const bus = await openBus(ports, {
    bus: { kind: "auto" },
    database: { kind: "postgres", url: secret(place) },
    prefix: config.busPrefix ?? "latchkey",
    node: newId(systemClock.now(), systemRandom),
    sequence: () => 0,
  });
  let heard = 0;
  bus?.onNews(() => heard++);
  const published: Promise<void>[] = [];
  const announcing = announcingStore(opened, () => void (bus && published.push(bus.publish())));
  const store: Store = {
    ...opened,
    async transaction(work) {
      const before = heard;
      const result = await announcing.transaction(work);
      // What is announced here is no news to a test that goes on: it has come back from the server, the second time that
      // it is told here, and the nodes have had the time to hear of it.
      if (published.length > 0) {
        await Promise.all(published.splice(0));
        await expect.poll(() => heard - before, { timeout: 3_000, interval: 5 }).toBeGreaterThan(1);
        await new Promise((resolve) => setTimeout(resolve, timeToHear));
      }
      return result;
    },
  };
  const closeStore = async () => {
    await bus?.close();
    await opened.close();
  };
  return { store, closeStore };
}
const timeToHear = 100;

/** Runs SQL by a connection of its own while this process stands still. */
function runNow(database: string, sql: string): void {
  if (database.startsWith("sqlite:")) {
    const connection = new Database(database.slice("sqlite:".length));
    connection.exec(sql);
    return void connection.close();
  }
  const program = `
    const client = new (require("pg").Client)({ connectionString: process.env.DATABASE });
    client.connect().then(() => client.query(process.env.STATEMENT)).then(() => client.end());`;
  execFileSync(process.execPath, ["-e", program], { env: { ...process.env, DATABASE: database, STATEMENT: sql } });
}

/** Every row of a table, as whoever has the database sees it. */
export async function rowsOf({ config }: SharedWorld, table: string): Promise<readonly unknown[]> {
  const database = String(config.database);
  if (database.startsWith("sqlite:")) {
    const connection = new Database(database.slice("sqlite:".length), { readonly: true });
    const rows = connection.prepare(`select * from ${table}`).all();
    connection.close();
    return rows;
  }
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  const { rows } = await client.query(`select * from ${table}`);
  await client.end();
  return rows;
}

/** Every audit event, newest first. */
export const auditTrail = async (store: Store) => (await store.audit.list({ limit: 200 })).items;

/** Who asks, for what an operator does on the second store. */
export const operator = { actor: { kind: "operator", id: null }, requestId: "operator-1", address: null } as const;
