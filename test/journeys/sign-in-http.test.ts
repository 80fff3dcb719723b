/** Signing in and out over HTTP, end to end, with a provider that can be told what to say. What is attacked is in test/attacks. */
import { afterEach, describe, expect, test } from "vitest";
import { setRole } from "../../src/accounts/administer.js";
import { createKeyring } from "../../src/crypto/keyring.js";
import { systemRandom } from "../../src/crypto/random.js";
import type { UserId } from "../../src/kernel/ids.js";
import { secret } from "../../src/kernel/secret.js";
import { days, hours, milliseconds, minutes, seconds, toRfc3339 } from "../../src/kernel/time.js";
import type { Browser, Page } from "../../src/testing/browser.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { createWorld, type World } from "../../src/testing/world.js";
import { openGrant } from "../../src/vault/sealed-grant.js";
import { auditTrail, createSharedWorld, operator } from "../support/shared-file.js";
import { expectSoon } from "../support/soon.js";
import { createTwoProviders } from "../support/two-providers.js";

const open: { close(): Promise<void> }[] = [];
const kept = async <T extends { close(): Promise<void> }>(world: Promise<T>): Promise<T> => {
  const made = await world;
  open.push(made);
  return made;
};
afterEach(async () => {
  for (const world of open.splice(0).reverse()) await world.close();
});

const errorOf = (url: string | undefined) => new URL(url ?? "http://none/").searchParams.get("error");
/** The parameters of an authorization request that a start leads to. */
const asked = async (world: World, query = "") => {
  const started = await world.browser().get(world.url(`/providers/fake/start${query}`), { follow: false });
  return new URL(started.location ?? "").searchParams;
};
const signsIn = async (world: World, person?: string, provider = "fake") => {
  const browser = world.browser();
  const page = await world.signIn(browser, person, { provider });
  const { status, body } = await world.session(browser);
  return { browser, page, status, user: body.user, code: errorOf(page.url) };
};
const signOut = async (
  world: World,
  browser: Browser,
  fields: Record<string, string> = {},
  follow = false,
): Promise<Page> => {
  const page = await browser.get(world.url("/account"));
  const form = page.forms.findIndex(({ action }) => action.endsWith("/sign-out"));
  return browser.submit(page, fields, { form, follow });
};

