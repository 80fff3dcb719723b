/** The one connection that writes: how many there are when it breaks, and that none is left. */
import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import { openPostgresStore } from "../../src/store/postgres.js";
import { aUser, write } from "../../src/testing/store-suite/samples.js";
import { describeWith, postgresUrl } from "../services.js";
import { createTestDatabase } from "./postgres-database.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Of a database that nobody else uses. */
const inThisDatabase = "datname = current_database() and application_name = 'latchkey'";

describeWith("postgres", await postgresUrl(), "on Postgres", (server) => {
  test("QU-21 a node has one connection that writes, however often it breaks while writes wait, and none once it is closed", async () => {
    const database = await createTestDatabase(server);
    closing.push(() => database.drop());
    const watch = new pg.Client({ connectionString: database.url, application_name: "watcher" });
    await watch.connect();
    closing.push(() => watch.end());
    const pids = async (text: string): Promise<readonly number[]> =>
      (await watch.query<{ pid: number }>(text)).rows.map(({ pid }) => pid);
    const connections = () => pids(`select pid from pg_stat_activity where ${inThisDatabase}`);
    /** Who has the lock is the one that writes. */
    const writer = () =>
      pids(`select pid from pg_locks join pg_stat_activity using (pid)
        where locktype = 'advisory' and granted and ${inThisDatabase}`);

    const store = await openPostgresStore({ url: database.url, migrate: true, clock: systemClock, log: silentLog });
    closing.push(() => store.close());
    const [first] = await write(store, writer);
    const readers = (await connections()).filter((pid) => pid !== first);
    const writers = async () => (await connections()).filter((pid) => !readers.includes(pid));
    expect(await writers()).toEqual([first]);

    for (let round = 0; round < 3; round++) {
      const broken = write(store, async (tx) => {
        for (const pid of await writer()) await watch.query("select pg_terminate_backend($1)", [pid]);
        await tx.users.insert(aUser());
      });
      const waiting = Array.from({ length: 5 }, () => write(store, (tx) => tx.users.insert(aUser())));
      await expect(broken).rejects.toMatchObject({ code: "store.unavailable" });
      await Promise.all(waiting);
      // The server may still be ending what was killed.
      await expect.poll(writers, { timeout: 10_000 }).toHaveLength(1);
    }
    expect((await store.users.list({ limit: 100 })).items).toHaveLength(15);
    await store.close();
    await expect.poll(connections, { timeout: 10_000 }).toEqual([]);
  });
});
