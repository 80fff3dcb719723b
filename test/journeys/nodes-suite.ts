/**
 * LO-3 with real processes that share one database: what one of them ends, the others refuse. Run on every database and
 * bus by many-processes.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import type { ConfigInput } from "../../src/config/schema.js";
import { silentLog } from "../../src/kernel/log.js";
import { type Browser, createBrowser } from "../../src/testing/browser.js";
import { type FakeProvider, startFakeProvider } from "../../src/testing/fake-provider.js";
import { type Node, startNode } from "../processes/start-node.js";

const base = "http://localhost:3000/auth";

export interface NodesDatabase {
  readonly config: Pick<ConfigInput, "database" | "bus" | "busPrefix">;
  /** Whether the very next request of another node must know. */
  readonly atOnce: boolean;
  drop(): Promise<void>;
}

export function describeNodes(name: string, open: () => Promise<NodesDatabase>): void {
  describe(`three processes on ${name}`, () => {
    let database: NodesDatabase;
    let provider: FakeProvider;
    let config: ConfigInput;
    let nodes: Node[];
    /** Which node answers a browser's next request. */
    let turn = 0;

    beforeAll(async () => {
      database = await open();
      provider = await startFakeProvider();
      config = {
        baseUrl: "http://localhost:3000",
        secrets: ["a-secret-of-this-test-alone-kX9f2LqP0sT7vZ"],
        ...database.config,
        rateLimits: "off",
        signIn: { signUp: true },
        roles: { default: "user" },
        egress: { allow: ["127.0.0.0/8", "localhost"], allowHttp: ["127.0.0.1", "localhost"] },
        providers: [
          {
            id: "fake",
            displayName: "Fake",
            issuer: provider.issuer,
            clientId: provider.client.clientId,
            clientSecret: provider.client.clientSecret ?? null,
          },
        ],
      };
      nodes = await Promise.all([startNode(config), startNode(config), startNode(config)]);
    });
    afterAll(async () => {
      expect(await Promise.all(nodes.map((node) => node.stop()))).toEqual(["0", "0", "0"]);
      await provider.stop();
      await database.drop();
    });

    const at = (index: number): Node => {
      const node = nodes[index];
      if (!node) throw new Error(`no node ${index}`);
      return node;
    };
    /** A browser behind a load balancer: each request goes to the next node. */
    const aBrowser = (): Browser => createBrowser((request) => at(turn++ % 3).fetch(request));

    /** @param person an e-mail address */
    function signInAs(person: string): void {
      const found = [...provider.people.values()].find(({ email }) => email === person);
      provider.signInAs(found?.sub ?? null);
    }

    async function signIn(person: string): Promise<Browser> {
      signInAs(person);
      const browser = aBrowser();
      const page = await browser.get(`${base}/providers/fake/start?return_to=/auth/account`);
      expect(page.url).toBe(`${base}/account`);
      return browser;
    }

    /** What each of the three nodes says of this browser. */
    async function seenBy(browser: Browser): Promise<{ status: number; role: string | undefined }[]> {
      const cookie = browser.cookies.header(`${base}/session`) ?? "";
      return Promise.all(
        nodes.map(async (node) => {
          const answer = await node.fetch(new Request(`${base}/session`, { headers: { cookie } }));
          const body = (await answer.json()) as { user?: { role: string } };
          return { status: answer.status, role: body.user?.role };
        }),
      );
    }
    /** On SQLite with the next request; over a bus as soon as its message is there. */
    const seen = async (browser: Browser, expected: ReturnType<typeof everywhere>): Promise<void> => {
      if (database.atOnce) expect(await seenBy(browser)).toEqual(expected);
      else await expect.poll(() => seenBy(browser), { timeout: 3_000, interval: 10 }).toEqual(expected);
    };
    const everywhere = (status: number, role?: string) => [0, 1, 2].map(() => ({ status, role }));

    async function asOperator<T>(
      act: (administration: Awaited<ReturnType<typeof openAdministration>>) => Promise<T>,
    ): Promise<T> {
      const resolved = resolveConfig(config);
      if (!resolved.ok) throw new Error("configuration");
      const administration = await openAdministration(resolved.value, { log: silentLog });
      try {
        return await act(administration);
      } finally {
        await administration.close();
      }
    }

    const people = () => [...provider.people.values()].map((person) => String(person.email));

    test("LO-3 SI-8 a sign-in begun on one and finished on another is known to all", async () => {
      const browser = await signIn(people()[0] ?? "");
      await seen(browser, everywhere(200, "admin"));
    });

    test("LO-3 LO-5 a sign-out on one is a sign-out on all at their next request", async () => {
      const browser = await signIn(people()[0] ?? "");
      await seen(browser, everywhere(200, "admin"));
      const cookie = browser.cookies.header(`${base}/session`) ?? "";
      await at(0).fetch(
        new Request(`${base}/sign-out`, { method: "POST", headers: { cookie, origin: "http://localhost:3000" } }),
      );
      await seen(browser, everywhere(401));
    });

    test("LO-6 AT-45 one device ends all the others, on every node", async () => {
      const person = people()[0] ?? "";
      const [here, there] = [await signIn(person), await signIn(person)];
      await seen(there, everywhere(200, "admin"));
      await here.get(`${base}/account`);
      await here.post(`${base}/account/sessions/end-others`);
      await seen(there, everywhere(401));
      await seen(here, everywhere(200, "admin"));
    });

    test("LO-7 LO-8 LO-3 a provider's logout token that one node took ends the session on all, and is used up on all", async () => {
      const [here, there] = [await signIn(people()[0] ?? ""), await signIn(people()[0] ?? "")];
      const sub = [...provider.people.keys()][0] ?? "";
      await seen(here, everywhere(200, "admin"));
      await seen(there, everywhere(200, "admin"));
      const post = async (node: number, token: string) =>
        (
          await at(node).fetch(
            new Request(`${base}/backchannel-logout`, {
              method: "POST",
              body: new URLSearchParams({ logout_token: token }),
            }),
          )
        ).status;
      const bySid = await provider.logoutToken({ sid: provider.sidOf(sub) });
      expect(await post(1, bySid)).toBe(200);
      await seen(there, everywhere(401));
      await seen(here, everywhere(200, "admin"));
      expect(await Promise.all([0, 1, 2].map((node) => post(node, bySid)))).toEqual([400, 400, 400]);
      const bySub = await provider.logoutToken({ sub });
      const answers = await Promise.all([0, 1, 2].map((node) => post(node, bySub)));
      expect(answers.sort()).toEqual([200, 400, 400]);
      await seen(here, everywhere(401));
    });

    test("AC-13 a role changed on the command line holds in live sessions of every node at once", async () => {
      const person = people()[1] ?? "";
      const browser = await signIn(person);
      await seen(browser, everywhere(200, "user"));
      await asOperator((operator) => operator.setRole(person, "pending"));
      await seen(browser, everywhere(200, "pending"));
      await asOperator((operator) => operator.setRole(person, "user"));
      await seen(browser, everywhere(200, "user"));
    });

    test("AC-8 LO-6 AT-14 a disabled user is out on every node, and stays out", async () => {
      const person = people()[1] ?? "";
      const browser = await signIn(person);
      await seen(browser, everywhere(200, "user"));
      await asOperator((operator) => operator.setDisabled(person, true));
      await seen(browser, everywhere(401));
      signInAs(person);
      const refused = await aBrowser().get(`${base}/providers/fake/start`);
      expect(refused.url).toContain("error=account.disabled");
      await asOperator((operator) => operator.setDisabled(person, false));
      await seen(browser, everywhere(401));
    });

    test("AT-45 a deleted user's sessions do not outlive the user", async () => {
      const person = people()[1] ?? "";
      const browser = await signIn(person);
      await seen(browser, everywhere(200, "user"));
      await asOperator((operator) => operator.deleteUser(person));
      await seen(browser, everywhere(401));
    });
  });
}
