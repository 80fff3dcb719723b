/** Signing in, as a person does it in a browser. */
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createBrowser } from "../../src/testing/browser.js";
import { describeWithChromium } from "../services.js";
import {
  ann,
  ben,
  createSetting,
  launch,
  proveWho,
  type Setting,
  sessionCookie,
  sessionOf,
  signIn,
  toProvider,
} from "./setting.js";

describeWithChromium("signing in with Chromium at a real provider", (path) => {
  let browser: Browser;
  let setting: Setting;
  const contexts: BrowserContext[] = [];
  const newContext = async (options = {}) => {
    const context = await browser.newContext(options);
    contexts.push(context);
    return context;
  };
  beforeAll(async () => {
    browser = await launch(path);
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    setting = await createSetting();
  });
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    await setting.close();
  });

  test("SI-5 SI-9 SI-14 a person signs in and lands where they were going, signed in", async () => {
    const context = await newContext();
    const page = await context.newPage();
    await signIn(page, setting, ann);
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Ann Archer");
    expect(await page.textContent("main")).toContain("ann@example.com");
    expect((await sessionOf(context, setting.base)).body.user).toMatchObject({ email: ann.email, role: "admin" });
    const cookies = await context.cookies(setting.base);
    // The flow's own cookie is gone; what is left is the session, out of reach of scripts.
    expect(cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite])).toEqual([
      ["latchkey", true, "Lax"],
    ]);
    expect(await page.evaluate("document.cookie")).toBe("");
    expect(setting.problems).toEqual([]);
  });

  test("SI-13 a person who cancels at the provider is told so, and can try again", async () => {
    const page = await (await newContext()).newPage();
    await toProvider(page, setting.base);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.waitForURL((url) => url.searchParams.get("error") === "signin.denied");
    expect(await page.getByRole("alert").textContent()).toContain("cancelled");
    await page.getByRole("link", { name: "Try again" }).click();
    await proveWho(page, ann);
    await page.waitForURL(`${setting.base}/account`);
  });

  test("SI-8 five tabs that started at the same time all finish", async () => {
    const context = await newContext();
    const tabs = await Promise.all(Array.from({ length: 5 }, () => context.newPage()));
    for (const tab of tabs) await toProvider(tab, setting.base);
    expect((await context.cookies(setting.base)).filter(({ name }) => name.startsWith("latchkey-flow-"))).toHaveLength(
      5,
    );
    for (const tab of tabs) {
      await proveWho(tab, ann);
      await tab.waitForURL(`${setting.base}/account`);
    }
    expect((await sessionOf(context, setting.base)).status).toBe(200);
    expect((await context.cookies(setting.base)).map(({ name }) => name)).toEqual(["latchkey"]);
  });

  test("AT-21 SI-8 forty open tabs neither break the browser nor keep the last one from finishing", async () => {
    const context = await newContext();
    const page = await context.newPage();
    for (let tab = 0; tab < 40; tab++)
      await page.goto(`${setting.base}/providers/example/start?return_to=/${"long/".repeat(150)}${tab}`);
    const flows = (await context.cookies(setting.base)).filter(({ name }) => name.startsWith("latchkey-flow-"));
    const bytes = flows.reduce((sum, { name, value }) => sum + name.length + value.length + 3, 0);
    expect(flows.length).toBeGreaterThan(0);
    expect(flows.length).toBeLessThanOrEqual(5);
    expect(bytes).toBeLessThan(5 * 1024);
    await toProvider(page, setting.base);
    await proveWho(page, ann);
    await page.waitForURL(`${setting.base}/account`);
    expect((await sessionOf(context, setting.base)).status).toBe(200);
  });

  test("SI-14 signing in again replaces the session that this browser had", async () => {
    const context = await newContext();
    const page = await context.newPage();
    await signIn(page, setting, ann);
    const first = (await sessionCookie(context, setting.base))?.value;
    await page.context().clearCookies({ domain: "localhost" });
    await signIn(page, setting, ben);
    const second = (await sessionCookie(context, setting.base))?.value;
    expect(second).not.toBe(first);
    expect((await sessionOf(context, setting.base)).body.user?.email).toBe(ben.email);
    await context.clearCookies();
    expect((await sessionOf(context, setting.base, first)).status).toBe(401);
    expect((await sessionOf(context, setting.base, second)).status).toBe(200);
  });

  test("AT-23 a session that an attacker planted does not become the victim's", async () => {
    const attacker = await newContext();
    await signIn(await attacker.newPage(), setting, ben);
    const planted = await sessionCookie(attacker, setting.base);
    if (!planted) throw new Error("the attacker has no session");

    const victim = await newContext();
    await victim.addCookies([planted]);
    await signIn(await victim.newPage(), setting, ann);
    expect((await sessionCookie(victim, setting.base))?.value).not.toBe(planted.value);
    expect((await sessionOf(victim, setting.base)).body.user?.email).toBe(ann.email);
    // What the attacker knows was ended by the sign-in and is nobody's session now.
    expect((await sessionOf(attacker, setting.base)).status).toBe(401);
  });

  test("AT-17 SI-9 an attacker's callback, opened in a victim's browser, signs nobody in", async () => {
    const attacker = createBrowser();
    const stopBefore = (url: string) => url.includes("/callback");
    const page = await attacker.get(`${setting.base}/providers/example/start`);
    const consent = await attacker.submit(page, { email: ben.email, password: ben.password });
    const { location: callback = "" } = await attacker.submit(consent, {}, { stopBefore });
    expect(new URL(callback).searchParams.has("code")).toBe(true);

    const context = await newContext();
    const victim = await context.newPage();
    await victim.goto(callback);
    await victim.waitForURL((url) => url.searchParams.get("error") === "signin.state_unknown");
    expect(await sessionCookie(context, setting.base)).toBeUndefined();
    expect((await sessionOf(context, setting.base)).status).toBe(401);
  });

  test("SI-10 the provider changes its keys, and nobody's sign-in fails", async () => {
    await signIn(await (await newContext()).newPage(), setting, ann);
    await setting.provider.rotateKeys();
    const page = await (await newContext()).newPage();
    await signIn(page, setting, ben);
    await signIn(await (await newContext()).newPage(), setting, ann);
    expect(setting.problems).toEqual([]);
  });

  test("SU-17 everything works without script: sign in, end the other session, sign out", async () => {
    const other = await newContext();
    await signIn(await other.newPage(), setting, ann);
    const context = await newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await signIn(page, setting, ann);
    await page.getByRole("button", { name: "End all other sessions" }).click();
    await page.waitForURL((url) => url.searchParams.get("done") === "others-ended");
    expect((await sessionOf(other, setting.base)).status).toBe(401);
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "You are signed out" }).waitFor();
    expect((await sessionOf(context, setting.base)).status).toBe(401);
  });
});

