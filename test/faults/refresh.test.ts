/**
 * QU-16 for refreshes: a process is killed at each numbered point, another goes on, and the judge is the provider: how
 * often it was asked, whether a family was revoked, and whether a grant was lost that need not have been (VA-10).
 */
import { afterEach, describe, expect, test, vi } from "vitest";
import { type FaultPoint, faultPoints } from "../../src/kernel/fault.js";
import { startVaultNode } from "../processes/start-vault-node.js";
import { describeWith, postgresUrl } from "../services.js";
import { aRefreshSetting } from "./refresh-setting.js";

// Each starts two processes on a machine that may be busy: a limit for what hangs, not a measure of speed.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const points = Object.entries(faultPoints)
  .filter(([, what]) => what.startsWith("refresh: "))
  .map(([number, what]) => [Number(number) as FaultPoint, what] as const);

/** Where the provider has rotated and nothing is stored: between its answer and the commit. */
const tokensOnlyInMemory: ReadonlySet<FaultPoint> = new Set([10, 11] as const);

interface Judged {
  readonly grantsLost: number;
  readonly unavoidable: number;
  readonly tokenRequests: number;
  readonly familyRevocations: number;
  readonly answer: string;
  readonly reason: string | null;
  readonly otherPerson: string;
}

async function killedAt(
  point: FaultPoint | "on the way",
  judge: "lenient" | "strict",
  postgres: string | undefined,
): Promise<Judged> {
  const rotation = judge === "strict" ? "rotate" : "lenient";
  const setting = await aRefreshSetting({ postgres, provider: { rotation } });
  closing.push(() => setting.close());
  const [doomed, node] = await Promise.all([
    startVaultNode(setting.config, point === "on the way" ? null : point),
    startVaultNode(setting.config),
  ]);
  closing.push(() => node.stop());
  if (point === "on the way") {
    // The provider has the request and has rotated; its answer finds nobody.
    setting.provider.next("token", async (honest) => {
      const answer = await honest();
      doomed.kill();
      return answer;
    });
  }
  await setting.expire(setting.mine.user);
  void doomed.ask(setting.mine);
  expect(await doomed.ended).toBe("SIGKILL");

  const [answer = ""] = await node.ask(setting.mine);
  const grant = await setting.grantOf(setting.mine.user);
  const [otherPerson = ""] = await node.ask(setting.other);
  const lost = grant.status !== "active";
  const unavoidable = lost && grant.statusReason === "ambiguous_refresh";
  return {
    grantsLost: lost && !unavoidable ? 1 : 0,
    unavoidable: unavoidable ? 1 : 0,
    tokenRequests: setting.refreshes(),
    familyRevocations: setting.provider.familyRevocations,
    answer,
    reason: grant.statusReason,
    otherPerson,
  };
}

function faults(name: string, postgres: string | undefined): void {
  describe(name, () => {
    test.each(points)("QU-16 VA-10 AT-30 killed at point %i (%s), a strict provider", async (point) => {
      const judged = await killedAt(point, "strict", postgres);
      const unavoidable = tokensOnlyInMemory.has(point);
      expect(judged).toMatchObject({ grantsLost: 0, unavoidable: unavoidable ? 1 : 0 });
      expect(judged.familyRevocations).toBe(unavoidable ? 1 : 0);
      // Point 9 sent nothing, 13 had written: one request in all. Between them the old token goes once more.
      expect(judged.tokenRequests).toBe(unavoidable ? 2 : 1);
      expect(judged.answer).toMatch(unavoidable ? /^failed: grant\.needs_reconnect$/ : /^access-/);
      expect(judged.otherPerson).toMatch(/^access-/);
    });

    test.each(points)("QU-16 VA-10 killed at point %i (%s), a lenient provider", async (point) => {
      const judged = await killedAt(point, "lenient", postgres);
      expect(judged).toMatchObject({ grantsLost: 0, unavoidable: 0, reason: null, familyRevocations: 0 });
      expect(judged.tokenRequests).toBe(tokensOnlyInMemory.has(point) ? 2 : 1);
      expect(judged.answer).toMatch(/^access-/);
      expect(judged.otherPerson).toMatch(/^access-/);
    });

    test.each(["lenient", "strict"] as const)(
      "QU-16 VA-10 killed while the request is out, a %s provider",
      async (judge) => {
        const judged = await killedAt("on the way", judge, postgres);
        expect(judged).toMatchObject({ grantsLost: 0, unavoidable: judge === "strict" ? 1 : 0, tokenRequests: 2 });
        expect(judged.reason).toBe(judge === "strict" ? "ambiguous_refresh" : null);
        expect(judged.otherPerson).toMatch(/^access-/);
      },
    );
  });
}

faults("on SQLite", undefined);
describeWith("postgres", await postgresUrl(), "on Postgres", (server) => faults("with its own bus", server));
