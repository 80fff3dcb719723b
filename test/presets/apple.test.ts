/** The preset `apple`: a secret that we sign, an answer that is a cross-site form, and a name that nobody signed. */
import { exportPKCS8, generateKeyPair } from "jose";
import { describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { days, seconds } from "../../src/kernel/time.js";
import { type Browser, createManualClock, type ManualClock, type Page, type World } from "../../src/testing/index.js";
import { aWorld, closing, errorOf, type ProviderInput, started } from "../options/setting.js";
import { type Apple, appleIssuer, janesUser, startApple, team } from "./apple-server.js";

interface Setting {
  readonly apple: Apple;
  readonly world: World;
  readonly clock: ManualClock;
}

async function anApple(more: Partial<ProviderInput> = {}, signIn: ConfigInput["signIn"] = {}): Promise<Setting> {
  const clock = createManualClock();
  const apple = await startApple({ clock });
  await closing(Promise.resolve({ close: () => apple.stop() }));
  const providers = [{ ...apple.entry, ...more }];
  const world = await aWorld({ clock, config: { providers, signIn: { signUp: true, ...signIn } } });
  return { apple, world, clock };
}

/** Up to Apple's page, which holds the form. */
async function atApple({ world }: Setting, browser: Browser): Promise<Page> {
  const start = await browser.get(world.url("/providers/apple/start"), { follow: false });
  return browser.get(start.location ?? "", { from: start.url, follow: false });
}

async function whoIs({ world }: Setting, browser: Browser, page: Page) {
  const { status, body } = await world.session(browser);
  const { items = [] } = JSON.parse((await browser.get(world.url("/api/identities"))).text);
  return { error: errorOf(page), status, user: body.user, identity: items[0] };
}

async function visit(setting: Setting, browser: Browser = setting.world.browser()) {
  const page = await browser.submit(await atApple(setting, browser));
  return { ...(await whoIs(setting, browser, page)), browser };
}

const nameCookies = (browser: Browser) => browser.cookies.all().filter(({ name }) => name.includes("latchkey-name"));

describe("signing in with Apple", () => {
  test("SI-1 SI-2 SI-9 [option:providers.endpoints.jwks] goes through, keyed by Apple's issuer, without asking for metadata", async () => {
    const setting = await anApple();
    const came = await visit(setting);
    expect(came).toMatchObject({
      error: null,
      user: { email: "jane@example.com", name: "jane@example.com" },
      identity: { issuer: appleIssuer, emailVerified: true },
    });
    const { provider } = setting.apple;
    expect(Object.fromEntries(provider.requestsTo("authorize")[0]?.query ?? [])).toEqual({
      client_id: "com.example.web",
      redirect_uri: setting.world.url("/providers/apple/callback"),
      response_type: "code",
      response_mode: "form_post",
      scope: "openid email name",
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: "S256",
    });
    expect(provider.requests.map(({ endpoint }) => endpoint)).toEqual(["authorize", "token", "jwks"]);
  });

  test("SI-1 a scope that Apple does not know is not asked for", async () => {
    const { world } = await anApple({ scopes: ["openid", "email", "offline_access"] });
    const asked = (await started(world, "apple")).searchParams;
    expect([asked.get("scope"), asked.get("prompt")]).toEqual(["openid email", null]);
  });

  test.each<[what: string, claims: Record<string, unknown>]>([
    ["another issuer", { iss: "https://appleid.apple.com.evil.example" }],
    ["the issuer with a slash", { iss: `${appleIssuer}/` }],
    ["the address where it listens", { iss: "http://127.0.0.1" }],
    ["another app of the team", { aud: "com.example.ios" }],
    ["another sign-in's nonce", { nonce: "n" }],
  ])("SI-2 SI-10 refuses an ID token with %s", async (_what, claims) => {
    const setting = await anApple();
    setting.apple.claims = claims;
    expect(await visit(setting)).toMatchObject({ error: "signin.id_token_invalid", status: 401 });
  });

  test.each([["false"], [false], [undefined]])("SI-18 email_verified %j proves nothing", async (email_verified) => {
    const setting = await anApple();
    setting.apple.claims = { email_verified };
    expect(await visit(setting)).toMatchObject({ error: null, identity: { emailVerified: false } });
  });

  test("SI-3 Apple's keys out of reach are a failure of their own", async () => {
    const setting = await anApple();
    setting.apple.provider.script({ jwks: { status: 503 } });
    expect(await visit(setting)).toMatchObject({ error: "signin.provider_unavailable" });
  });
});

describe("the client secret", () => {
  test("SI-4 [option:providers.teamId] [option:providers.keyId] [option:providers.clientKey] is an ES256 JWT", async () => {
    const setting = await anApple();
    await visit(setting);
    const iat = Math.floor(setting.clock.now() / 1_000);
    expect(setting.apple.secrets).toEqual([
      {
        endpoint: "token",
        header: { alg: "ES256", kid: team.keyId },
        payload: { iss: team.teamId, sub: "com.example.web", aud: appleIssuer, iat, exp: iat + 300 },
      },
    ]);
  });

  test.each<[what: string, more: Partial<ProviderInput>]>([
    ["another team", { teamId: "ZZZ999ZZZZ" }],
    ["another key's id", { keyId: "ZZZ999ZZZZ" }],
  ])("SI-4 with %s Apple does not take it", async (_what, more) => {
    expect(await visit(await anApple(more))).toMatchObject({
      error: "signin.client_rejected",
      status: 401,
    });
  });

  test("SI-4 never runs out, however long the process lives", async () => {
    const setting = await anApple();
    expect(await visit(setting)).toMatchObject({ error: null });
    await setting.clock.skip(days(200));
    expect(await visit(setting)).toMatchObject({ error: null, status: 200 });
  });

  test("SI-4 LO-5 authenticates the revocation too", async () => {
    const setting = await anApple({ revokeOnSignOut: "always" });
    const { browser } = await visit(setting);
    const headers = { Origin: setting.world.baseUrl, Cookie: browser.cookies.header(setting.world.url("/")) ?? "" };
    expect((await setting.world.request("/sign-out", { method: "POST", headers })).status).toBe(303);
    await setting.clock.advance(seconds(6));
    await expect.poll(() => setting.apple.secrets.map(({ endpoint }) => endpoint)).toContain("revocation");
  });

  test.each(["ES384", "RS256"])("SI-4 a %s key makes no secret, and says so", async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    const setting = await anApple({ clientKey: await exportPKCS8(privateKey) });
    expect(await visit(setting)).toMatchObject({ error: "signin.provider_misconfigured" });
    expect(setting.apple.provider.requestsTo("token")).toEqual([]);
  });

  test("SI-24 neither it nor the key is in the log", async () => {
    const setting = await anApple();
    setting.apple.provider.script({
      token: async (_honest, request) => ({
        status: 400,
        json: { error: "invalid_client", error_description: `bad ${request.form.get("client_secret")}` },
      }),
    });
    expect(await visit(setting)).toMatchObject({ error: "signin.client_rejected" });
    const secret = setting.apple.provider.requestsTo("token")[0]?.form.get("client_secret") ?? "";
    expect(secret.split(".")).toHaveLength(3);
    expect(setting.world.log.text()).not.toContain(secret);
  });
});