describeWithChromium("a provider that answers by form_post, with Chromium", (path) => {
  let browser: Browser;
  let setting: Setting;
  beforeAll(async () => {
    [browser, setting] = await Promise.all([
      launch(path),
      createSetting({ providerConfig: { responseMode: "form_post" } }),
    ]);
  });
  afterAll(async () => {
    await browser.close();
    await setting.close();
  });

  test.each([true, false])(
    "SI-9 the cross-site POST carries no cookie of ours, and the sign-in finishes (script: %s)",
    async (javaScriptEnabled) => {
      const context = await browser.newContext({ javaScriptEnabled });
      const page = await context.newPage();
      const posted = page.waitForRequest(
        (request) => request.method() === "POST" && request.url().includes("/callback"),
      );
      await toProvider(page, setting.base);
      await proveWho(page, ann);
      if (!javaScriptEnabled) await page.getByRole("button").first().click();
      const headers = await (await posted).allHeaders();
      expect(headers["cookie"]).toBeUndefined();
      await page.waitForURL(`${setting.base}/account`);
      expect((await sessionOf(context, setting.base)).body.user?.email).toBe(ann.email);
      await context.close();
    },
  );
});

describeWithChromium("a provider that is down, with Chromium", (path) => {
  let browser: Browser;
  let setting: Setting;
  beforeAll(async () => {
    [browser, setting] = await Promise.all([launch(path), createSetting({ providerDown: true })]);
  });
  afterAll(async () => {
    await browser.close();
    await setting.close();
  });

  test("SI-3 Latchkey starts without it, says so, and signs people in as soon as it is back", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await toProvider(page, setting.base);
    await page.waitForURL((url) => url.searchParams.get("error") === "signin.provider_unavailable");
    expect(await page.getByRole("alert").textContent()).toContain("cannot be reached");
    expect(await page.getByRole("link", { name: "Continue with Example Identity" }).textContent()).toContain(
      "Cannot be reached",
    );

    await setting.provider.start();
    // A failure is remembered for a few seconds, so that a dead provider is not asked by every visitor.
    const tryAgain = async () => {
      await page.getByRole("link", { name: "Try again" }).click();
      await page.waitForLoadState();
      return new URL(page.url()).origin;
    };
    await expect.poll(tryAgain, { timeout: 20_000, interval: 1_000 }).toBe(setting.provider.issuer);
    await proveWho(page, ann);
    await page.waitForURL(`${setting.base}/account`);
    expect((await sessionOf(context, setting.base)).status).toBe(200);
    await page.goto(`${setting.base}/sign-in`);
    expect(await page.textContent("main")).not.toContain("Cannot be reached");
  });
});
