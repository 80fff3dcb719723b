/** AT-3, AT-4, AT-5 and AT-24: what can be said in a URL, a header or a form, said by somebody who means harm. */
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { seconds, systemClock } from "../../src/kernel/time.js";
import { type Serving, serve } from "../../src/server/serve.js";
import { createWorld, type World, type WorldOptions } from "../../src/testing/world.js";

let world: World;
let serving: Serving | undefined;
const start = async (options?: WorldOptions) => {
  world = await createWorld(options);
};
afterEach(async () => {
  await serving?.stop(seconds(0));
  serving = undefined;
  await world.close();
});

/** Sends bytes to a listening server and answers everything that comes back until it closes. */
function say(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), hostname, () => socket.write(bytes, "latin1"));
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      text += chunk;
    });
    // A server that has answered and closed may reset a connection on which more was written.
    socket.on("error", (error) => (text === "" ? reject(error) : resolve(text)));
    socket.on("close", () => resolve(text));
  });
}

const request = (line: string, headers: readonly string[] = ["Host: localhost:3000"]): string =>
  `${[line, ...headers, "Connection: close"].join("\r\n")}\r\n\r\n`;
const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

describe("AT-3 malformed URLs", () => {
  const malformed = [
    "/auth/%",
    "/auth/%zz",
    "/auth/%c3%28",
    "/auth/%ff",
    "/auth/sign-in%",
    "/auth/%E0%A4%A/x",
    "/%",
    "/auth/%u0041",
    "/auth/providers/%/start",
    "/auth/providers/%c0%af/callback?state=x&code=y",
    "/auth/providers/fake/%zz",
    "/auth/assets/%ed%a0%80",
    "/auth/api/sessions/%e2%28%a1",
  ];

  test("AT-3 are answered 400 by the app, to programs and to browsers, and nothing is thrown", async () => {
    await start();
    for (const path of malformed) {
      for (const accept of ["application/json", "text/html"]) {
        for (const method of ["GET", "POST"]) {
          const answer = await world.fetch(
            new Request(world.baseUrl + path, { method, headers: { Accept: accept, Origin: world.baseUrl } }),
          );
          expect([path, answer.status]).toEqual([path, 400]);
          expect(await answer.text()).not.toMatch(/URIError|at .*\.ts/);
        }
      }
    }
    expect(world.log.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("AT-3 neither a broken query nor an odd path hangs or throws", async () => {
    await start();
    const odd = [
      "/sign-in?%",
      "/sign-in?return_to=%",
      "/sign-in?return_to=%ff%fe",
      "/sign-in?=&=&&&",
      "/providers/fake/start?return_to=%zz",
      "/providers/fake/callback?%",
      "/providers/fake/callback?state=%ff&code=%00",
      "/providers/fake/callback?state",
      "/signed-out?state=%",
      "/providers//start",
      "/providers/%2f/start",
      "/providers/..%2f..%2f/start",
      "/providers/fake%00/start",
      "//",
      "/%2e%2e/%2e%2e/etc/passwd",
      "/providers/__proto__/start",
      "/providers/constructor/callback?state=x&code=y&repeat=1",
      `/providers/${"x".repeat(5_000)}/start`,
      `/sign-in?${"a=1&".repeat(3_000)}`,
      "/sign-in?error=__proto__",
      "/sign-in?error=toString&request=constructor",
      "/account?done=__proto__",
    ];
    for (const path of odd) {
      const answer = await world.request(path, { headers: { Accept: "text/html" } });
      expect(answer.status, path).toBeLessThan(500);
    }
    expect(world.log.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("AT-3 raw request lines over a socket get an answer of class 4xx, and the server lives", async () => {
    await start();
    serving = await serve({
      handler: (...args) => world.latchkey.fetch(...args),
      host: "127.0.0.1",
      port: 0,
      clock: systemClock,
      log: world.log,
    });
    const { url } = serving;
    const bad = [
      ...malformed.map((path) => request(`GET ${path} HTTP/1.1`)),
      request("GET http://[::1/auth/sign-in HTTP/1.1"),
      request("GET http://localhost:99999/auth/sign-in HTTP/1.1"),
      request("GET http:// HTTP/1.1"),
      request("GET /auth/\u0000 HTTP/1.1"),
      request("GET /auth/sign in HTTP/1.1"),
      request("GET  HTTP/1.1"),
      request("GET /auth/sign-in HTTP/9.9"),
      request("GET /auth/sign-in HTTP/1.1", []),
      request("GET /auth/sign-in HTTP/1.1", ["Host: a b"]),
      request("GET /auth/sign-in HTTP/1.1", ["Host: ["]),
      request("GET /auth/sign-in HTTP/1.1", ["Host: evil.example/x?"]),
      request("GET /auth/sign-in HTTP/1.1", ["Host: user@evil.example"]),
      request("GET /auth/sign-in HTTP/1.1", ["Host: localhost", "Bad Header: x"]),
      request("GET /auth/sign-in HTTP/1.1", ["Host: localhost", `Cookie: ${"a".repeat(40_000)}`]),
      request(`GET /auth/${"a".repeat(70_000)} HTTP/1.1`),
      request("POST /auth/sign-out HTTP/1.1", ["Host: localhost", "Content-Length: 5", "Content-Length: 6"]),
      request("POST /auth/sign-out HTTP/1.1", ["Host: localhost", "Transfer-Encoding: chunked", "Content-Length: 6"]),
      "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n",
      "rubbish\r\n\r\n",
    ];
    for (const bytes of bad) {
      const status = statusOf(await say(url, bytes));
      expect([bytes.slice(0, 80), status >= 400 && status < 500]).toEqual([bytes.slice(0, 80), true]);
    }
    // These are no error of the sender's, or none that HTTP has a status for: what counts is that an answer comes.
    for (const bytes of [
      request("OPTIONS * HTTP/1.1"),
      request("GET * HTTP/1.1"),
      request("GET //evil.example/x HTTP/1.1"),
      request("CONNECT evil.example:443 HTTP/1.1"),
    ]) {
      const answer = await say(url, bytes);
      expect(answer).not.toMatch(/^HTTP\/1\.1 [35]/);
      expect(answer).not.toMatch(/location:/i);
    }
    expect(statusOf(await say(url, request("GET /auth/sign-in HTTP/1.1")))).toBe(200);
    expect(world.log.lines.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("AT-4 the same parameter twice", () => {
  const codeOf = (location: string | null | undefined) =>
    new URL(location ?? "http://none/", world.baseUrl).searchParams.get("error");

  test.each(["code", "state", "iss", "error", "error_description", "session_state", "anything"])(
    "AT-4 SI-9.1 %s twice in a callback: refused before anything leaves",
    async (name) => {
      await start();
      const browser = world.browser();
      const callback = new URL(await world.approve(browser, "ann-1"));
      const first = callback.searchParams.get(name) ?? "x";
      if (!callback.searchParams.has(name)) callback.searchParams.append(name, first);
      // Also with the very same value: what is said twice is not said once.
      callback.searchParams.append(name, name === "code" ? "code-of-the-attacker" : first);
      const landed = await browser.get(callback.href, { from: world.provider.issuer, follow: false });
      expect([landed.status, codeOf(landed.location)]).toEqual([303, "signin.parameter_repeated"]);
      expect(world.provider.requestsTo("token")).toHaveLength(0);
      expect((await world.session(browser)).status).toBe(401);
    },
  );

  test("AT-4 SI-9.1 a name in two spellings is one name", async () => {
    await start();
    const browser = world.browser();
    const callback = await world.approve(browser, "ann-1");
    for (const twin of ["c%6fde=other", "%63%6F%64%65=other", "st%61te=other", "iss=https%3A%2F%2Fevil.example"]) {
      const landed = await browser.get(`${callback}&${twin}`, { from: world.provider.issuer, follow: false });
      expect(codeOf(landed.location)).toMatch(/^signin\.(parameter_repeated|state_unknown)$/);
    }
    expect(world.provider.requestsTo("token")).toHaveLength(0);
  });

  test("AT-4 SI-9.1 parameters come from the query of a GET or the body of a POST, never from both", async () => {
    await start({ providerConfig: { responseMode: "form_post" } });
    const browser = world.browser();
    const started = await browser.get(world.url("/providers/fake/start"), { follow: false });
    const page = await browser.get(started.location ?? "", { follow: false });
    const [form] = page.forms;
    const { action = "", fields = {} } = form ?? {};
    const evil = { from: world.provider.issuer, follow: false } as const;
    const query = new URLSearchParams(fields).toString();

    const both = await browser.post(`${action}?code=code-of-the-attacker`, fields, evil);
    expect(codeOf(both.location)).toBe("signin.parameter_repeated");
    const twice = await browser.post(action, new URLSearchParams(`${query}&code=code-of-the-attacker`), evil);
    expect(codeOf(twice.location)).toBe("signin.parameter_repeated");
    const other = await browser.post(action, new URLSearchParams(`${query}&x=1&x=2`), evil);
    expect(codeOf(other.location)).toBe("signin.parameter_repeated");
    expect(world.provider.requestsTo("token")).toHaveLength(0);

    // The body of a GET is nobody's business, and what the POST passes on is the body, once.
    const honest = await browser.post(action, fields, evil);
    expect(honest.status).toBe(303);
    const onwards = new URL(honest.location ?? "").searchParams;
    expect([...onwards.keys()].sort()).toEqual(["code", "iss", "state"]);
    expect(onwards.get("code")).toBe(fields["code"]);
    expect((await browser.follow(honest, { from: world.provider.issuer, follow: false })).location).toBe(
      `${world.baseUrl}/`,
    );
  });

  test("AT-4 return_to twice at the start is none", async () => {
    await start();
    const browser = world.browser();
    const started = await browser.get(`${world.url("/providers/fake/start")}?return_to=/a&return_to=/b`, {
      follow: false,
    });
    const answered = await browser.follow(started, { follow: false });
    const landed = await browser.follow(answered, { follow: false });
    expect(landed.location).toBe(`${world.baseUrl}/`);
  });
});

describe("AT-5 the request's own idea of where it went", () => {
  const lies: readonly Readonly<Record<string, string>>[] = [
    {},
    { Host: "evil.example" },
    { "X-Forwarded-Host": "evil.example" },
    { "X-Forwarded-Proto": "https" },
    {
      "X-Forwarded-Host": "evil.example",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Port": "8443",
      "X-Forwarded-Prefix": "/evil",
    },
    { Forwarded: "for=1.2.3.4;host=evil.example;proto=https" },
    {
      "X-Original-URL": "https://evil.example/auth/sign-in",
      "X-Rewrite-URL": "https://evil.example/",
      "X-Forwarded-Server": "evil.example",
    },
    { "X-Host": "evil.example", "X-Forwarded-Scheme": "https", "X-Url-Scheme": "https", "Front-End-Https": "on" },
  ];

  /** Everything that a browser could be led by, with what is random in it taken out. */
  async function seenBy(arrivedAt: string, headers: Readonly<Record<string, string>>, address: string) {
    const ask = (path: string, init: RequestInit = {}) =>
      world.latchkey.fetch(
        new Request(`${arrivedAt}/auth${path}`, {
          ...init,
          headers: { Accept: "text/html", ...headers, ...(init.headers as Record<string, string>) },
        }),
        { address },
      );
    const started = await ask("/providers/fake/start?return_to=/x");
    const authorization = new URL(started.headers.get("Location") ?? "");
    for (const name of ["state", "nonce", "code_challenge"]) authorization.searchParams.set(name, "-");
    const failed = await ask("/providers/fake/callback?state=x&error=y&repeat=1");
    const out = await ask("/sign-out", { method: "POST", headers: { Origin: world.baseUrl } });
    const foreign = await ask("/sign-out", { method: "POST", headers: { Origin: arrivedAt } });
    const sanitised = (text: string | null) =>
      text?.replace(/request=[0-9a-f-]+/, "request=-").replace(/flow-[\w-]{8}=[^;]*/g, "flow=-");
    return {
      authorization: authorization.href,
      cookies: started.headers.getSetCookie().map(sanitised),
      failed: sanitised(failed.headers.get("Location")),
      out: out.headers.get("Location"),
      outCookies: out.headers.getSetCookie(),
      foreign: arrivedAt === world.baseUrl ? 403 : foreign.status,
      account: (await ask("/account")).headers.get("Location"),
      page: (await (await ask("/sign-in")).text()).match(/(?:href|action)="[^"]*"/g),
      providers: await (await ask("/api/providers")).text(),
      api: (JSON.parse(await (await ask("/openapi.json")).text()) as { servers: unknown }).servers,
    };
  }

  test.each([
    ["an untrusted peer", "203.0.113.9"],
    ["a trusted proxy", "10.0.0.1"],
  ])("AT-5 SI-5 changes no redirect URI, Location, link or cookie, from %s", async (_who, address) => {
    await start({ config: { server: { trustedProxies: ["10.0.0.1"] } } });
    const honest = await seenBy(world.baseUrl, {}, address);
    expect(new URL(honest.authorization).searchParams.get("redirect_uri")).toBe(
      "http://localhost:3000/auth/providers/fake/callback",
    );
    for (const headers of lies) {
      expect(await seenBy(world.baseUrl, headers, address)).toEqual(honest);
      for (const arrivedAt of [
        "http://evil.example",
        "https://evil.example",
        "https://localhost:3000",
        "http://localhost.evil.example:3000",
      ]) {
        expect(await seenBy(arrivedAt, headers, address)).toEqual({ ...honest, foreign: 403 });
      }
    }
    expect(JSON.stringify(honest)).not.toContain("evil");
  });

  test("AT-5 SI-5 an https installation keeps its cookies' prefix and Secure when the request came by plain http", async () => {
    await start({ config: { baseUrl: "https://app.example", server: { trustedProxies: ["10.0.0.1"] } } });
    for (const proto of ["http", "https", "evil"]) {
      const answer = await world.latchkey.fetch(
        new Request("http://evil.example/auth/providers/fake/start", {
          headers: { "X-Forwarded-Proto": proto, Forwarded: `proto=${proto}` },
        }),
        { address: "10.0.0.1" },
      );
      for (const cookie of answer.headers.getSetCookie()) expect(cookie).toMatch(/^__Host-latchkey-flow-.*; Secure/);
      const { searchParams } = new URL(answer.headers.get("Location") ?? "");
      expect(searchParams.get("redirect_uri")).toBe("https://app.example/auth/providers/fake/callback");
    }
  });

  test("AT-5 SI-5 over a real socket with a forged Host, what the provider hears is ours, at every step", async () => {
    await start({ providerConfig: { par: "always" } });
    serving = await serve({
      handler: (...args) => world.latchkey.fetch(...args),
      host: "127.0.0.1",
      port: 0,
      clock: systemClock,
      log: world.log,
    });
    const forged = [
      "Host: evil.example",
      "X-Forwarded-Host: evil.example",
      "X-Forwarded-Proto: https",
      "Forwarded: host=evil.example;proto=https",
    ];
    const started = await say(serving.url, request("GET /auth/providers/fake/start HTTP/1.1", forged));
    const location = /^location: (.*)\r$/im.exec(started)?.[1] ?? "";
    const cookie = /^set-cookie: ([^;]*)/im.exec(started)?.[1] ?? "";
    const answered = await world.fetch(new Request(location));
    const callback = new URL(answered.headers.get("Location") ?? "");
    expect(callback.origin).toBe(world.baseUrl);
    const landed = await say(
      serving.url,
      request(`GET ${callback.pathname}${callback.search} HTTP/1.1`, [...forged, `Cookie: ${cookie}`]),
    );
    expect(landed).toMatch(/^HTTP\/1\.1 303/);
    expect(/^location: (.*)\r$/im.exec(landed)?.[1]).toBe("/");
    expect(landed).not.toContain("evil.example");
    const [pushed] = world.provider.requestsTo("par");
    const [exchanged] = world.provider.requestsTo("token");
    const ours = "http://localhost:3000/auth/providers/fake/callback";
    expect([pushed?.form.get("redirect_uri"), exchanged?.form.get("redirect_uri")]).toEqual([ours, ours]);
    // An absolute request line is another way to name a host.
    const absolute = await say(
      serving.url,
      request("GET http://evil.example/auth/account HTTP/1.1", ["Host: evil.example", "Accept: text/html"]),
    );
    expect(/^location: (.*)\r$/im.exec(absolute)?.[1]).toBe(
      "http://localhost:3000/auth/sign-in?return_to=%2Fauth%2Faccount",
    );
  });
});

describe("AT-24 the provider's words", () => {
  const phishing = "Your account is locked. Call +1 555 0100 or visit https://evil.example/unlock to restore it.";
  const texts = [
    "<script>alert(document.domain)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "javascript:alert(1)",
    "x".repeat(4_000),
    "y".repeat(10_240),
    phishing,
    "\r\nSet-Cookie: latchkey=evil\r\n\r\n<h1>evil</h1>",
    "${7*7}{{7*7}}",
    "\u202eelpmaxe.live",
    "&lt;script&gt;",
    "</title><script>alert(1)</script>",
  ];

  /** Follows to the page that the person sees, and answers everything sent on the way. */
  async function everything(
    browser: ReturnType<World["browser"]>,
    url: string,
  ): Promise<{ seen: string; shown: string }> {
    const page = await browser.get(url, { from: world.provider.issuer });
    const repeated = page.forms[0] && page.url.includes("/callback") ? await browser.submit(page) : page;
    const hops = [...page.hops, ...repeated.hops].map(
      ({ headers }) => `${headers.get("Location")} ${headers.getSetCookie().join()}`,
    );
    return { seen: [...hops, repeated.url, repeated.text].join("\n"), shown: repeated.text };
  }

  test.each(["with a valid state", "without a valid state"])(
    "AT-24 SI-13 never stand on a page of ours or in a Location, %s",
    async (how) => {
      await start();
      for (const text of texts) {
        for (const parameters of [
          { error: "access_denied", error_description: text, error_uri: text },
          { error: text },
          { error: text.slice(0, 200), error_description: text },
        ]) {
          const browser = world.browser();
          let state = "unknown";
          if (how === "with a valid state") {
            const started = await browser.get(world.url("/providers/fake/start"), { follow: false });
            state = new URL(started.location ?? "").searchParams.get("state") ?? "";
          }
          const query = new URLSearchParams({ ...parameters, state, iss: world.provider.issuer });
          const { seen, shown } = await everything(browser, `${world.url("/providers/fake/callback")}?${query}`);
          for (const part of [
            text,
            encodeURIComponent(text),
            text.slice(0, 60),
            "evil.example",
            "555 0100",
            "alert(1)",
            "xxxxxxxx",
            "yyyyyyyy",
          ]) {
            expect(seen.includes(part), `${JSON.stringify(text.slice(0, 40))} was shown as ${part.slice(0, 40)}`).toBe(
              false,
            );
          }
          expect(shown).toContain("Try again");
        }
      }
      expect(world.log.lines.filter(({ level }) => level === "error")).toEqual([]);
    },
  );

  test("AT-24 SI-13 a link to our sign-in page with somebody's words says nothing of them", async () => {
    await start();
    for (const text of texts) {
      const query = new URLSearchParams({
        error: text,
        request: text,
        error_description: text,
        message: text,
        done: text,
      });
      const html = await (await world.request(`/sign-in?${query}`, { headers: { Accept: "text/html" } })).text();
      expect(html.includes(text.slice(0, 60))).toBe(false);
      expect(html).not.toContain('role="alert"');
    }
    // The repeat page does carry `error`, as a hidden field: escaped, and nowhere else.
    const answer = await world.request(
      `/providers/fake/callback?${new URLSearchParams({ state: "x", error: texts[1] ?? "", error_description: phishing })}`,
      { headers: { Accept: "text/html" } },
    );
    const html = await answer.text();
    expect(html).not.toContain("<img src=x");
    expect(html).not.toContain("evil.example");
    expect(html.replace(/<input[^>]*>/g, "")).not.toContain("alert(1)");
  });

  test("AT-24 SI-13 a program is told the code alone", async () => {
    await start();
    const browser = world.browser();
    const started = await browser.get(world.url("/providers/fake/start"), { follow: false });
    const state = new URL(started.location ?? "").searchParams.get("state") ?? "";
    const query = new URLSearchParams({
      error: "access_denied",
      error_description: phishing,
      state,
      iss: world.provider.issuer,
    });
    const answer = await browser.get(`${world.url("/providers/fake/callback")}?${query}`, {
      headers: { Accept: "application/json" },
    });
    expect([answer.status, (answer.json() as { code: string }).code]).toEqual([403, "signin.denied"]);
    expect(answer.text).not.toContain("555");
    // Operators can read it: in the log, bounded.
    expect(world.log.text()).toContain("555 0100");
  });
});
