/** Logout that a provider starts, over HTTP, with the scriptable provider (LO-7 to LO-10). */
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp } from "../../src/jobs/clean-up.js";
import { LatchkeyError } from "../../src/kernel/errors.js";
import { after, days, minutes, seconds } from "../../src/kernel/time.js";
import type { Store } from "../../src/store/contract.js";
import type { GrantRecord } from "../../src/store/records.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { createWorld, type World, type WorldOptions } from "../../src/testing/world.js";
import { anEntra, contoso, fabrikam, issuerOf } from "../presets/microsoft-entra.js";
import { logOut, postLogout, signedIn, statuses } from "../support/logout-setting.js";
import { auditTrail, createSharedWorld } from "../support/shared-file.js";
import { createTwoProviders } from "../support/two-providers.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
const kept = async <T extends { close(): Promise<unknown> }>(made: Promise<T>): Promise<T> => {
  const one = await made;
  open.push(one);
  return one;
};
const aWorld = (options?: WorldOptions) => kept(createWorld(options));

describe("LO-8 what a logout token ends", () => {
  test("LO-7 LO-8 a sid ends that session alone, at the general address and at the provider's own", async () => {
    const world = await aWorld();
    const [laptop, phone] = [await signedIn(world, "ann-1"), await signedIn(world, "ann-1")];
    const token = (sid: string) => world.provider.logoutToken({ sid });
    expect(await logOut(world, token(laptop.sid))).toBe("200");
    expect(await statuses(world, laptop, phone)).toEqual([401, 200]);
    expect(await logOut(world, token(phone.sid), "/providers/fake/backchannel-logout")).toBe("200");
    expect(await statuses(world, laptop, phone)).toEqual([401, 401]);
  });

  test("LO-8 a sub alone ends all sessions of that person, and nobody else's", async () => {
    const world = await aWorld();
    const all = [await signedIn(world, "ann-1"), await signedIn(world, "ann-1"), await signedIn(world, "ben-2")];
    expect(await logOut(world, world.provider.logoutToken({ sub: "ann-1" }))).toBe("200");
    expect(await statuses(world, ...all)).toEqual([401, 401, 200]);
  });

  test("LO-8 both: that sid's, and those of the person for which no sid was told", async () => {
    const world = await aWorld();
    const [named, other] = [await signedIn(world, "ann-1"), await signedIn(world, "ann-1")];
    world.provider.tweaks.idTokenClaims = ({ sid: _, ...claims }) => claims;
    const nameless = [await signedIn(world, "ann-1"), await signedIn(world, "ben-2")];
    expect(await logOut(world, world.provider.logoutToken({ sub: "ann-1", sid: named.sid }))).toBe("200");
    expect(await statuses(world, named, other, ...nameless)).toEqual([401, 200, 401, 200]);
  });

  test("LO-8 the person is found by the provider's real sub, whatever claim is the subject", async () => {
    const world = await aWorld({ providerConfig: { claims: { subject: "email" } } });
    const ann = await signedIn(world, "ann-1");
    expect(await logOut(world, world.provider.logoutToken({ sub: "ann@example.com" }))).toBe("200");
    expect(await statuses(world, ann)).toEqual([200]);
    expect(await logOut(world, world.provider.logoutToken({ sub: "ann-1" }))).toBe("200");
    expect(await statuses(world, ann)).toEqual([401]);
  });

  test("LO-8 a provider that is switched off can still sign people out", async () => {
    const world = await kept(createSharedWorld());
    await signedIn(world, "ann-1");
    const node = await world.node({}, { enabled: false });
    const body = new URLSearchParams({ logout_token: await world.provider.logoutToken({ sub: "ann-1" }) });
    const request = new Request(world.url("/backchannel-logout"), { method: "POST", body });
    expect((await node.fetch(request)).status).toBe(200);
    expect(await world.store.sessions.bySub(world.provider.issuer, "ann-1")).toEqual([]);
  });

  test("LO-7 LO-8 of many tenants each allowed one is an issuer of its own, and no other is", async () => {
    const { world, provider } = await anEntra("organizations", { allowedTenants: [contoso] });
    const [ada] = provider.people.keys();
    const { browser } = await signedIn(world, ada ?? "", "entra");
    const token = (iss: string) => provider.logoutToken({ sub: ada, iss });
    const before = provider.requests.length;
    expect(await logOut(world, token(issuerOf(provider, fabrikam)))).toBe("400 invalid_request");
    expect(await logOut(world, token(issuerOf(provider, "{tenantid}")))).toBe("400 invalid_request");
    expect(provider.requests.length).toBe(before);
    expect(await statuses(world, { browser })).toEqual([200]);
    expect(await logOut(world, token(issuerOf(provider, contoso)))).toBe("200");
    expect(await statuses(world, { browser })).toEqual([401]);
  });

  test("LO-8 SI-24 each ended session is in the audit trail with its reason, and was announced", async () => {
    const world = await kept(createSharedWorld());
    const ann = await signedIn(world, "ann-1");
    const heard: string[] = [];
    world.latchkey.sessions.onEnded(({ id }) => void heard.push(id));
    await logOut(world, world.provider.logoutToken({ sid: ann.sid }));
    const [event] = await auditTrail(world.store);
    expect(event).toMatchObject({
      type: "session.ended",
      rule: "backchannel",
      provider: "fake",
      actor: { kind: "provider", id: "fake" },
      target: { kind: "session", id: ann.id },
    });
    await world.request("/healthz");
    await expect.poll(() => heard).toEqual([ann.id]);
  });
});

