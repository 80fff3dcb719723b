/**
 * VA-7: four processes with 250 callers each, at the moment a token ends, before a provider that is slow, rotates its
 * refresh tokens, and revokes the whole family when one is used twice (AT-30).
 */
import { afterEach, describe, expect, test } from "vitest";
import { startVaultNode } from "../processes/start-vault-node.js";
import { describeWith, postgresUrl } from "../services.js";
import { aRefreshSetting } from "./refresh-setting.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function stampede(name: string, postgres: string | undefined): void {
  describe(name, () => {
    test("VA-7 VA-8 AT-30 a thousand callers in four processes make one request and get one token", async () => {
      const setting = await aRefreshSetting({ postgres });
      closing.push(() => setting.close());
      const nodes = await Promise.all(Array.from({ length: 4 }, () => startVaultNode(setting.config)));
      closing.push(() => Promise.all(nodes.map((node) => node.stop())));
      // Longer than a lease: its holder is alive, and renews it.
      setting.provider.script({
        token: async (honest) => {
          const answer = await honest();
          await new Promise((resolve) => setTimeout(resolve, 2_500));
          return answer;
        },
      });
      await setting.expire(setting.mine.user);
      const answers = (await Promise.all(nodes.map((node) => node.ask(setting.mine, 250)))).flat();
      expect(answers).toHaveLength(1_000);
      expect(new Set(answers).size).toBe(1);
      expect(answers[0]).toMatch(/^access-/);
      expect(setting.refreshes()).toBe(1);
      expect(setting.provider.familyRevocations).toBe(0);
      expect(await setting.grantOf(setting.mine.user)).toMatchObject({ status: "active", leaseOwner: null });
    }, 120_000);
  });
}

stampede("on one SQLite file", undefined);
describeWith("postgres", await postgresUrl(), "on Postgres", (server) => stampede("with its own bus", server));
