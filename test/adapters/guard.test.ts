/** What an app around Latchkey stands on: which paths are ours, who may pass, and what everybody else is told (SU-15). */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createLatchkey } from "../../src/create-latchkey.js";
import { silentLog } from "../../src/kernel/log.js";
import { createWorld, type World } from "../../src/testing/world.js";

let world: World;
beforeEach(async () => {
  world = await createWorld({ config: { roles: { default: "pending" } } });
});
afterEach(() => world.close());

const page = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
const json = { accept: "application/json" };
const asked = (path: string, init: RequestInit = {}) =>
  world.latchkey.sessions.require(new Request(`${world.baseUrl}${path}`, init), { address: "127.0.0.1" });

/** The first to sign in on loopback is admin. */
async function cookieOf(person: string): Promise<string> {
  const browser = world.browser();
  await world.signIn(browser, person);
  return browser.cookies.header(world.baseUrl) ?? "";
}

describe("SU-15 who is not signed in", () => {
  test("opens a page: goes to the sign-in page, and comes back to where they were", async () => {
    const { refusal } = await asked("/reports/7?tab=a%20b&x=1", { headers: page });
    expect(refusal?.status).toBe(303);
    const to = new URL(refusal?.headers.get("location") ?? "");
    expect(to.origin + to.pathname).toBe(world.url("/sign-in"));
    expect(to.searchParams.get("return_to")).toBe("/reports/7?tab=a%20b&x=1");
    expect(refusal?.headers.get("cache-control")).toBe("no-store");

    const browser = world.browser();
    const signIn = await browser.get(to.href);
    const start = /href="([^"]*\/providers\/fake\/start[^"]*)"/.exec(signIn.text)?.[1]?.replaceAll("&amp;", "&") ?? "";
    const back = await browser.get(new URL(start, to).href, { stopBefore: (url) => url.includes("/reports/") });
    expect(back.location).toBe(`${world.baseUrl}/reports/7?tab=a%20b&x=1`);
  });

  test("AT-2 is sent back to our own origin only, whatever the request calls its host", async () => {
    const forged = new Request("https://evil.example//evil.example/x", { headers: { ...page, host: "evil.example" } });
    const { refusal } = await world.latchkey.sessions.require(forged);
    const to = new URL(refusal?.headers.get("location") ?? "");
    expect(to.origin).toBe(world.baseUrl);
    expect(to.searchParams.get("return_to")).toBe("/");
  });

  test.each([
    ["a program", { headers: json }],
    ["a script without an Accept of its own", { headers: { accept: "*/*" } }],
    ["a program that posts", { method: "POST", body: "{}", headers: json }],
  ])("%s gets problem details and a challenge", async (_who, init) => {
    const { refusal } = await asked("/data", init);
    expect(refusal?.status).toBe(401);
    expect(refusal?.headers.get("content-type")).toBe("application/problem+json");
    expect(refusal?.headers.get("www-authenticate")).toBe('Bearer realm="latchkey"');
    expect(await refusal?.json()).toMatchObject({ code: "session.missing", status: 401 });
  });

  test("sends a form: is told so on a page, since what was sent cannot be sent again", async () => {
    const { refusal } = await asked("/data", { method: "POST", body: "a=1", headers: page });
    expect(refusal?.status).toBe(401);
    expect(refusal?.headers.get("content-type")).toContain("text/html");
  });

  test("LO-4 brings a cookie of no session: it is taken away on the way to the sign-in page", async () => {
    const cookie = `latchkey=${"x".repeat(43)}`;
    const { refusal } = await asked("/", { headers: { ...page, cookie } });
    expect(refusal?.status).toBe(303);
    expect(refusal?.headers.getSetCookie().join()).toMatch(/latchkey=;.*Max-Age=0/);
  });
});

describe("SU-15 who is signed in", () => {
  test("passes, as the person they are now", async () => {
    const cookie = await cookieOf("ann-1");
    const { signedIn, refusal } = await asked("/", { headers: { ...page, cookie } });
    expect(refusal).toBeUndefined();
    expect(signedIn?.user).toMatchObject({ email: "ann@example.com", role: "admin" });
    expect(Object.keys(signedIn ?? {}).sort()).toEqual(["session", "user"]);
  });

  test("AC-20 and waits for approval does not pass: a page for browsers, 403 for programs", async () => {
    await cookieOf("ann-1");
    const cookie = await cookieOf("ben-2");
    const shown = await asked("/", { headers: { ...page, cookie } });
    expect(shown.refusal?.status).toBe(403);
    expect(await shown.refusal?.text()).toContain("ben@example.com");
    const told = await asked("/", { headers: { ...json, cookie } });
    expect(told.refusal?.status).toBe(403);
    expect(await told.refusal?.json()).toMatchObject({ code: "account.pending" });
  });

  test("SU-5 AT-53 changes nothing from another origin by a cookie, and everything with a Bearer value", async () => {
    const cookie = await cookieOf("ann-1");
    const change = (headers: Record<string, string>) => asked("/data", { method: "POST", headers });
    const foreign = await change({ ...json, cookie, origin: "https://evil.example" });
    expect(foreign.refusal?.status).toBe(403);
    expect(await foreign.refusal?.json()).toMatchObject({ code: "session.origin_refused" });
    expect((await change({ cookie })).refusal?.status).toBe(403);
    expect((await change({ cookie, origin: world.baseUrl })).signedIn).toBeDefined();
    const value = /latchkey=([\w-]{43})/.exec(cookie)?.[1];
    expect((await change({ authorization: `Bearer ${value}`, origin: "https://evil.example" })).signedIn).toBeDefined();
  });

  test("LO-4 when nobody can know, it is neither yes nor no", async () => {
    const cookie = await cookieOf("ann-1");
    await world.latchkey.close();
    const { refusal } = await asked("/", { headers: { ...json, cookie } });
    expect(refusal?.status).toBe(503);
  });
});

test("SU-15 SI-26 what belongs to us: below basePath, whole segments, and callbacks that were put elsewhere", async () => {
  const latchkey = await createLatchkey({
    ...world.config,
    providers: world.config.providers.map((one) => ({ ...one, redirectUri: `${world.baseUrl}/old/callback` })),
    ports: { log: silentLog },
  });
  const ours = ["/auth", "/auth/", "/auth/sign-in?return_to=/x", "/auth/nothing", "/old/callback?code=1"];
  const theirs = ["/", "/authors", "/x?/auth/", "/x/auth/", "/old/callback/more", "/old"];
  expect([...ours, ...theirs].filter((target) => latchkey.handles(target))).toEqual(ours);
  // Nothing of ours lies at the root of the origin yet: the app answers there.
  for (const path of ["/.well-known/oauth-authorization-server", "/.well-known/security.txt", "/auth/sign-in"])
    expect(await latchkey.wellKnown(new Request(world.baseUrl + path))).toBeUndefined();
  await latchkey.close();
});
