/** AT-21 to AT-23: cookies that are too many, that somebody else set, or that were there before. */
import { afterEach, describe, expect, test } from "vitest";
import { readCookies } from "../../src/kernel/cookies.js";
import { createWorld, type World, type WorldOptions } from "../../src/testing/world.js";

let world: World;
const start = async (options?: WorldOptions) => {
  world = await createWorld(options);
};
afterEach(() => world.close());

/** Bytes of an answer's headers, as a proxy has to hold them. */
const headerBytes = (headers: Headers): number =>
  [...headers].reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
const flowsOf = (browser: ReturnType<World["browser"]>) =>
  browser.cookies.all().filter(({ name }) => name.includes("latchkey-flow-"));

describe("AT-21 a flood of flow cookies", () => {
  test.each(["http://localhost:3000", "https://app.example"])(
    "AT-21 SI-8 forty starts leave five flows under 5 KB, and the last five all finish (%s)",
    async (baseUrl) => {
      await start({ config: { baseUrl, signIn: { signUp: true, bootstrapAdmins: ["ann@example.com"] } } });
      const browser = world.browser();
      const returnTo = `/${"x".repeat(1_020)}`;
      const callbacks: string[] = [];
      for (let tab = 0; tab < 40; tab++) {
        callbacks.push(await world.approve(browser, "ann-1", { returnTo: tab % 2 ? returnTo : `/tab-${tab}` }));
        expect(browser.cookies.header(world.url("/"))?.length ?? 0).toBeLessThan(5_000);
        expect(flowsOf(browser).length).toBeLessThanOrEqual(5);
      }
      for (const callback of callbacks.slice(-flowsOf(browser).length)) {
        const landed = await browser.get(callback, { from: world.provider.issuer, follow: false });
        expect(landed.location).toMatch(/\/(?:x{1020}|tab-\d+)$/);
      }
      expect((await world.session(browser)).status).toBe(200);
      expect(flowsOf(browser)).toEqual([]);
    },
  );

  test("AT-21 SI-8 hundreds of planted cookies of that name neither stop a sign-in nor swell the answer", async () => {
    await start();
    const browser = world.browser();
    // As much as a browser's jar and a server's header limit allow.
    for (let index = 0; index < 170; index++) {
      const value = ["x", "", "e30..AA.AA.AA", '"quoted"'][index % 4] ?? "";
      browser.cookies.set(world.baseUrl, `latchkey-flow-${String(index).padStart(8, "A")}=${value}; Path=/`);
    }
    const landed = await world.signIn(browser, "ann-1");
    expect(landed.status).toBe(200);
    expect((await world.session(browser)).status).toBe(200);
    // Each start sweeps a part of them away, and its answer stays small enough for a proxy's buffer.
    let before = flowsOf(browser).length;
    expect(before).toBeLessThan(170);
    for (let round = 0; round < 20 && before > 5; round++) {
      const started = await browser.get(world.url("/providers/fake/start"), { follow: false });
      expect(headerBytes(started.headers)).toBeLessThan(4_096 + 512);
      const now = flowsOf(browser).length;
      expect(now).toBeLessThan(before);
      before = now;
    }
    expect(before).toBeLessThanOrEqual(5);
  });

  test("AT-21 SI-8 what cannot be swept away, since it was set for a path or a domain, does not grow the answer either", async () => {
    await start();
    const browser = world.browser();
    for (let index = 0; index < 170; index++) {
      browser.cookies.set(
        world.url("/providers/x"),
        `latchkey-flow-${String(index).padStart(8, "B")}=x; Path=/auth/providers`,
      );
    }
    for (let round = 0; round < 3; round++) {
      const started = await browser.get(world.url("/providers/fake/start"), { follow: false });
      expect(headerBytes(started.headers)).toBeLessThan(4_096 + 512);
    }
    expect((await world.signIn(browser, "ann-1")).status).toBe(200);
  });
});

