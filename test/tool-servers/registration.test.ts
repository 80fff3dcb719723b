/** TS-9, TS-10, TS-11: registering at an authorization server, by two processes over one database. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.js";
import type { ConfigInput } from "../../src/config/schema.js";
import { createKeyring } from "../../src/crypto/keyring.js";
import { randomToken, systemRandom } from "../../src/crypto/random.js";
import { createEgress } from "../../src/egress/egress.js";
import { silentLog } from "../../src/kernel/log.js";
import { secret } from "../../src/kernel/secret.js";
import { minutes, seconds, systemClock } from "../../src/kernel/time.js";
import type { AuthorizationServer } from "../../src/oauth/types.js";
import { openUnregistration, unregister } from "../../src/outbox/unregistration.js";
import type { GrantRecord } from "../../src/store/records.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { aGrant, aUser } from "../../src/testing/store-suite/samples.js";
import { createDynamicRegistrations } from "../../src/tool-servers/dynamic-registrations.js";
import { createToolServers } from "../../src/tool-servers/registry.js";
import type { ToolServer } from "../../src/tool-servers/tool-server.js";
import { type RegistrationAnswer, type RegistrationServer, startRegistrationServer } from "./authorization-server.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const text = randomToken(systemRandom, 48);
const keyring = createKeyring({ secrets: [secret(text)], random: systemRandom });

async function aSetting(
  options: { server?: Partial<NonNullable<ConfigInput["toolServers"]>[number]>; baseUrl?: string } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-registration-"));
  closing.push(() => rm(folder, { recursive: true }));
  const path = join(folder, "latchkey.db");
  const clock = createManualClock();
  const idp = await startRegistrationServer();
  closing.push(() => idp.close());
  const as: AuthorizationServer = { issuer: idp.issuer, registration_endpoint: `${idp.issuer}/register` };

  async function node(name: string, baseUrl = options.baseUrl ?? "https://app.example.com") {
    const resolved = resolveConfig({
      baseUrl,
      secrets: [text],
      providers: [{ id: "corp", issuer: "https://idp.test", clientId: "x" }],
      toolServers: [{ id: "files", url: "https://files.example.com/mcp", ...options.server }],
    });
    if (!resolved.ok) throw new Error(JSON.stringify(resolved.error));
    const servers = createToolServers(resolved.value);
    const store = await openSqliteStore({
      path,
      migrate: true,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
    });
    closing.push(() => store.close());
    const allow = ["127.0.0.1"];
    const limits = {
      timeout: seconds(10),
      maxBytes: 1_000_000,
      proxy: null,
      noProxy: [],
      ca: null,
      proxyEnvironment: {},
    };
    const egress = createEgress({ allow, allowHttp: allow, ...limits, clock: systemClock, log: silentLog });
    closing.push(() => egress.close());
    const registrations = createDynamicRegistrations({
      store,
      egress,
      keyring,
      clock,
      waitingClock: systemClock,
      random: systemRandom,
      log: silentLog,
      servers,
      our: { base: `${baseUrl}/auth`, name: "Latchkey" },
      node: name,
    });
    /** What a running server does with registrations that were thrown away. */
    async function takesBack(): Promise<void> {
      for (const row of await store.outbox.due(clock.now(), 10, "unregister")) {
        const one = openUnregistration(keyring, row);
        if (one) await unregister({ egress, letGo: async () => true, log: silentLog }, one);
      }
    }
    return { registrations, store, takesBack, server: servers.byId("files") as ToolServer };
  }
  return { idp, as, clock, node, one: await node("one") };
}

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (thrown: { code: string; data: object }) => thrown,
  );
const bodies = (idp: RegistrationServer) => idp.seen.map(({ body }) => body);