describe("LO-8 the tokens of the sessions that end", () => {
  const scopes = ["openid", "email", "offline_access"];
  const annsGrants = async (store: Store, id: string | undefined) =>
    (await store.grants.ofUser(id as never)).map(({ sessionId, scopes }) => [sessionId === null, scopes.join(" ")]);
  const idOf = async (world: World, { browser }: Awaited<ReturnType<typeof signedIn>>) =>
    (await world.session(browser)).body.user?.id;

  test("LO-8 [option:providers.keepOfflineGrants] go, unless they are offline and the operator keeps those", async () => {
    for (const [keepOfflineGrants, asked, left] of [
      [false, scopes, []],
      [true, ["openid", "email"], []],
      [true, scopes, [[true, scopes.join(" ")]]],
    ] as const) {
      const world = await kept(createSharedWorld({ providerConfig: { keepOfflineGrants, scopes: [...asked] } }));
      const ann = await signedIn(world, "ann-1");
      const id = await idOf(world, ann);
      expect(await annsGrants(world.store, id)).toHaveLength(1);
      expect(await logOut(world, world.provider.logoutToken({ sid: ann.sid }))).toBe("200");
      expect(await statuses(world, ann)).toEqual([401]);
      expect(await annsGrants(world.store, id)).toEqual(left);
    }
  });

  test("LO-8 a kept grant still opens, is one per person however often they are signed out, and is not revoked", async () => {
    const providerConfig = { keepOfflineGrants: true, revokeOnSignOut: "always", logout: "local", scopes } as const;
    const world = await kept(createSharedWorld({ providerConfig: { ...providerConfig, scopes: [...scopes] } }));
    for (let round = 0; round < 3; round++) {
      const ann = await signedIn(world, "ann-1");
      await logOut(world, world.provider.logoutToken({ sid: ann.sid }));
    }
    const ann = await signedIn(world, "ann-1");
    const id = await idOf(world, ann);
    expect(await annsGrants(world.store, id)).toHaveLength(2);
    expect(world.provider.requestsTo("revocation")).toEqual([]);
    expect(await world.store.outbox.due(after(world.clock.now(), days(1)), 10)).toEqual([]);
    // A person who signs out means all of it: their session's own grant goes, whatever is kept beside it.
    await ann.browser.get(world.url("/account"));
    await ann.browser.post(world.url("/sign-out"));
    expect(await annsGrants(world.store, id)).toEqual([[true, scopes.join(" ")]]);
    await expect.poll(() => world.provider.requestsTo("revocation").length).toBe(2);
  });

  test("LO-8 LO-10 [option:providers.keepOfflineGrants] a front-channel logout keeps them as a back-channel one does", async () => {
    for (const [keepOfflineGrants, left] of [
      [false, []],
      [true, [[true, scopes.join(" ")]]],
    ] as const) {
      const world = await kept(createSharedWorld({ providerConfig: { keepOfflineGrants, scopes: [...scopes] } }));
      const ann = await signedIn(world, "ann-1");
      const id = await idOf(world, ann);
      const query = new URLSearchParams({ iss: world.provider.issuer, sid: ann.sid ?? "" });
      expect((await world.request(`/frontchannel-logout?${query}`)).status).toBe(200);
      expect(await statuses(world, ann)).toEqual([401]);
      expect(await annsGrants(world.store, id)).toEqual(left);
    }
  });

  test("LO-8 what is kept for another client stays beside a new one, and one that is over is not kept", async () => {
    const world = await kept(createSharedWorld({ providerConfig: { keepOfflineGrants: true, scopes: [...scopes] } }));
    const ann = await signedIn(world, "ann-1");
    const id = (await idOf(world, ann)) as never;
    const change = (on: Partial<GrantRecord>) =>
      world.store.transaction(async (tx) => {
        const [row] = await tx.grants.ofUser(id);
        if (row) await tx.grants.replace({ ...row, ...on, version: row.version + 1 }, row.version);
      });
    await logOut(world, world.provider.logoutToken({ sid: ann.sid }));
    await change({ clientId: "the-client-before" });
    const again = await signedIn(world, "ann-1");
    await logOut(world, world.provider.logoutToken({ sid: again.sid }));
    const clients = async () => (await world.store.grants.ofUser(id)).map(({ clientId }) => clientId).sort();
    expect(await clients()).toEqual(["latchkey", "the-client-before"]);

    await world.store.transaction(async (tx) => {
      for (const { id: grant } of await tx.grants.ofUser(id)) await tx.grants.delete(grant);
    });
    const third = await signedIn(world, "ann-1");
    await change({ status: "needs_reconnect", statusReason: "invalid_grant" });
    await logOut(world, world.provider.logoutToken({ sid: third.sid }));
    expect(await clients()).toEqual([]);
  });

  test("LO-5 LO-8 revokeOnSignOut: always revokes what is not kept", async () => {
    const world = await aWorld({ providerConfig: { revokeOnSignOut: "always", scopes } });
    const ann = await signedIn(world, "ann-1");
    await logOut(world, world.provider.logoutToken({ sid: ann.sid }));
    await expect.poll(() => world.provider.requestsTo("revocation").length).toBe(2);
  });
});

