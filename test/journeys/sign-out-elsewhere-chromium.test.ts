/**
 * Signing out from the account page to another origin in a real Chromium, which holds every redirect of a form against the
 * page's `form-action`.
 */
import { randomBytes } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { createLatchkey } from "../../src/create-latchkey.js";
import { silentLog } from "../../src/kernel/log.js";
import { seconds, systemClock } from "../../src/kernel/time.js";
import { type Handler, serve } from "../../src/server/serve.js";
import { startFakeProvider } from "../../src/testing/fake-provider.js";
import { describeWithChromium } from "../services.js";
import { providerEntry } from "../support/two-providers.js";
import { launch } from "./setting.js";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describeWithChromium("signing out to another origin in Chromium", (path) => {
  let browser: Browser;
  const closing: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    browser = await launch(path);
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  const serving = async (handler: Handler) => {
    const server = await serve({ handler, host: "127.0.0.1", port: 0, clock: systemClock, log: silentLog });
    closing.push(() => server.stop(seconds(0)));
    return server.url;
  };
  const page = (text: string) => new Response(`<p>${text}</p>`, { headers: { "Content-Type": "text/html" } });

  /** Somebody on their account page, and a place that people may be sent to afterwards. */
  async function onTheAccountPage(setting: {
    readonly logout: "local" | "provider";
    readonly javaScriptEnabled: boolean;
    readonly endSession?: string;
  }) {
    const elsewhere = (await serving(async () => page("Bye"))).replace("127.0.0.1", "localhost");
    const provider = await startFakeProvider();
    closing.push(() => provider.stop());
    const { endSession } = setting;
    if (endSession !== undefined)
      provider.tweaks.metadata = (metadata) => ({ ...metadata, end_session_endpoint: endSession });
    let handler: Handler = async () => new Response(null, { status: 503 });
    const baseUrl = await serving((request, peer) => handler(request, peer));
    const latchkey = await createLatchkey({
      baseUrl,
      secrets: [randomBytes(32).toString("base64")],
      database: "sqlite::memory:",
      rateLimits: "off",
      egress: { allow: ["127.0.0.0/8", "localhost"], allowHttp: ["127.0.0.1", "localhost"] },
      signIn: { signUp: true, signOut: { returnTo: `${elsewhere}/bye`, allowedReturnTo: [elsewhere] } },
      providers: [providerEntry("corp", provider, { logout: setting.logout })],
      ports: { log: silentLog },
    });
    closing.push(() => latchkey.close());
    handler = (request, peer) => latchkey.fetch(request, peer);
    const context = await browser.newContext({ javaScriptEnabled: setting.javaScriptEnabled });
    closing.push(() => context.close());
    const shown = await context.newPage();
    provider.signInAs("ann-1");
    await shown.goto(`${baseUrl}/auth/providers/corp/start?return_to=/auth/account`);
    const session = async () => (await context.request.get(`${baseUrl}/auth/session`)).status();
    expect(await session()).toBe(200);
    return { shown, session, elsewhere, provider, signOut: () => shown.click(`form[action$="/sign-out"] button`) };
  }

  test.each([
    ["local", true],
    ["local", false],
    ["provider", true],
    ["provider", false],
  ] as const)(
    "LO-5 SU-5 [option:signIn.signOut.returnTo] a person ends up at another site of the operator's; logout: %s, script: %s",
    async (logout, javaScriptEnabled) => {
      const { shown, session, elsewhere, provider, signOut } = await onTheAccountPage({ logout, javaScriptEnabled });
      const sid = provider.sidOf("ann-1") ?? "";
      await signOut();
      await shown.waitForURL(`${elsewhere}/bye`, { timeout: 10_000 });
      expect([await session(), provider.isSignedOut(sid)]).toEqual([401, logout === "provider"]);
    },
  );

  test.each([true, false])(
    "LO-5 SU-5 a provider may send the browser to the one behind it at sign-out; script: %s",
    async (javaScriptEnabled) => {
      const behind = await serving(async () => page("Signed out at both"));
      const endSession = `${await serving(async () => Response.redirect(`${behind}/out`, 303))}/end-session`;
      const { shown, session, signOut } = await onTheAccountPage({ logout: "provider", javaScriptEnabled, endSession });
      await signOut();
      await shown.waitForURL(`${behind}/out`, { timeout: 10_000 });
      expect(await session()).toBe(401);
    },
  );
});
