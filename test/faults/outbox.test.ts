/** QU-16 for what waits in the outbox: a node is killed at each numbered point of a delivery, and another one delivers. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, expect, test, vi } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { type FaultPoint, faultPoints } from "../../src/kernel/fault.js";
import { createBrowser } from "../../src/testing/browser.js";
import { startFakeProvider } from "../../src/testing/fake-provider.js";
import { startNode } from "../processes/start-node.js";

// Processes that compile as they load, and a pause of five seconds, on a busy machine: a limit for what hangs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 });

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const service = { id: "chat", secret: "a secret of the service in this test: kX9f2LqP0" };
const base = "http://localhost:3000/auth";
const points = Object.entries(faultPoints)
  .filter(([, what]) => what.startsWith("outbox: "))
  .map(([number, what]) => [Number(number) as FaultPoint, what] as const);

test.each(points)("QU-16 VA-14 killed at point %i (%s): another node revokes, and then it is done", async (point) => {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-outbox-"));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const provider = await startFakeProvider();
  closing.push(() => provider.stop());
  const file = join(folder, "latchkey.db");
  const config: ConfigInput = {
    baseUrl: "http://localhost:3000",
    secrets: ["a-secret-of-this-test-alone-kX9f2LqP0sT7vZ"],
    database: `sqlite:${file}`,
    rateLimits: "off",
    signIn: { signUp: true },
    egress: { allow: ["127.0.0.0/8", "localhost"], allowHttp: ["127.0.0.1", "localhost"] },
    services: [service],
    providers: [
      {
        id: "fake",
        displayName: "Fake",
        issuer: provider.issuer,
        clientId: provider.client.clientId,
        clientSecret: provider.client.clientSecret ?? null,
        scopes: ["openid", "email", "profile", "offline_access"],
        revokeOnSignOut: "always",
      },
    ],
  };
  const waiting = () => {
    const database = new Database(file, { readonly: true });
    const { n } = database.prepare("select count(*) as n from outbox").get() as { n: number };
    database.close();
    return n;
  };
  const revoked = () => provider.requestsTo("revocation").map(({ form }) => form.get("token"));

  const doomed = await startNode(config, point);
  const browser = createBrowser((request) => doomed.fetch(request));
  await browser.get(`${base}/providers/fake/start`);
  const value = /latchkey=([\w-]{43})/.exec(browser.cookies.header(`${base}/session`) ?? "")?.[1] ?? "";
  const authorization = `Basic ${Buffer.from(`${service.id}:${service.secret}`).toString("base64")}`;
  const body = new URLSearchParams({ token: value });
  const ended = doomed.fetch(new Request(`${base}/revoke`, { method: "POST", headers: { authorization }, body }));
  ended.catch(() => {});
  expect(await doomed.ended).toBe("SIGKILL");
  // Refresh and access token, or nothing yet; what must still happen is in the row.
  const sent = point === 15 ? 2 : 0;
  expect(revoked()).toHaveLength(sent);
  expect(waiting()).toBe(1);

  const node = await startNode(config);
  closing.push(() => node.stop());
  await expect.poll(waiting, { timeout: 120_000, interval: 250 }).toBe(0);
  expect(revoked()).toHaveLength(sent + 2);
  expect(new Set(revoked()).size).toBe(2);
});
