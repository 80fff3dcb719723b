/** SU-15: each example runs as it is, and signs a person in and out at a real provider. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { loopbackFetch } from "../../src/testing/loopback-fetch.js";
import { aBrowser, runExample, signIn, signOut } from "./example.js";

// A process that compiles as it loads, on a machine busy with other tests: a limit for what hangs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const root = join(import.meta.dirname, "../../examples");
const examples = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test("SU-15 there is an example for each adapter, and each says how to run it", () => {
  expect(examples.sort()).toEqual(["express", "fastify", "hono", "live", "next", "node-http", "services"]);
  for (const name of examples.filter((one) => one !== "next" && one !== "services"))
    expect(readFileSync(join(root, name, "README.md"), "utf8")).toContain(`npx tsx examples/${name}/app.ts`);
});

describe.each(["express", "fastify", "hono", "node-http"])("the example for %s", (name) => {
  test("SU-15 signs in, shows who it is, and signs out", async () => {
    const example = await runExample(`examples/${name}/app.ts`);
    const { origin } = example;
    try {
      const program = await loopbackFetch(new Request(`${origin}/api/me`, { headers: { accept: "application/json" } }));
      expect(program.status).toBe(401);
      expect(await program.json()).toMatchObject({ code: "session.missing" });

      const browser = aBrowser();
      const { choice, page } = await signIn(example, browser, "/?tab=1");
      expect(choice.url).toBe(`${origin}/auth/sign-in?${new URLSearchParams({ return_to: "/?tab=1" })}`);
      expect(page.url).toBe(`${origin}/?tab=1`);
      expect(page.text).toContain("Hello Ann");
      expect(page.text).not.toContain("<b>Archer");
      expect((await browser.get(`${origin}/api/me`)).json()).toMatchObject({ email: "ann@example.com" });
      const account = await browser.get(`${origin}/auth/account`);
      expect(account.text).toContain("127.0.0.1");

      const kept = browser.cookies.header(origin) ?? "";
      expect((await signOut(example, browser)).url.split("?")[0]).toBe(`${origin}/auth/signed-out`);
      const after = await loopbackFetch(
        new Request(`${origin}/api/me`, { headers: { accept: "application/json", cookie: kept } }),
      );
      expect(after.status).toBe(401);
      expect((await browser.get(`${origin}/`)).url).toContain("/auth/sign-in");
    } finally {
      expect(await example.stop(), example.output()).toBe("0");
    }
  });
});

test("SU-15 LO-12 the stream of the node-http example ends when its session does", async () => {
  const example = await runExample("examples/node-http/app.ts");
  try {
    const browser = aBrowser();
    await signIn(example, browser, "/");
    const cookie = browser.cookies.header(example.origin) ?? "";
    const stream = await fetch(`${example.origin}/events`, { headers: { cookie } });
    const whole = stream.text();
    await signOut(example, browser);
    expect(await whole).toBe("event: hello\ndata:\n\nevent: signed-out\ndata:\n\n");
  } finally {
    expect(await example.stop(), example.output()).toBe("0");
  }
});
