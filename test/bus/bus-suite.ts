/** What every bus promises (LO-3), asked of two nodes that speak through a proxy which loses, stalls and cuts. */
import { afterEach, describe, expect, test } from "vitest";
import type { Bus } from "../../src/bus/port.js";
import { type Log, silentLog } from "../../src/kernel/log.js";
import { createCapturedLog } from "../../src/testing/captured-log.js";
import { type FaultyProxy, startFaultyProxy } from "./faulty-proxy.js";

/** A node's end of a bus, the newest announcement it has read, and how often it was told to read. */
interface Node {
  readonly bus: Bus;
  sequence: number;
  told: number;
}

export function describeBus(
  name: string,
  target: { readonly host: string; readonly port: number },
  open: (
    port: number,
    who: { readonly node: string; readonly sequence: () => number; readonly log: Log },
  ) => Promise<Bus>,
): void {
  describe(`the ${name} bus`, () => {
    const closing: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const close of closing.splice(0).reverse()) await close();
    });

    async function aProxy(): Promise<FaultyProxy> {
      const proxy = await startFaultyProxy(target);
      closing.push(() => proxy.close());
      return proxy;
    }
    async function aNode(port: number, id: string, log: Log = silentLog): Promise<Node> {
      const node: { bus?: Bus; sequence: number; told: number } = { sequence: 0, told: 0 };
      const bus = await open(port, { node: id, sequence: () => node.sequence, log });
      bus.onNews(() => node.told++);
      closing.push(() => bus.close());
      return Object.assign(node, { bus });
    }
    const alive = (node: Node) => expect.poll(() => node.bus.isAlive(), { timeout: 10_000, interval: 20 });

    test("LO-3 a message of one node reaches the other and itself; both are alive by their own heartbeats", async () => {
      const proxy = await aProxy();
      const [a, b] = [await aNode(proxy.port, "a"), await aNode(proxy.port, "b")];
      await alive(a).toBe(true);
      await alive(b).toBe(true);
      const [toldA, toldB] = [a.told, b.told];
      await a.bus.publish();
      await expect.poll(() => [a.told > toldA, b.told > toldB], { timeout: 5_000, interval: 5 }).toEqual([true, true]);
    });

    test("LO-3 VA-7 of a hundred messages that are sent at once each arrives, and the driver complains of none", async () => {
      const warnings: string[] = [];
      const warned = (warning: Error) => void warnings.push(warning.message);
      process.on("warning", warned);
      closing.push(async () => void process.off("warning", warned));
      const proxy = await aProxy();
      const [a, b] = [await aNode(proxy.port, "a"), await aNode(proxy.port, "b")];
      await alive(a).toBe(true);
      await alive(b).toBe(true);
      const heard = new Set<string>();
      b.bus.onHint((about) => heard.add(about));
      await Promise.all(Array.from({ length: 100 }, (_, number) => a.bus.hint(`grant-${number}`)));
      await expect.poll(() => heard.size, { timeout: 5_000, interval: 5 }).toBe(100);
      expect(warnings).toEqual([]);
    });

    test("LO-3 a node that stays connected and gets nothing any more is not alive after 3 s, and is again when it does", async () => {
      const proxy = await aProxy();
      const a = await aNode(proxy.port, "a");
      await alive(a).toBe(true);
      proxy.stall(true);
      await alive(a).toBe(false);
      const { told } = a;
      proxy.stall(false);
      proxy.cut(false);
      await alive(a).toBe(true);
      // What was said in the meantime nobody knows: it reads.
      expect(a.told).toBeGreaterThan(told);
    });

    test("LO-3 a bus that is cut off is known to be down at once, and reads when it is back", async () => {
      const proxy = await aProxy();
      const a = await aNode(proxy.port, "a");
      await alive(a).toBe(true);
      proxy.cut(true);
      await expect.poll(() => a.bus.isAlive(), { timeout: 1_000, interval: 5 }).toBe(false);
      const { told } = a;
      await a.bus.publish();
      proxy.cut(false);
      await alive(a).toBe(true);
      expect(a.told).toBeGreaterThan(told);
    });

    test("LO-3 a message that is lost while the connection stays is made good by the next heartbeat", async () => {
      const proxy = await aProxy();
      const [a, b] = [await aNode(target.port, "a"), await aNode(proxy.port, "b")];
      await alive(a).toBe(true);
      await alive(b).toBe(true);
      proxy.lose((chunk) => chunk.includes("news"));
      const { told } = b;
      a.sequence = 7;
      await a.bus.publish();
      await expect.poll(() => b.told > told, { timeout: 5_000, interval: 10 }).toBe(true);
      expect(b.bus.isAlive()).toBe(true);
    });

    test("LO-3 whoever closes the bus, as each command does at its end, is not warned that it is down", async () => {
      const proxy = await aProxy();
      const log = createCapturedLog();
      const a = await aNode(proxy.port, "a", log);
      await alive(a).toBe(true);
      await a.bus.close();
      await expect.poll(() => a.bus.isAlive(), { timeout: 5_000, interval: 20 }).toBe(false);
      expect(log.lines.filter(({ level }) => level !== "debug").map(({ message }) => message)).toEqual([
        "the bus works: nodes hear of changes at once",
      ]);
    });

    test("LO-3 a server that is down stops no start, and is found when it comes", async () => {
      const proxy = await aProxy();
      proxy.cut(true);
      const a = await aNode(proxy.port, "a");
      expect(a.bus.isAlive()).toBe(false);
      await a.bus.publish();
      proxy.cut(false);
      await alive(a).toBe(true);
    });
  });
}
