/**
 * LO-7, LO-8 and LO-3 with three real processes on Postgres: a provider's logout token at one of them, and what the other
 * two say to the browser whose session it ends. With the bus up, with the bus down, and while one of the three restarts.
 * Run with each bus by logout-on-nodes.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { type Browser, createBrowser } from "../../src/testing/browser.js";
import { type FakeProvider, startFakeProvider } from "../../src/testing/fake-provider.js";
import { type Node, startNode } from "../processes/start-node.js";

// Processes that compile as they load, on a machine busy with other tests: a limit for what hangs.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const base = "http://localhost:3000/auth";
const rounds = 5;
/** Without a bus nodes look every 5 s. QU-11's 100 ms want an idle machine: `npm run bench -- --only QU-11` measures them. */
const atMost = 1_500;
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
/** A bus is trusted for 3 s after its last heartbeat. */
const untilKnownDown = 4_500;

export interface LogoutNodes {
  readonly config: Pick<ConfigInput, "database" | "bus" | "busPrefix">;
  /** Takes the bus away, and nothing else. */
  cutBus(on: boolean): void;
  drop(): Promise<void>;
}

export function describeLogoutOnNodes(name: string, open: () => Promise<LogoutNodes>): void {
  describe(`three processes and the bus ${name}`, () => {
    let place: LogoutNodes;
    let provider: FakeProvider;
    let config: ConfigInput;
    let nodes: Node[];

    beforeAll(async () => {
      place = await open();
      provider = await startFakeProvider();
      const { clientId, clientSecret } = provider.client;
      config = {
        baseUrl: "http://localhost:3000",
        secrets: ["a-secret-of-this-test-alone-kX9f2LqP0sT7vZ"],
        ...place.config,
        rateLimits: "off",
        signIn: { signUp: true },
        roles: { default: "user" },
        egress: { allow: ["127.0.0.0/8", "localhost"], allowHttp: ["127.0.0.1", "localhost"] },
        providers: [
          { id: "fake", displayName: "Fake", issuer: provider.issuer, clientId, clientSecret: clientSecret ?? null },
        ],
      };
      nodes = await Promise.all([startNode(config), startNode(config), startNode(config)]);
    });
    afterAll(async () => {
      const ended = await Promise.allSettled((nodes ?? []).map((node) => node.stop()));
      await provider?.stop();
      await place?.drop();
      expect(ended).toEqual([0, 1, 2].map(() => ({ status: "fulfilled", value: "0" })));
    });

    const at = (index: number): Node => {
      const node = nodes[index];
      if (!node) throw new Error(`no node ${index}`);
      return node;
    };

    /** Ann in a new browser, at the node that is named. */
    async function signIn(node = 0): Promise<{ cookie: string; sid: string }> {
      const sub = [...provider.people.keys()][0] ?? "";
      provider.signInAs(sub);
      const browser: Browser = createBrowser((request) => at(node).fetch(request));
      const page = await browser.get(`${base}/providers/fake/start?return_to=/auth/account`);
      expect(page.url).toBe(`${base}/account`);
      return { cookie: browser.cookies.header(`${base}/session`) ?? "", sid: provider.sidOf(sub) ?? "" };
    }

    const statusAt = async (node: number, { cookie }: { cookie: string }): Promise<number> =>
      (await at(node).fetch(new Request(`${base}/session`, { headers: { cookie } }))).status;
    const statuses = (who: { cookie: string }) => Promise.all([0, 1, 2].map((node) => statusAt(node, who)));
    /** So that all of them hold it in memory. */
    const seenByAll = (who: { cookie: string }) =>
      expect.poll(() => statuses(who), { timeout: 10_000, interval: 20 }).toEqual([200, 200, 200]);

    /** The provider posts its token; resolves when it was answered. */
    async function logOut(node: number, { sid }: { sid: string }): Promise<number> {
      const body = new URLSearchParams({ logout_token: await provider.logoutToken({ sid }) });
      const answer = await at(node).fetch(new Request(`${base}/backchannel-logout`, { method: "POST", body }));
      expect(answer.status).toBe(200);
      return performance.now();
    }

    /** Asks again and again; how long after `answered` it was refused. */
    async function refusedAt(node: number, who: { cookie: string }, answered: number): Promise<number> {
      while ((await statusAt(node, who)) !== 401) {
        if (performance.now() - answered > 3_000) throw new Error(`node ${node} still lets it in after 3 s`);
      }
      return performance.now() - answered;
    }

    test("QU-11 LO-3 LO-8 with the bus up a token at one ends the session at the other two, and how soon is printed", async () => {
      const took: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const [who, bystander] = [await signIn(round % 3), await signIn()];
        await seenByAll(who);
        await seenByAll(bystander);
        const first = round % 3;
        const answered = await logOut(first, who);
        expect(await statusAt(first, who)).toBe(401);
        const others = [0, 1, 2].filter((node) => node !== first);
        took.push(...(await Promise.all(others.map((node) => refusedAt(node, who, answered)))));
        expect(await statuses(bystander)).toEqual([200, 200, 200]);
      }
      console.log(`LO-3 ${name}: refused elsewhere after ${took.map((one) => one.toFixed(1)).join(", ")} ms`);
      // Half of them at least. One message that is lost is made good by a heartbeat within a second, and is not seen here.
      expect(median(took)).toBeLessThan(atMost);
    });

    test("LO-3 LO-8 with the bus down a token at one ends the session at the other two at their next request", async () => {
      place.cutBus(true);
      try {
        await new Promise((resolve) => setTimeout(resolve, untilKnownDown));
        for (let round = 0; round < rounds; round++) {
          const who = await signIn(round % 3);
          expect(await statuses(who)).toEqual([200, 200, 200]);
          await logOut(round % 3, who);
          expect(await statuses(who)).toEqual([401, 401, 401]);
        }
      } finally {
        place.cutBus(false);
      }
      // And when it is back, what it says counts again.
      const who = await signIn();
      await seenByAll(who);
      await refusedAt(1, who, await logOut(0, who));
    });

    test("LO-3 LO-8 while one of the three restarts, the session ends at the other at once and is refused by the new one", async () => {
      for (const how of ["stopped", "starting"] as const) {
        const [who, bystander] = [await signIn(2), await signIn(1)];
        await seenByAll(who);
        await seenByAll(bystander);
        expect(await at(2).stop()).toBe("0");
        const starting = how === "starting" ? startNode(config) : undefined;
        await refusedAt(1, who, await logOut(0, who));
        nodes[2] = await (starting ?? startNode(config));
        expect(await statusAt(2, who)).toBe(401);
        expect(await statuses(bystander)).toEqual([200, 200, 200]);
      }
    });

    test("LO-7 LO-9 the node that took the token restarts: what it answered holds, and the token is used up", async () => {
      const who = await signIn();
      await seenByAll(who);
      const token = await provider.logoutToken({ sid: who.sid });
      const post = async (node: number) =>
        (
          await at(node).fetch(
            new Request(`${base}/backchannel-logout`, {
              method: "POST",
              body: new URLSearchParams({ logout_token: token }),
            }),
          )
        ).status;
      expect(await post(0)).toBe(200);
      expect(await at(0).stop()).toBe("0");
      nodes[0] = await startNode(config);
      expect(await statuses(who)).toEqual([401, 401, 401]);
      expect(await Promise.all([0, 1, 2].map(post))).toEqual([400, 400, 400]);
    });
  });
}
