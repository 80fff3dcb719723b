/** VA-15, AT-29: a provider's own access token as proof of who somebody is. */
import { describe, expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import { systemRandom } from "../../src/crypto/random.js";
import { type IdentityId, newId } from "../../src/kernel/ids.js";
import { silentLog } from "../../src/kernel/log.js";
import { days, minutes } from "../../src/kernel/time.js";
import type { WorldOptions } from "../../src/testing/world.js";
import { openGrant } from "../../src/vault/sealed-grant.js";
import { logOut } from "../support/logout-setting.js";
import { auditTrail } from "../support/shared-file.js";
import { connection, keyringOf, offline } from "../vault/setting.js";
import { aSecret, aServiceWorld, basic, chat, type ServiceWorld } from "./setting.js";

const accessToken = "urn:ietf:params:oauth:token-type:access_token";
const tokenExchange = { enabled: true, clients: ["mobile", "latchkey"] };

/** A world whose provider takes part, with or without introspection. */
const aWorld = (how: { introspection?: boolean; provider?: object; config?: WorldOptions["config"] } = {}) =>
  aServiceWorld({
    config: { services: [chat], ...how.config },
    providerConfig: { scopes: offline, tokenExchange, ...how.provider },
  }).then(async (world) => {
    if (how.introspection === false) {
      world.provider.tweaks.metadata = ({ introspection_endpoint: _, ...document }) => document;
      // What was read at the sign-in has to be read again.
      await world.clock.skip(days(2));
    }
    return world;
  });

const ask = (world: ServiceWorld, token: string, fields: Record<string, string> = {}, as = chat) =>
  world.post(
    "/token",
    {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: token,
      subject_token_type: accessToken,
      subject_issuer: "fake",
      audience: connection,
      ...fields,
    },
    as,
  );
const told = ({ status, body }: Awaited<ReturnType<typeof ask>>) => [status, body["error"], body["code"]];
const refused = [400, "invalid_request", "token.subject_refused"];
const tokenOf = async (world: ServiceWorld) => (await world.latchkey.vault.accessToken(world.mine)).accessToken;

/** A JWT access token, honest but for what is given; a member that is undefined is left out. */
function jwtOf(world: ServiceWorld, claims: object = {}, header: object = { typ: "at+jwt" }): Promise<string> {
  const now = Math.floor(world.clock.now() / 1_000);
  const honest = {
    iss: world.provider.issuer,
    sub: "ann-1",
    aud: "https://api.example",
    client_id: "mobile",
    exp: now + 600,
    iat: now,
    jti: "1",
    scope: "openid email",
    ...claims,
  };
  const present = Object.fromEntries(Object.entries(honest).filter(([, value]) => value !== undefined));
  return world.provider.sign(present, { ...header });
}

function administration(world: ServiceWorld) {
  const resolved = resolveConfig(world.config);
  if (!resolved.ok) throw new Error("configuration");
  return openAdministration(resolved.value, { store: world.store, clock: world.clock, log: silentLog });
}

describe("introspection", () => {
  test("VA-15 [option:providers.tokenExchange.enabled] [option:providers.tokenExchange.clients] a token that the provider vouches for brings that person's token", async () => {
    const world = await aWorld();
    const token = await tokenOf(world);
    const answer = await ask(world, token);
    const latest = await world.latchkey.vault.accessToken({ user: world.user, connection });
    expect([answer.status, answer.body["access_token"]]).toEqual([200, latest.accessToken]);
    const [request] = world.provider.requestsTo("introspection");
    expect([request?.form.get("token"), request?.form.get("token_type_hint")]).toEqual([token, "access_token"]);
    const event = (await auditTrail(world.store)).find(({ type }) => type === "token.exchanged");
    expect(event).toMatchObject({ target: { id: world.user }, data: { subject: "provider_token" } });

    const off = await aWorld({ provider: { tokenExchange: { enabled: false, clients: ["latchkey"] } } });
    expect(told(await ask(off, await tokenOf(off)))).toEqual(refused);
    expect(off.provider.requestsTo("introspection")).toEqual([]);
    expect(told(await ask(world, token, { subject_issuer: "nobody" }))).toEqual(refused);
  });

  test("AT-29 VA-15 [option:providers.tokenExchange.clients] a token that was issued to another client is refused", async () => {
    const world = await aWorld({ provider: { tokenExchange: { enabled: true, clients: ["mobile"] } } });
    expect(told(await ask(world, await tokenOf(world)))).toEqual(refused);
    expect(world.log.text()).toContain('"reason":"client"');
  });

  const vouched = { active: true, sub: "ann-1", client_id: "mobile", token_type: "Bearer" };
  test.each<[why: string, answer: object, ok: boolean]>([
    ["no more than the least, of a token that opens nothing", { ...vouched, token_type: undefined }, false],
    ["everything", { ...vouched, exp: 9_999_999_999 }, true],
    ["inactive", { ...vouched, active: false }, false],
    ["active as text", { ...vouched, active: "true" }, false],
    ["nobody's client", { ...vouched, client_id: undefined }, false],
    ["another client, ours only an audience", { ...vouched, client_id: "evil", aud: "mobile", azp: "mobile" }, false],
    ["a list of clients", { ...vouched, client_id: ["mobile"] }, false],
    ["another issuer", { ...vouched, iss: "https://evil.example" }, false],
    ["over", { ...vouched, exp: 1 }, false],
    ["not yet", { ...vouched, nbf: 9_999_999_999 }, false],
    ["a refresh token by its type", { ...vouched, token_type: "refresh_token" }, false],
    ["a refresh token by its use", { ...vouched, token_use: "refresh_token" }, false],
    ["keycloak's refresh token", { ...vouched, typ: "Refresh" }, false],
    ["bound to a key", { ...vouched, cnf: { jkt: "x" } }, false],
    ["no subject", { ...vouched, sub: undefined }, false],
    ["somebody nobody knows", { ...vouched, sub: "stranger" }, false],
    ["another case of the subject", { ...vouched, sub: "Ann-1" }, false],
    ["the username instead", { ...vouched, sub: "x", username: "ann-1" }, false],
  ])("AT-29 VA-15 an answer that is %s", async (_why, answer, ok) => {
    const world = await aWorld();
    world.provider.script({ introspection: { json: answer } });
    expect(told(await ask(world, "opaque"))).toEqual(ok ? [200, undefined, undefined] : refused);
  });

  test("AT-29 VA-15 a listed client's refresh token stands for nobody, where introspection does not say that it is one", async () => {
    const world = await aWorld();
    const [grant] = await world.grants();
    const refreshToken = grant && openGrant(keyringOf(world), grant)?.refreshToken;
    if (!refreshToken) throw new Error("no refresh token");
    expect(told(await ask(world, refreshToken))).toEqual(refused);
    expect(world.provider.requestsTo("introspection")).toHaveLength(1);
    expect(world.log.text()).toContain('"reason":"not_an_access_token"');
  });

  test("AT-29 VA-15 where introspection does not say what kind it is, userinfo must take the token, and say the same of it", async () => {
    const world = await aWorld();
    const token = await tokenOf(world);
    const userinfos = () => world.provider.requestsTo("userinfo").length;
    const before = userinfos();
    expect((await ask(world, token)).status).toBe(200);
    expect(userinfos()).toBe(before);

    world.provider.script({ introspection: { json: { active: true, sub: "ann-1", client_id: "latchkey" } } });
    expect((await ask(world, token)).status).toBe(200);
    expect(userinfos()).toBe(before + 1);
    const typed = await jwtOf(world);
    expect((await ask(world, typed)).status).toBe(200);
    expect(userinfos()).toBe(before + 1);

    world.provider.script({ userinfo: { status: 503 } });
    expect(told(await ask(world, token))).toEqual([503, "temporarily_unavailable", "signin.provider_unavailable"]);
    world.provider.script({ userinfo: { json: { sub: "ben-2" } } });
    expect(told(await ask(world, token))).toEqual(refused);
    world.provider.tweaks.metadata = ({ userinfo_endpoint: _, ...document }) => document;
    await world.clock.skip(days(2));
    expect(told(await ask(world, token))).toEqual(refused);
  });

  test("AT-29 VA-15 a provider that is switched off vouches for nobody, and is not asked", async () => {
    const world = await aWorld();
    const token = await tokenOf(world);
    const node = await world.node({}, { enabled: false });
    const asked = world.provider.requests.length;
    const fields = {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: token,
      subject_token_type: accessToken,
      subject_issuer: "fake",
      audience: connection,
    };
    const headers = { authorization: basic(chat) };
    const request = new Request(world.url("/token"), { method: "POST", body: new URLSearchParams(fields), headers });
    const answer = await node.fetch(request);
    expect(told({ status: answer.status, headers: answer.headers, body: (await answer.json()) as never })).toEqual(
      refused,
    );
    expect(world.provider.requests.length).toBe(asked);
  });

  test("AT-29 VA-15 a sub that two people have here, by another claim once, stands for neither", async () => {
    const world = await aWorld();
    const token = await tokenOf(world);
    expect((await ask(world, token)).status).toBe(200);
    const cleo = await world.store.users.byEmail("cleo@example.com");
    const [hers] = await world.store.identities.ofUser(world.user as never);
    if (!cleo || !hers) throw new Error("nobody");
    const id = newId<IdentityId>(world.clock.now(), systemRandom);
    await world.store.transaction((tx) => tx.identities.insert({ ...hers, id, userId: cleo.id, subject: "staff-7" }));
    expect(told(await ask(world, token))).toEqual(refused);
  });

  test("VA-15 a provider that cannot be asked is 503, one that refuses us 502, and neither is a yes", async () => {
    const world = await aWorld();
    for (const [answer, error] of [
      [{ status: 503 }, [503, "temporarily_unavailable", "signin.provider_unavailable"]],
      [{ status: 401, json: { error: "invalid_client" } }, [502, "server_error", "signin.client_rejected"]],
      [
        { status: 302, headers: { location: "https://evil.example/" } },
        [502, "server_error", "signin.provider_refused"],
      ],
      [{ json: ["active"] }, [502, "server_error", "signin.provider_refused"]],
    ] as const) {
      world.provider.script({ introspection: answer as never });
      expect(told(await ask(world, "opaque"))).toEqual(error);
    }
  });

  test("VA-15 [option:providers.endpoints.introspection] the operator's endpoint goes before the metadata's", async () => {
    const world = await aWorld({ introspection: false });
    expect(told(await ask(world, "opaque"))).toEqual(refused);
    const node = await world.node({}, { endpoints: { introspection: `${world.provider.issuer}/introspect` } });
    const { value } = await world.valueOf("ann-1");
    expect(value).not.toBe("");
    const body = new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: await tokenOf(world),
      subject_token_type: accessToken,
      subject_issuer: "fake",
      audience: connection,
      client_id: chat.id,
      client_secret: chat.secret,
    });
    expect((await node.fetch(new Request(world.url("/token"), { method: "POST", body }))).status).toBe(200);
  });
});