describe("TS-9 what is asked for", () => {
  test("TS-9 name, code flow with refresh, one redirect URI, the kind of application, and no scope", async () => {
    const { idp, as, one } = await aSetting();
    const client = await one.registrations.get(one.server, as);
    expect(idp.seen).toHaveLength(1);
    expect(idp.seen[0]).toMatchObject({ method: "POST", path: "/register", authorization: undefined });
    expect(bodies(idp)[0]).toEqual({
      client_name: "Latchkey",
      client_uri: "https://app.example.com",
      redirect_uris: ["https://app.example.com/auth/connections/files/callback"],
      response_types: ["code"],
      grant_types: ["authorization_code", "refresh_token"],
      application_type: "web",
      token_endpoint_auth_method: "client_secret_basic",
    });
    expect(client.clientSecret?.reveal()).toBe(`secret of ${client.clientId}`);
  });

  test("TS-9 a loopback address is a native application", async () => {
    const { idp, as, one } = await aSetting({ baseUrl: "http://127.0.0.1:3000" });
    await one.registrations.get(one.server, as);
    expect(bodies(idp)[0]).toMatchObject({ application_type: "native" });
  });

  test.each<[listed: string[] | undefined, asked: string]>([
    [undefined, "client_secret_basic"],
    [["none", "client_secret_post", "client_secret_basic"], "client_secret_basic"],
    [["none", "client_secret_post"], "client_secret_post"],
    [["none"], "none"],
    [["tls_client_auth"], "client_secret_basic"],
  ])("TS-9 where the server lists %j, %s is asked for", async (listed, asked) => {
    const { idp, as, one } = await aSetting();
    await one.registrations.get(one.server, { ...as, token_endpoint_auth_methods_supported: listed });
    expect(bodies(idp)[0]?.["token_endpoint_auth_method"]).toBe(asked);
  });

  test("TS-9 [option:toolServers.initialAccessToken] [option:toolServers.tokenEndpointAuthMethod] the operator's token and method go along", async () => {
    const over = {
      initialAccessToken: "operator's token",
      authorizationServer: "https://as.example.com",
      tokenEndpointAuthMethod: "client_secret_post",
    } as const;
    const { idp, as, one } = await aSetting({ server: over });
    await one.registrations.get(one.server, as);
    expect(idp.seen[0]?.authorization).toBe("Bearer operator's token");
    expect(bodies(idp)[0]?.["token_endpoint_auth_method"]).toBe("client_secret_post");
  });

  test.each(["invalid_redirect_uri", "invalid_client_metadata"])(
    "TS-9 after %s it is tried once more as the other kind of application",
    async (error) => {
      const { idp, as, one } = await aSetting();
      idp.next({ status: 400, raw: JSON.stringify({ error }) });
      await one.registrations.get(one.server, as);
      expect(bodies(idp).map((body) => body["application_type"])).toEqual(["web", "native"]);
    },
  );

  test("TS-9 a second refusal is told with the redirect URI, and what the server said", async () => {
    const { idp, as, one } = await aSetting();
    const refusal = {
      status: 400,
      raw: JSON.stringify({ error: "invalid_redirect_uri", error_description: "no http" }),
    };
    idp.next(refusal, refusal);
    expect(await failureOf(one.registrations.get(one.server, as))).toMatchObject({
      code: "connect.registration_refused",
      data: { reason: "invalid_redirect_uri", description: "no http", redirectUri: one.server.redirectUri },
    });
    expect(idp.seen).toHaveLength(2);
  });
});

