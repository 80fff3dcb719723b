/** TS-21: the operator's key, and what the sign-in provider gives for a tool server: where they go, and where never. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { hours, minutes } from "../../src/kernel/time.js";
import type { Answer } from "../../src/testing/fake-provider/answers.js";
import { closeLater } from "./connect-setting.js";
import {
  anUnattendedWorld,
  codeOf,
  connection,
  type Entry,
  tokenExchange,
  type UnattendedWorld,
} from "./unattended-setting.js";

const accessTokenType = "urn:ietf:params:oauth:token-type:access_token";
const offline = { scopes: ["openid", "email", "profile", "offline_access"] };

/** Everything that was shown to the tool server by a request of ours, and to its token endpoint. */
const thereAs = ({ server }: UnattendedWorld) =>
  JSON.stringify([server.shown, server.asked.map(({ form }) => [...form])]);
const auditOf = async ({ world }: UnattendedWorld) =>
  (await world.store.audit.list({ limit: 200 })).items.filter(({ type }) => type === "tool_server.provider_token_used");

/** What the person has at the provider, each under its name. */
async function theirTokens({ world, user, session }: UnattendedWorld) {
  const { accessToken } = await world.latchkey.vault.accessToken({ user, session, connection: "provider:fake" });
  const idTokens = world.provider.requestsTo("token").length;
  return { accessToken, idTokens };
}

/** Tells where it was asked, and for what. */
function exchanges({ world }: UnattendedWorld, over: Record<string, unknown> = {}) {
  const asked: URLSearchParams[] = [];
  world.provider.script({
    async token(honest, { form }): Promise<Answer> {
      if (form.get("grant_type") !== tokenExchange) return honest();
      asked.push(form);
      const token = `for-${asked.length}`;
      const answer = { access_token: token, issued_token_type: accessTokenType, token_type: "Bearer", expires_in: 600 };
      return { json: { ...answer, ...over } };
    },
  });
  return asked;
}

const chat = { id: "chat", secret: "x4Jc1vN8sQ0pT6yR2wK9mB5hD7gF3zLa", audience: "https://chat.example" };

/** A service asks for it, in the name of whoever is signed in. */
async function asService({ world, browser }: UnattendedWorld) {
  const session = /latchkey=([\w-]{43})/.exec(browser.cookies.header(world.url("/session")) ?? "")?.[1] ?? "";
  const answer = await world.request("/token", {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${chat.id}:${chat.secret}`)}` },
    body: new URLSearchParams({
      grant_type: tokenExchange,
      subject_token: session,
      subject_token_type: accessTokenType,
      audience: connection,
    }),
  });
  const text = await answer.text();
  return { status: answer.status, text, ...(JSON.parse(text) as { error?: string; code?: string }) };
}