describe("AT-22 shadowing cookies", () => {
  const valueOf = (browser: ReturnType<World["browser"]>) =>
    browser.cookies.all().find(({ name }) => /^(__Host-)?latchkey$/.test(name))?.value ?? "";

  test("AT-22 LO-1 on https the cookie has a prefix that siblings and plain http cannot set, and no other name is read", async () => {
    await start({
      config: { baseUrl: "https://app.example.com", signIn: { signUp: true, bootstrapAdmins: ["ann@example.com"] } },
    });
    const [victim, attacker] = [world.browser(), world.browser()];
    await world.signIn(victim, "ann-1");
    await world.signIn(attacker, "ben-2");
    const evil = valueOf(attacker);
    const shadows = [
      ["https://evil.example.com/", `__Host-latchkey=${evil}; Domain=example.com; Secure; Path=/`],
      ["https://evil.example.com/", `__Host-latchkey=${evil}; Domain=app.example.com; Secure; Path=/`],
      ["http://app.example.com/", `__Host-latchkey=${evil}; Path=/`],
      ["http://app.example.com/", `__Host-latchkey=${evil}; Secure; Path=/`],
      ["https://app.example.com/auth/x", `__Host-latchkey=${evil}; Secure; Path=/auth`],
      ["https://evil.example.com/", `__host-latchkey=${evil}; Domain=example.com; Secure; Path=/`],
    ] as const;
    for (const [url, cookie] of shadows) expect(victim.cookies.set(url, cookie)).toBe(false);
    for (const name of ["latchkey", "Latchkey", "__Secure-latchkey", "__Host-latchkey2", "Host-latchkey"]) {
      victim.cookies.set("https://evil.example.com/", `${name}=${evil}; Domain=example.com; Secure; Path=/`);
    }
    expect((await world.session(victim)).body.user?.email).toBe("ann@example.com");
    // An older browser sends the lower-case prefix all the same: another name to us.
    const answer = await world.request("/session", {
      headers: { Cookie: `__host-latchkey=${evil}; latchkey=${evil}` },
    });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([401, "session.missing"]);
  });

  // Browsers take each of these for a name without a prefix; a server that trims more than RFC 6265bis does not.
  test.each(["\u00a0", "\u0085", "\u000b", "\u000c", "\u001c", "\ufeff", "\u2000", "\u2028", "\u3000"])(
    "AT-22 LO-1 SI-8 a name that becomes ours once odd white space is trimmed off is another name (%j)",
    async (space) => {
      await start({
        config: { baseUrl: "https://app.example.com", signIn: { signUp: true, bootstrapAdmins: ["ann@example.com"] } },
      });
      const attacker = world.browser();
      const callback = await world.approve(attacker, "ann-1");
      const flow = flowsOf(attacker)[0];
      await attacker.get(callback, { from: world.provider.issuer });
      // What such a header looks like to a server that reads bytes as Latin-1, as Node does, or as UTF-8.
      const header = (name: string, value = "") => new Map([["cookie", `a=b; ${space}${name}${space}=${value}; c=d`]]);
      const asRequest = (name: string, value = "") => {
        const request = new Request(world.url("/session"));
        const { get } = request.headers;
        request.headers.get = (asked) => header(name, value).get(asked) ?? get.call(request.headers, asked);
        return request;
      };
      const answer = await world.fetch(asRequest("__Host-latchkey", valueOf(attacker)));
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([401, "session.missing"]);
      expect(readCookies(header(flow?.name ?? "", flow?.value).get("cookie")).map(({ name }) => name)).not.toContain(
        flow?.name,
      );
    },
  );

  test("AT-22 LO-4 a doubled session cookie is nobody's, whichever comes first", async () => {
    await start();
    const [victim, attacker] = [world.browser(), world.browser()];
    await world.signIn(victim, "ann-1");
    await world.signIn(attacker, "ben-2");
    const [own, evil] = [valueOf(victim), valueOf(attacker)];
    for (const cookie of [
      `latchkey=${own}; latchkey=${evil}`,
      `latchkey=${evil}; latchkey=${own}`,
      `latchkey=${own}; latchkey=${own}`,
      `latchkey=${own}; latchkey=`,
      `latchkey=rubbish; latchkey=${own}`,
      `latchkey=${own};latchkey="${evil}"`,
    ]) {
      const answer = await world.request("/session", { headers: { Cookie: cookie } });
      expect([cookie.length, answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
        cookie.length,
        401,
        "session.conflict",
      ]);
      // The page does not show one of them either.
      const account = await world.request("/account", { headers: { Cookie: cookie, Accept: "text/html" } });
      expect(account.headers.get("Location")).toContain("/sign-in");
    }
    const both = await world.request("/session", {
      headers: { Cookie: `latchkey=${own}`, Authorization: `Bearer ${evil}` },
    });
    expect(both.status).toBe(401);
    const same = await world.request("/session", {
      headers: { Cookie: `latchkey=${own}`, Authorization: `Bearer ${own}` },
    });
    expect(same.status).toBe(200);
  });

  test("AT-22 SI-8 a flow cookie that is shadowed by another of its name still finishes", async () => {
    await start();
    const browser = world.browser();
    const callback = await world.approve(browser, "ann-1");
    const [flow] = flowsOf(browser);
    browser.cookies.set(world.url("/providers/fake/x"), `${flow?.name}=planted; Path=/auth/providers/fake`);
    expect(browser.cookies.header(callback)).toMatch(/=planted; .*latchkey-flow-/);
    expect((await browser.get(callback, { from: world.provider.issuer })).status).toBe(200);
    expect((await world.session(browser)).status).toBe(200);
  });

  test("AT-22 LO-1 [option:sessions.cookieDomain] [option:sessions.cookieName] a shared cookie is the operator's choice, and keeps its guards", async () => {
    await start({
      config: {
        baseUrl: "https://app.example.com",
        sessions: { cookieDomain: "example.com", cookieName: "team" },
        signIn: { signUp: true, bootstrapAdmins: ["ann@example.com"] },
      },
    });
    const browser = world.browser();
    const callback = await world.approve(browser, "ann-1");
    // The flow stays on this host, whatever the session does.
    expect(flowsOf(browser).map(({ name, hostOnly }) => [name.startsWith("__Host-"), hostOnly])).toEqual([
      [true, true],
    ]);
    await browser.get(callback, { from: world.provider.issuer });
    expect(
      browser.cookies.all().map(({ name, domain, secure, httpOnly, sameSite, hostOnly }) => ({
        name,
        domain,
        secure,
        httpOnly,
        sameSite,
        hostOnly,
      })),
    ).toEqual([
      { name: "team", domain: "example.com", secure: true, httpOnly: true, sameSite: "lax", hostOnly: false },
    ]);
  });
});

