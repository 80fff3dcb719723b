/**
 * LO-10 in a real Chromium: a page of the provider's, on another site, frames our address. The browser sends no cookie of
 * ours along, the session ends all the same, and no other page may show the answer.
 */
import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterEach, expect, test, vi } from "vitest";
import { createLatchkey } from "../../src/create-latchkey.js";
import { silentLog } from "../../src/kernel/log.js";
import { seconds, systemClock } from "../../src/kernel/time.js";
import { type Handler, serve } from "../../src/server/serve.js";
import { startFakeProvider } from "../../src/testing/fake-provider.js";
import { describeWithChromium } from "../services.js";
import { launch } from "./setting.js";

// A browser on a machine that is busy with other tests: a limit for what hangs, not a measure of speed.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Latchkey on 127.0.0.1, its provider on localhost: two sites. */
async function aSetting() {
  const provider = await startFakeProvider({ host: "localhost" });
  closing.push(() => provider.stop());
  let handler: Handler = async () => new Response(null, { status: 503 });
  const server = await serve({
    handler: (request, peer) => handler(request, peer),
    host: "127.0.0.1",
    port: 0,
    clock: systemClock,
    log: silentLog,
  });
  closing.push(() => server.stop(seconds(0)));
  const latchkey = await createLatchkey({
    baseUrl: server.url,
    secrets: [randomBytes(32).toString("base64")],
    database: "sqlite::memory:",
    rateLimits: "off",
    signIn: { signUp: true },
    egress: { allow: ["127.0.0.0/8", "localhost", "::1/128"], allowHttp: ["127.0.0.1", "localhost"] },
    providers: [
      {
        id: "fake",
        issuer: provider.issuer,
        clientId: provider.client.clientId,
        clientSecret: provider.client.clientSecret ?? null,
      },
    ],
    ports: { log: silentLog },
  });
  closing.push(() => latchkey.close());
  /** The Cookie header of each request of a frame. */
  const framed: (string | null)[] = [];
  handler = (request, peer) => {
    if (request.url.includes("/frontchannel-logout")) framed.push(request.headers.get("cookie"));
    return latchkey.fetch(request, peer);
  };
  return { provider, base: `${server.url}/auth`, framed };
}
type Setting = Awaited<ReturnType<typeof aSetting>>;

async function signedIn(browser: Browser, { provider, base }: Setting) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const [sub = ""] = provider.people.keys();
  provider.signInAs(sub);
  await page.goto(`${base}/providers/fake/start?return_to=/auth/account`);
  expect(page.url()).toBe(`${base}/account`);
  const status = async () => (await context.request.get(`${base}/session`)).status();
  expect(await status()).toBe(200);
  return { page, status, sid: provider.sidOf(sub) ?? "" };
}

/** Any page of the provider's origin will do. */
const aPageOf = ({ provider }: Setting): string => `${provider.issuer}/.well-known/openid-configuration`;

/** Puts a frame into the page that is shown, and answers what came to stand in it. */
async function frame(page: Page, url: string): Promise<{ url: string; text: string }> {
  await page.evaluate(
    (src) =>
      new Promise((resolve) => {
        const made = document.createElement("iframe");
        made.onload = resolve;
        made.src = src;
        document.body.append(made);
      }),
    url,
  );
  const [, shown] = page.frames();
  return { url: shown?.url() ?? "", text: (await shown?.locator("body").textContent()) ?? "" };
}

/** An empty page of an origin that is nobody's. */
async function anotherSite(): Promise<string> {
  const server: Server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><p>elsewhere</p>");
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  server.unref();
  return `http://localhost:${(server.address() as AddressInfo).port}/`;
}

describeWithChromium("front-channel logout in Chromium", (path) => {
  test.each([
    [
      "with iss and sid",
      (base: string, iss: string, sid: string) => `${base}/frontchannel-logout?${new URLSearchParams({ iss, sid })}`,
    ],
    [
      "at the provider's own address, as Entra does",
      (base: string, _iss: string, sid: string) =>
        `${base}/providers/fake/frontchannel-logout?${new URLSearchParams({ sid })}`,
    ],
  ])("LO-10 a frame on the provider's page ends the session, without our cookie: %s", async (_how, address) => {
    const setting = await aSetting();
    const browser = await launch(path);
    closing.push(() => browser.close());
    const [here, elsewhere] = [await signedIn(browser, setting), await signedIn(browser, setting)];
    await here.page.goto(aPageOf(setting));
    const shown = await frame(here.page, address(setting.base, setting.provider.issuer, here.sid));
    expect(shown.url).toContain("/frontchannel-logout");
    expect(shown.text).toContain("signed out");
    expect(setting.framed).toEqual([null]);
    expect(await here.status()).toBe(401);
    expect(await elsewhere.status()).toBe(200);
  });

  test("LO-10 AT-53 no page but the provider's may show the answer", async () => {
    const setting = await aSetting();
    const browser = await launch(path);
    closing.push(() => browser.close());
    const { page, status } = await signedIn(browser, setting);
    const address = `${setting.base}/frontchannel-logout?${new URLSearchParams({ iss: setting.provider.issuer, sid: "nobody's" })}`;
    await page.goto(aPageOf(setting));
    expect((await frame(page, address)).text).toContain("signed out");
    await page.goto(await anotherSite());
    const refused = await frame(page, address);
    expect(refused.url).not.toContain("/frontchannel-logout");
    expect(refused.text).not.toContain("signed out");
    // An issuer that is nobody's may be framed by nobody, not even by the provider.
    await page.goto(aPageOf(setting));
    const unknown = `${setting.base}/frontchannel-logout?${new URLSearchParams({ iss: "https://nobody.example", sid: "x" })}`;
    expect((await frame(page, unknown)).url).not.toContain("/frontchannel-logout");
    expect(await status()).toBe(200);
  });
});