describe("an operator's key", () => {
  test("TS-21 VA-15 a service that may have every token is not given it at POST /token", async () => {
    const it = await anUnattendedWorld(() => ({ registration: "key", key: "canary-key" }), { services: [chat] });
    await it.use();
    const asked = await asService(it);
    expect([asked.status, asked.error]).toEqual([400, "invalid_target"]);
    expect(asked.text).not.toContain("canary-key");
  });

  test("TS-21 [option:toolServers.key] is sent to the tool server and below, and handed to nobody", async () => {
    const it = await anUnattendedWorld(() => ({ registration: "key", key: "canary-key" }));
    expect((await it.use()).status).toBe(401);
    expect(it.server.shown).toEqual(["Bearer canary-key"]);
    expect(await codeOf(it.use({ path: "/../admin" }))).toBe("grant.url_refused");
    const { vault, toolServers } = it.world.latchkey;
    const who = { user: it.user, connection };
    expect(await codeOf(toolServers.authProvider(who).token())).toBe("grant.token_bound");
    expect(await codeOf(vault.accessToken(who))).toBe("grant.not_connected");
    expect(await codeOf(vault.fetch(who)(it.server.url))).toBe("grant.not_connected");
    expect(await codeOf(toolServers.fetch(who)("https://elsewhere.example/mcp"))).toBe("grant.url_refused");
    expect(it.server.shown).toHaveLength(1);
    expect(JSON.stringify([it.world.log.lines, await it.world.store.grants.ofUser(it.user as never)])).not.toContain(
      "canary-key",
    );
    expect(it.world.log.lines.map(({ message }) => message)).not.toContain("a tool server was looked at");
    expect((await toolServers.status(it.user))[0]).toMatchObject({ status: "connected", since: null });
  });

  test("TS-21 with its scheme it is sent as it is, and only for those who may use the server", async () => {
    const it = await anUnattendedWorld(() => ({ registration: "key", key: "Token abc" }));
    await it.use();
    expect(it.server.shown).toEqual(["Token abc"]);
    const closed = await anUnattendedWorld(() => ({ registration: "key", key: "abc", access: { groups: ["none"] } }));
    expect(await codeOf(closed.use())).toBe("connect.access_refused");
    expect(await codeOf(closed.use({ user: "0198c0de-0000-7000-8000-000000000000" }))).toBe("account.not_found");
    expect(closed.server.shown).toEqual([]);
  });

  test("TS-21 it does not follow a redirect to another origin", async () => {
    const stolen: unknown[] = [];
    const thief = createServer((request, response) => {
      stolen.push(request.headers.authorization);
      response.end();
    });
    const front = createServer((_, response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${(thief.address() as AddressInfo).port}/mcp` }).end();
    });
    for (const one of [thief, front]) {
      await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", () => resolve()));
      closeLater(() => new Promise((resolve) => one.close(resolve)));
    }
    const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}/mcp`;
    const it = await anUnattendedWorld(() => ({ registration: "key", key: "abc", url }));
    const fetch = it.world.latchkey.toolServers.fetch({ user: it.user, connection });
    expect(await codeOf(fetch(url))).toBe("grant.url_refused");
    expect(stolen).toEqual([]);
  });
});

describe("a token of the sign-in provider's for one tool server", () => {
  const entry: Entry = { registration: "provider", provider: "fake" };

  test("TS-21 is exchanged for the resource, anew at each expiry, audited, and handed to nobody else", async () => {
    const it = await anUnattendedWorld(() => entry, { provider: offline });
    const asked = exchanges(it);
    for (let round = 1; round <= 4; round++) {
      await it.use({ session: it.session });
      await it.clock.advance(minutes(11));
    }
    // The server knows no token of the provider's and refuses it; that is no reason to ask again within ten seconds.
    expect(it.server.shown).toEqual(["Bearer for-1", "Bearer for-2", "Bearer for-3", "Bearer for-4"]);
    for (const form of asked) {
      expect(Object.fromEntries(form)).toMatchObject({
        subject_token_type: accessTokenType,
        requested_token_type: accessTokenType,
        resource: it.server.url,
      });
    }
    expect(asked).toHaveLength(4);
    expect(it.server.asked).toEqual([]);
    const events = await auditOf(it);
    expect(events).toHaveLength(4);
    expect(events[0]).toMatchObject({
      provider: "fake",
      connection,
      actor: { kind: "user", id: it.user },
      data: { way: "exchange", origin: it.server.issuer },
    });
    const who = { user: it.user, connection };
    const { vault, toolServers } = it.world.latchkey;
    expect(await codeOf(vault.accessToken(who))).toBe("grant.token_bound");
    expect(await codeOf(vault.fetch(who)(it.server.url))).toBe("grant.token_bound");
    expect(await codeOf(toolServers.authProvider(who).token())).toBe("grant.token_bound");
    expect(await codeOf(toolServers.fetch(who)(`${it.server.issuer}/token`))).toBe("grant.url_refused");
    // VA-16: what they have at the provider is not this, and this is not that.
    expect((await theirTokens(it)).accessToken).not.toMatch(/^for-/);
    expect(thereAs(it)).not.toContain((await theirTokens(it)).accessToken);
  });

  test("TS-21 VA-15 a service that may have every token is given neither it nor the person's own at POST /token", async () => {
    const exchanged = await anUnattendedWorld(() => entry, { services: [chat] });
    exchanges(exchanged);
    await exchanged.use();
    const asked = await asService(exchanged);
    expect([asked.status, asked.error, asked.code]).toEqual([400, "invalid_target", "grant.token_bound"]);
    expect(asked.text).not.toContain("for-1");
    const passed = await anUnattendedWorld(() => entry, { services: [chat] });
    passed.server.resourceMetadata = { authorization_servers: [passed.world.provider.issuer] };
    await passed.use();
    expect(passed.server.shown).toHaveLength(1);
    const refused = await asService(passed);
    expect([refused.status, refused.error]).toEqual([400, "invalid_target"]);
    expect(refused.text).not.toContain((await theirTokens(passed)).accessToken);
  });

  test("TS-21 VA-14 is revoked at the provider that gave it when the person disconnects, and their own is not", async () => {
    const it = await anUnattendedWorld(() => entry, { provider: offline });
    exchanges(it);
    await it.use();
    await it.world.latchkey.vault.disconnect({ user: it.user, connection });
    const revoked = () => it.world.provider.requestsTo("revocation").map(({ form }) => form.get("token"));
    await expect.poll(revoked).toEqual(["for-1"]);
    expect(it.server.asked).toEqual([]);
    expect((await theirTokens(it)).accessToken).toBeTruthy();
  });

  test("TS-21 is exchanged for the server by its name even where nothing else would name it", async () => {
    const omitted = await anUnattendedWorld(() => ({ ...entry, resource: "omit" }));
    const silent = await anUnattendedWorld((server) => {
      server.resourceMetadata = null;
      return entry;
    });
    for (const it of [omitted, silent]) {
      const asked = exchanges(it);
      await it.use();
      expect(asked.map((form) => form.getAll("resource"))).toEqual([[it.server.url]]);
    }
  });

  test("TS-21 a server that names the provider beside another authorization server does not get the person's own token", async () => {
    const it = await anUnattendedWorld(() => ({ ...entry, passToken: true }));
    it.server.resourceMetadata = { authorization_servers: [it.world.provider.issuer, it.server.issuer] };
    exchanges(it);
    await it.use();
    expect(it.server.shown).toEqual(["Bearer for-1"]);
  });

  test.each<[what: string, over: Record<string, unknown>]>([
    ["an ID token", { issued_token_type: "urn:ietf:params:oauth:token-type:id_token" }],
    ["a refresh token", { issued_token_type: "urn:ietf:params:oauth:token-type:refresh_token" }],
    ["something without a type", { issued_token_type: undefined }],
    ["a token that opens nothing", { token_type: "N_A" }],
  ])("TS-21 %s in the place of an access token is sent nowhere", async (_, over) => {
    const it = await anUnattendedWorld(() => entry);
    exchanges(it, over);
    expect(await codeOf(it.use())).toBe("grant.refresh_unavailable");
    expect(it.server.shown).toEqual([]);
    expect(await auditOf(it)).toEqual([]);
  });

  test("TS-21 VA-16 a server that is another's to protect never sees the person's own token, whatever passToken says", async () => {
    const it = await anUnattendedWorld(() => ({ ...entry, passToken: true }));
    const asked = exchanges(it);
    await it.use();
    expect(it.server.shown).toEqual(["Bearer for-1"]);
    expect(asked).toHaveLength(1);
    // And where the provider exchanges nothing, nothing is sent.
    const refusing = await anUnattendedWorld(() => ({ ...entry, passToken: true }));
    expect(await codeOf(refusing.use())).toBe("grant.provider_refused");
    expect(refusing.server.shown).toEqual([]);
  });

  test("TS-21 VA-16 a server that names the provider gets the session's own access token, refreshed with it and audited", async () => {
    const it = await anUnattendedWorld(() => entry, { provider: offline });
    it.server.resourceMetadata = { authorization_servers: [it.world.provider.issuer] };
    await it.clock.skip(hours(2));
    const other = it.world.browser();
    await it.world.signIn(other, "ben-2");
    await it.use({ session: it.session });
    await it.use({ session: it.session });
    const { accessToken } = await theirTokens(it);
    expect(it.server.shown).toEqual([`Bearer ${accessToken}`, `Bearer ${accessToken}`]);
    const events = await auditOf(it);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ data: { way: "pass" }, provider: "fake" });
    await it.clock.skip(hours(2));
    await it.use({ session: it.session });
    expect(new Set(it.server.shown).size).toBe(2);
    expect(await auditOf(it)).toHaveLength(2);
    // The server refused each of them: at the provider that made no refresh, and ended nothing.
    const refreshes = it.world.provider.requestsTo("token").filter(({ form }) => form.has("refresh_token"));
    expect(refreshes).toHaveLength(2);
    for (const { form } of it.world.provider.requestsTo("token")) {
      const refresh = form.get("refresh_token");
      if (refresh !== null) expect(thereAs(it)).not.toContain(refresh);
    }
    const who = { user: it.user, connection };
    expect(await codeOf(it.world.latchkey.vault.accessToken(who))).toBe("grant.not_connected");
    expect(await codeOf(it.world.latchkey.toolServers.authProvider(who).token())).toBe("grant.token_bound");
  });

  test("TS-21 [option:toolServers.passToken] without metadata the person's own token is sent only by the operator's word", async () => {
    for (const passToken of [false, true]) {
      const it = await anUnattendedWorld((server) => {
        server.resourceMetadata = null;
        return { ...entry, passToken };
      });
      const asked = exchanges(it);
      await it.use();
      const own = `Bearer ${(await theirTokens(it)).accessToken}`;
      expect(it.server.shown).toEqual([passToken ? own : "Bearer for-1"]);
      expect(asked).toHaveLength(passToken ? 0 : 1);
    }
  });

  test("TS-21 of two people each has their own, and who is signed out has none", async () => {
    const it = await anUnattendedWorld(() => entry);
    it.server.resourceMetadata = { authorization_servers: [it.world.provider.issuer] };
    await it.clock.skip(hours(2));
    const [ann, ben] = [it.world.browser(), it.world.browser()];
    await it.world.signIn(ann, "ann-1");
    await it.world.signIn(ben, "ben-2");
    const user = (await it.world.session(ben)).body.user?.id ?? "";
    await it.use();
    await it.use({ user });
    const tokens = await Promise.all(
      [it.user, user].map((one) => it.world.latchkey.vault.accessToken({ user: one, connection: "provider:fake" })),
    );
    expect(it.server.shown).toEqual(tokens.map(({ accessToken }) => `Bearer ${accessToken}`));
    const { store } = it.world;
    for (const { id } of await store.sessions.ofUser(user as never))
      await store.transaction((tx) => tx.sessions.delete(id));
    await it.clock.advance(minutes(1));
    expect(await codeOf(it.use({ user }))).toBe("grant.not_connected");
  });
});
