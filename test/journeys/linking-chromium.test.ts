/** Adding and removing a sign-in method in a real Chromium, with and without script. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createLatchkey } from "../../src/create-latchkey.js";
import { silentLog } from "../../src/kernel/log.js";
import { seconds, systemClock } from "../../src/kernel/time.js";
import type { Latchkey } from "../../src/latchkey.js";
import { type Handler, type Serving, serve } from "../../src/server/serve.js";
import { type FakeProvider, startFakeProvider } from "../../src/testing/fake-provider.js";
import { describeWithChromium } from "../services.js";
import { providerEntry } from "../support/two-providers.js";
import { launch } from "./setting.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describeWithChromium("sign-in methods in Chromium", (path) => {
  let browser: Browser;
  let server: Serving;
  let latchkey: Latchkey;
  let providers: readonly [FakeProvider, FakeProvider];
  beforeAll(async () => {
    browser = await launch(path);
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    let handler: Handler = async () => new Response(null, { status: 503 });
    const log = silentLog;
    server = await serve({
      handler: (r, peer) => handler(r, peer),
      host: "127.0.0.1",
      port: 0,
      clock: systemClock,
      log,
    });
    providers = [await startFakeProvider(), await startFakeProvider()];
    const [corp, club] = providers;
    club.people.set("ann-o", { sub: "ann-o", email: "ann@elsewhere.example" });
    corp.signInAs("ann-1");
    club.signInAs("ann-o");
    latchkey = await createLatchkey({
      baseUrl: server.url,
      secrets: ["c29tZSBzZWNyZXQgb2YgNDggYnl0ZXMgZm9yIHRlc3RzIG9ubHkgLi4u"],
      database: "sqlite::memory:",
      rateLimits: "off",
      egress: { allow: ["127.0.0.0/8", "localhost"], allowHttp: ["127.0.0.1", "localhost"] },
      signIn: { signUp: true },
      providers: [
        providerEntry("corp", corp, { displayName: "Corp" }),
        providerEntry("club", club, { displayName: "Club" }),
      ],
      ports: { log },
    });
    handler = (request, peer) => latchkey.fetch(request, peer);
  });
  afterEach(async () => {
    await server.stop(seconds(0));
    await latchkey.close();
    for (const provider of providers) await provider.stop();
  });

  const methods = (page: Page) => page.locator("section[aria-labelledby=methods]");

  test.each([true, false])(
    "AC-4 SU-5 SU-17 a person adds a provider and removes it again; script: %s",
    async (javaScriptEnabled) => {
      const context = await browser.newContext({ javaScriptEnabled });
      try {
        const page = await context.newPage();
        const refused: string[] = [];
        page.on("console", (message) => {
          if (message.type() === "error") refused.push(message.text());
        });
        await page.goto(`${server.url}/auth/providers/corp/start?return_to=/auth/account`);
        await page.waitForURL("**/auth/account");
        expect(await methods(page).textContent()).toContain("This is your only way to sign in");
        const before = (await context.cookies()).find(({ name }) => name === "latchkey")?.value;

        await page.getByRole("button", { name: "Add Club" }).click();
        await page.waitForURL("**/auth/account?done=method-added");
        expect(await page.getByRole("status").textContent()).toContain("The sign-in method was added.");
        expect(await methods(page).textContent()).toContain("ann@elsewhere.example");
        const after = await context.cookies();
        expect(after.find(({ name }) => name === "latchkey")?.value).toBe(before);
        expect(after.some(({ name }) => name.startsWith("latchkey-flow"))).toBe(false);

        await page.getByRole("button", { name: "Remove Club, ann@elsewhere.example" }).click();
        await page.waitForURL("**/auth/account?done=method-removed");
        expect(await methods(page).textContent()).not.toContain("ann@elsewhere.example");
        expect(await page.getByRole("button", { name: /^Remove/ }).count()).toBe(0);
        expect(refused).toEqual([]);
      } finally {
        await context.close();
      }
    },
  );
});
