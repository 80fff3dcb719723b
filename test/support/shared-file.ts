/**
 * One database file under several nodes, and a second look at it: what another process, an operator's command line or
 * a restart with another configuration would do to a world that is running.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { ConfigInput } from "../../src/config/schema.js";
import { createLatchkey } from "../../src/create-latchkey.js";
import { systemRandom } from "../../src/crypto/random.js";
import type { Faults } from "../../src/kernel/fault.js";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import type { Latchkey } from "../../src/latchkey.js";
import type { Store } from "../../src/store/contract.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { type Browser, createBrowser } from "../../src/testing/browser.js";
import { loopbackFetch } from "../../src/testing/loopback-fetch.js";
import { createWorld, type World, type WorldOptions } from "../../src/testing/world.js";

type ProviderInput = ConfigInput["providers"][number];

export interface SharedWorld extends World {
  /** The same database, opened once more. */
  readonly store: Store;
  /**
   * Runs SQL on the file by a connection of its own, at once, in the moment between the look at the accounts and the
   * transaction that writes: the next sign-in that gets there is overtaken.
   */
  overtake(sql: string): void;
  /** Another node on the same database, its configuration laid over the world's by top-level key. */
  node(config?: Partial<ConfigInput>, provider?: Partial<ProviderInput>): Promise<Latchkey>;
  /** A browser whose requests to the app go to whichever node `at` answers now. */
  browserAt(at: () => Latchkey): Browser;
}

/** A world whose database is a file. */
export async function createSharedWorld(options: WorldOptions = {}): Promise<SharedWorld> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-shared-"));
  const path = join(folder, "latchkey.db");
  const overtaking: string[] = [];
  const faults: Faults = {
    point(number) {
      const sql = number === 5 ? overtaking.shift() : undefined;
      if (sql === undefined) return;
      const connection = new Database(path);
      connection.exec(sql);
      connection.close();
    },
  };
  const config = { ...options.config, database: `sqlite:${path}` };
  const world = await createWorld({ ...options, config, ports: { faults, ...options.ports } });
  const { clock, log } = world;
  // Waiting for the file's lock is real time, whatever time a test plays.
  const store = await openSqliteStore({ path, clock: systemClock, random: systemRandom, log: silentLog });
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
      await store.close();
      await world.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Every audit event, newest first. */
export const auditTrail = async (store: Store) => (await store.audit.list({ limit: 200 })).items;

/** Who asks, for what an operator does on the second store. */
export const operator = { actor: { kind: "operator", id: null }, requestId: "operator-1", address: null } as const;