describe("SI-5 the authorization request", () => {
  test("SI-5 has a state and a nonce of 256 bits, fresh each time, and PKCE with S256", async () => {
    const world = await kept(createWorld());
    const seen = new Set<string>();
    for (let round = 0; round < 20; round++) {
      const parameters = await asked(world);
      expect(parameters.get("response_type")).toBe("code");
      expect(parameters.get("code_challenge_method")).toBe("S256");
      for (const name of ["state", "nonce", "code_challenge"]) {
        const value = parameters.get(name) ?? "";
        expect(Buffer.from(value, "base64url")).toHaveLength(32);
        expect(seen.has(value)).toBe(false);
        seen.add(value);
      }
      for (const name of parameters.keys()) expect([name, parameters.getAll(name).length]).toEqual([name, 1]);
    }
    await signsIn(world);
    const verifier = world.provider.requestsTo("token")[0]?.form.get("code_verifier") ?? "";
    expect(verifier).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  test("SI-5 SI-26 [option:baseUrl] [option:basePath] [option:providers.redirectUri] the redirect URI is baseUrl's, or the provider's own", async () => {
    const plain = await kept(createWorld({ config: { baseUrl: "https://app.example", basePath: "/login" } }));
    expect((await asked(plain)).get("redirect_uri")).toBe("https://app.example/login/providers/fake/callback");
    const own = await kept(createWorld({ providerConfig: { redirectUri: "http://localhost:3000/oauth/done" } }));
    expect((await asked(own)).get("redirect_uri")).toBe("http://localhost:3000/oauth/done");
    expect((await signsIn(own, "ann-1")).user?.email).toBe("ann@example.com");
    expect(own.provider.requestsTo("token")[0]?.form.get("redirect_uri")).toBe("http://localhost:3000/oauth/done");
  });

  test("SI-5 [option:providers.scopes] [option:providers.authorizeParams] with offline_access the provider must ask for consent, unless the operator chose a prompt", async () => {
    const scopes = ["openid", "offline_access"];
    const without = await kept(createWorld({ providerConfig: { scopes: ["openid"] } }));
    expect((await asked(without)).has("prompt")).toBe(false);
    const offline = await kept(createWorld({ providerConfig: { scopes } }));
    const parameters = await asked(offline);
    expect([parameters.get("scope"), parameters.get("prompt")]).toEqual(["openid offline_access", "consent"]);
    const chosen = await kept(
      createWorld({ providerConfig: { scopes, authorizeParams: { prompt: "select_account" } } }),
    );
    expect((await asked(chosen)).get("prompt")).toBe("select_account");
  });

  test("SI-5 [option:providers.par] with PAR the browser carries a reference and nothing else", async () => {
    const world = await kept(createWorld({ providerConfig: { par: "always" } }));
    expect([...(await asked(world)).keys()].sort()).toEqual(["client_id", "request_uri"]);
    expect((await signsIn(world, "ann-1")).status).toBe(200);
  });

  test("SI-6 [option:signIn.authorizeParams] parameters of the operator go along, the provider's over the global ones", async () => {
    const world = await kept(
      createWorld({
        config: { signIn: { signUp: true, authorizeParams: { hd: "example.com", audience: "a" } } },
        providerConfig: { authorizeParams: { audience: "b" } },
      }),
    );
    const parameters = await asked(world);
    expect([parameters.get("hd"), parameters.get("audience")]).toEqual(["example.com", "b"]);
  });

  test.each(["0", "300"])(
    "SI-6 with max_age=%s the ID token must say when the person was there, and it must be recent",
    async (maxAge) => {
      const clock = createManualClock();
      const world = await kept(createWorld({ clock, providerConfig: { authorizeParams: { max_age: maxAge } } }));
      expect((await asked(world)).get("max_age")).toBe(maxAge);
      const limit = Number(maxAge) + 60;
      const now = () => Math.floor(clock.now() / 1_000);
      const cases: [unknown, string | null][] = [
        [now(), null],
        [now() - limit + 2, null],
        [now() - limit - 5, "signin.id_token_invalid"],
        [undefined, "signin.id_token_invalid"],
        [String(now()), "signin.id_token_invalid"],
        [0, "signin.id_token_invalid"],
        [null, "signin.id_token_invalid"],
      ];
      for (const [authTime, code] of cases) {
        world.provider.tweaks.idTokenClaims = (claims) => ({ ...claims, auth_time: authTime });
        expect([authTime, (await signsIn(world, "ann-1")).code]).toEqual([authTime, code]);
      }
    },
  );
});

describe("SI-9 the callback's iss (RFC 9207)", () => {
  test.each([
    ["promised and right", true, "right", null],
    ["promised and missing", true, "missing", "signin.issuer_rejected"],
    ["promised and wrong", true, "wrong", "signin.issuer_rejected"],
    ["promised and empty", true, "empty", "signin.issuer_rejected"],
    ["promised, and right but for a slash at its end", true, "slash", "signin.issuer_rejected"],
    ["promised, and right but for its case", true, "case", "signin.issuer_rejected"],
    ["not promised and missing", false, "missing", null],
    ["not promised, there and right", false, "right", null],
    ["not promised, there and wrong", false, "wrong", "signin.issuer_rejected"],
  ])("SI-9.4 %s", async (_what, promised, sent, code) => {
    const world = await kept(createWorld());
    world.provider.tweaks.metadata = (metadata) => ({
      ...metadata,
      authorization_response_iss_parameter_supported: promised,
    });
    const { issuer } = world.provider;
    const values: Record<string, string | undefined> = {
      right: issuer,
      missing: undefined,
      wrong: "https://evil.example",
      empty: "",
      slash: `${issuer}/`,
      case: issuer.replace("http:", "HTTP:"),
    };
    world.provider.tweaks.authorizationResponse = (parameters) => ({ ...parameters, iss: values[sent] });
    const outcome = await signsIn(world, "ann-1");
    expect(outcome.code).toBe(code);
    expect(world.provider.requestsTo("token")).toHaveLength(code === null ? 1 : 0);
    // Before the error is read, too: an attacker's "access_denied" is not this provider's.
    world.provider.tweaks.authorizationResponse = ({ state }) => ({
      ...(state === undefined ? {} : { state }),
      error: "access_denied",
      iss: values[sent],
    });
    expect((await signsIn(world, "ann-1")).code).toBe(code ?? "signin.denied");
  });
});

describe("SI-10 keys", () => {
  test("SI-10 rotated at the provider: no sign-in fails, and each code is exchanged once", async () => {
    const clock = createManualClock();
    const world = await kept(createWorld({ clock }));
    await signsIn(world, "ann-1");
    for (let rotation = 1; rotation <= 3; rotation++) {
      await clock.advance(minutes(2));
      await world.provider.rotateKeys({ keepOld: rotation === 2 });
      expect((await signsIn(world, "ann-1")).status).toBe(200);
      expect(world.provider.requestsTo("token")).toHaveLength(rotation + 1);
    }
    expect(world.provider.requestsTo("jwks")).toHaveLength(4);
  });

  test("SI-10 a key set is asked for again at most once a minute, however many bad tokens come", async () => {
    const clock = createManualClock();
    const world = await kept(createWorld({ clock }));
    await signsIn(world, "ann-1");
    const before = world.provider.requestsTo("jwks").length;
    world.provider.tweaks.idTokenHeader = (header) => ({ ...header, kid: "unknown" });
    for (let round = 0; round < 5; round++)
      expect((await signsIn(world, "ann-1")).code).toBe("signin.id_token_invalid");
    expect(world.provider.requestsTo("jwks")).toHaveLength(before + 1);
    await clock.advance(seconds(61));
    await signsIn(world, "ann-1");
    expect(world.provider.requestsTo("jwks")).toHaveLength(before + 2);
  });
});

test("SI-3 SI-25 a provider that is down takes nobody else down, says so, and is back without a restart", async () => {
  const world = await kept(createTwoProviders());
  const health = async () => {
    const { items } = (await (await world.request("/api/providers")).json()) as {
      items: { id: string; health: string }[];
    };
    return Object.fromEntries(items.map(({ id, health }) => [id, health]));
  };
  await world.other.stop();
  const refused = await world.signIn(world.browser(), undefined, { provider: "other" });
  expect([errorOf(refused.url), refused.status]).toEqual(["signin.provider_unavailable", 200]);
  expect((await signsIn(world, "ann-1")).user?.email).toBe("ann@example.com");
  expect(await health()).toEqual({ fake: "ok", other: "unreachable" });
  expect(await (await world.request("/sign-in", { headers: { Accept: "text/html" } })).text()).toContain(
    "Continue with other",
  );

  await world.other.start();
  await expect
    .poll(async () => (await signsIn(world, "ben-2", "other")).user?.email, { timeout: 20_000 })
    .toBe("ben@example.com");
  expect(await health()).toEqual({ fake: "ok", other: "ok" });
  // Known once, it may go away again: a copy of its metadata carries a start, and the failure has its own code.
  const browser = world.browser();
  const callback = await world.approve(browser, "ben-2", { provider: "other" });
  await world.other.stop();
  expect(errorOf((await browser.get(callback, { from: "http://127.0.0.1/" })).url)).toBe("signin.provider_unavailable");
});

describe("SI-20 the grant", () => {
  const grantOf = async (world: Awaited<ReturnType<typeof createSharedWorld>>, userId: string) => {
    const [grant] = await world.store.grants.ofUser(userId as UserId);
    if (!grant) throw new Error("no grant");
    return grant;
  };

  test("SI-20 belongs to the session, is sealed, and says when it ends, or that nobody knows", async () => {
    const clock = createManualClock();
    const world = await kept(
      createSharedWorld({ clock, providerConfig: { scopes: ["openid", "email", "offline_access"] } }),
    );
    const tokens: string[] = [];
    const answers: [Record<string, unknown>, number | null][] = [
      [{ expires_in: 120 }, 120],
      [{ expires_in: "240" }, 240],
      [{ expires_in: undefined }, null],
      [{ expires_in: "soon" }, null],
      [{ expires_in: undefined, expires_at: Math.floor(clock.now() / 1_000) + 60 }, 60],
    ];
    for (const [change, lifetime] of answers) {
      world.provider.tweaks.tokenAnswer = (answer) => {
        tokens.push(String(answer["access_token"]), String(answer["refresh_token"]), String(answer["id_token"]));
        return { ...answer, ...change };
      };
      const { browser, user } = await signsIn(world, "ann-1");
      const [session] = await world.store.sessions.ofUser(user?.id as UserId);
      const grant = await grantOf(world, user?.id ?? "");
      expect([grant.connection, grant.sessionId, grant.issuer, grant.clientId, grant.status]).toEqual([
        "provider:fake",
        session?.id,
        world.provider.issuer,
        "latchkey",
        "active",
      ]);
      expect(grant.issuedAt).toBe(clock.now());
      expect([change, grant.expiresAt === null ? null : (grant.expiresAt - clock.now()) / 1_000]).toEqual([
        change,
        lifetime,
      ]);
      const keyring = createKeyring({
        secrets: world.config.secrets.map((text) => secret(String(text))),
        random: systemRandom,
      });
      expect(openGrant(keyring, grant)).toMatchObject({
        accessToken: tokens.at(-3),
        refreshToken: tokens.at(-2),
        idToken: tokens.at(-1),
      });
      const stored = JSON.stringify([
        grant,
        session,
        await world.store.identities.ofUser(user?.id as UserId),
        await auditTrail(world.store),
      ]);
      for (const token of tokens) {
        expect(stored).not.toContain(token);
        expect(world.log.text()).not.toContain(token);
      }
      await signOut(world, browser);
    }
  });
});

test("SI-24 every success and every refusal of an account is an audit event: who, what, from where, by which rule", async () => {
  const clock = createManualClock();
  const world = await kept(createSharedWorld({ clock, config: { signIn: { signUp: false } } }));
  const ann = await signsIn(world, "ann-1");
  await clock.skip(seconds(1));
  expect((await signsIn(world, "ben-2")).code).toBe("account.sign_up_closed");
  await clock.skip(seconds(1));
  await signsIn(world, "ann-1");
  await clock.skip(seconds(1));
  await signOut(world, ann.browser);
  // What one transaction wrote has one moment and no order of its own.
  const trail = [...(await auditTrail(world.store))].sort((a, b) => a.at - b.at || (a.type < b.type ? 1 : -1));
  const facts = trail.map(({ type, actor, target, provider, address, rule, code }) => ({
    type,
    actor: actor.id,
    target: target.kind,
    provider,
    address,
    rule,
    code,
  }));
  const id = ann.user?.id;
  const common = { provider: "fake", address: "127.0.0.1", code: null };
  expect(facts).toEqual([
    { ...common, type: "user.created", actor: id, target: "user", rule: "first-user" },
    { ...common, type: "sign_in.succeeded", actor: id, target: "user", rule: "create" },
    { ...common, type: "sign_in.refused", actor: null, target: "user", rule: null, code: "account.sign_up_closed" },
    { ...common, type: "sign_in.succeeded", actor: id, target: "user", rule: "update" },
    { ...common, type: "session.ended", actor: id, target: "session", rule: "sign_out" },
  ]);
  for (const { requestId } of trail) expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(trail[2]?.data).toMatchObject({ issuer: world.provider.issuer, subject: "ben-2" });
});

describe("AC-7 what a later sign-in may overwrite", () => {
  const picture = (name: string) => `https://pictures.example/${name}.png`;
  const changed = { sub: "ann-1", email: "ann@new.example", name: "Ann Newman", picture: picture("new") };
  const annWith = async (update: Record<string, boolean>) => {
    const world = await kept(createSharedWorld({ config: { signIn: { signUp: true, update } } }));
    world.provider.people.set("ann-1", {
      sub: "ann-1",
      email: "ann@example.com",
      name: "Ann Archer",
      picture: picture("old"),
    });
    const { user } = await signsIn(world, "ann-1");
    const record = async () => {
      const found = await world.store.users.byId(user?.id as UserId);
      return { name: found?.name, email: found?.email, picture: found?.picture };
    };
    expect(await record()).toEqual({ name: "Ann Archer", email: "ann@example.com", picture: picture("old") });
    return { world, record };
  };
  const old = { name: "Ann Archer", email: "ann@example.com", picture: picture("old") };

  test.each([
    [{}, {}],
    [{ name: true }, { name: "Ann Newman" }],
    [{ email: true }, { email: "ann@new.example" }],
    [{ picture: true }, { picture: picture("new") }],
    [
      { name: true, email: true, picture: true },
      { name: "Ann Newman", email: "ann@new.example", picture: picture("new") },
    ],
  ])(
    "AC-7 [option:signIn.update.name] [option:signIn.update.email] [option:signIn.update.picture] %j changes %j and nothing else",
    async (update, changes) => {
      const { world, record } = await annWith(update as Record<string, boolean>);
      world.provider.people.set("ann-1", changed);
      await signsIn(world, "ann-1");
      expect(await record()).toEqual({ ...old, ...changes });
    },
  );

  test("AC-7 [option:signIn.update.email] a new address only when it is verified and free; a taken one is kept out, logged and audited", async () => {
    const { world, record } = await annWith({ email: true });
    world.provider.people.set("ann-1", { ...changed, emailVerified: false });
    await signsIn(world, "ann-1");
    expect((await record()).email).toBe("ann@example.com");
    await signsIn(world, "ben-2");
    world.provider.people.set("ann-1", { ...changed, email: "ben@example.com" });
    expect((await signsIn(world, "ann-1")).user?.email).toBe("ann@example.com");
    expect((await auditTrail(world.store)).filter(({ type }) => type === "user.email_kept")).toHaveLength(1);
    const logged = world.log.lines.filter(({ message }) => message.includes("address is another user's"));
    expect(logged.map(({ level, fields }) => [level, fields["provider"]])).toEqual([["warn", "fake"]]);
  });

  test("AC-7 without a name the address stands in; what the provider leaves out takes nothing away", async () => {
    const { world, record } = await annWith({ name: true, email: true, picture: true });
    world.provider.people.set("ann-1", { sub: "ann-1", email: "ann@example.com" });
    await signsIn(world, "ann-1");
    expect(await record()).toEqual(old);
    world.provider.people.set("dora", { sub: "dora", email: "dora@example.com" });
    expect((await signsIn(world, "dora")).user?.name).toBe("dora@example.com");
    world.provider.people.set("dora", { sub: "dora", email: "dora@new.example" });
    expect((await signsIn(world, "dora")).user).toMatchObject({ name: "dora@new.example", email: "dora@new.example" });
  });
});

test("AC-20 AC-13 [option:roles.default] a pending person has a session and one page; approval acts on that session", async () => {
  const world = await kept(createSharedWorld());
  await signsIn(world, "ann-1");
  const { browser, page, user } = await signsIn(world, "ben-2");
  expect([page.status, user?.role]).toEqual([200, "pending"]);
  expect(page.text).toContain("Waiting for approval");
  expect(page.text).not.toContain("Sessions");
  const roles = ["pending", "user", "admin"];
  await setRole(
    { store: world.store, clock: world.clock, random: systemRandom },
    user?.id as UserId,
    "user",
    roles,
    operator,
  );
  expect((await world.session(browser)).body.user?.role).toBe("user");
  expect((await browser.get(world.url("/account"))).text).toContain("Ben Baker");
});

describe("LO-2 lifetimes", () => {
  test("LO-2 [option:sessions.idle] [option:sessions.lifetime] a session ends when it was not used for long, and in any case in the end", async () => {
    const clock = createManualClock();
    const world = await kept(createWorld({ clock, config: { sessions: { idle: "2h", lifetime: "1d" } } }));
    const { browser } = await signsIn(world, "ann-1");
    await clock.skip(milliseconds(hours(2) - 1));
    expect((await world.session(browser)).status).toBe(200);
    await clock.skip(hours(2));
    expect((await world.session(browser)).status).toBe(401);

    const again = await signsIn(world, "ann-1");
    const cookie = again.browser.cookies.header(world.url("/session")) ?? "";
    const lastSeen = async () => {
      const list = await world.request("/api/sessions", { headers: { Cookie: cookie } });
      return ((await list.json()) as { items: { lastSeenAt: string }[] }).items[0]?.lastSeenAt;
    };
    for (let hour = 0; hour < 23; hour++) {
      await clock.skip(hours(1));
      expect((await world.session(again.browser)).status).toBe(200);
      // The write is beside the answer, and an hour is gone in no time here.
      await expect.poll(lastSeen).toBe(toRfc3339(clock.now()));
    }
    await clock.skip(hours(1));
    expect((await world.request("/session", { headers: { Cookie: cookie } })).status).toBe(401);
  });

  test.each([
    ["10s", seconds(10)],
    ["1m", minutes(1)],
    ["90s", seconds(90)],
  ] as const)(
    "LO-2 a session in constant use lives, where idle is %s, and ends when it is not used for as long",
    async (idle, length) => {
      const clock = createManualClock();
      const world = await kept(createWorld({ clock, config: { sessions: { idle } } }));
      const { browser } = await signsIn(world, "ann-1");
      const cookie = browser.cookies.header(world.url("/session")) ?? "";
      const lastSeen = async () => {
        const list = await world.request("/api/sessions", { headers: { Cookie: cookie } });
        return ((await list.json()) as { items: { lastSeenAt: string }[] }).items[0]?.lastSeenAt;
      };
      for (let second = 0; second < 180; second += 9) {
        await clock.skip(seconds(9));
        expect([second, (await world.session(browser)).status]).toEqual([second, 200]);
        // The write is beside the answer, and nine seconds are gone in no time here.
        await expect.poll(lastSeen).toBe(toRfc3339(clock.now()));
      }
      await clock.skip(length);
      expect((await world.session(browser)).status).toBe(401);
    },
  );

  test("LO-2 last-seen is written at most once a minute", async () => {
    const clock = createManualClock();
    const world = await kept(createSharedWorld({ clock }));
    const { browser, user } = await signsIn(world, "ann-1");
    const seen = async () => {
      // The write is beside the answer; a sign-in of somebody else is a transaction behind it.
      await clock.skip(milliseconds(0));
      return (await world.store.sessions.ofUser(user?.id as UserId))[0]?.lastSeenAt;
    };
    const began = clock.now();
    for (let second = 0; second < 59; second += 10) {
      await clock.skip(seconds(second === 0 ? 9 : 10));
      await world.session(browser);
    }
    expect(clock.now() - began).toBe(59_000);
    expect(await seen()).toBe(began);
    await clock.skip(seconds(1));
    await world.session(browser);
    await expect.poll(seen).toBe(began + 60_000);
    await clock.skip(seconds(59));
    await world.session(browser);
    expect(await seen()).toBe(began + 60_000);
  });
});

describe("LO-5 signing out", () => {
  const sessionsOf = async (world: Awaited<ReturnType<typeof createSharedWorld>>) => {
    const { items } = await world.store.users.list({ limit: 10 });
    return (await Promise.all(items.map(({ id }) => world.store.sessions.ofUser(id)))).flat().length;
  };

  test("LO-5 [option:providers.logout] provider: ends it here, then there, and comes back to where it was asked", async () => {
    const world = await kept(
      createSharedWorld({ config: { signIn: { signUp: true, signOut: { returnTo: "/bye" } } } }),
    );
    const idTokens: string[] = [];
    world.provider.tweaks.tokenAnswer = (answer) => {
      idTokens.push(String(answer["id_token"]));
      return answer;
    };
    for (const [fields, lands] of [
      [{}, "/bye"],
      [{ return_to: "/elsewhere?x=1" }, "/elsewhere?x=1"],
    ] as const) {
      const { browser } = await signsIn(world, "ann-1");
      const away = await signOut(world, browser, fields);
      expect(await sessionsOf(world)).toBe(0);
      const { origin, pathname, searchParams } = new URL(away.location ?? "");
      expect([origin + pathname, [...searchParams.keys()].sort()]).toEqual([
        `${world.provider.issuer}/end-session`,
        ["client_id", "id_token_hint", "post_logout_redirect_uri", "state"],
      ]);
      expect(searchParams.get("id_token_hint")).toBe(idTokens.at(-1));
      expect(searchParams.get("post_logout_redirect_uri")).toBe(world.url("/signed-out"));
      const back = await browser.follow(away, { follow: false });
      const landed = await browser.follow(back, { follow: false, from: world.provider.issuer });
      expect(landed.location).toBe(world.baseUrl + lands);
      const kept = browser.cookies.all().map(({ name }) => name);
      expect(kept.filter((name) => name === "latchkey" || name === "latchkey-sign-out")).toEqual([]);
      // The state works once.
      expect((await browser.get(back.location ?? "", { follow: false })).status).toBe(200);
    }
  });

  test("LO-5 [option:providers.logout] local: the provider is not asked", async () => {
    const world = await kept(createSharedWorld({ providerConfig: { logout: "local" } }));
    const { browser } = await signsIn(world, "ann-1");
    const landed = await signOut(world, browser, { choice: "provider" }, true);
    expect([landed.url, landed.status]).toEqual([world.url("/signed-out"), 200]);
    expect([await sessionsOf(world), (await world.session(browser)).status]).toEqual([0, 401]);
    expect(world.provider.requestsTo("end_session")).toEqual([]);
  });

  test("LO-5 [option:providers.logout] ask: the person chooses", async () => {
    const world = await kept(createSharedWorld({ providerConfig: { logout: "ask" } }));
    const here = await signsIn(world, "ann-1");
    const page = await here.browser.get(world.url("/account"));
    const form = page.forms.find(({ action }) => action.endsWith("/sign-out"));
    expect(form?.buttons.map(({ name, value }) => [name, value])).toEqual([
      ["choice", "local"],
      ["choice", "provider"],
    ]);
    expect((await signOut(world, here.browser, { choice: "local" })).location).toBe(world.url("/signed-out"));
    const there = await signsIn(world, "ann-1");
    expect(new URL((await signOut(world, there.browser, { choice: "provider" })).location ?? "").origin).toBe(
      world.provider.issuer,
    );
    expect(await sessionsOf(world)).toBe(0);
  });

  test("LO-5 AT-45 a provider that is down, or has no end-session endpoint, keeps nobody signed in", async () => {
    const world = await kept(createSharedWorld());
    const { browser } = await signsIn(world, "ann-1");
    await world.provider.stop();
    const node = await world.node();
    const other = world.browserAt(() => node);
    for (const cookie of browser.cookies.all())
      other.cookies.set(world.baseUrl, `${cookie.name}=${cookie.value}; Path=/`);
    const landed = await signOut(world, other);
    expect(new URL(landed.location ?? "").origin).toBe(world.provider.issuer);
    expect(await sessionsOf(world)).toBe(0);
    await expectSoon(async () => (await world.session(browser)).status, 401);

    const without = await kept(createWorld());
    without.provider.tweaks.metadata = ({ end_session_endpoint: _, ...metadata }) => metadata;
    const second = await signsIn(without, "ann-1");
    expect((await signOut(without, second.browser)).location).toBe(without.url("/signed-out"));
    expect((await without.session(second.browser)).status).toBe(401);
  });

  test("LO-5 [option:providers.revokeOnSignOut] always: both tokens are revoked at the provider, the refresh token first, also when it was down", async () => {
    const clock = createManualClock();
    const world = await kept(
      createSharedWorld({
        clock,
        providerConfig: { revokeOnSignOut: "always", logout: "local", scopes: ["openid", "email", "offline_access"] },
      }),
    );
    const tokens: unknown[] = [];
    world.provider.tweaks.tokenAnswer = (answer) => {
      tokens.push(answer["refresh_token"], answer["access_token"]);
      return answer;
    };
    const { browser } = await signsIn(world, "ann-1");
    await signOut(world, browser);
    const revoked = () =>
      world.provider.requestsTo("revocation").map(({ form }) => [form.get("token"), form.get("token_type_hint")]);
    await expect.poll(revoked).toEqual([
      [tokens[0], "refresh_token"],
      [tokens[1], "access_token"],
    ]);
    await expect.poll(async () => (await world.store.outbox.due(clock.now(), 10)).length).toBe(0);

    const second = await signsIn(world, "ann-1");
    await world.provider.stop();
    expect((await signOut(world, second.browser)).status).toBe(303);
    await expect.poll(() => world.log.text()).toContain("a revocation failed and will be tried again");
    await world.provider.start();
    for (let round = 0; round < 30 && revoked().length < 4; round++) {
      await clock.advance(seconds(5));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(revoked().slice(2)).toEqual([
      [tokens[2], "refresh_token"],
      [tokens[3], "access_token"],
    ]);
  });

  test("LO-5 SI-14 signing in again revokes nothing of this person and client, which might end what was just issued; somebody else's goes", async () => {
    const clock = createManualClock();
    const world = await kept(createWorld({ clock, providerConfig: { revokeOnSignOut: "always" } }));
    const browser = world.browser();
    for (const _ of [1, 2]) await world.signIn(browser, "ann-1");
    await clock.advance(minutes(1));
    expect((await world.session(browser)).status).toBe(200);
    expect(world.provider.requestsTo("revocation")).toEqual([]);
    await world.signIn(browser, "ben-2");
    await clock.advance(minutes(1));
    // The rows leave beside the answer, as soon as the database gives them out.
    await expect.poll(() => world.provider.requestsTo("revocation").length).toBeGreaterThan(0);
  });

  test("LO-5 [option:providers.revokeOnSignOut] auto and never revoke nothing where it might end more than this session", async () => {
    for (const revokeOnSignOut of ["auto", "never"] as const) {
      const world = await kept(
        createSharedWorld({
          providerConfig: { revokeOnSignOut, logout: "local", scopes: ["openid", "email", "offline_access"] },
        }),
      );
      const { browser } = await signsIn(world, "ann-1");
      await signOut(world, browser);
      expect(
        await world.store.outbox.due((world.clock.now() + 60_000) as ReturnType<typeof world.clock.now>, 10),
      ).toEqual([]);
      expect(world.provider.requestsTo("revocation")).toEqual([]);
    }
  });
});

describe("AC-9 the set-up link", () => {
  const setUp = async (options: { clock?: ReturnType<typeof createManualClock> } = {}) =>
    kept(createSharedWorld({ ...options, config: { baseUrl: "https://app.example", signIn: { signUp: false } } }));
  /** Opens the link, presses the provider's button, and comes back. */
  const useLink = async (world: World, link: string, person: string) => {
    const browser = world.browser();
    const page = await browser.get(link);
    const href = /href="([^"]*\/providers\/fake\/start[^"]*)"/.exec(page.text)?.[1]?.replaceAll("&amp;", "&") ?? "";
    const started = await browser.get(href, { from: page.url, follow: false });
    const authorization = new URL(started.location ?? "");
    authorization.searchParams.set("login_hint", person);
    const answered = await browser.get(authorization.href, { follow: false });
    const landed = await browser.follow(answered, { from: world.provider.issuer, follow: false });
    return { browser, code: errorOf(landed.location), user: (await world.session(browser)).body.user };
  };

  test("AC-9 lets one person in, as admin, once", async () => {
    const world = await setUp();
    expect((await signsIn(world, "ann-1")).code).toBe("signin.setup_required");
    const link = (await world.latchkey.setupUrl()) ?? "";
    const second = (await world.latchkey.setupUrl()) ?? "";
    expect(link).toMatch(/^https:\/\/app\.example\/auth\/sign-in\?setup=/);
    expect((await useLink(world, link, "ann-1")).user).toMatchObject({ email: "ann@example.com", role: "admin" });
    for (const used of [link, second])
      expect((await useLink(world, used, "ben-2")).code).toBe("account.sign_up_closed");
    expect(await world.latchkey.setupUrl()).toBeNull();
    expect((await world.store.users.list({ limit: 10 })).items).toHaveLength(1);
  });

  test("AC-9 is good for a day, and only as it was made", async () => {
    const clock = createManualClock();
    const world = await setUp({ clock });
    const link = (await world.latchkey.setupUrl()) ?? "";
    const foreign = (await (await setUp()).latchkey.setupUrl()) ?? "";
    for (const bad of [
      `${link.slice(0, -2)}AA`,
      foreign,
      link.replace(/setup=.*/, "setup=x"),
      link.replace(/setup=.*/, "setup="),
    ]) {
      expect((await useLink(world, bad, "ann-1")).code).toBe("signin.setup_required");
    }
    await clock.skip(milliseconds(days(1) + 1));
    expect((await useLink(world, link, "ann-1")).code).toBe("signin.setup_required");
    const fresh = (await world.latchkey.setupUrl()) ?? "";
    await clock.skip(milliseconds(days(1) - minutes(1)));
    expect((await useLink(world, fresh, "ann-1")).user?.role).toBe("admin");
  });

  test("AC-9 SI-9 a flow that began without the link is not helped by the link in its callback", async () => {
    const world = await setUp();
    const link = new URL((await world.latchkey.setupUrl()) ?? "");
    const browser = world.browser();
    const callback = await world.approve(browser, "ann-1");
    const landed = await browser.get(`${callback}&setup=${link.searchParams.get("setup")}`, {
      from: world.provider.issuer,
      follow: false,
    });
    expect(errorOf(landed.location)).toBe("signin.setup_required");
    expect(await world.latchkey.isEmpty()).toBe(true);
  });
});
