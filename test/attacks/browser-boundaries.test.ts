/** AT-45, AT-50, AT-52, AT-53: what other sites, odd requests and extra fields can do to somebody who is signed in. */
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentLog } from "../../src/kernel/log.js";
import { milliseconds, systemClock } from "../../src/kernel/time.js";
import { type Serving, serve } from "../../src/server/serve.js";
import type { Browser } from "../../src/testing/browser.js";
import { createWorld, type World } from "../../src/testing/world.js";

let world: World;
let serving: Serving;
let ann: Browser;
let cookie: string;
let ben: Browser;

beforeAll(async () => {
  world = await createWorld({ config: { roles: { default: "user" } } });
  serving = await serve({
    handler: world.latchkey.fetch,
    host: "127.0.0.1",
    port: 0,
    clock: systemClock,
    log: silentLog,
  });
  ann = world.browser();
  await world.signIn(ann, "ann-1");
  cookie = ann.cookies.header(world.url("/session")) ?? "";
  ben = world.browser();
  await world.signIn(ben, "ben-2");
});
afterAll(async () => {
  await serving.stop(milliseconds(500));
  await world.close();
});

const signedIn = async (browser: Browser) => (await world.session(browser)).status === 200;
const value = () => /latchkey=([\w-]{43})/.exec(cookie)?.[1] ?? "";
const idOf = async (browser: Browser) => (await world.session(browser)).body.session?.id ?? "";

/**
 * Every route that changes something, with a session of the person who is attacked in it. Two kinds of POST are outside
 * the Origin check (SU-5) and are not in the list, as they read no cookie: the callback, which changes nothing, and
 * `/backchannel-logout` with `/providers/{p}/backchannel-logout`, which do what a signed token says. So are the routes of
 * services, which do what a service with a secret of its own asks for.
 */
const changing = (id: string): [method: string, path: string][] => [
  ["POST", `/account/connections/${id}/connect`],
  ["POST", `/account/connections/${id}/disconnect`],
  ["DELETE", `/api/connections/${id}`],
  ["POST", "/sign-out"],
  ["POST", "/account/sessions/end-others"],
  ["POST", "/account/sessions/end-all"],
  ["POST", `/account/sessions/${id}/end`],
  ["DELETE", `/api/sessions/${id}`],
  ["POST", `/account/identities/${id}/link`],
  ["POST", `/account/identities/${id}/unlink`],
  ["POST", `/api/identities/${id}/link`],
  ["DELETE", `/api/identities/${id}`],
  ["POST", `/admin/users/${id}/role`],
  ["POST", `/admin/users/${id}/disable`],
  ["POST", `/admin/users/${id}/enable`],
  ["POST", `/admin/users/${id}/sign-out`],
  ["POST", `/admin/users/${id}/sessions/${id}/end`],
  ["POST", "/admin/claims"],
  ["POST", "/admin/webhooks/retry-all"],
  ["POST", `/admin/webhooks/${id}/retry`],
  ["POST", "/admin/tool-servers/look"],
  ["POST", "/admin/tool-servers/change"],
  ["POST", "/admin/tool-servers/add"],
  ["POST", `/admin/tool-servers/${id}/test`],
  ["POST", `/admin/tool-servers/${id}/remove`],
];

