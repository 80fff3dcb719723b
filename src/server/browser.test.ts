/**
 * What only a real browser can show: which cookies come along from another site, what our own policy lets a form do,
 * which Origin our pages send. The provider is `localhost` and we are `127.0.0.1`, so that they are two sites.
 */
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { describeWithChromium } from "../../test/services.js";
import { aWorld, type World } from "../../test/support/hand-made-features.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { Features } from "./features.js";

type Answer = (request: Request) => Response | Promise<Response>;

async function listen(hostname: string, answer: Answer): Promise<{ port: number; close: () => void }> {
  const server = createAdaptorServer({ fetch: answer });
  await new Promise<void>((resolve) => server.listen(0, hostname, resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

const html = (body: string): Response =>
  new Response(`<!doctype html>${body}`, { headers: { "content-type": "text/html" } });

describeWithChromium("in Chromium", (executablePath) => {
  let browser: Browser;
  let world: World;
  let ours: string;
  let theirs: string;
  let requests: { method: string; path: string; cookie: string; origin: string | null }[];
  let close: (() => void)[];
  let providerPage: () => Response;
  let more: Partial<Features>;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    requests = [];
    more = {};
    const provider = await listen("localhost", () => providerPage());
    const app = await listen("127.0.0.1", (request) => {
      const { pathname } = new URL(request.url);
      const { headers, method } = request;
      if (!pathname.startsWith("/auth/assets/") && pathname !== "/favicon.ico") {
        requests.push({ method, path: pathname, cookie: headers.get("cookie") ?? "", origin: headers.get("origin") });
      }
      if (pathname === "/home") return html("<h1>Home</h1>");
      return world.app.fetch(request, { address: "127.0.0.1" });
    });
    close = [provider.close, app.close];
    ours = `http://127.0.0.1:${app.port}`;
    theirs = `http://localhost:${provider.port}`;
    providerPage = () => html("<h1>Provider</h1>");
  });
  afterEach(() => {
    for (const one of close) one();
  });

  /** The flow cookie that start sets, with this SameSite. */
  const start = (sameSite: "Lax" | "Strict") => {
    more = {
      ...more,
      beginSignIn: async () => ({
        location: `${theirs}/authorize`,
        setCookies: [`latchkey-flow-abcdefgh=sealed; Path=/; HttpOnly; SameSite=${sameSite}`],
      }),
      endSessionOrigins: () => [theirs],
    };
    world = aWorld({ config: { baseUrl: ours }, features: more });
  };
  const open = async (options: { javaScriptEnabled?: boolean } = {}): Promise<Page> =>
    (await browser.newContext(options)).newPage();
  const callbacks = () =>
    requests
      .filter(({ path }) => path.endsWith("/callback"))
      .map(({ method, cookie }) => [
        method,
        cookie.includes("latchkey-flow-abcdefgh=sealed") ? "flow cookie" : "no flow cookie",
      ]);

  test("SI-9 a provider's cross-site form_post arrives without cookies and becomes a GET that has them", async () => {
    start("Lax");
    const page = await open();
    providerPage = () =>
      html(`<form method="post" action="${ours}/auth/providers/corp/callback">
        <input name="code" value="c"><input name="state" value="good-state"></form><script>document.forms[0].submit()</script>`);
    await page.goto(`${ours}/auth/providers/corp/start`);
    await page.waitForURL(`${ours}/home`);
    expect(callbacks()).toEqual([
      ["POST", "no flow cookie"],
      ["GET", "flow cookie"],
    ]);
  });

  test.each([
    ["by its script", true],
    ["by its button, without script", false],
  ])("SI-9 a browser that keeps the cookie back gets the repeat page, sent %s", async (_how, javaScriptEnabled) => {
    // SameSite=Strict stands for browsers and extensions that treat Lax so.
    start("Strict");
    providerPage = () => html(`<a href="${ours}/auth/providers/corp/callback?code=c&state=good-state">back</a>`);
    const page = await open({ javaScriptEnabled });
    await page.goto(`${ours}/auth/providers/corp/start`);
    await page.click("a");
    if (!javaScriptEnabled) await page.click("button");
    await page.waitForURL(`${ours}/home`);
    expect(callbacks()).toEqual([
      ["GET", "no flow cookie"],
      ["GET", "flow cookie"],
    ]);
  });

  test("SI-9 a browser without any cookie is asked once and then refused", async () => {
    more = {
      completeSignIn: async () => {
        throw new LatchkeyError("signin.state_unknown");
      },
    };
    start("Lax");
    const page = await open();
    await page.goto(`${ours}/auth/providers/corp/callback?code=c&state=other-state`);
    await page.waitForURL(`${ours}/auth/sign-in?**`);
    expect(await page.textContent("[role=alert]")).toContain("signin.state_unknown");
    expect(callbacks()).toEqual([
      ["GET", "no flow cookie"],
      ["GET", "no flow cookie"],
    ]);
  });

  test("SU-5 LO-5 our own sign-out form sends our Origin, and may be redirected to the provider", async () => {
    more = { signOut: async () => ({ location: `${theirs}/end-session`, setCookies: [] }) };
    start("Lax");
    const page = await open();
    await page.context().addCookies([{ name: "latchkey", value: "ann", url: ours }]);
    await page.goto(`${ours}/auth/account`);
    await page.click("form[action$='/sign-out'] button");
    await page.waitForURL(`${theirs}/end-session`);
    expect(requests.find(({ method }) => method === "POST")?.origin).toBe(ours);
  });

  test("AT-53 a form on another site signs nobody out, and the account page is not framed", async () => {
    start("Lax");
    const page = await open();
    await page.context().addCookies([{ name: "latchkey", value: "ann", url: ours, sameSite: "Lax" }]);
    providerPage = () =>
      html(
        `<iframe src="${ours}/auth/account"></iframe><form method="post" action="${ours}/auth/account/sessions/end-all"><button>win</button></form>`,
      );
    await page.goto(theirs);
    expect(await page.frames()[1]?.evaluate(() => document.body?.textContent ?? "")).not.toContain("Your access");
    await page.click("button");
    await page.waitForURL(`${ours}/auth/account/sessions/end-all`);
    expect(await page.textContent("h1")).toBe("This request did not come from one of our own pages.");
    expect(world.calls).toEqual([]);
  });

  test.each(["/auth/sign-in?error=signin.denied", "/auth/account", "/auth/signed-out", "/auth/nothing"])(
    "SU-8 SU-10 %s fits 320 pixels, loads only from us, and breaks no policy of its own",
    async (path) => {
      start("Lax");
      const context = await browser.newContext({ viewport: { width: 320, height: 640 } });
      await context.addCookies([{ name: "latchkey", value: "ann", url: ours }]);
      const page = await context.newPage();
      const complaints: string[] = [];
      const urls: string[] = [];
      page.on("console", (message) => message.text().includes("404") || complaints.push(message.text()));
      page.on("request", (request) => void urls.push(request.url()));
      await page.goto(ours + path);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
      expect(
        await page.evaluate(() => getComputedStyle(document.querySelector(".card") as Element).borderRadius),
      ).not.toBe("0px");
      expect(complaints).toEqual([]);
      expect(urls.filter((url) => !url.startsWith(ours) && !url.startsWith("data:"))).toEqual([]);
      await context.close();
    },
  );
});
