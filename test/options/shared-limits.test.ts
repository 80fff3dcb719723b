/** Rate limits of several nodes that have one Redis, and of those that have lost it (SU-5, AT-51). */
import { expect, test } from "vitest";
import type { World } from "../../src/testing/world.js";
import { startFaultyProxy } from "../bus/faulty-proxy.js";
import { describeWith, redisUrl } from "../services.js";
import { freePort } from "../support/free-port.js";
import { aWorld } from "./setting.js";

let count = 0;
const aPrefix = () => `limits-${process.pid}-${count++}`;

/** How often a sign-in may be begun at these nodes in turn, of `tries`. */
async function startsAt(nodes: readonly World[], tries: number): Promise<number> {
  let led = 0;
  for (let n = 0; n < tries; n++) {
    const world = nodes[n % nodes.length];
    const page = await world?.browser().get(world.url("/providers/fake/start"), { follow: false });
    if (page?.status === 303 && page.location?.startsWith(world?.provider.issuer ?? "-")) led += 1;
  }
  return led;
}

describeWith("redis", await redisUrl(), "rate limits over Redis", (url) => {
  test("AT-51 SU-5 two nodes with one Redis count one address together, whichever of them it asks", async () => {
    const config = { bus: url, busPrefix: aPrefix(), rateLimits: { start: "3/h" } } as const;
    const nodes = [await aWorld({ config }), await aWorld({ config })];
    expect(await startsAt(nodes, 8)).toBe(3);
  });

  test("SU-5 AT-51 a Redis that is not there when a node starts stops no start, and the node counts by itself", async () => {
    const port = await freePort();
    const config = { bus: `redis://127.0.0.1:${port}`, busPrefix: aPrefix(), rateLimits: { start: "3/h" } } as const;
    expect(await startsAt([await aWorld({ config })], 5)).toBe(3);
  });

  test("SU-5 installations that share a Redis do not count for each other", async () => {
    const rateLimits = { start: "3/h" } as const;
    const [one, other] = [
      await aWorld({ config: { bus: url, busPrefix: aPrefix(), rateLimits } }),
      await aWorld({ config: { bus: url, busPrefix: aPrefix(), rateLimits } }),
    ];
    expect(await startsAt([one], 4)).toBe(3);
    expect(await startsAt([other], 4)).toBe(3);
  });

  test("SU-5 failed callbacks are shared as well, and keep those who start apart", async () => {
    const config = { bus: url, busPrefix: aPrefix(), rateLimits: { callback: "2/h" } } as const;
    const nodes = [await aWorld({ config }), await aWorld({ config })];
    const codes: unknown[] = [];
    for (const world of [...nodes, ...nodes]) {
      const url = world.url("/providers/fake/callback?state=x&code=y&repeat=1");
      const answer = await world.fetch(new Request(url, { headers: { accept: "application/json" } }));
      codes.push(((await answer.json()) as { code: string }).code);
    }
    expect(codes.map((code) => code === "server.rate_limited")).toEqual([false, false, true, true]);
    expect(await startsAt(nodes, 4)).toBe(4);
  });

  test("SU-5 without Redis people still sign in, each node counts by itself, and shares again when it is back", async () => {
    const { hostname, port } = new URL(url);
    const proxy = await startFaultyProxy({ host: hostname, port: Number(port || 6379) });
    try {
      const config = {
        bus: `redis://127.0.0.1:${proxy.port}`,
        busPrefix: aPrefix(),
        rateLimits: { start: "3/h" },
      } as const;
      const nodes = [await aWorld({ config }), await aWorld({ config })];
      proxy.cut(true);
      // Each has a memory of its own.
      expect(await startsAt(nodes, 10)).toBe(6);
      proxy.cut(false);
      // Nothing was counted there yet: once both are connected again, the address has three for the two of them.
      await expect.poll(() => startsAt(nodes, 2), { timeout: 10_000, interval: 500 }).toBeGreaterThan(0);
    } finally {
      await proxy.close();
    }
  });

  test("SU-5 a Redis that takes questions and answers none holds nobody up for long", async () => {
    const { hostname, port } = new URL(url);
    const proxy = await startFaultyProxy({ host: hostname, port: Number(port || 6379) });
    try {
      const world = await aWorld({
        config: { bus: `redis://127.0.0.1:${proxy.port}`, busPrefix: aPrefix(), rateLimits: { start: "3/h" } },
      });
      proxy.stall(true);
      expect(await startsAt([world], 4)).toBe(3);
    } finally {
      await proxy.close();
    }
  });
});