describe("TS-9 what the answer says holds", () => {
  test.each<[what: string, over: Record<string, unknown>, expected: object]>([
    ["another method", { token_endpoint_auth_method: "client_secret_post" }, { method: "client_secret_post" }],
    [
      "an empty secret is none, and no method then says none",
      { client_secret: "", token_endpoint_auth_method: "" },
      { method: "none", clientSecret: null },
    ],
    [
      "a secret without a method is for what was asked",
      { token_endpoint_auth_method: undefined },
      { method: "client_secret_basic" },
    ],
    [
      "an end of the secret, in seconds",
      { client_secret_expires_at: 2_000_000_000 },
      { secretEndsAt: 2_000_000_000_000 },
    ],
    ["no end", { client_secret_expires_at: 0 }, { secretEndsAt: null }],
    [
      "a place to look after it on another origin is not used",
      { registration_client_uri: "https://evil.example/register" },
      { management: null },
    ],
  ])("TS-9 %s", async (_what, over, expected) => {
    const { idp, as, one } = await aSetting();
    idp.next({ over });
    expect(await one.registrations.get(one.server, as)).toMatchObject(expected);
  });

  test.each<[reason: string, answer: RegistrationAnswer]>([
    ["redirect_uris", { over: { redirect_uris: ["https://evil.example/callback"] } }],
    ["redirect_uris", { over: { redirect_uris: undefined } }],
    ["client_id", { over: { client_id: "" } }],
    ["grant_types", { over: { grant_types: ["client_credentials"] } }],
    ["token_endpoint_auth_method", { over: { token_endpoint_auth_method: "tls_client_auth" } }],
    ["client_secret", { over: { client_secret: "" } }],
    ["no_json_object", { raw: "<html>" }],
    ["status_403", { status: 403, raw: "forbidden" }],
    ["status_302", { status: 302, headers: { location: "https://evil.example/" }, raw: "" }],
  ])("TS-9 an answer without a usable %s is a failure: %j", async (reason, answer) => {
    const { idp, as, one } = await aSetting();
    idp.next(answer);
    const failed = await failureOf(one.registrations.get(one.server, as));
    expect(failed?.code).toBe("connect.registration_refused");
    if (reason !== "status_302") expect(failed?.data).toMatchObject({ reason });
    expect(await one.registrations.known(one.server, as.issuer)).toBeUndefined();
  });

  test("TS-9 a refusal is not repeated for a minute, an outage for ten seconds", async () => {
    const { idp, as, one, clock } = await aSetting();
    idp.next({ status: 400, raw: JSON.stringify({ error: "invalid_software_statement" }) }, { status: 503 });
    for (let click = 0; click < 5; click++)
      expect((await failureOf(one.registrations.get(one.server, as)))?.code).toBe("connect.registration_refused");
    expect(idp.seen).toHaveLength(1);
    await clock.advance(minutes(1));
    for (let click = 0; click < 5; click++)
      expect((await failureOf(one.registrations.get(one.server, as)))?.code).toBe("connect.server_unreachable");
    expect(idp.seen).toHaveLength(2);
    await clock.advance(seconds(10));
    await one.registrations.get(one.server, as);
    expect(idp.seen).toHaveLength(3);
  });

  test("VA-5 AT-54 no secret of it lies readable in the database", async () => {
    const { as, one } = await aSetting();
    const client = await one.registrations.get(one.server, as);
    const row = await one.store.registrations.find({
      kind: "dynamic",
      issuer: as.issuer,
      redirectUri: one.server.redirectUri,
    });
    expect(row?.clientId).toBe(client.clientId);
    expect(JSON.stringify(row)).not.toMatch(/secret of|token of/);
  });
});

