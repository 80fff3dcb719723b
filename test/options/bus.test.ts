/** Where nodes speak to each other, and under which name: heard by a listener of the test's own on the real Redis. */
import { Redis } from "ioredis";
import { afterEach, expect, test } from "vitest";
import { describeWith, redisUrl } from "../services.js";
import { aWorld, signsIn } from "./setting.js";

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
});
