/** Where nodes speak to each other, and under which name: heard by a listener of the test's own on the real Redis. */
import { Redis } from "ioredis";
import { afterEach, expect, test } from "vitest";
import { createLatchkey } from "../../src/create-latchkey.js";
import { systemRandom } from "../../src/crypto/random.js";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { describeWith, redisUrl } from "../services.js";
import { createSharedWorld } from "../support/shared-file.js";
import { aWorld, closing, signsIn } from "./setting.js";

describeWith("redis", await redisUrl(), "the bus over Redis", (url) => {
  const listeners: Redis[] = [];
  afterEach(() => {
    for (const listener of listeners.splice(0)) listener.disconnect();
  });
  async function heardOn(channel: string): Promise<string[]> {
    const heard: string[] = [];
    const listener = new Redis(url);
    listeners.push(listener);
    listener.on("message", (_channel, text) => heard.push(text));
    await listener.subscribe(channel);
    return heard;
  }

  test("LO-3 [option:bus] [option:busPrefix] a node says on its own channel that it lives, and that something was ended", async () => {
    const prefix = `option-test-${process.pid}`;
    const heard = await heardOn(`${prefix}:news`);
    const world = await aWorld({ config: { bus: url, busPrefix: prefix } });
    await expect.poll(() => heard.some((text) => text.startsWith("beat ")), { timeout: 10_000 }).toBe(true);
    const { browser } = await signsIn(world);
    await browser.get(world.url("/account"));
    await browser.post(world.url("/account/sessions/end-all"));
    await expect.poll(() => heard.includes("news"), { timeout: 10_000 }).toBe(true);
  });

  test("LO-3 a node whose bus lives and never says a word about it hears within 5 s that a session ended", async () => {
    // The world itself is on no bus: what it ends is a row, and nobody says that there is one.
    const world = await closing(createSharedWorld());
    const path = String(world.config.database).slice("sqlite:".length);
    const file = await openSqliteStore({ path, clock: systemClock, random: systemRandom, log: silentLog });
    // As on Postgres: the database does not tell by itself that something was committed.
    const store = { ...file, changeCounter: () => undefined };
    const busPrefix = `silent-test-${process.pid}`;
    const heard = await heardOn(`${busPrefix}:news`);
    const ports = { store, log: silentLog };
    const node = await closing(createLatchkey({ ...world.config, bus: url, busPrefix, ports }));

    const { browser } = await signsIn(world);
    const cookie = browser.cookies.header(world.url("/session")) ?? "";
    const status = async () => (await node.fetch(new Request(world.url("/session"), { headers: { cookie } }))).status;
    await expect.poll(() => heard.some((text) => text.startsWith("beat ")), { timeout: 10_000 }).toBe(true);
    expect([await status(), await status()]).toEqual([200, 200]);

    await browser.get(world.url("/account"));
    await browser.post(world.url("/account/sessions/end-all"));
    expect((await world.session(browser)).status).toBe(401);
    const ended = systemClock.monotonic();
    await expect.poll(status, { timeout: 10_000, interval: 50 }).toBe(401);
    expect(systemClock.monotonic() - ended).toBeLessThan(6_000);
    expect(heard).not.toContain("news");
  });
});
