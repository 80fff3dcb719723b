/** TS-15: connections that nobody is asked to consent to, against a server that checks every assertion and proof. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { createLatchkey } from "../../src/create-latchkey.js";
import { hours, minutes, seconds, toDate, toInstant } from "../../src/kernel/time.js";
import { closeLater, errorOf } from "./connect-setting.js";
import {
  aKey,
  anUnattendedWorld,
  codeOf,
  connection,
  type Entry,
  exchangesIdTokens,
  jwtBearer,
  type UnattendedWorld,
} from "./unattended-setting.js";

const withSecret: Entry = { registration: "client-credentials", clientId: "us", clientSecret: "its-secret" };
const grantTypes = ({ server }: UnattendedWorld) => server.asked.map(({ form }) => form.get("grant_type"));
const grantOf = async ({ world, user }: UnattendedWorld) =>
  (await world.store.grants.ofUser(user as never)).filter((grant) => grant.connection === connection);

/** What the person has at the provider, by session, the oldest first. */
const grantsAt = async ({ world, user }: UnattendedWorld) =>
  (await world.store.grants.ofUser(user as never)).filter((grant) => grant.connection === "provider:fake");

describe("client credentials", () => {
  test("TS-15 [option:toolServers.registration] a tool is called without any page, and each expiry costs one request, three times over", async () => {
    const it = await anUnattendedWorld(() => withSecret);
    for (let round = 0; round < 4; round++) {
      expect(await it.use()).toEqual({ status: 200, subject: "us" });
      expect(await it.use()).toEqual({ status: 200, subject: "us" });
      await it.clock.advance(minutes(11));
    }
    expect(grantTypes(it)).toEqual(Array(4).fill("client_credentials"));
    for (const { form, authorization } of it.server.asked) {
      expect(form.getAll("resource")).toEqual([it.server.url]);
      expect(form.has("refresh_token")).toBe(false);
      expect(authorization).toMatch(/^Basic /);
    }
    const [grant, ...more] = await grantOf(it);
    expect(more).toEqual([]);
    expect(grant).toMatchObject({ status: "active", issuer: it.server.issuer, clientId: "us", lastFailureCode: null });
    expect((await it.world.latchkey.toolServers.status(it.user))[0]).toMatchObject({ status: "connected" });
  });

  test("TS-15 by client_secret_post, and by an assertion that clientKey signs, used once each", async () => {
    const post = await anUnattendedWorld(() => ({ ...withSecret, tokenEndpointAuthMethod: "client_secret_post" }));
    expect(await post.use()).toEqual({ status: 200, subject: "us" });
    expect(post.server.asked[0]?.form.get("client_secret")).toBe("its-secret");
    expect(post.server.asked[0]?.authorization).toBeUndefined();
    const { publicKey, pem } = await aKey();
    const signed = await anUnattendedWorld(() => ({
      registration: "client-credentials",
      clientId: "us",
      clientKey: pem,
    }));
    signed.server.keys.client = publicKey;
    for (let round = 0; round < 3; round++) {
      expect(await signed.use()).toEqual({ status: 200, subject: "us" });
      await signed.clock.advance(minutes(11));
    }
    expect(signed.server.refused).toEqual([]);
  });

  test("TS-15 VA-7 forty calls on two nodes at the expiry make one request between them", async () => {
    const it = await anUnattendedWorld(() => withSecret);
    const other = await it.world.node();
    const all = [it.world.latchkey, other].flatMap((node) =>
      Array.from({ length: 20 }, () => node.vault.accessToken({ user: it.user, connection })),
    );
    const tokens = new Set((await Promise.all(all)).map(({ accessToken }) => accessToken));
    expect([tokens.size, it.server.asked.length]).toEqual([1, 1]);
    expect(await grantOf(it)).toHaveLength(1);
  });

  test("TS-15 TS-22 bound tokens over three expiries and changing nonces: a nonce is no failure, and no second grant", async () => {
    const it = await anUnattendedWorld((server) => {
      server.metadata = { dpop_signing_alg_values_supported: ["ES256"] };
      server.resourceMetadata = { dpop_signing_alg_values_supported: ["ES256"] };
      return withSecret;
    });
    for (let round = 0; round < 4; round++) {
      it.server.nonce = { token: `t${round}`, resource: `r${round}` };
      expect(await it.use()).toEqual({ status: 200, subject: "us" });
      await it.clock.advance(minutes(11));
    }
    expect(it.server.shown.every((one) => one.startsWith("DPoP "))).toBe(true);
    expect(it.server.asked).toHaveLength(4);
    expect((await grantOf(it))[0]).toMatchObject({ lastFailureCode: null, status: "active" });
    expect(await codeOf(it.world.latchkey.vault.accessToken({ user: it.user, connection }))).toBe("grant.token_bound");
  });

  test.each(["invalid_grant", "invalid_scope", "unauthorized_client", "invalid_target", "access_denied"])(
    "TS-15 %s is final: asked once, in no other way, and not again until something has changed",
    async (error) => {
      const it = await anUnattendedWorld(() => withSecret);
      it.server.next.push({ status: 400, json: { error } });
      const code = await codeOf(it.use());
      expect(code).toBe(error === "unauthorized_client" ? "grant.client_rejected" : "grant.provider_refused");
      for (let round = 0; round < 3; round++) expect(await codeOf(it.use())).toBe(code);
      expect(grantTypes(it)).toEqual(["client_credentials"]);
      expect((await grantOf(it))[0]).toMatchObject({ status: "active" });
      // Somebody presses "Connect": that is a reason to ask once more.
      expect(errorOf(await it.browser.get(it.world.url("/connections/notes/start")))).toBeNull();
      expect(await it.use()).toEqual({ status: 200, subject: "us" });
      expect(it.server.asked).toHaveLength(2);
    },
  );

  test("TS-15 a server that is out of order is asked again later, and its tokens go on meanwhile", async () => {
    const it = await anUnattendedWorld(() => withSecret);
    await it.use();
    await it.clock.advance(seconds(560));
    it.server.next.push({ status: 503, json: {} });
    expect(await it.use()).toEqual({ status: 200, subject: "us" });
    await it.clock.advance(minutes(5));
    expect(await it.use()).toEqual({ status: 200, subject: "us" });
    expect(it.server.asked).toHaveLength(3);
  });

  test("TS-15 a token for another audience is refused by the server: one new one is got, and no more", async () => {
    const it = await anUnattendedWorld(() => withSecret);
    it.server.audience = "https://elsewhere.example/mcp";
    for (let round = 0; round < 3; round++) expect((await it.use()).status).toBe(401);
    expect(it.server.asked.length).toBeLessThanOrEqual(2);
  });

  test("TS-15 TS-10 a tool server that names another authorization server is not followed there with the secret", async () => {
    const it = await anUnattendedWorld(() => withSecret);
    const thief = await anUnattendedWorld(() => withSecret);
    expect((await it.use()).status).toBe(200);
    it.server.resourceMetadata = { authorization_servers: [thief.server.issuer] };
    await it.clock.skip(hours(25));
    expect(await codeOf(it.use())).toBe("connect.issuer_changed");
    expect(await codeOf(it.use())).toBe("connect.issuer_changed");
    expect(thief.server.asked).toEqual([]);
  });

  test("TS-15 TS-19 who may not use the server gets no token, and nothing is asked for them", async () => {
    const it = await anUnattendedWorld(() => ({ ...withSecret, access: { groups: ["nobody is in it"] } }));
    expect(await codeOf(it.use())).toBe("connect.access_refused");
    expect(it.server.asked).toEqual([]);
    expect(await grantOf(it)).toEqual([]);
  });

  test("TS-15 VA-6 the row that has no token yet is no token, on a node whose clock is a little behind either", async () => {
    const it = await anUnattendedWorld(() => withSecret);
    it.server.next.push({ status: 503, json: {} });
    expect(await codeOf(it.use())).toBe("grant.refresh_unavailable");
    const clock = { ...it.clock, now: () => toInstant(it.clock.now() - seconds(5)) };
    const behind = await createLatchkey({ ...it.world.config, ports: { clock, log: it.world.log } });
    closeLater(() => behind.close());
    const asked = behind.vault.accessToken({ user: it.user, connection });
    expect(await codeOf(asked)).toBe("grant.refresh_unavailable");
  });

  test.each<[what: string, before: Entry, now: Entry]>([
    ["client credentials, then a person's", withSecret, { clientId: "us", clientSecret: "its-secret" }],
    ["one's own, then the operator's", { ...withSecret, registration: "enterprise" }, withSecret],
  ])(
    "TS-15 TS-11 VA-12 %s: a refresh that nobody waits for asks nothing in the name of the other way",
    async (_, before, now) => {
      const it = await anUnattendedWorld(() => before, { vault: { refreshAhead: { enabled: false } } });
      await exchangesIdTokens(it);
      expect((await it.use()).status).toBe(200);
      const entry = { id: "notes", url: it.server.url, ...now };
      await it.world.node({ toolServers: [entry], vault: { refreshAhead: { enabled: true } } });
      await it.clock.skip(minutes(8));
      for (let step = 0; step < 25; step++) {
        await it.clock.advance(seconds(5));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect(it.server.asked).toHaveLength(1);
      expect((await grantOf(it))[0]).toMatchObject({ status: "needs_reconnect", statusReason: "registration_changed" });
      // Where it is as before, the row that is over gives way to one that is good.
      expect((await it.use()).status).toBe(200);
      expect(await grantOf(it)).toMatchObject([{ status: "active" }]);
    },
  );

  test("TS-15 TS-17 VA-14 before its first token it has no end and no beginning, and ending it asks nobody to revoke nothing", async () => {
    const it = await anUnattendedWorld((server) => {
      server.metadata = { revocation_endpoint: `${server.issuer}/revoke` };
      return withSecret;
    });
    it.server.next.push({ status: 503, json: {} });
    expect(await codeOf(it.use())).toBe("grant.refresh_unavailable");
    const { toolServers, vault } = it.world.latchkey;
    expect((await toolServers.status(it.user))[0]).toMatchObject({
      status: "not_connected",
      since: null,
      expiresAt: null,
    });
    const held = (await vault.list(it.user)).find((one) => one.connection === connection);
    expect(held?.expiresAt).toBeNull();
    await vault.disconnect({ user: it.user, connection });
    await it.clock.advance(seconds(10));
    await expect.poll(async () => (await it.world.store.outbox.waiting()).rows).toBe(0);
    expect(it.world.log.text()).not.toContain("a revocation failed");
  });

  test("TS-15 TS-22 a server that begins to want bound tokens gets them with the next one, and one that stops does not", async () => {
    const it = await anUnattendedWorld(() => withSecret);
    expect(await it.use()).toEqual({ status: 200, subject: "us" });
    const says = { dpop_signing_alg_values_supported: ["ES256"] };
    it.server.metadata = says;
    it.server.resourceMetadata = says;
    await it.clock.skip(hours(25));
    expect(await it.use()).toEqual({ status: 200, subject: "us" });
    await it.clock.advance(minutes(11));
    expect(await it.use()).toEqual({ status: 200, subject: "us" });
    it.server.metadata = {};
    it.server.resourceMetadata = {};
    await it.clock.skip(hours(25));
    expect(await it.use()).toEqual({ status: 200, subject: "us" });
    expect(it.server.shown.map((one) => one.split(" ")[0])).toEqual(["Bearer", "DPoP", "DPoP", "Bearer"]);
    expect(await grantOf(it)).toHaveLength(1);
  });

  test("TS-15 a row of another way gives way to one that counts, and nobody has two", async () => {
    const it = await anUnattendedWorld(() => ({ ...withSecret, registration: "enterprise" }));
    await exchangesIdTokens(it);
    expect(await it.use()).toEqual({ status: 200, subject: "ann-1" });
    const [before] = await grantOf(it);
    const entry = { id: "notes", url: it.server.url, ...withSecret };
    const changed = await it.world.node({ toolServers: [entry] });
    const fetch = changed.toolServers.fetch({ user: it.user, connection });
    expect(await (await fetch(it.server.url, { method: "POST", body: "{}" })).json()).toEqual({ subject: "us" });
    const [now, ...more] = await grantOf(it);
    expect([now?.status, now?.id === before?.id, more]).toEqual(["active", false, []]);
  });

  test("TS-15 VA-14 whoever listens for changes hears of a first use, on another node too", async () => {
    const it = await anUnattendedWorld(() => withSecret);
    const changes: unknown[] = [];
    const other = await it.world.node();
    other.vault.subscribe((change) => changes.push(change));
    await it.use();
    await it.clock.advance(seconds(5));
    await expect.poll(() => changes).toEqual([{ user: it.user, connection, status: "connected", reason: null }]);
  });

  test("TS-15 another way is another connection: what one got is not used by the other", async () => {
    const it = await anUnattendedWorld(() => withSecret);
    await it.use();
    const entry = { id: "notes", url: it.server.url, clientId: "us", clientSecret: "its-secret" };
    const person = await it.world.node({ toolServers: [entry] });
    expect(await codeOf(person.vault.accessToken({ user: it.user, connection }))).toBe("grant.needs_reconnect");
    expect((await person.toolServers.status(it.user))[0]).toMatchObject({
      status: "needs_reconnect",
      reason: "registration_changed",
    });
  });
});

describe("enterprise-managed authorization", () => {
  const enterprise: Entry = { registration: "enterprise", clientId: "us", clientSecret: "its-secret" };

  test("TS-15 an employee calls a tool and sees no consent page: ID token, ID-JAG, token; anew at each expiry", async () => {
    const it = await anUnattendedWorld(() => ({ ...enterprise, scopes: ["notes:read"] }));
    const { exchanges, made } = await exchangesIdTokens(it);
    for (let round = 0; round < 4; round++) {
      expect(await it.use({ session: it.session })).toEqual({ status: 200, subject: "ann-1" });
      await it.clock.advance(minutes(11));
    }
    expect(exchanges).toHaveLength(4);
    for (const form of exchanges) {
      expect(Object.fromEntries(form)).toMatchObject({
        requested_token_type: "urn:ietf:params:oauth:token-type:id-jag",
        subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
        audience: it.server.issuer,
        resource: it.server.url,
        scope: "notes:read",
      });
    }
    expect(grantTypes(it)).toEqual(Array(4).fill(jwtBearer));
    // Each is used once, and none is kept anywhere.
    expect(it.server.assertions.map(({ jti }) => jti)).toEqual(["jag-1", "jag-2", "jag-3", "jag-4"]);
    expect(it.server.refused).toEqual([]);
    const everything = JSON.stringify([await grantOf(it), it.world.log.lines]);
    for (const jag of made) expect(everything).not.toContain(jag);
  });

  test("TS-15 VA-16 of several sessions of one person that one's ID token is exchanged which asks", async () => {
    const it = await anUnattendedWorld(() => enterprise);
    const { exchanges } = await exchangesIdTokens(it);
    await it.clock.advance(minutes(5));
    const later = it.world.browser();
    await it.world.signIn(later, "ann-1");
    const session = (await it.world.session(later)).body.session?.id ?? "";
    const signedIn = async () => (await grantsAt(it)).map(({ issuedAt }) => Math.floor(issuedAt / 1_000));
    const [first, second] = await signedIn();
    expect(second).toBe((first ?? 0) + 300);
    const iat = () => decodeJwt(exchanges.at(-1)?.get("subject_token") ?? "").iat;
    // The older one asks: not the newest sign-in's is shown.
    await it.use({ session: it.session });
    expect(iat()).toBe(first);
    await it.clock.advance(minutes(11));
    await it.use({ session });
    expect(iat()).toBe(second);
    await it.clock.advance(minutes(11));
    await it.use();
    expect(iat()).toBe(second);
  });

  test("TS-15 an ID token that is over is refreshed first, and never shown to anybody but its provider", async () => {
    const scopes = ["openid", "email", "profile", "offline_access"];
    const it = await anUnattendedWorld(() => enterprise, { provider: { scopes } });
    const { exchanges } = await exchangesIdTokens(it);
    await it.use();
    const before = exchanges[0]?.get("subject_token");
    await it.clock.skip(hours(2));
    expect(await it.use()).toEqual({ status: 200, subject: "ann-1" });
    const kinds = it.world.provider.requestsTo("token").map(({ form }) => form.get("grant_type"));
    expect(kinds.slice(-2)).toEqual(["refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange"]);
    expect(exchanges).toHaveLength(2);
    expect(exchanges[1]?.get("subject_token")).not.toBe(before);
    const there = JSON.stringify([it.server.asked.map(({ form }) => [...form]), it.server.shown]);
    for (const form of exchanges) expect(there).not.toContain(form.get("subject_token"));
  });

  test("TS-15 without a living session nobody's ID token is there: the person has to sign in, and then it goes on at once", async () => {
    const it = await anUnattendedWorld(() => enterprise);
    const { exchanges } = await exchangesIdTokens(it);
    const { store } = it.world;
    for (const { id } of await store.sessions.ofUser(it.user as never))
      await store.transaction((tx) => tx.sessions.delete(id));
    await it.clock.advance(minutes(20));
    expect(await codeOf(it.use())).toBe("grant.sign_in_needed");
    expect([exchanges.length, it.server.asked.length]).toEqual([0, 0]);
    const again = it.world.browser();
    await it.world.signIn(again, "ann-1");
    expect(await it.use()).toEqual({ status: 200, subject: "ann-1" });
  });

  test("TS-15 somebody who has to sign in again is held at that: their provider is asked once, and one line is written", async () => {
    const scopes = ["openid", "email", "profile", "offline_access"];
    const it = await anUnattendedWorld(() => enterprise, { provider: { scopes } });
    const { world } = it;
    let refreshes = 0;
    world.provider.script({
      token(honest, { form }) {
        if (form.get("grant_type") !== "refresh_token") return honest();
        // No new ID token comes with it.
        const json = { access_token: `a-${++refreshes}`, token_type: "Bearer", expires_in: 3_600 };
        return { json };
      },
    });
    await it.clock.skip(hours(2));
    for (let round = 0; round < 5; round++) {
      expect(await codeOf(it.use({ session: it.session }))).toBe("grant.sign_in_needed");
      await it.clock.advance(seconds(10));
    }
    const lines = (await world.store.audit.list({ limit: 200 })).items;
    expect([refreshes, lines.filter(({ type }) => type === "grant.refresh_failed").length]).toEqual([1, 1]);
    await exchangesIdTokens(it);
    const again = world.browser();
    await world.signIn(again, "ann-1");
    const session = (await world.session(again)).body.session?.id ?? "";
    expect(await it.use({ session })).toEqual({ status: 200, subject: "ann-1" });
  });

  test("TS-15 a refusal holds for the ID token that was shown: after another sign-in it is asked again", async () => {
    const it = await anUnattendedWorld(() => enterprise);
    const { exchanges } = await exchangesIdTokens(it);
    it.world.provider.next("token", { status: 400, json: { error: "invalid_target" } });
    const { session } = it;
    for (let round = 0; round < 2; round++) expect(await codeOf(it.use({ session }))).toBe("grant.provider_refused");
    expect(exchanges).toHaveLength(0);
    const again = it.world.browser();
    await it.world.signIn(again, "ann-1");
    const newer = (await it.world.session(again)).body.session?.id ?? "";
    expect(await it.use({ session: newer })).toEqual({ status: 200, subject: "ann-1" });
    expect(exchanges).toHaveLength(1);
  });

  test("TS-15 VA-15 a service that asks for somebody who has to sign in again is told so as of any grant that is not there", async () => {
    const nightly = {
      id: "nightly",
      secret: "a-secret-of-this-test-alone-Kd83hs7Qp",
      connections: [connection],
      offline: true,
    };
    const it = await anUnattendedWorld(() => enterprise, { services: [nightly] });
    await exchangesIdTokens(it);
    await it.clock.skip(hours(2));
    const answer = await it.world.request("/token", {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${nightly.id}:${nightly.secret}`)}` },
      body: new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token: it.user,
        subject_token_type: "urn:latchkey:token-type:user-id",
        audience: connection,
      }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: "invalid_target",
      code: "grant.sign_in_needed",
      connect_uri: it.world.url("/connections/notes/start"),
    });
  });

  test.each<[what: string, over: Parameters<typeof exchangesIdTokens>[1]]>([
    ["another issued_token_type", { answer: { issued_token_type: "urn:ietf:params:oauth:token-type:access_token" } }],
    ["no issued_token_type", { answer: { issued_token_type: undefined } }],
    ["a token_type that opens something", { answer: { token_type: "Bearer" } }],
    ["no token_type", { answer: { token_type: undefined } }],
    ["an assertion for another server", { claims: { aud: "https://elsewhere.example" } }],
    ["an assertion for this server and another", { claims: { aud: ["https://elsewhere.example", "x"] } }],
    ["what is no assertion", { answer: { access_token: "opaque" } }],
  ])("TS-15 %s: nothing is sent on to the tool server's authorization server", async (_, over) => {
    const it = await anUnattendedWorld(() => enterprise);
    await exchangesIdTokens(it, over);
    expect(await codeOf(it.use())).toBe("grant.refresh_unavailable");
    expect(it.server.asked).toEqual([]);
  });

  test("TS-15 a provider that says no, and a server that does: each is asked once and nothing else is tried", async () => {
    const refusing = await anUnattendedWorld(() => enterprise);
    const { exchanges } = await exchangesIdTokens(refusing);
    refusing.world.provider.next("token", { status: 400, json: { error: "invalid_target" } });
    for (let round = 0; round < 3; round++) expect(await codeOf(refusing.use())).toBe("grant.provider_refused");
    expect([exchanges.length, refusing.server.asked.length]).toEqual([0, 0]);
    const there = await anUnattendedWorld(() => enterprise);
    const asked = await exchangesIdTokens(there);
    there.server.next.push({ status: 400, json: { error: "invalid_grant" } });
    for (let round = 0; round < 3; round++) expect(await codeOf(there.use())).toBe("grant.provider_refused");
    expect([asked.exchanges.length, grantTypes(there)]).toEqual([1, [jwtBearer]]);
  });

  test("TS-15 [option:toolServers.provider] of several providers the named one's ID token is exchanged", async () => {
    const it = await anUnattendedWorld(() => ({ ...enterprise, provider: "fake" }));
    const { exchanges } = await exchangesIdTokens(it);
    expect((await it.use()).status).toBe(200);
    expect(exchanges).toHaveLength(1);
    const other = await it.world.node({
      providers: [
        ...it.world.config.providers,
        { id: "other", issuer: "https://other.example", clientId: "x", clientSecret: "y" },
      ],
      toolServers: [{ id: "notes", url: it.server.url, ...enterprise, provider: "other" }],
    });
    await it.clock.advance(minutes(11));
    expect(await codeOf(other.vault.accessToken({ user: it.user, connection }))).toBe("grant.sign_in_needed");
    expect(exchanges).toHaveLength(1);
  });
});