describe("a JWT, where there is no introspection", () => {
  test("VA-15 is verified by the provider's keys", async () => {
    const world = await aWorld({ introspection: false });
    expect((await ask(world, await jwtOf(world))).status).toBe(200);
    const typed = { subject_token_type: "urn:ietf:params:oauth:token-type:jwt" };
    expect((await ask(world, await jwtOf(world), typed)).status).toBe(200);
    const keycloak = { client_id: undefined, azp: "mobile", typ: "Bearer", scope: undefined };
    expect((await ask(world, await jwtOf(world, keycloak, { typ: "JWT" }))).status).toBe(200);
    const own = { client_id: undefined, aud: ["mobile", "latchkey"] };
    expect((await ask(world, await jwtOf(world, own))).status).toBe(200);
  });

  test("AT-29 VA-15 AT-25 another client's, an ID token, an expired one and a forged one are refused", async () => {
    const world = await aWorld({ introspection: false });
    const tries: [what: string, claims: object, header?: object][] = [
      ["another client", { client_id: "evil" }],
      ["another client, with ours as audience", { client_id: "evil", aud: "mobile" }],
      ["two opinions", { azp: "evil" }],
      ["one audience of two", { client_id: undefined, aud: ["mobile", "https://evil.example"] }],
      ["nobody's", { client_id: undefined, aud: undefined }],
      ["an ID token", { client_id: undefined, scope: undefined, aud: "mobile", nonce: "n" }, { typ: "JWT" }],
      [
        "an ID token that says nothing of it",
        { client_id: undefined, scope: undefined, aud: "mobile" },
        { typ: "JWT" },
      ],
      ["an ID token with a scope", { at_hash: "x" }, {}],
      ["keycloak's ID token", { typ: "ID" }, { typ: "JWT" }],
      ["keycloak's refresh token", { typ: "Refresh" }, { typ: "JWT" }],
      ["a logout token", { events: {} }, { typ: "logout+jwt" }],
      ["an assertion", {}, { typ: "latchkey-assertion+jwt" }],
      ["expired", { exp: 1 }],
      ["without an end", { exp: undefined }],
      ["an end that is text", { exp: "9999999999" }],
      ["another issuer", { iss: "https://evil.example" }],
      ["without an issuer", { iss: undefined }],
      ["bound to a key", { cnf: { jkt: "x" } }],
      ["without a subject", { sub: undefined }],
    ];
    for (const [what, claims, header] of tries) {
      const answer = await ask(world, await jwtOf(world, claims, header));
      expect([what, ...told(answer)]).toEqual([what, ...refused]);
    }
    const [header = "", payload = "", signature = ""] = (await jwtOf(world)).split(".");
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString("base64url");
    for (const forged of [
      `${header}.${payload}.${"A".repeat(signature.length)}`,
      `${none}.${payload}.`,
      "a.b.c",
      "opaque",
    ])
      expect(told(await ask(world, forged))).toEqual(refused);
  });

  test("AT-29 AT-14 VA-15 an ID token from a sign-in, whole as it came, stands for nobody", async () => {
    for (const introspection of [true, false]) {
      const world = await aWorld({ introspection });
      let idToken = "";
      world.provider.tweaks.idToken = (jwt) => {
        idToken = jwt;
        return jwt;
      };
      await world.valueOf("ann-1");
      expect(idToken).not.toBe("");
      expect(told(await ask(world, idToken))).toEqual(refused);
      expect(world.provider.requestsTo("introspection")).toEqual([]);
    }
  });
});

