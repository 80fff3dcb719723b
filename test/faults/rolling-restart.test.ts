/** QU-17: nodes are replaced one by one while people go on, and nobody notices. */
import { expect, test, vi } from "vitest";
import { describeWith, nginx, postgresUrl, redisUrl } from "../services.js";
import { aRollingSetting } from "./rolling-setting.js";

// Six starts of a whole server on a machine busy with other tests: a limit for what hangs.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

function rolling(on: { nginx: string; postgres: string; redis: string | undefined }): void {
  test("QU-17 VA-7 LO-3 a rolling restart under load loses no session and no grant, and fails no request that was tried twice", async () => {
    const setting = await aRollingSetting(on);
    try {
      const load = setting.load();
      for (let node = 0; node < setting.nodes; node++) await setting.restart(node);
      // Until there were as many refreshes as people since the last node came back.
      const before = setting.refreshes();
      await expect
        .poll(() => setting.refreshes() - before, { timeout: 60_000, interval: 100 })
        .toBeGreaterThanOrEqual(setting.visitors.length);
      const { requests, failed, lost } = await load.stop();
      expect({ failed, lost }).toEqual({ failed: [], lost: [] });
      expect(requests).toBeGreaterThan(100);
      expect(setting.provider.familyRevocations).toBe(0);

      const [leaving, ...staying] = setting.visitors;
      if (!leaving) throw new Error("nobody");
      const everywhere = (visitor: typeof leaving) =>
        Promise.all(Array.from({ length: setting.nodes }, (_, node) => setting.statusAt(node, visitor)));
      for (const visitor of setting.visitors) expect(await everywhere(visitor)).toEqual([200, 200, 200]);
      // New nodes hear of each other as the old ones did.
      await setting.signOut(leaving);
      await expect.poll(() => everywhere(leaving), { timeout: 10_000 }).toEqual([401, 401, 401]);
      for (const visitor of staying) expect(await everywhere(visitor)).toEqual([200, 200, 200]);
    } finally {
      await setting.close();
    }
  });
}

const [postgres, redis] = [await postgresUrl(), await redisUrl()];
describeWith("nginx", nginx(), "three nodes behind nginx", (program) => {
  describeWith("postgres", postgres, "on Postgres", (url) => {
    rolling({ nginx: program, postgres: url, redis: undefined });
    describeWith("redis", redis, "and Redis", (bus) => rolling({ nginx: program, postgres: url, redis: bus }));
  });
});