const foreign: [what: string, headers: Record<string, string>][] = [
  ["another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
  ["a sibling host", { origin: "http://evil.localhost:3000", "sec-fetch-site": "same-site" }],
  ["another port", { origin: "http://localhost:3001", "sec-fetch-site": "same-site" }],
  ["another scheme", { origin: "https://localhost:3000", "sec-fetch-site": "same-site" }],
  ["our origin with more behind it", { origin: "http://localhost:3000.evil.example" }],
  ["Origin null from a sandboxed frame", { origin: "null", "sec-fetch-site": "cross-site" }],
  ["Origin null and nothing else", { origin: "null" }],
  ["no Origin and a cross-site fetch", { "sec-fetch-site": "cross-site" }],
  ["no Origin and no Fetch Metadata", {}],
  [
    "a lying Fetch Metadata beside a foreign Origin",
    { origin: "https://evil.example", "sec-fetch-site": "same-origin" },
  ],
];

describe("AT-53 SU-5 a request from elsewhere that carries the victim's cookie", () => {
  test("the list above is every changing route there is", async () => {
    const described = (await (await world.request("/openapi.json")).json()) as { paths: Record<string, object> };
    const api = Object.entries(described.paths).flatMap(([path, methods]) =>
      Object.keys(methods)
        .filter((method) => !["get", "head"].includes(method))
        .map((method) => `${method.toUpperCase()} ${path.replace("/auth", "")}`),
    );
    // Forms are not in the API's description, so the list of routes is read for them. Whoever adds one adds it above.
    const routes = await readFile(new URL("../../src/server/app.ts", import.meta.url), "utf8");
    const forms = [...routes.matchAll(/\bapp\s*\.(post|put|patch|delete|all|on)\(\s*"([^"]+)"/g)]
      .map(([, method = "", path = ""]) => `${method.toUpperCase()} ${path.replace(/:\w+/g, "x")}`)
      // The exceptions: they read no cookie (SU-5). The tests below and those of services show it.
      .filter((route) => !/^POST (\/providers\/x)?\/(callback|backchannel-logout)$/.test(route))
      .filter((route) => !/^POST \/(revoke|introspect|token)$/.test(route));
    expect([...forms, ...api.map((route) => route.replace(/\{\w+\}/g, "x"))].sort()).toEqual(
      changing("x")
        .map(([method, path]) => `${method} ${path}`)
        .sort(),
    );
  });

  test.each(foreign)("%s: every changing route answers 403 and nothing changes", async (_what, headers) => {
    const before = await idOf(ann);
    for (const [method, path] of changing(before)) {
      const answer = await world.request(path, {
        method,
        headers: { cookie, "content-type": "application/x-www-form-urlencoded", ...headers },
      });
      expect(`${path} ${answer.status}`).toBe(`${path} 403`);
    }
    expect(await idOf(ann)).toBe(before);
  });

  test("the same requests from our own page work, so it is the origin that is refused", async () => {
    const browser = world.browser();
    await world.signIn(browser, "cleo-3");
    const own = { cookie: browser.cookies.header(world.url("/session")) ?? "", origin: "http://localhost:3000" };
    const answer = await world.request(`/api/sessions/${await idOf(browser)}`, { method: "DELETE", headers: own });
    expect(answer.status).toBe(204);
    expect(await signedIn(browser)).toBe(false);
  });

  test("SU-5 LO-7 a logout request without a token ends nothing, whatever cookie it carries", async () => {
    for (const path of ["/backchannel-logout", "/providers/fake/backchannel-logout"]) {
      for (const headers of [
        { cookie },
        { cookie, origin: "https://evil.example" },
        { authorization: `Bearer ${value()}` },
      ]) {
        const answer = await world.request(path, { method: "POST", headers });
        expect([answer.status, answer.headers.getSetCookie()]).toEqual([400, []]);
      }
    }
    expect(await signedIn(ann)).toBe(true);
  });

  test("a GET ends nothing: a picture on another site cannot sign anybody out", async () => {
    for (const [, path] of changing(await idOf(ann))) await world.request(path, { headers: { cookie } });
    expect(await signedIn(ann)).toBe(true);
  });

  test("SU-4 no page or answer about a person may be framed, cached or shared", async () => {
    for (const path of ["/account", "/session", "/api/sessions", "/api/identities", "/sign-in", "/signed-out"]) {
      const { headers } = await world.request(path, {
        headers: { cookie, accept: path === "/account" ? "text/html" : "*/*" },
      });
      expect(`${path} ${headers.get("cache-control")}`).toBe(`${path} no-store`);
      expect(headers.get("vary")).toMatch(/Cookie.*Authorization/i);
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
  });
});

describe("AT-52 fields that claim to be somebody else", () => {
  test("userId, role and session in a body or query make nobody trusted", async () => {
    const [annId, benSession] = [(await world.session(ann)).body.user?.id ?? "", await idOf(ben)];
    const lies = new URLSearchParams({
      userId: annId,
      user_id: annId,
      sub: "ann-1",
      role: "admin",
      session: benSession,
      email: "ann@example.com",
    });
    const benCookie = ben.cookies.header(world.url("/session")) ?? "";
    const asBen = {
      cookie: benCookie,
      origin: "http://localhost:3000",
      "content-type": "application/x-www-form-urlencoded",
    };
    await world.request("/account/sessions/end-others", { method: "POST", headers: asBen, body: lies.toString() });
    expect(await signedIn(ann)).toBe(true);
    const asked = await world.request(`/session?${lies}`, { headers: { cookie: benCookie } });
    expect(await asked.json()).toMatchObject({ user: { email: "ben@example.com", role: "user" } });
    const strangers = await world.request(`/session?${lies}`, {
      headers: { "x-auth-user": annId, "x-user-id": annId },
    });
    expect(strangers.status).toBe(401);
  });

  test("AT-45 somebody else's session cannot be ended by knowing its id", async () => {
    const own = { cookie: ben.cookies.header(world.url("/session")) ?? "", origin: "http://localhost:3000" };
    for (const id of [await idOf(ann), "01a20b90-0000-7000-8000-000000000000", "x", "..", "%00", "1 or 1=1"]) {
      const answer = await world.request(`/api/sessions/${encodeURIComponent(id)}`, { method: "DELETE", headers: own });
      expect([400, 404]).toContain(answer.status);
    }
    expect(await signedIn(ann)).toBe(true);
  });
});

describe("AT-45 LO-5 a sign-out", () => {
  test("makes the cookie's value worthless, also as Bearer, and clears it", async () => {
    const browser = world.browser();
    await world.signIn(browser, "cleo-3");
    const value = /latchkey=([\w-]{43})/.exec(browser.cookies.header(world.url("/session")) ?? "")?.[1] ?? "";
    const bearer = () => world.request("/session", { headers: { authorization: `Bearer ${value}` } });
    expect((await bearer()).status).toBe(200);
    await browser.get(world.url("/account"));
    await browser.post(world.url("/sign-out"), {}, { follow: false });
    expect(browser.cookies.header(world.url("/session")) ?? "").not.toContain(value);
    const after = await bearer();
    expect(after.status).toBe(401);
    expect(after.headers.get("www-authenticate")).toContain('error="invalid_token"');
  });
});

/** A request as bytes, the answer's status line back. */
function raw(lines: string): Promise<string> {
  const { hostname, port } = new URL(serving.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = "";
    socket.on("data", (data) => {
      text += data.toString("latin1");
    });
    socket.on("close", () => resolve(text.split("\r\n")[0] ?? ""));
    socket.on("error", reject);
    socket.end(lines, "latin1");
  });
}

describe("AT-50 LO-4 malformed credentials", () => {
  const odd: [what: string, header: string][] = [
    ["a truncated cookie", "Cookie: latchkey=abc"],
    ["an empty cookie", "Cookie: latchkey="],
    ["a cookie without a value", "Cookie: latchkey"],
    ["separators alone", "Cookie: ;;;===;;,"],
    ["a percent that decodes to nothing", "Cookie: latchkey=%E0%A4%A"],
    ["bytes above ASCII", "Cookie: latchkey=\u00ff\u00fe\u00e9"],
    ["two session cookies", `Cookie: latchkey=${"a".repeat(43)}; latchkey=${"b".repeat(43)}`],
    ["two Cookie headers", `Cookie: latchkey=${"a".repeat(43)}\r\nCookie: latchkey=${"b".repeat(43)}`],
    ["14 KB of cookie", `Cookie: latchkey=${"a".repeat(14_000)}`],
    ["64 KB of cookie", `Cookie: latchkey=${"a".repeat(64_000)}`],
    ["a thousand cookies", `Cookie: ${Array.from({ length: 1_000 }, (_, i) => `c${i}=1`).join("; ")}; latchkey=x`],
    ["a prototype's name", "Cookie: __proto__=1; constructor=2; latchkey=x"],
    ["an empty Bearer", "Authorization: Bearer"],
    ["Bearer and nothing", "Authorization: Bearer   "],
    ["Bearer with binary", "Authorization: Bearer \u00ff\u0001"],
    ["two Authorization headers", `Authorization: Bearer ${"a".repeat(43)}\r\nAuthorization: Bearer ${"b".repeat(43)}`],
    ["a broken Basic", "Authorization: Basic !!!"],
    ["a scheme with no name", "Authorization: : x"],
    ["20 KB of Authorization", `Authorization: Bearer ${"a".repeat(20_000)}`],
  ];

  test.each(odd)("%s: 401, 400 or 431, no identity, and the process lives", async (_what, header) => {
    const status = await raw(
      `GET /auth/session HTTP/1.1\r\nHost: localhost:3000\r\nConnection: close\r\n${header}\r\n\r\n`,
    );
    expect(status).toMatch(/^HTTP\/1\.1 (401|400|431) /);
    expect(await signedIn(ann)).toBe(true);
  });

  test("an unknown session cookie is taken from the browser", async () => {
    const answer = await world.request("/session", { headers: { cookie: `latchkey=${"a".repeat(43)}` } });
    expect(answer.status).toBe(401);
    expect(answer.headers.getSetCookie().join()).toMatch(/latchkey=;.*Max-Age=0/);
    expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="latchkey"');
  });

  test("a cookie and a Bearer value that differ are 401, although each alone is somebody", async () => {
    const value = (browser: Browser) =>
      /latchkey=([\w-]{43})/.exec(browser.cookies.header(world.url("/session")) ?? "")?.[1] ?? "";
    const both = (bearer: string) =>
      world.request("/session", { headers: { cookie, authorization: `Bearer ${bearer}` } });
    expect((await both(value(ann))).status).toBe(200);
    expect((await both(value(ben))).status).toBe(401);
  });
});

test.each(["https://evil.example;sandbox/out", "https://a,sandbox/out", "https://*/out", "https://*.example/out"])(
  "AT-53 SU-5 a provider cannot write into the policy of our pages by the name of its end-session host (%s)",
  async (endpoint) => {
    const rogue = await createWorld();
    try {
      rogue.provider.tweaks.metadata = (metadata) => ({ ...metadata, end_session_endpoint: endpoint });
      const victim = rogue.browser();
      const page = await rogue.signIn(victim, "ann-1");
      expect(page.status).toBe(200);
      expect(page.headers.get("content-security-policy")).toMatch(/; form-action 'self'; frame-ancestors 'none'; /);
      // Whatever is published there, the person gets out.
      const form = page.forms.findIndex(({ action }) => action.endsWith("/sign-out"));
      expect((await victim.submit(page, {}, { form })).url).toBe(rogue.url("/signed-out"));
      expect((await rogue.session(victim)).status).toBe(401);
    } finally {
      await rogue.close();
    }
  },
);