describe("a provider's token for a session of ours", () => {
  const forSession = (world: ServiceWorld, token: string, fields: Record<string, string> = {}, as = chat) =>
    ask(world, token, { audience: world.baseUrl, ...fields }, as);
  const sessionsOf = async (world: ServiceWorld) => (await world.store.sessions.ofUser(world.user as never)).length;

  test("VA-15 brings a session that works like any other, and no grant", async () => {
    const world = await aWorld();
    const grants = (await world.grants()).length;
    const answer = await forSession(world, await tokenOf(world));
    expect(answer.status).toBe(200);
    const { access_token, ...rest } = answer.body;
    expect(rest).toEqual({ issued_token_type: accessToken, token_type: "Bearer", expires_in: days(7) / 1_000 });
    const headers = { authorization: `Bearer ${String(access_token)}` };
    const session = await world.request("/session", { headers });
    expect(await session.json()).toMatchObject({ user: { id: world.user }, session: { provider: "fake" } });
    expect(await world.grants()).toHaveLength(grants);
  });

  test("LO-8 VA-15 brings none where the provider ends the person while it is asked who they are", async () => {
    const world = await aWorld();
    const token = await tokenOf(world);
    world.provider.next("userinfo", async (honest) => {
      expect(await logOut(world, world.provider.logoutToken({ sub: "ann-1" }))).toBe("200");
      return honest();
    });
    expect(told(await forSession(world, token))).toEqual([400, "invalid_request", "signin.denied"]);
    expect(await sessionsOf(world)).toBe(0);
  });

  test("VA-15 AC-15 groups that stand in ID tokens alone are not known here, so nobody loses theirs", async () => {
    const world = await aWorld({ config: { groups: { fromClaims: true, create: true, absent: "empty" } } });
    world.provider.tweaks.idTokenClaims = (claims) => ({ ...claims, groups: ["chess"] });
    await world.valueOf("ann-1");
    const groups = async () => (await world.store.groups.ofUser(world.user as never)).map(({ group }) => group.name);
    expect(await groups()).toEqual(["chess"]);
    expect((await forSession(world, await tokenOf(world))).status).toBe(200);
    expect(await groups()).toEqual(["chess"]);
    // What userinfo does say is known.
    world.provider.tweaks.userinfo = (claims) => ({ ...claims, groups: ["rowing"] });
    expect((await forSession(world, await tokenOf(world))).status).toBe(200);
    expect(await groups()).toEqual(["rowing"]);
  });

  test("VA-15 takes nothing but a provider's token, of a provider that the service may have", async () => {
    const named = { id: "named", secret: aSecret(), connections: ["provider:elsewhere"] };
    const world = await aWorld({ config: { services: [chat, named] } });
    const before = await sessionsOf(world);
    expect(told(await forSession(world, world.value, { subject_issuer: "" }))).toEqual([
      400,
      "invalid_request",
      "token.type_unsupported",
    ]);
    const byId = { subject_issuer: "", subject_token_type: "urn:latchkey:token-type:user-id" };
    expect(told(await forSession(world, world.user, byId))[2]).toBe("token.type_unsupported");
    expect(told(await forSession(world, await tokenOf(world), {}, named))).toEqual([
      400,
      "invalid_target",
      "token.target_refused",
    ]);
    expect(await sessionsOf(world)).toBe(before);
  });

  test("VA-15 AC-5 AC-8 AC-20 is under the rules of a callback: strangers, disabled people and other domains stay out", async () => {
    const world = await aWorld();
    const token = await tokenOf(world);
    world.provider.people.set("new-4", { sub: "new-4", email: "new@example.com", name: "New" });
    world.provider.next("introspection", { json: { active: true, sub: "new-4", client_id: "mobile" } });
    expect(told(await forSession(world, token))).toEqual(refused);
    expect(await world.store.users.byEmail("new@example.com")).toBeUndefined();

    const strict = await world.node({ signIn: { allowedDomains: ["other.example"] } });
    const body = new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: token,
      subject_token_type: accessToken,
      subject_issuer: "fake",
      audience: world.baseUrl,
      client_id: chat.id,
      client_secret: chat.secret,
    });
    const answer = await strict.fetch(new Request(world.url("/token"), { method: "POST", body }));
    expect(await answer.json()).toMatchObject({ error: "invalid_request", code: "account.domain_refused" });

    const other = await aWorld();
    const operator = await administration(other);
    const theirs = await tokenOf(other);
    await operator.setDisabled(other.user, true);
    expect(told(await forSession(other, theirs))).toEqual([400, "invalid_request", "account.disabled"]);
    expect(await sessionsOf(other)).toBe(0);
  });

  test("AT-11 VA-15 userinfo about somebody else, and a token that userinfo does not take, bring nothing", async () => {
    const world = await aWorld();
    const token = await tokenOf(world);
    const before = await sessionsOf(world);
    world.provider.next("userinfo", { json: { sub: "cleo-3", email: "cleo@example.com", email_verified: true } });
    expect(told(await forSession(world, token))).toEqual(refused);
    world.provider.next("userinfo", { status: 401 });
    expect(told(await forSession(world, token))).toEqual(refused);
    expect(await sessionsOf(world)).toBe(before);
    await world.clock.advance(minutes(61));
    expect(told(await forSession(world, token))).toEqual(refused);
  });
});