describe("workload identity", () => {
  async function aFile(it: UnattendedWorld) {
    const { privateKey, publicKey } = await aKey();
    it.server.keys.assertion = publicKey;
    let count = 0;
    const token = (lifetime: number) =>
      new SignJWT({ jti: `w${++count}`, sub: "our-workload", iss: "https://cluster.example", aud: it.server.issuer })
        .setProtectedHeader({ alg: "ES256" })
        .setExpirationTime(toDate((it.clock.now() + lifetime) as never))
        .sign(privateKey);
    return { write: async (path: string, lifetime = 700_000) => writeFileSync(path, `${await token(lifetime)}\n`) };
  }
  const path = () => join(mkdtempSync(join(tmpdir(), "latchkey-workload-")), "token");

  test("TS-15 [option:toolServers.workloadTokenFile] the token in the file is shown, read anew each time", async () => {
    const file = path();
    const it = await anUnattendedWorld(() => ({ registration: "workload", clientId: "us", workloadTokenFile: file }));
    const { write } = await aFile(it);
    for (let round = 0; round < 4; round++) {
      await write(file);
      expect(await it.use()).toEqual({ status: 200, subject: "our-workload" });
      await it.clock.advance(minutes(11));
    }
    expect(it.server.assertions.map(({ jti }) => jti)).toEqual(["w1", "w2", "w3", "w4"]);
    expect(it.server.asked[0]?.form.get("client_id")).toBe("us");
    expect(it.server.asked[0]?.form.getAll("resource")).toEqual([it.server.url]);
  });

  test("TS-15 a file that is missing, and a token that is over, are shown to nobody; a new one is a reason to ask again", async () => {
    const file = path();
    const it = await anUnattendedWorld(() => ({ registration: "workload", clientId: "us", workloadTokenFile: file }));
    const { write } = await aFile(it);
    expect(await codeOf(it.use())).toBe("grant.provider_refused");
    await write(file, -1_000);
    expect(await codeOf(it.use())).toBe("grant.provider_refused");
    expect(it.server.asked).toEqual([]);
    await write(file);
    it.server.next.push({ status: 400, json: { error: "invalid_grant" } });
    expect(await codeOf(it.use())).toBe("grant.provider_refused");
    expect(await codeOf(it.use())).toBe("grant.provider_refused");
    expect(it.server.asked).toHaveLength(1);
    await write(file);
    expect(await it.use()).toEqual({ status: 200, subject: "our-workload" });
  });
});
