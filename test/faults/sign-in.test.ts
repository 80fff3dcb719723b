/** QU-16 for sign-in: a node is killed at each numbered point, and what it leaves behind is read from the file. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { type FaultPoint, faultPoints } from "../../src/kernel/fault.js";
import { createBrowser } from "../../src/testing/browser.js";
import { startFakeProvider } from "../../src/testing/fake-provider.js";
import { startNode } from "../processes/start-node.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function aSetting() {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-fault-"));
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
  const rows = () => {
    const database = new Database(file, { readonly: true });
    const count = (table: string) => (database.prepare(`select count(*) as n from ${table}`).get() as { n: number }).n;
    const signIns = database
      .prepare("select count(*) as n from audit_events where type = 'sign_in.succeeded'")
      .get() as { n: number };
    const found = {
      users: count("users"),
      identities: count("identities"),
      sessions: count("sessions"),
      grants: count("grants"),
      signIns: signIns.n,
    };
    database.close();
    return found;
  };
  return { config, provider, rows };
}

const start = "http://localhost:3000/auth/providers/fake/start?return_to=/auth/account";
const nothing = { users: 0, identities: 0, sessions: 0, grants: 0, signIns: 0 };
const everything = { users: 1, identities: 1, sessions: 1, grants: 1, signIns: 1 };

describe("a node killed in the middle of a sign-in leaves no half user", () => {
  const ofSignIn = Object.entries(faultPoints).filter(([, what]) => what.startsWith("sign-in: "));
  const points = ofSignIn.map(([number, what]) => [Number(number) as FaultPoint, what] as const);

  test.each(points)("QU-16 SI-20 AC-6 killed at point %i (%s)", async (point) => {
    const { config, provider, rows } = await aSetting();
    const doomed = await startNode(config, point);
    const browser = createBrowser((request) => doomed.fetch(request));
    await expect(browser.get(start)).rejects.toThrow();
    expect(await doomed.ended).toBe("SIGKILL");

    const committed = point === 8;
    expect(rows()).toEqual(committed ? everything : nothing);
    expect(browser.cookies.header("http://localhost:3000/auth/session") ?? "").not.toContain("latchkey=");

    // Another node takes over: the person starts again and is one and the same user.
    const node = await startNode(config);
    closing.push(() => node.stop());
    const again = createBrowser(node.fetch);
    const page = await again.get(start);
    expect(page.status).toBe(200);
    expect(page.text).toContain("Ann Archer");
    expect(rows()).toEqual(committed ? { ...everything, sessions: 2, grants: 2, signIns: 2 } : everything);
    // The code never went out twice.
    const codes = provider.requests
      .filter((request) => request.endpoint === "token")
      .map((request) => new URLSearchParams(request.body).get("code"));
    expect(new Set(codes).size).toBe(codes.length);
  });
});
