/** Apple's answer as a browser carries it: a form posted across sites, with `user` in it. */
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLatchkey } from "../../src/create-latchkey.js";
import { seconds, systemClock } from "../../src/kernel/time.js";
import type { Latchkey } from "../../src/latchkey.js";
import { type Handler, serve } from "../../src/server/serve.js";
import { createCapturedLog } from "../../src/testing/captured-log.js";
import { describeWithChromium } from "../services.js";
import { type Apple, janesUser, startApple } from "./apple-server.js";

describeWithChromium("Apple, with Chromium", (executablePath) => {
  let browser: Browser;
  let apple: Apple;
  let latchkey: Latchkey;
  let server: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    const log = createCapturedLog();
    let handler: Handler = async () => new Response(null, { status: 503 });
    // Apple is `localhost` and we are `127.0.0.1`: two sites.
    apple = await startApple({ host: "localhost" });
    server = await serve({
      handler: (request, peer) => handler(request, peer),
      host: "127.0.0.1",
      port: 0,
      clock: systemClock,
      log,
    });
    latchkey = await createLatchkey({
      baseUrl: server.url,
      secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"],
      database: "sqlite::memory:",
      rateLimits: "off",
      egress: { allow: ["localhost", "127.0.0.0/8", "::1/128"], allowHttp: ["localhost"] },
      signIn: { signUp: true, defaultReturnTo: "/auth/account" },
      roles: { default: "user" },
      providers: [apple.entry],
      ports: { log },
    });
    handler = (request, peer) => latchkey.fetch(request, peer);
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop(seconds(0));
    await latchkey?.close();
    await apple?.stop();
  });

  test("SI-9 the name comes through the cross-site POST, once, and in no URL", async () => {
    apple.user = JSON.stringify(janesUser);
    const context = await browser.newContext();
    const page = await context.newPage();
    const callbacks: { method: string; url: string; cookie: string }[] = [];
    page.on("request", async (request) => {
      if (!request.url().includes("/providers/apple/callback")) return;
      const { cookie = "" } = await request.allHeaders();
      callbacks.push({ method: request.method(), url: request.url(), cookie });
    });
    await page.goto(`${server.url}/auth/providers/apple/start`);
    await page.waitForURL(`${server.url}/auth/account`);
    await expect.poll(() => callbacks.map(({ method }) => method).sort()).toEqual(["GET", "POST"]);
    const post = callbacks.find(({ method }) => method === "POST");
    const get = callbacks.find(({ method }) => method === "GET");
    expect(post?.cookie).toBe("");
    expect(get?.cookie).toMatch(/latchkey-flow-.*latchkey-name=|latchkey-name=.*latchkey-flow-/s);
    expect(get?.url).not.toMatch(/Jane|user=/);
    const session = await (await context.request.get(`${server.url}/auth/session`)).json();
    expect(session.user).toMatchObject({ name: "Jane Appleseed", email: "jane@example.com" });
    const left = (await context.cookies(server.url)).map(({ name }) => name);
    expect(left.filter((name) => /latchkey-(name|flow)-/.test(name))).toEqual([]);
  }, 120_000);
});