describe("the name in the form", () => {
  test("SI-9 is the person's from the first sign-in on, and its cookie is gone afterwards", async () => {
    const setting = await anApple();
    setting.apple.user = JSON.stringify(janesUser);
    const first = await visit(setting);
    expect(first).toMatchObject({ error: null, user: { name: "Jane Appleseed", email: "jane@example.com" } });
    expect(nameCookies(first.browser)).toEqual([]);
    setting.apple.user = undefined;
    expect((await visit(setting)).user).toMatchObject({ id: first.user?.id, name: "Jane Appleseed" });
  });

  test("SI-9 AT-4 is never in a URL, nor in the clear", async () => {
    const setting = await anApple();
    setting.apple.user = JSON.stringify(janesUser);
    const browser = setting.world.browser();
    const posted = await browser.submit(await atApple(setting, browser), {}, { follow: false });
    expect(posted.status).toBe(303);
    expect([...new URL(posted.location ?? "").searchParams.keys()].sort()).toEqual(["code", "state"]);
    const [cookie] = nameCookies(browser);
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: "lax", path: "/" });
    expect(JSON.stringify(posted.headers.getSetCookie())).not.toMatch(/Jane|Appleseed|example\.com/);
    expect(posted.headers.getSetCookie()[0]).toContain("Max-Age=60");
    expect(posted.headers.get("cache-control")).toContain("no-store");
  });

  test("AT-7 AT-11 an address beside it is nobody's: it neither links, nor makes an admin, nor stands in", async () => {
    const setting = await anApple(
      { emailVerified: "always" },
      { linking: "verified-email", bootstrapAdmins: ["victim@example.com"] },
    );
    setting.apple.user = JSON.stringify({ ...janesUser, email: "victim@example.com", email_verified: true });
    expect((await visit(setting)).user).toMatchObject({ email: "jane@example.com", role: "pending" });
    setting.apple.claims = { sub: "somebody else", email: undefined };
    expect(await visit(setting)).toMatchObject({ error: "signin.email_missing", user: undefined });
  });

  test("AT-11 a name that is an address is a name, also where the operator reads the address from the name claim", async () => {
    const setting = await anApple({ claims: { email: "name" }, emailVerified: "always" });
    setting.apple.user = JSON.stringify({ name: { firstName: "victim@example.com" } });
    expect(await visit(setting)).toMatchObject({ error: "signin.email_missing", user: undefined });
  });

  test("AT-17 one that somebody posts under another state names nobody", async () => {
    const setting = await anApple();
    const [victim, attacker] = [setting.world.browser(), setting.world.browser()];
    const theirs = await atApple(setting, victim);
    const own = await atApple(setting, attacker);
    // The attacker's page posts into the victim's browser, with the only state that the attacker knows.
    const fields = { ...own.forms[0]?.fields, user: JSON.stringify({ name: { firstName: "Mallory" } }) };
    const evil = await victim.post(own.forms[0]?.action ?? "", fields, {
      from: "https://evil.example/",
      follow: false,
    });
    expect(evil.status).toBe(303);
    const page = await victim.submit(theirs);
    expect((await whoIs(setting, victim, page)).user?.name).toBe("jane@example.com");
    // And where the victim's browser follows it: no flow of that state is in it.
    const landed = await victim.follow(evil);
    expect(errorOf(landed.forms.length > 0 ? await victim.submit(landed) : landed)).toBe("signin.state_unknown");
    expect(nameCookies(victim)).toEqual([]);
  });

  test("AT-20 a cookie that was kept names nobody in another flow", async () => {
    const setting = await anApple();
    setting.apple.user = JSON.stringify({ name: { firstName: "Mallory" } });
    const first = setting.world.browser();
    await first.submit(await atApple(setting, first), {}, { follow: false });
    const [kept] = nameCookies(first);
    setting.apple.user = undefined;

    const second = setting.world.browser();
    const page = await atApple(setting, second);
    expect(second.cookies.set(setting.world.baseUrl, `${kept?.name}=${kept?.value}; Path=/`)).toBe(true);
    const landed = await second.submit(page);
    expect(await whoIs(setting, second, landed)).toMatchObject({ error: null, user: { name: "jane@example.com" } });
    expect(nameCookies(second)).toEqual([]);
  });

  test.each([
    ["first", "jane@example.com"],
    ["second", "Jane Appleseed"],
  ])(
    "SI-9 of two forms the last one's name is kept, for its own state alone: the %s signs in %s",
    async (which, name) => {
      const setting = await anApple();
      const browser = setting.world.browser();
      const pages = [await atApple(setting, browser), await atApple(setting, browser)];
      const posted: Page[] = [];
      for (const [index, page] of pages.entries()) {
        const user = JSON.stringify(index === 0 ? { name: { firstName: "Mallory" } } : janesUser);
        posted.push(await browser.submit(page, { user }, { follow: false }));
      }
      const [one, other] = posted.map(({ headers }) => headers.getSetCookie().map((cookie) => cookie.split("=")[0]));
      expect([one, other]).toEqual([["latchkey-name"], ["latchkey-name"]]);
      const landed = await browser.follow(posted[which === "first" ? 0 : 1] as Page);
      expect((await whoIs(setting, browser, landed)).user?.name).toBe(name);
    },
  );

  test("AT-21 forty forms that another site posts leave one cookie, and the sign-in beside them keeps its name", async () => {
    const setting = await anApple();
    setting.apple.user = JSON.stringify(janesUser);
    const browser = setting.world.browser();
    const page = await atApple(setting, browser);
    const user = JSON.stringify({ name: { firstName: "\u{1f511}".repeat(200) } });
    for (let i = 0; i < 40; i++) {
      const fields = { code: "c", state: `planted-${i}`, user };
      const evil = { from: "https://evil.example/", follow: false };
      expect((await browser.post(setting.world.url("/providers/apple/callback"), fields, evil)).status).toBe(303);
    }
    expect(nameCookies(browser)).toHaveLength(1);
    expect(browser.cookies.header(setting.world.baseUrl)?.length).toBeLessThan(4_000);
    expect((await whoIs(setting, browser, await browser.submit(page))).user?.name).toBe("Jane Appleseed");
  });

  test("SI-9 of control characters alone is no name, and leaves no cookie", async () => {
    const setting = await anApple();
    setting.apple.user = JSON.stringify({ name: { firstName: "\u0000\u001b".repeat(100) } });
    const browser = setting.world.browser();
    const posted = await browser.submit(await atApple(setting, browser), {}, { follow: false });
    expect([posted.status, posted.headers.getSetCookie()]).toEqual([303, []]);
  });

  test("AT-20 the same callback once more, cookie and all, is a flow that was used", async () => {
    const setting = await anApple();
    setting.apple.user = JSON.stringify(janesUser);
    const browser = setting.world.browser();
    const posted = await browser.submit(await atApple(setting, browser), {}, { follow: false });
    const cookie = browser.cookies.header(setting.world.baseUrl) ?? "";
    expect(cookie).toContain("latchkey-name=");
    const again = () =>
      setting.world.fetch(new Request(posted.location ?? "", { headers: { cookie }, redirect: "manual" }));
    expect((await again()).headers.get("location")).toBe("/");
    expect((await again()).headers.get("location")).toContain("signin.flow_used");
  });

  test("SI-9 lives for 60 seconds", async () => {
    for (const [wait, name] of [
      [59, "Jane Appleseed"],
      [61, "jane@example.com"],
    ] as const) {
      const setting = await anApple();
      const browser = setting.world.browser();
      const start = await browser.get(setting.world.url("/providers/apple/start"), { follow: false });
      const state = new URL(start.location ?? "").searchParams.get("state") ?? "";
      const early = { code: "c", state, user: JSON.stringify(janesUser) };
      await browser.post(setting.world.url("/providers/apple/callback"), early, { from: start.url, follow: false });
      // Sent along even where a browser would have thrown it away.
      const cookie = browser.cookies.header(setting.world.baseUrl) ?? "";
      await setting.clock.skip(seconds(wait));
      const page = await browser.get(start.location ?? "", { from: start.url, follow: false });
      const posted = await browser.submit(page, {}, { follow: false });
      const callback = new Request(posted.location ?? "", { headers: { cookie }, redirect: "manual" });
      const answer = await setting.world.fetch(callback);
      for (const one of answer.headers.getSetCookie()) browser.cookies.set(setting.world.baseUrl, one);
      expect((await whoIs(setting, browser, page)).user?.name).toBe(name);
    }
  });

  test("AT-26 100 KB of it are refused, and the next try works", async () => {
    const setting = await anApple();
    setting.apple.user = JSON.stringify({ name: { firstName: "x".repeat(100_000) } });
    const refused = await visit(setting);
    expect(refused).toMatchObject({ error: "server.bad_request", status: 401 });
    expect(nameCookies(refused.browser)).toEqual([]);
    expect(setting.apple.provider.requestsTo("token")).toEqual([]);
    setting.apple.user = undefined;
    expect(await visit(setting, refused.browser)).toMatchObject({ error: null, status: 200 });
  });

  test.each<[what: string, user: string, name: string]>([
    ["no JSON", "Jane", "jane@example.com"],
    ["a list", "[]", "jane@example.com"],
    ["null", "null", "jane@example.com"],
    ["a name that is text", '{"name":"Jane"}', "jane@example.com"],
    ["names that are no text", '{"name":{"firstName":1,"lastName":["x"]}}', "jane@example.com"],
    ["names of spaces", '{"name":{"firstName":" ","lastName":""}}', "jane@example.com"],
    ["10 KB", JSON.stringify({ name: { firstName: "x".repeat(10_000) } }), "jane@example.com"],
    ["half of it", '{"name":{"lastName":"Appleseed"}}', "Appleseed"],
    ["a prototype", '{"__proto__":{"name":{"firstName":"x"}}}', "jane@example.com"],
    [
      "control characters",
      '{"name":{"firstName":"Ja\\u0000ne\\r\\nSet-Cookie: x","lastName":"\\u202eA"}}',
      "Ja ne Set-Cookie: x A",
    ],
    ["1,000 characters", JSON.stringify({ name: { firstName: "é".repeat(1_000) } }), "é".repeat(200)],
  ])("SI-9 that is %s does no harm", async (_what, user, name) => {
    const setting = await anApple();
    setting.apple.user = user;
    expect(await visit(setting)).toMatchObject({ error: null, user: { name, email: "jane@example.com" } });
  });

  test("AT-4 twice is refused, and in a query it is not looked at", async () => {
    const setting = await anApple();
    const browser = setting.world.browser();
    const { forms } = await atApple(setting, browser);
    const { action = "", fields = {} } = forms[0] ?? {};
    const user = JSON.stringify(janesUser);
    const twice = new URLSearchParams([...Object.entries(fields), ["user", user], ["user", user]]);
    const evil = { from: setting.apple.provider.issuer };
    expect(errorOf(await browser.post(action, twice, evil))).toBe("signin.parameter_repeated");
    const page = await browser.get(`${action}?${new URLSearchParams({ ...fields, user })}`, evil);
    expect((await whoIs(setting, browser, page)).user?.name).toBe("jane@example.com");
  });

  test("SI-9 of another kind of provider is not looked at", async () => {
    const world = await aWorld({ providerConfig: { responseMode: "form_post" } });
    world.provider.tweaks.authorizationResponse = (parameters) => ({ ...parameters, user: JSON.stringify(janesUser) });
    const browser = world.browser();
    const start = await browser.get(world.url("/providers/fake/start"), { follow: false });
    const page = await browser.get(start.location ?? "", { from: start.url, follow: false });
    const posted = await browser.submit(page, {}, { follow: false });
    expect([posted.status, posted.headers.getSetCookie()]).toEqual([303, []]);
  });
});