describe("AT-23 session fixation", () => {
  test("AT-23 SI-14 a value that was there before does not become a session", async () => {
    await start();
    for (const planted of ["A".repeat(43), Buffer.from("x".repeat(32)).toString("base64url"), "1", ""]) {
      const victim = world.browser();
      victim.cookies.set(world.baseUrl, `latchkey=${planted}; Path=/`);
      const callback = await world.approve(victim, "ann-1");
      const landed = await victim.get(callback, { from: world.provider.issuer, follow: false });
      expect(landed.status).toBe(303);
      const value = victim.cookies.get("latchkey", world.baseUrl)?.value ?? "";
      expect(value).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(value).not.toBe(planted);
      const asAttacker = await world.request("/session", { headers: { Cookie: `latchkey=${planted}` } });
      expect(asAttacker.status).toBe(401);
    }
  });

  test("AT-23 SI-14 the attacker's own session, planted, ends when the victim signs in, and stays the attacker's until then", async () => {
    await start();
    const [attacker, victim] = [world.browser(), world.browser()];
    await world.signIn(attacker, "ben-2");
    const planted = attacker.cookies.get("latchkey", world.baseUrl)?.value ?? "";
    victim.cookies.set(world.baseUrl, `latchkey=${planted}; Path=/`);
    const callback = await world.approve(victim, "ann-1");
    expect((await world.session(attacker)).body.user?.email).toBe("ben@example.com");
    await victim.get(callback, { from: world.provider.issuer });
    expect((await world.session(victim)).body.user?.email).toBe("ann@example.com");
    expect((await world.session(attacker)).status).toBe(401);
    expect(victim.cookies.get("latchkey", world.baseUrl)?.value).not.toBe(planted);
  });

  test("AT-23 SI-14 a sign-in that fails ends nothing; one that succeeds ends the earlier session of this browser alone", async () => {
    await start();
    const [here, there] = [world.browser(), world.browser()];
    await world.signIn(here, "ann-1");
    await world.signIn(there, "ann-1");
    const earlier = here.cookies.get("latchkey", world.baseUrl)?.value ?? "";
    world.provider.signInAs(null);
    await world.signIn(here);
    expect((await world.session(here)).status).toBe(200);
    world.provider.signInAs("ann-1");
    await world.signIn(here, "ann-1");
    expect((await world.session(here)).status).toBe(200);
    expect((await world.session(there)).status).toBe(200);
    expect((await world.request("/session", { headers: { Authorization: `Bearer ${earlier}` } })).status).toBe(401);
  });
});