describe("LO-9 what is answered", () => {
  test("LO-9 200 with nothing in it, also where there was nobody to sign out; never to be kept", async () => {
    const world = await aWorld();
    const answer = await postLogout(world, { logout_token: await world.provider.logoutToken({ sid: "nobody's" }) });
    expect([answer.status, answer.error, answer.headers.get("cache-control")]).toEqual([200, undefined, "no-store"]);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  test.each<[what: string, form: (token: string) => URLSearchParams | string, type?: string]>([
    ["without a token", () => ""],
    ["with two tokens", (token) => `logout_token=${token}&logout_token=${token}`],
    ["with two tokens, one empty", (token) => `logout_token=${token}&logout_token=`],
    ["as JSON", (token) => JSON.stringify({ logout_token: token }), "application/json"],
    ["as text", (token) => token, "text/plain"],
    ["of 100 KB", (token) => `logout_token=${token}&x=${"x".repeat(100_000)}`],
  ])("LO-9 a request %s is 400 invalid_request and ends nothing", async (_what, form, type) => {
    const world = await aWorld();
    const ann = await signedIn(world, "ann-1");
    const body = form(await world.provider.logoutToken({ sid: ann.sid }));
    const how = type === undefined ? {} : { headers: { "content-type": type } };
    const answer = await postLogout(world, body, how);
    expect([answer.status, answer.error]).toEqual([400, "invalid_request"]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await statuses(world, ann)).toEqual([200]);
  });

  test("LO-9 a token in the query is not looked at", async () => {
    const world = await aWorld();
    const ann = await signedIn(world, "ann-1");
    const token = await world.provider.logoutToken({ sid: ann.sid });
    expect((await postLogout(world, "", { path: `/backchannel-logout?logout_token=${token}` })).status).toBe(400);
    expect((await world.request(`/backchannel-logout?logout_token=${token}`)).status).toBe(404);
    expect(await statuses(world, ann)).toEqual([200]);
  });

  test("LO-9 the database is busy: server_error, and the same token works when it is not", async () => {
    const world = await kept(createSharedWorld());
    const ann = await signedIn(world, "ann-1");
    let busy = true;
    const { createLatchkey } = await import("../../src/create-latchkey.js");
    const store: Store = {
      ...world.store,
      transaction: (work) =>
        // The work is done and then undone: what was written must not count, the jti least of all.
        world.store.transaction(async (tx) => {
          const result = await work(tx);
          if (busy) throw new LatchkeyError("store.busy");
          return result;
        }),
      close: async () => {},
    };
    const node = await kept(createLatchkey({ ...world.config, ports: { store, clock: world.clock, log: world.log } }));
    const atNode = {
      request: (path: string, init?: RequestInit) => node.fetch(new Request(world.url(path), init)),
    };
    const token = await world.provider.logoutToken({ sid: ann.sid });
    expect(await logOut(atNode, token)).toBe("400 server_error");
    expect(await logOut(atNode, token)).toBe("400 server_error");
    expect(await statuses(world, ann)).toEqual([200]);
    busy = false;
    expect(await logOut(atNode, token)).toBe("200");
    expect(await statuses(world, ann)).toEqual([401]);
    expect(await logOut(atNode, token)).toBe("400 invalid_request");
  });

  test("LO-7 LO-9 keys that cannot be had: server_error, and the same token works when they can; a cold start asks for them", async () => {
    const clock = createManualClock();
    const world = await aWorld({ clock });
    world.provider.script({ jwks: { status: 503 } });
    const token = await world.provider.logoutToken({ sub: "ann-1" });
    expect(await logOut(world, token)).toBe("400 server_error");
    world.provider.script({ jwks: undefined });
    await clock.advance(seconds(10));
    expect(await logOut(world, token)).toBe("200");
  });

  test.each(["RS256", "PS256", "ES256", "EdDSA"] as const)("LO-7 a token signed with %s is good", async (alg) => {
    const world = await aWorld({ provider: { alg } });
    const ann = await signedIn(world, "ann-1");
    expect(await logOut(world, world.provider.logoutToken({ sid: ann.sid }))).toBe("200");
    expect(await statuses(world, ann)).toEqual([401]);
  });

  test.each([
    [undefined, "200"],
    ["JWT", "200"],
    ["logout+jwt", "200"],
    ["application/Logout+JWT", "200"],
    ["at+jwt", "400 invalid_request"],
    ["latchkey-assertion+jwt", "400 invalid_request"],
  ])("LO-7 typ %j: %s", async (typ, answer) => {
    const world = await aWorld();
    const ann = await signedIn(world, "ann-1");
    expect(await logOut(world, world.provider.logoutToken({ sid: ann.sid }, { typ }))).toBe(answer);
    expect(await statuses(world, ann)).toEqual([answer === "200" ? 401 : 200]);
  });

  test("LO-7 [option:providers.allowLogoutTokenWithoutExp] takes a token of a draft that had no exp, for five minutes, once, and nothing worse", async () => {
    const strict = await aWorld();
    const one = await signedIn(strict, "ann-1");
    const without = { sid: one.sid, exp: undefined };
    expect(await logOut(strict, strict.provider.logoutToken(without))).toBe("400 invalid_request");
    expect(await statuses(strict, one)).toEqual([200]);

    const clock = createManualClock();
    const world = await aWorld({ clock, providerConfig: { allowLogoutTokenWithoutExp: true } });
    const ann = await signedIn(world, "ann-1");
    const seconds = Math.floor(clock.now() / 1_000);
    for (const claims of [
      { exp: "soon" },
      { exp: null },
      { exp: seconds - 3_600 },
      { iat: undefined },
      { iat: seconds - 301 },
    ]) {
      const token = world.provider.logoutToken({ sid: ann.sid, exp: undefined, ...claims });
      expect([claims, await logOut(world, token)]).toEqual([claims, "400 invalid_request"]);
    }
    const token = await world.provider.logoutToken({ sid: ann.sid, exp: undefined });
    expect(await logOut(world, token)).toBe("200");
    expect(await statuses(world, ann)).toEqual([401]);
    expect(await logOut(world, token)).toBe("400 invalid_request");
  });

  test("LO-7 SI-10 a token signed with a key that the provider just made is good", async () => {
    const world = await aWorld();
    const ann = await signedIn(world, "ann-1");
    await world.provider.rotateKeys();
    expect(await logOut(world, world.provider.logoutToken({ sid: ann.sid }))).toBe("200");
    expect(await statuses(world, ann)).toEqual([401]);
  });

  test("LO-7 a jti is remembered until its token is too old, also by the sweeper", async () => {
    const clock = createManualClock();
    const world = await kept(createSharedWorld({ clock }));
    const token = await world.provider.logoutToken({ sub: "ann-1", exp: Math.floor(clock.now() / 1_000) + 3_600 });
    expect(await logOut(world, token)).toBe("200");
    await clock.advance(minutes(5));
    await cleanUp({ store: world.store, clock });
    expect(await logOut(world, token)).toBe("400 invalid_request");
    expect(world.log.text()).toContain("replayed");
    await clock.advance(minutes(2));
    expect(await cleanUp({ store: world.store, clock })).toBeGreaterThan(0);
    expect(await logOut(world, token)).toBe("400 invalid_request");
    expect(world.log.text()).toContain("too_old");
  });

  test("LO-7 the same jti of two issuers are two", async () => {
    const world = await kept(createTwoProviders());
    expect(await logOut(world, world.provider.logoutToken({ sub: "a", jti: "1" }))).toBe("200");
    expect(await logOut(world, world.other.logoutToken({ sub: "a", jti: "1" }))).toBe("200");
    expect(await logOut(world, world.other.logoutToken({ sub: "b", jti: "1" }))).toBe("400 invalid_request");
  });

  test("LO-9 SU-5 [option:rateLimits.logout] counts what fails, and a provider may sign out thousands", async () => {
    const world = await aWorld({ config: { rateLimits: { logout: "2/h" } } });
    for (let i = 0; i < 20; i++) {
      expect(await logOut(world, world.provider.logoutToken({ sub: `nobody-${i}` }))).toBe("200");
    }
    expect(await logOut(world, "x")).toBe("400 invalid_request");
    expect(await logOut(world, "x")).toBe("400 invalid_request");
    const refused = await postLogout(world, { logout_token: "x" });
    expect([refused.status, refused.error]).toEqual([429, "temporarily_unavailable"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await world.request("/frontchannel-logout?iss=x")).status).toBe(429);

    const off = await aWorld({ config: { rateLimits: { logout: "off" } } });
    for (let i = 0; i < 4; i++) expect(await logOut(off, "x")).toBe("400 invalid_request");
  });

  test("LO-10 LO-9 SU-5 front-channel requests that name nobody or nothing count as well, and those that are good never", async () => {
    const world = await aWorld({ config: { rateLimits: { logout: "2/h" } } });
    const good = new URLSearchParams({ iss: world.provider.issuer, sid: "nobodys" });
    for (let i = 0; i < 5; i++) expect((await world.request(`/frontchannel-logout?${good}`)).status).toBe(200);
    for (const query of ["iss=x&sid=1", `iss=${encodeURIComponent(world.provider.issuer)}`])
      expect((await world.request(`/frontchannel-logout?${query}`)).status).toBe(400);
    expect((await world.request("/frontchannel-logout?iss=x&sid=1")).status).toBe(429);
    // Whoever sits behind the same address keeps nobody else's provider from signing them out.
    const ann = await signedIn(world, "ann-1");
    const anns = new URLSearchParams({ iss: world.provider.issuer, sid: ann.sid });
    expect((await world.request(`/frontchannel-logout?${anns}`)).status).toBe(200);
    expect(await statuses(world, ann)).toEqual([401]);
  });

  test("LO-9 AT-46 what another tenant of a hosted provider sends from the provider's addresses holds up none of our own tokens", async () => {
    const world = await aWorld({ config: { rateLimits: { logout: "3/h" } } });
    const ann = await signedIn(world, "ann-1");
    // Signed by the provider's own server, for an app of the attacker's, or as the attacker's issuer.
    const foreign = [
      await world.provider.logoutToken({ sid: ann.sid, iss: "https://attacker.idp.example" }),
      await world.provider.logoutToken({ sid: ann.sid, aud: "the-attackers-app" }),
    ];
    const answers: string[] = [];
    for (let i = 0; i < 6; i++) answers.push(await logOut(world, foreign[i % 2] ?? ""));
    const [bad, limited] = ["400 invalid_request", "429 temporarily_unavailable"];
    expect(answers).toEqual([bad, bad, bad, limited, limited, limited]);
    expect(await logOut(world, world.provider.logoutToken({ sid: ann.sid }))).toBe("200");
    expect(await statuses(world, ann)).toEqual([401]);
  });

  test("LO-9 AT-46 signatures of forgeries are not checked any more when there were too many, nor keys asked for", async () => {
    const world = await aWorld({ config: { rateLimits: { logout: "2/h" } } });
    const forged = `${(await world.provider.logoutToken({ sub: "ann-1" })).split(".").slice(0, 2).join(".")}.AAAA`;
    const answers: string[] = [];
    for (let i = 0; i < 4; i++) answers.push(await logOut(world, forged));
    const [bad, limited] = ["400 invalid_request", "429 temporarily_unavailable"];
    expect(answers).toEqual([bad, bad, limited, limited]);
    const asked = world.provider.requests.length;
    expect(await logOut(world, world.provider.logoutToken({ sub: "ann-1" }))).toBe(limited);
    expect(world.provider.requests.length).toBe(asked);
  });

  test("LO-9 what was not the caller's fault is not counted", async () => {
    const world = await aWorld({ config: { rateLimits: { logout: "1/h" } } });
    await world.provider.stop();
    for (let i = 0; i < 3; i++) {
      expect(await logOut(world, world.provider.logoutToken({ sub: "ann-1" }))).toBe("400 server_error");
    }
  });
});

describe("LO-10 front-channel logout", () => {
  const frame = async (world: World, path: string, headers: Record<string, string> = {}) => {
    const answer = await world.request(path, { headers: { accept: "text/html", ...headers } });
    const policy = answer.headers.get("content-security-policy") ?? "";
    return { answer, status: answer.status, ancestors: /frame-ancestors ([^;]*)/.exec(policy)?.[1] };
  };
  const query = (members: Record<string, string>) => `?${new URLSearchParams(members)}`;

  test("LO-10 iss and sid end that session, by a request without any cookie, and the provider may frame the answer", async () => {
    const world = await aWorld();
    const [laptop, phone] = [await signedIn(world, "ann-1"), await signedIn(world, "ann-1")];
    const { issuer } = world.provider;
    const { answer, status, ancestors } = await frame(
      world,
      `/frontchannel-logout${query({ iss: issuer, sid: laptop.sid })}`,
    );
    expect([status, ancestors]).toEqual([200, new URL(issuer).origin]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("x-frame-options")).toBeNull();
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await statuses(world, laptop, phone)).toEqual([401, 200]);
    expect((await frame(world, `/providers/fake/frontchannel-logout${query({ sid: phone.sid })}`)).status).toBe(200);
    expect(await statuses(world, phone)).toEqual([401]);
  });

  test("LO-10 never by cookie: without a sid, or with another's, the browser that asks stays signed in", async () => {
    const world = await aWorld();
    const ann = await signedIn(world, "ann-1");
    const cookie = ann.browser.cookies.header(world.url("/session")) ?? "";
    const { issuer } = world.provider;
    const origin = new URL(issuer).origin;
    for (const [path, status, ancestors] of [
      ["/frontchannel-logout", 400, "'none'"],
      [`/frontchannel-logout${query({ iss: issuer })}`, 400, origin],
      [`/frontchannel-logout${query({ iss: issuer, sid: "" })}`, 400, origin],
      [`/frontchannel-logout${query({ sid: ann.sid })}`, 400, "'none'"],
      [`/frontchannel-logout${query({ iss: `${issuer}/`, sid: ann.sid })}`, 400, "'none'"],
      [`/frontchannel-logout${query({ iss: issuer, sid: ann.sid })}&sid=x`, 400, origin],
      [`/frontchannel-logout${query({ iss: issuer, sid: ann.sid })}&iss=x`, 400, "'none'"],
      ["/providers/fake/frontchannel-logout", 400, origin],
      [`/providers/fake/frontchannel-logout${query({ iss: "https://evil.example", sid: ann.sid })}`, 400, "'none'"],
      [`/providers/nobody/frontchannel-logout${query({ sid: ann.sid })}`, 400, "'none'"],
      [`/frontchannel-logout${query({ iss: issuer, sid: "another" })}`, 200, origin],
    ] as const) {
      const seen = await frame(world, path, { cookie });
      expect([path, seen.status, seen.ancestors]).toEqual([path, status, ancestors]);
      expect(seen.answer.headers.get("cache-control")).toBe("no-store");
      expect(seen.answer.headers.getSetCookie()).toEqual([]);
    }
    const head = await world.request(`/providers/fake/frontchannel-logout${query({ sid: ann.sid })}`, {
      method: "HEAD",
    });
    expect(head.status).toBe(405);
    expect(await statuses(world, ann)).toEqual([200]);
  });

  test("LO-10 a sid of one provider at another's address ends nothing", async () => {
    const world = await kept(createTwoProviders());
    const ann = await signedIn(world, "ann-1");
    for (const path of [
      `/providers/other/frontchannel-logout${query({ sid: ann.sid })}`,
      `/frontchannel-logout${query({ iss: world.other.issuer, sid: ann.sid })}`,
    ]) {
      expect((await frame(world, path)).status).toBe(200);
    }
    expect(await statuses(world, ann)).toEqual([200]);
  });

  test("LO-10 Entra sends a sid alone: it is looked for in every allowed tenant", async () => {
    const { world, provider } = await anEntra("organizations", { allowedTenants: [fabrikam, contoso] });
    const [ada] = provider.people.keys();
    const one = await signedIn(world, ada ?? "", "entra");
    const seen = await frame(world, `/providers/entra/frontchannel-logout${query({ sid: one.sid })}`);
    expect([seen.status, seen.ancestors]).toEqual([200, new URL(provider.issuer).origin]);
    expect(await statuses(world, one)).toEqual([401]);
  });

  test("LO-10 SI-24 its audit event says so", async () => {
    const world = await kept(createSharedWorld());
    const ann = await signedIn(world, "ann-1");
    await frame(world, `/providers/fake/frontchannel-logout${query({ sid: ann.sid })}`);
    const [event] = await auditTrail(world.store);
    expect(event).toMatchObject({ type: "session.ended", rule: "frontchannel", target: { id: ann.id } });
  });
});
