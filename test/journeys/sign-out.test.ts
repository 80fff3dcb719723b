/** Signing out and ending sessions, as a person does it in a browser. */
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { silentLog } from "../../src/kernel/log.js";
import { seconds, systemClock } from "../../src/kernel/time.js";
import { serve } from "../../src/server/serve.js";
import { describeWithChromium } from "../services.js";
import {
  ann,
  ben,
  createSetting,
  launch,
  type Setting,
  type SettingOptions,
  sessionCookie,
  sessionOf,
  signIn,
} from "./setting.js";

describeWithChromium("signing out with Chromium", (path) => {
  let browser: Browser;
  let setting: Setting | undefined;
  const contexts: BrowserContext[] = [];
  beforeAll(async () => {
    browser = await launch(path);
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    await setting?.close();
  });
  const start = async (options?: SettingOptions) => {
    setting = await createSetting(options);
    return setting;
  };
  const newContext = async (options = {}) => {
    const context = await browser.newContext(options);
    contexts.push(context);
    return context;
  };

  test("LO-5 AT-45 sign-out ends the session here and at the provider, and comes back", async () => {
    const { base, provider, ...rest } = await start();
    const context = await newContext();
    const page = await context.newPage();
    await signIn(page, { base }, ann);
    const value = (await sessionCookie(context, base))?.value;
    expect(provider.sessionsOf(ann.sub)).toBe(1);

    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.waitForURL(`${provider.issuer}/**`);
    // Here it is over already, before the provider was asked anything.
    expect((await sessionOf(await newContext(), base, value)).status).toBe(401);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "You are signed out" }).waitFor();
    expect(new URL(page.url()).origin).toBe(new URL(base).origin);
    expect(provider.sessionsOf(ann.sub)).toBe(0);
    expect(await context.cookies(base)).toEqual([]);
    await page.goBack();
    await page.goto(`${base}/account`);
    expect(new URL(page.url()).pathname).toBe("/auth/sign-in");
    expect(rest.problems).toEqual([]);
  });

  test("LO-5 a provider that is down keeps nobody signed in here", async () => {
    const { base, provider } = await start();
    const context = await newContext();
    const page = await context.newPage();
    await signIn(page, { base }, ann);
    await provider.stop();
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await expect.poll(async () => (await sessionOf(context, base)).status).toBe(401);
  });

  test("LO-5 logout: local leaves the provider's own session alone", async () => {
    const { base, provider } = await start({ providerConfig: { logout: "local" } });
    const context = await newContext();
    const page = await context.newPage();
    await signIn(page, { base }, ann);
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.getByRole("heading", { name: "You are signed out" }).waitFor();
    expect((await sessionOf(context, base)).status).toBe(401);
    expect(provider.sessionsOf(ann.sub)).toBe(1);
  });

  test("LO-5 logout: ask lets the person choose", async () => {
    const { base, provider } = await start({ providerConfig: { logout: "ask" } });
    const context = await newContext();
    const page = await context.newPage();
    await signIn(page, { base }, ann);
    await page.getByRole("button", { name: "Sign out at the provider too" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "You are signed out" }).waitFor();
    expect(provider.sessionsOf(ann.sub)).toBe(0);

    await signIn(page, { base }, ann);
    await page.getByRole("button", { name: "Sign out here only" }).click();
    await page.getByRole("heading", { name: "You are signed out" }).waitFor();
    expect((await sessionOf(context, base)).status).toBe(401);
    expect(provider.sessionsOf(ann.sub)).toBe(1);
  });

  test("LO-6 of two browsers one sees the other, and ends it", async () => {
    const { base } = await start();
    const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    const [laptop, phone, stranger] = [
      await newContext(),
      await newContext({ userAgent: firefox }),
      await newContext(),
    ];
    const page = await laptop.newPage();
    await signIn(page, { base }, ann);
    const other = await phone.newPage();
    await signIn(other, { base }, ann);
    await signIn(await stranger.newPage(), { base }, ben);

    await page.reload();
    const sessions = page.getByRole("region", { name: "Where you are signed in" });
    expect(await sessions.getByRole("listitem").count()).toBe(2);
    expect(await sessions.getByRole("listitem").filter({ hasText: "This device" }).count()).toBe(1);
    await page.getByRole("button", { name: /^End the session on Firefox/ }).click();
    await page.getByText("The session has ended.").waitFor();

    await other.reload();
    expect(new URL(other.url()).pathname).toBe("/auth/sign-in");
    expect((await sessionOf(phone, base)).status).toBe(401);
    expect((await sessionOf(laptop, base)).body.user?.email).toBe(ann.email);
    expect((await sessionOf(stranger, base)).body.user?.email).toBe(ben.email);
  });

  test("LO-6 everywhere means everywhere, this browser included", async () => {
    const { base } = await start();
    const [laptop, phone] = [await newContext(), await newContext()];
    const page = await laptop.newPage();
    await signIn(page, { base }, ann);
    await signIn(await phone.newPage(), { base }, ann);
    await page.getByRole("button", { name: "Sign out everywhere" }).click();
    await page.getByRole("heading", { name: "You are signed out" }).waitFor();
    expect([(await sessionOf(laptop, base)).status, (await sessionOf(phone, base)).status]).toEqual([401, 401]);
    expect(await sessionCookie(laptop, base)).toBeUndefined();
  });

  test("AT-53 SU-5 a form on another origin of the same site, which the cookie goes along with, changes nothing", async () => {
    const { base } = await start();
    const context = await newContext();
    const page = await context.newPage();
    await signIn(page, { base }, ann);
    // Cookies ignore ports, so to SameSite this is our own site; only the Origin check stands in the way.
    const evil = await serve({
      handler: async () =>
        new Response(`<form method="post" action="${base}/sign-out"><button>You have won</button></form>`, {
          headers: { "Content-Type": "text/html" },
        }),
      host: "127.0.0.1",
      port: 0,
      clock: systemClock,
      log: silentLog,
    });
    try {
      await page.goto(evil.url);
      const posted = page.waitForRequest((request) => request.method() === "POST");
      await page.getByRole("button").click();
      expect((await (await posted).allHeaders())["cookie"]).toContain("latchkey=");
      await page.waitForURL(`${base}/**`);
      expect((await sessionOf(context, base)).body.user?.email).toBe(ann.email);
    } finally {
      await evil.stop(seconds(0));
    }
  });
});