describe("TS-10 one registration for all", () => {
  test("TS-10 a hundred people on two nodes at once make one request, and all have the same client", async () => {
    const { idp, as, one, node } = await aSetting();
    const two = await node("two");
    let go = () => {};
    idp.hold = new Promise<void>((resolve) => {
      go = resolve;
    });
    const asked = Array.from({ length: 100 }, (_, index) => {
      const { registrations, server } = index % 2 === 0 ? one : two;
      return registrations.get(server, as);
    });
    await expect.poll(() => idp.seen.length).toBe(1);
    go();
    const ids = new Set((await Promise.all(asked)).map(({ clientId }) => clientId));
    expect([ids.size, idp.seen.length]).toEqual([1, 1]);
    expect((await two.registrations.known(two.server, as.issuer))?.clientId).toBe([...ids][0]);
  });

  test("TS-10 another issuer gets a registration of its own, and never hears of the first", async () => {
    const { as, one } = await aSetting();
    const first = await one.registrations.get(one.server, as);
    const other = await startRegistrationServer();
    closing.push(() => other.close());
    const second = await one.registrations.get(one.server, {
      issuer: other.issuer,
      registration_endpoint: `${other.issuer}/register`,
    });
    expect(second.clientId).not.toBe(first.clientId);
    expect(JSON.stringify(other.seen)).not.toContain(first.clientId);
    expect((await one.registrations.known(one.server, as.issuer))?.clientId).toBe(first.clientId);
  });

  test("TS-10 a node that was killed while it registered is waited for, and then another goes on", async () => {
    const { idp, as, one, node, clock } = await aSetting();
    idp.hold = new Promise(() => {});
    void one.registrations.get(one.server, as).catch(() => {});
    await expect.poll(() => idp.seen.length).toBe(1);
    idp.hold = Promise.resolve();
    const two = await node("two");
    const waiting = two.registrations.get(two.server, as);
    await clock.advance(seconds(61));
    expect((await waiting).clientId).toBeTruthy();
    expect(idp.seen).toHaveLength(2);
  });

  test("TS-9 when our address changes the registration is moved to it, and keeps its id", async () => {
    const { idp, as, one, node, clock } = await aSetting();
    const first = await one.registrations.get(one.server, as);
    const moved = await node("one", "https://new.example.com");
    const second = await moved.registrations.get(moved.server, as);
    expect(second.clientId).toBe(first.clientId);
    const last = idp.seen.at(-1);
    expect(last).toMatchObject({ method: "PUT", path: `/register/${first.clientId}` });
    expect(last?.authorization).toBe(`Bearer token of ${first.clientId}`);
    expect(last?.body["redirect_uris"]).toEqual(["https://new.example.com/auth/connections/files/callback"]);
    expect(await moved.store.registrations.ofConnection("tool:files")).toHaveLength(1);
    // It is the same one: nothing is taken back.
    expect(await moved.store.outbox.due(clock.now(), 10, "unregister")).toEqual([]);
  });

  test("TS-9 what was connected before goes on when our address has changed, also before anybody connects at the new one", async () => {
    const { as, one, node } = await aSetting();
    const { clientId } = await one.registrations.get(one.server, as);
    const moved = await node("one", "https://new.example.com");
    expect((await moved.registrations.known(moved.server, as.issuer, clientId))?.clientId).toBe(clientId);
    expect(await moved.registrations.known(moved.server, as.issuer, "another")).toBeUndefined();
    expect(await moved.registrations.known(moved.server, "https://elsewhere.example", clientId)).toBeUndefined();
  });

  test.each<[what: string, answer: RegistrationAnswer]>([
    ["an outage", { status: 503, raw: "" }],
    ["too many requests", { status: 429, raw: "" }],
  ])("TS-9 %s while it is moved is told as one, and afterwards it is moved all the same", async (_what, answer) => {
    const { idp, as, one, node, clock } = await aSetting();
    const first = await one.registrations.get(one.server, as);
    const moved = await node("one", "https://new.example.com");
    idp.next(answer);
    expect((await failureOf(moved.registrations.get(moved.server, as)))?.code).toBe("connect.server_unreachable");
    expect((await moved.registrations.known(moved.server, as.issuer, first.clientId))?.clientId).toBe(first.clientId);
    await clock.advance(seconds(10));
    expect((await moved.registrations.get(moved.server, as)).clientId).toBe(first.clientId);
    expect(idp.seen.map(({ method }) => method)).toEqual(["POST", "PUT", "PUT"]);
    expect(await moved.store.outbox.due(clock.now(), 10, "unregister")).toEqual([]);
  });

  test("TS-9 where moving it fails for an hour and registering does not, it is replaced", async () => {
    const { idp, as, one, node, clock } = await aSetting();
    const first = await one.registrations.get(one.server, as);
    const moved = await node("one", "https://new.example.com");
    idp.next({ status: 500, raw: "" }, { status: 500, raw: "" });
    expect((await failureOf(moved.registrations.get(moved.server, as)))?.code).toBe("connect.server_unreachable");
    await clock.advance(minutes(61));
    expect((await moved.registrations.get(moved.server, as)).clientId).not.toBe(first.clientId);
    expect(idp.seen.map(({ method }) => method)).toEqual(["POST", "PUT", "PUT", "POST"]);
  });

  test("TS-9 while it is moved there is no moment in which the database knows no registration", async () => {
    const { as, one, node } = await aSetting();
    await one.registrations.get(one.server, as);
    const moved = await node("one", "https://new.example.com");
    const known: number[] = [];
    const transaction = moved.store.transaction.bind(moved.store);
    moved.store.transaction = async (work) => {
      const done = await transaction(work);
      const rows = await one.store.registrations.ofConnection("tool:files");
      known.push(rows.filter(({ clientId }) => clientId !== null).length);
      return done;
    };
    await moved.registrations.get(moved.server, as);
    expect(known).toEqual([1, 1]);
  });

  test("TS-10 a registration at another issuer stays as it is, and is told nothing", async () => {
    const { idp, as, one, node } = await aSetting();
    await one.registrations.get(one.server, as);
    const other = await startRegistrationServer();
    closing.push(() => other.close());
    const moved = await node("one", "https://new.example.com");
    const there = { issuer: other.issuer, registration_endpoint: `${other.issuer}/register` };
    await moved.registrations.get(moved.server, there);
    await moved.takesBack();
    expect(idp.seen.map(({ method }) => method)).toEqual(["POST"]);
    expect((await one.registrations.known(one.server, as.issuer))?.clientId).toBeTruthy();
  });

  test("TS-9 one that cannot be moved is replaced at the new address and taken back at the old one", async () => {
    const { idp, as, one, node } = await aSetting();
    const first = await one.registrations.get(one.server, as);
    const moved = await node("one", "https://new.example.com");
    idp.next({ status: 405, raw: "" });
    const second = await moved.registrations.get(moved.server, as);
    expect(second.clientId).not.toBe(first.clientId);
    expect(await moved.store.registrations.ofConnection("tool:files")).toMatchObject([{ clientId: second.clientId }]);
    await moved.takesBack();
    expect(idp.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /register",
      `PUT /register/${first.clientId}`,
      "POST /register",
      `DELETE /register/${first.clientId}`,
    ]);
    expect(idp.seen.at(-1)?.authorization).toBe(`Bearer token of ${first.clientId}`);
  });
});

