/** LO-3: a change that was committed while nobody heard so: the other nodes are told all the same. */
import { afterEach, expect, test } from "vitest";
import { announcingStore } from "../../src/bus/announcing-store.js";
import { createHeartbeatBus } from "../../src/bus/heartbeat-bus.js";
import { openPostgresTransport } from "../../src/bus/postgres-transport.js";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import { openPostgresStore } from "../../src/store/postgres.js";
import { at, aUser } from "../../src/testing/store-suite/samples.js";
import { describeWith, postgresUrl } from "../services.js";
import { createTestDatabase } from "../stores/postgres-database.js";
import { startFaultyProxy } from "./faulty-proxy.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const ports = { clock: systemClock, log: silentLog };

describeWith("postgres", await postgresUrl(), "on Postgres", (server) => {
  /** A node whose store goes through a proxy, and another that listens. Neither looks at the rows by itself. */
  async function twoNodes() {
    const database = await createTestDatabase(server);
    closing.push(() => database.drop());
    const aBus = async (node: string) => {
      const bus = await createHeartbeatBus({
        ...ports,
        node,
        sequence: () => 0,
        open: (listener) => openPostgresTransport({ ...ports, url: database.url, channel: "news" }, listener),
      });
      closing.push(() => bus.close());
      await expect.poll(() => bus.isAlive(), { timeout: 10_000 }).toBe(true);
      return bus;
    };
    const [bus, listening] = [await aBus("a"), await aBus("b")];
    const other = { told: 0 };
    listening.onNews(() => other.told++);

    const url = new URL(database.url);
    const proxy = await startFaultyProxy({ host: url.hostname, port: Number(url.port || 5432) });
    closing.push(() => proxy.close());
    url.hostname = "127.0.0.1";
    url.port = String(proxy.port);
    const opened = await openPostgresStore({ ...ports, url: url.href, migrate: true });
    closing.push(() => opened.close());
    const published: Promise<void>[] = [];
    const store = announcingStore(opened, () => void published.push(bus.publish()));
    return { store, proxy, other, published };
  }

  test("LO-3 whose answer to the commit is lost has said what ended: the other nodes are told at once", async () => {
    const { store, proxy, other, published } = await twoNodes();
    const user = aUser();
    proxy.lose((chunk) => {
      const isCommit = chunk.includes("COMMIT");
      if (isCommit) proxy.cut(false);
      return isCommit;
    });
    const change = store.transaction(async (tx) => {
      await tx.users.insert(user);
      await tx.announcements.append("user", user.id, at(0));
    });
    await expect(change).rejects.toMatchObject({ code: "store.unavailable" });
    proxy.lose(() => false);
    // It did happen, whatever the caller was told.
    expect(await store.users.byId(user.id)).toEqual(user);
    await Promise.all(published);
    await expect.poll(() => other.told, { timeout: 10_000 }).toBeGreaterThan(0);
  });

  test("LO-3 what certainly did not happen, or says nothing, is told to nobody", async () => {
    const { store, proxy, published } = await twoNodes();
    const refused = store.transaction(async (tx) => {
      await tx.announcements.append("user", aUser().id, at(0));
      throw new Error("thought better of it");
    });
    await expect(refused).rejects.toThrow("thought better of it");
    proxy.lose((chunk) => {
      const isCommit = chunk.includes("COMMIT");
      if (isCommit) proxy.cut(false);
      return isCommit;
    });
    const silent = store.transaction((tx) => tx.users.insert(aUser()));
    await expect(silent).rejects.toMatchObject({ code: "store.unavailable" });
    expect(published).toEqual([]);
  });
});
