/** A Postgres that stops answering in the middle of something, and goes on later (QU-16). */
import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import { openPostgresStore } from "../../src/store/postgres.js";
import { aPerson, at, aUser, write } from "../../src/testing/store-suite/samples.js";
import { startFaultyProxy } from "../bus/faulty-proxy.js";
import { describeWith, postgresUrl } from "../services.js";
import { createTestDatabase } from "./postgres-database.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describeWith("postgres", await postgresUrl(), "on Postgres", (server) => {
  async function aStoreBehindAProxy() {
    const database = await createTestDatabase(server);
    closing.push(() => database.drop());
    const url = new URL(database.url);
    const proxy = await startFaultyProxy({ host: url.hostname || "127.0.0.1", port: Number(url.port || 5432) });
    closing.push(() => proxy.close());
    url.hostname = "127.0.0.1";
    url.port = String(proxy.port);
    const store = await openPostgresStore({ url: url.href, migrate: true, clock: systemClock, log: silentLog });
    closing.push(() => store.close());
    return { store, proxy };
  }

  test("a connection that reads now and then is kept: after eleven quiet seconds the next read has it at once", async () => {
    const database = await createTestDatabase(server);
    closing.push(() => database.drop());
    const store = await openPostgresStore({ url: database.url, migrate: true, clock: systemClock, log: silentLog });
    closing.push(() => store.close());
    const watch = new pg.Client({ connectionString: database.url, application_name: "watcher" });
    await watch.connect();
    closing.push(() => watch.end());
    const readers = async () => {
      const found =
        "select pid from pg_stat_activity where datname = current_database() and application_name = 'latchkey'";
      return (await watch.query<{ pid: number }>(`${found} order by pid`)).rows.map(({ pid }) => pid);
    };
    await store.users.list({ limit: 1 });
    const before = await readers();
    await new Promise((resolve) => setTimeout(resolve, 11_000));
    expect(await readers()).toEqual(before);
  }, 60_000);

  test("QU-16 a transaction that gets no answer fails as unavailable, leaves nothing, and its connection is not asked again", async () => {
    const { store, proxy } = await aStoreBehindAProxy();
    const warnings: string[] = [];
    const warned = (warning: Error) => void warnings.push(warning.message);
    process.on("warning", warned);
    closing.push(async () => void process.off("warning", warned));
    const [lost, kept] = [aUser(), aUser()];
    const hanging = write(store, async (tx) => {
      proxy.stall(true);
      await tx.users.insert(lost);
    });
    await expect(hanging).rejects.toMatchObject({ code: "store.unavailable" });
    proxy.stall(false);
    await write(store, (tx) => tx.users.insert(kept));
    expect((await store.users.list({ limit: 10 })).items).toEqual([kept]);
    expect(warnings).toEqual([]);
  }, 60_000);

  test("VA-8 QU-16 a write alone that gets no answer fails as unavailable, and the next one goes through", async () => {
    const { store, proxy } = await aStoreBehindAProxy();
    const { grant } = await aPerson(store);
    const lease = { leaseOwner: "node", leaseEndsAt: at(30), expiresAt: null };
    proxy.stall(true);
    const hanging = store.alone.grants.lease(grant.id, lease, grant.version);
    await expect(hanging).rejects.toMatchObject({ code: "store.unavailable" });
    proxy.stall(false);
    expect(await store.alone.grants.lease(grant.id, lease, grant.version)).toBe(true);
  }, 60_000);

  test("VA-8 QU-16 a server that takes connections and never answers is unavailable to a write alone that has to connect again", async () => {
    const { store, proxy } = await aStoreBehindAProxy();
    const { grant } = await aPerson(store);
    const lease = { leaseOwner: "node", leaseEndsAt: at(30), expiresAt: null };
    const write = () => store.alone.grants.lease(grant.id, lease, grant.version);
    proxy.stall(true);
    proxy.cut(false);
    // The first may still meet the connection that was cut; the second certainly has to make one.
    await expect(write()).rejects.toMatchObject({ code: "store.unavailable" });
    await expect(write()).rejects.toMatchObject({ code: "store.unavailable" });
    await expect(store.users.list({ limit: 1 })).rejects.toMatchObject({ code: "store.unavailable" });
    proxy.stall(false);
    expect(await write()).toBe(true);
  }, 60_000);
});