describe("TS-11 a registration that its server does not know any more", () => {
  async function withGrant() {
    const setting = await aSetting();
    const { one, as } = setting;
    const client = await one.registrations.get(one.server, as);
    const user = aUser();
    const grant = aGrant(user, null, { connection: "tool:files", issuer: as.issuer, clientId: client.clientId });
    await one.store.transaction(async (tx) => {
      await tx.users.insert(user);
      await tx.grants.insert(grant);
    });
    const held = async (): Promise<GrantRecord | undefined> => one.store.grants.byId(grant.id);
    return { ...setting, client, held };
  }

  test("TS-11 is made anew once, by one of all nodes, and grants of the old one have to be connected again", async () => {
    const { idp, as, one, node, client, held } = await withGrant();
    const two = await node("two");
    const renewed = await Promise.all(
      [one, two, one, two].map(({ registrations, server }) => registrations.renew(server, as, client.clientId)),
    );
    expect(new Set(renewed.map(({ clientId }) => clientId)).size).toBe(1);
    expect(renewed[0]?.clientId).not.toBe(client.clientId);
    expect(idp.seen).toHaveLength(2);
    expect(await held()).toMatchObject({ status: "needs_reconnect", statusReason: "client_replaced" });
  });

  test("TS-9 TS-11 the old one is taken back with its own token, and asked about nowhere else", async () => {
    const { idp, as, one, client } = await withGrant();
    const renewed = await one.registrations.renew(one.server, as, client.clientId);
    await one.takesBack();
    expect(idp.seen.at(-1)).toMatchObject({
      method: "DELETE",
      path: `/register/${client.clientId}`,
      authorization: `Bearer token of ${client.clientId}`,
    });
    expect(idp.seen.filter(({ method }) => method === "DELETE")).toHaveLength(1);
    expect((await one.registrations.known(one.server, as.issuer))?.clientId).toBe(renewed.clientId);
    const rows = JSON.stringify(await one.store.outbox.due(systemClock.now(), 10, "unregister"));
    expect(rows).not.toContain("token of");
  });

  test("TS-9 a server that answers with the same client again is not asked to take it back", async () => {
    const { idp, as, one, client, clock } = await withGrant();
    idp.next({ over: { client_id: client.clientId } });
    await one.registrations.renew(one.server, as, client.clientId);
    expect(idp.seen).toHaveLength(2);
    expect(await one.store.outbox.due(clock.now(), 10, "unregister")).toEqual([]);
  });

  test("TS-11 AT-41 a server that forgets every client gets one new one in ten minutes", async () => {
    const { idp, as, one, client, clock } = await withGrant();
    let { clientId } = await one.registrations.renew(one.server, as, client.clientId);
    for (let round = 0; round < 5; round++) ({ clientId } = await one.registrations.renew(one.server, as, clientId));
    expect(idp.seen).toHaveLength(2);
    await clock.advance(minutes(10));
    expect((await one.registrations.renew(one.server, as, clientId)).clientId).not.toBe(clientId);
    expect(idp.seen).toHaveLength(3);
  });

  test("TS-11 a secret that has run out makes a new registration when it is needed", async () => {
    const { idp, as, one, clock } = await aSetting();
    const endsAt = Math.floor((clock.now() + minutes(30)) / 1_000);
    idp.next({ over: { client_secret_expires_at: endsAt } });
    const first = await one.registrations.get(one.server, as);
    await clock.advance(minutes(29));
    expect((await one.registrations.get(one.server, as)).clientId).toBe(first.clientId);
    await clock.advance(minutes(2));
    expect(await one.registrations.known(one.server, as.issuer)).toBeUndefined();
    expect((await one.registrations.get(one.server, as)).clientId).not.toBe(first.clientId);
    expect(idp.seen).toHaveLength(2);
  });
});
