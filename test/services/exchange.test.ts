/** VA-15: a service exchanges what it was shown for a token of that person. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import { systemRandom } from "../../src/crypto/random.js";
import { LatchkeyError } from "../../src/kernel/errors.js";
import { silentLog } from "../../src/kernel/log.js";
import { minutes, seconds, systemClock } from "../../src/kernel/time.js";
import type { Store } from "../../src/store/contract.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { createWorld } from "../../src/testing/world.js";
import { auditTrail } from "../support/shared-file.js";
import { connection } from "../vault/setting.js";
import { aSecret, aServiceWorld, basic, chat, type ServiceWorld } from "./setting.js";

const grantType = "urn:ietf:params:oauth:grant-type:token-exchange";
const accessToken = "urn:ietf:params:oauth:token-type:access_token";
const userId = "urn:latchkey:token-type:user-id";

const ask = (world: ServiceWorld, fields: Record<string, string> = {}, as?: { id: string; secret: string }) =>
  world.post(
    "/token",
    {
      grant_type: grantType,
      subject_token: world.value,
      subject_token_type: accessToken,
      audience: connection,
      ...fields,
    },
    as,
  );
const told = ({ status, body }: Awaited<ReturnType<typeof ask>>) => [status, body["error"], body["code"]];
const sha256 = (text: unknown, as: "hex" | "base64url") => createHash("sha256").update(String(text)).digest(as);

/** Commands run on the same database, as an operator's would. */
function administration(world: ServiceWorld) {
  const resolved = resolveConfig(world.config);
  if (!resolved.ok) throw new Error("configuration");
  return openAdministration(resolved.value, { store: world.store, clock: world.clock, log: silentLog });
}

describe("a session's value", () => {
  test("VA-15 VA-13 brings that session's access token, its type and end, and is written down", async () => {
    const world = await aServiceWorld();
    const answer = await ask(world);
    expect(answer.status).toBe(200);
    const { access_token, scope, ...rest } = answer.body;
    expect(rest).toEqual({ issued_token_type: accessToken, token_type: "Bearer", expires_in: 3_600 });
    expect(String(scope).split(" ")).toEqual(expect.arrayContaining(["openid", "offline_access"]));
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("content-type")).toContain("application/json");
    const mine = await world.latchkey.vault.accessToken({ user: world.user, connection });
    expect(access_token).toBe(mine.accessToken);
    const event = (await auditTrail(world.store)).find(({ type }) => type === "token.exchanged");
    expect(event).toMatchObject({
      actor: { kind: "service", id: "chat" },
      target: { kind: "user", id: world.user },
      connection,
      data: {
        subject: "session",
        session: (await world.store.sessions.byTokenHash(sha256(world.value, "base64url")))?.id,
      },
    });
    expect((await ask(world, { audience: "", resource: connection })).status).toBe(200);
  });

  test("VA-15 VA-16 each session brings its own grant, and never another person's", async () => {
    const world = await aServiceWorld();
    const cleo = await world.valueOf("cleo-3");
    const again = await world.valueOf("ann-1");
    const tokens = [];
    for (const subject_token of [world.value, again.value, cleo.value]) {
      tokens.push((await ask(world, { subject_token })).body["access_token"]);
    }
    const held = [];
    for (const { user, session } of [again, cleo])
      held.push((await world.latchkey.vault.accessToken({ user, session, connection })).accessToken);
    expect(new Set(tokens).size).toBe(3);
    expect(tokens.slice(1)).toEqual(held);
  });

  test("VA-15 the end is left out where the provider told none", async () => {
    const world = await aServiceWorld();
    world.provider.script({
      token: async (honest) => {
        const answer = await honest();
        const { expires_in: _, ...json } = answer.json as Record<string, unknown>;
        return { ...answer, json };
      },
    });
    const { value } = await world.valueOf("ann-1");
    const { status, body } = await ask(world, { subject_token: value });
    expect([status, "expires_in" in body]).toEqual([200, false]);
  });

  test("VA-15 VA-6 min_validity asks for time that must be left, and no more than a new token has", async () => {
    const world = await aServiceWorld();
    await world.clock.advance(minutes(30));
    expect((await ask(world)).body["expires_in"]).toBe(1_800);
    expect(world.refreshes()).toBe(0);
    expect((await ask(world, { min_validity: "2400" })).body["expires_in"]).toBe(3_600);
    expect(world.refreshes()).toBe(1);
    expect((await ask(world, { min_validity: "999999" })).status).toBe(200);
    expect(world.refreshes()).toBe(1);
    for (const min_validity of ["-1", "1.5", "soon", "1e3", "9999999999"])
      expect(told(await ask(world, { min_validity }))).toEqual([400, "invalid_request", "token.request_invalid"]);
  });

  test("VA-15 rejected_token_hash forces one refresh, if that is still the current token", async () => {
    const world = await aServiceWorld();
    const first = (await ask(world)).body["access_token"];
    await world.clock.advance(minutes(1));
    for (const form of ["base64url", "hex"] as const)
      expect((await ask(world, { rejected_token_hash: sha256("another", form) })).body["access_token"]).toBe(first);
    expect(world.refreshes()).toBe(0);
    const hash = sha256(first, "base64url");
    const both = await Promise.all([1, 2].map(() => ask(world, { rejected_token_hash: hash })));
    expect(world.refreshes()).toBe(1);
    expect(both[0]?.body["access_token"]).not.toBe(first);
    expect(both[1]?.body["access_token"]).toBe(both[0]?.body["access_token"]);
    expect((await ask(world, { rejected_token_hash: sha256(first, "hex") })).status).toBe(200);
    expect(world.refreshes()).toBe(1);
    expect(told(await ask(world, { rejected_token_hash: "abc" }))[1]).toBe("invalid_request");
    // In hexadecimal, of the one that is current.
    await world.clock.advance(minutes(1));
    const current = both[0]?.body["access_token"];
    const after = await ask(world, { rejected_token_hash: sha256(current, "hex").toUpperCase() });
    expect([after.body["access_token"] === current, world.refreshes()]).toEqual([false, 2]);
  });

  test("VA-15 what cannot be written down is not handed out", async () => {
    const file = await openSqliteStore({ path: ":memory:", clock: systemClock, random: systemRandom, log: silentLog });
    let full = false;
    const store: Store = {
      ...file,
      transaction: (work) =>
        file.transaction((tx) => {
          const append: typeof tx.audit.append = async (event) => {
            if (full && event.type === "token.exchanged") throw new LatchkeyError("store.unavailable");
            return tx.audit.append(event);
          };
          return work({ ...tx, audit: { ...tx.audit, append } });
        }),
    };
    const world = await createWorld({ config: { roles: { default: "user" }, services: [chat] }, ports: { store } });
    try {
      const browser = world.browser();
      await world.signIn(browser, "ann-1");
      const subject_token = /latchkey=([\w-]{43})/.exec(browser.cookies.header(world.url("/session")) ?? "")?.[1] ?? "";
      const fields = { grant_type: grantType, subject_token, subject_token_type: accessToken, audience: connection };
      const asked = async () => {
        const body = new URLSearchParams(fields);
        const answer = await world.request("/token", { method: "POST", body, headers: { authorization: basic(chat) } });
        return [answer.status, "access_token" in ((await answer.json()) as object)];
      };
      expect(await asked()).toEqual([200, true]);
      full = true;
      expect(await asked()).toEqual([503, false]);
    } finally {
      await world.close();
    }
  });

  test("VA-7 VA-15 a service waits 25 s for a refresh, is told to come again, and the refresh goes on", async () => {
    const world = await aServiceWorld();
    let go = () => {};
    const wait = new Promise<void>((resolve) => {
      go = resolve;
    });
    world.provider.next("token", async (honest) => {
      await wait;
      return honest();
    });
    await world.clock.advance(minutes(61));
    const slow = ask(world);
    await expect.poll(() => world.refreshes()).toBe(1);
    await world.clock.advance(seconds(24));
    expect(await Promise.race([slow, new Promise((resolve) => setTimeout(resolve, 50))])).toBeUndefined();
    await world.clock.advance(seconds(1));
    const answer = await slow;
    expect(told(answer)).toEqual([503, "temporarily_unavailable", "grant.refresh_unavailable"]);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    go();
    await expect.poll(async () => (await ask(world)).status).toBe(200);
    expect(world.refreshes()).toBe(1);
  });

  test("VA-15 a grant that ended or never was is invalid_target with the place to connect it; the operator's fault is 502", async () => {
    const world = await aServiceWorld();
    world.provider.script({ token: () => ({ status: 401, json: { error: "invalid_client" } }) });
    await world.clock.advance(minutes(61));
    expect(told(await ask(world))).toEqual([502, "server_error", "grant.client_rejected"]);
    world.provider.script({ token: () => ({ status: 400, json: { error: "invalid_grant" } }) });
    await world.clock.advance(minutes(6));
    const ended = await ask(world);
    expect(told(ended)).toEqual([400, "invalid_target", "grant.needs_reconnect"]);
    expect(ended.body["connect_uri"]).toBe(world.url("/providers/fake/start"));
    await world.latchkey.vault.disconnect({ user: world.user, connection });
    const none = await ask(world);
    expect([...told(none), none.body["connect_uri"]]).toEqual([
      400,
      "invalid_target",
      "grant.not_connected",
      world.url("/providers/fake/start"),
    ]);
    const unknown = await ask(world, { audience: "provider:nobody" });
    expect([...told(unknown), "connect_uri" in unknown.body]).toEqual([
      400,
      "invalid_target",
      "grant.connection_unknown",
      false,
    ]);
    const refused = (await auditTrail(world.store)).filter(({ type }) => type === "token.refused");
    expect(refused.map(({ code }) => code).toSorted()).toEqual([
      "grant.client_rejected",
      "grant.connection_unknown",
      "grant.needs_reconnect",
      "grant.not_connected",
    ]);
  });

  test("VA-15 a grant that no secret opens is the operator's fault: 502, and nobody is sent to connect it", async () => {
    const world = await aServiceWorld();
    const node = await world.node({ secrets: ["another-secret-of-this-test-kX9f2LqP0sT7vZ"] });
    const fields = { grant_type: grantType, subject_token: world.value, subject_token_type: accessToken };
    const body = new URLSearchParams({ ...fields, audience: connection });
    const headers = { authorization: basic(chat) };
    const answer = await node.fetch(new Request(world.url("/token"), { method: "POST", headers, body }));
    const said = (await answer.json()) as Record<string, unknown>;
    expect([answer.status, said["error"], said["code"], "connect_uri" in said]).toEqual([
      502,
      "server_error",
      "grant.unreadable",
      false,
    ]);
  });

  test("VA-15 a scope that was not granted is said so instead of handed out in part", async () => {
    const world = await aServiceWorld();
    expect((await ask(world, { scope: "openid email" })).status).toBe(200);
    const more = await ask(world, { scope: "openid files.write" });
    expect([...told(more), more.body["connect_uri"]]).toEqual([
      400,
      "invalid_scope",
      "grant.consent_required",
      world.url("/providers/fake/start"),
    ]);
    expect(more.body).not.toHaveProperty("access_token");
  });
});

describe("a service's reach", () => {
  test("VA-15 [option:services.connections] it gets what it names, and nothing else", async () => {
    const named = { id: "named", secret: aSecret(), connections: [connection] };
    const elsewhere = { id: "elsewhere", secret: aSecret(), connections: ["provider:elsewhere", "tool:fake"] };
    const world = await aServiceWorld({ config: { services: [named, elsewhere] } });
    expect((await ask(world, {}, named)).status).toBe(200);
    expect(told(await ask(world, {}, elsewhere))).toEqual([400, "invalid_target", "token.target_refused"]);
    expect(told(await ask(world, { audience: "provider:nobody" }, named))[2]).toBe("token.target_refused");
  });

  test("VA-15 offline goes with names alone, whatever stands in the database", async () => {
    const world = await aServiceWorld();
    const now = world.clock.now();
    const secret = aSecret();
    const row = {
      id: "any",
      secretHash: sha256(secret, "base64url"),
      formerSecretHash: null,
      formerSecretEndsAt: null,
    };
    const reach = { connections: ["*"], offline: true, audience: null, createdAt: now, updatedAt: now };
    await world.store.transaction((tx) => tx.services.save({ ...row, ...reach }));
    const fields = { subject_token: world.user, subject_token_type: userId };
    expect(told(await ask(world, fields, { id: "any", secret }))[2]).toBe("token.offline_refused");
    expect((await ask(world, {}, { id: "any", secret })).status).toBe(200);
  });

  test("VA-15 [option:services.offline] a user id is taken from a service that is offline, for what it names", async () => {
    const nightly = { id: "nightly", secret: aSecret(), connections: [connection], offline: true };
    const day = { id: "day", secret: aSecret(), connections: [connection] };
    const world = await aServiceWorld({ config: { services: [nightly, day, chat] } });
    const byId = { subject_token: world.user, subject_token_type: userId };
    const answer = await ask(world, byId, nightly);
    expect(answer.status).toBe(200);
    const event = (await auditTrail(world.store)).find(({ type }) => type === "token.exchanged");
    expect(event).toMatchObject({ target: { id: world.user }, data: { subject: "user_id" } });
    for (const as of [day, chat])
      expect(told(await ask(world, byId, as))).toEqual([400, "invalid_request", "token.offline_refused"]);
    expect(told(await ask(world, { ...byId, subject_issuer: "fake" }, nightly))[1]).toBe("invalid_request");
    for (const nobody of ["01990000-0000-7000-8000-000000000001", "ann@example.com", "*", "x".repeat(5_000)])
      expect(told(await ask(world, { ...byId, subject_token: nobody }, nightly))).toEqual([
        400,
        "invalid_request",
        "account.not_found",
      ]);
  });
});

describe("AT-29 whom no token is given for", () => {
  test("AT-14 AC-8 AC-20 VA-15 pending and disabled people get none, with and without a session", async () => {
    const nightly = { id: "nightly", secret: aSecret(), connections: [connection], offline: true };
    const world = await aServiceWorld({ config: { services: [chat, nightly] } });
    const byId = { subject_token: world.user, subject_token_type: userId };
    const operator = await administration(world);
    expect((await ask(world, byId, nightly)).status).toBe(200);
    await operator.setRole(world.user, "pending");
    for (const answer of [await ask(world), await ask(world, byId, nightly)])
      expect(told(answer)).toEqual([400, "invalid_request", "account.pending"]);
    await operator.setRole(world.user, "user");
    expect((await ask(world)).status).toBe(200);
    await operator.setDisabled(world.user, true);
    expect(told(await ask(world))).toEqual([400, "invalid_request", "session.invalid"]);
    expect(told(await ask(world, byId, nightly))).toEqual([400, "invalid_request", "account.disabled"]);
    expect(world.refreshes()).toBe(0);
  });

  test("AT-29 AT-45 VA-15 what is no live session of ours brings nothing", async () => {
    const world = await aServiceWorld();
    const { accessToken: theirs } = await world.latchkey.vault.accessToken({ user: world.user, connection });
    const gone = await world.valueOf("ann-1");
    await world.post("/revoke", { token: gone.value });
    const tries = [
      gone.value,
      theirs,
      world.user,
      `${world.value} `,
      `${world.value},${world.value}`,
      "x\r\ny: z",
      "é",
    ];
    for (const subject_token of tries)
      expect([subject_token, ...told(await ask(world, { subject_token }))]).toEqual([
        subject_token,
        400,
        "invalid_request",
        "session.invalid",
      ]);
  });

  test("AT-4 AT-29 VA-15 a request with two meanings, or one we do not know, is refused", async () => {
    const world = await aServiceWorld();
    const jwt = "urn:ietf:params:oauth:token-type:jwt";
    const tries: [Record<string, string>, string, string][] = [
      [{ grant_type: "authorization_code" }, "unsupported_grant_type", "token.grant_type_unsupported"],
      [{ grant_type: "" }, "invalid_request", "token.request_invalid"],
      [{ subject_token: "" }, "invalid_request", "token.request_invalid"],
      [{ subject_token_type: "" }, "invalid_request", "token.request_invalid"],
      [
        { subject_token_type: "urn:ietf:params:oauth:token-type:id_token" },
        "invalid_request",
        "token.type_unsupported",
      ],
      [
        { subject_token_type: "urn:ietf:params:oauth:token-type:refresh_token" },
        "invalid_request",
        "token.type_unsupported",
      ],
      [
        { requested_token_type: "urn:ietf:params:oauth:token-type:refresh_token" },
        "invalid_request",
        "token.type_unsupported",
      ],
      [{ requested_token_type: jwt }, "invalid_request", "token.type_unsupported"],
      [{ actor_token: "somebody" }, "invalid_request", "token.type_unsupported"],
      [{ actor_token_type: accessToken }, "invalid_request", "token.type_unsupported"],
      [{ audience: "" }, "invalid_request", "token.request_invalid"],
      [{ resource: "provider:other" }, "invalid_target", "token.target_invalid"],
      [{ audience: `${connection} ` }, "invalid_target", "grant.connection_unknown"],
      [{ audience: "PROVIDER:fake" }, "invalid_target", "grant.connection_unknown"],
    ];
    for (const [fields, error, code] of tries)
      expect([fields, ...told(await ask(world, fields))]).toEqual([fields, 400, error, code]);
    const base = { grant_type: grantType, subject_token: world.value, subject_token_type: accessToken };
    const twice = (more: [string, string][]) =>
      world.post("/token", [...Object.entries(base), ["audience", connection], ...more]);
    expect(told(await twice([["audience", connection]]))[1]).toBe("invalid_target");
    expect(told(await twice([["subject_token", world.value]]))[1]).toBe("invalid_request");
    expect(told(await twice([["grant_type", grantType]]))[1]).toBe("invalid_request");
    expect((await world.post("/token", {}, null)).headers.get("www-authenticate")).toContain("Basic");
  });

  test("AT-4 SU-5 VA-15 a request may have 200 fields; one more is refused, and so is one of those twice", async () => {
    const world = await aServiceWorld();
    const others = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, ""]));
    expect((await ask(world, others(196))).status).toBe(200);
    for (const count of [197, 9_000])
      expect(told(await ask(world, others(count)))).toEqual([400, "invalid_request", "server.bad_request"]);
    const twice = [...Object.entries(others(198)), ["f100", ""]];
    expect(told(await world.post("/token", twice))).toEqual([400, "invalid_request", "token.request_invalid"]);
  });

  test("AT-52 AT-55 a field that names a user changes nothing, and no token stands in a log or an audit event", async () => {
    const world = await aServiceWorld({ config: { log: { level: "debug" } } });
    const cleo = await world.valueOf("cleo-3");
    const honest = await ask(world);
    const forged = await ask(world, { user: cleo.user, user_id: cleo.user, session: cleo.session, sub: cleo.user });
    expect(forged.body["access_token"]).toBe(honest.body["access_token"]);
    await ask(world, { audience: world.value });
    const everything = world.log.text() + JSON.stringify((await world.store.audit.list({ limit: 200 })).items);
    for (const canary of [world.value, cleo.value, honest.body["access_token"]])
      expect(everything).not.toContain(canary);
  });
});

test("AT-29 LO-11 VA-15 an assertion stands for its person at the service it was made for, while its session lives", async () => {
  const second = { id: "second", secret: aSecret(), audience: "https://second.example" };
  const world = await aServiceWorld({ config: { services: [chat, second] } });
  const headers = { authorization: `Bearer ${world.value}` };
  const request = new Request(world.url("/session"), { headers });
  const issued = await world.latchkey.sessions.assertion(request, { audience: chat.audience ?? "" });
  const subject_token_type = "urn:ietf:params:oauth:token-type:jwt";
  const fields = { subject_token: issued?.assertion ?? "", subject_token_type };
  const answer = await ask(world, fields);
  expect([answer.status, answer.body["access_token"]]).toEqual([200, (await ask(world)).body["access_token"]]);
  expect(told(await ask(world, fields, second))).toEqual([400, "invalid_request", "session.invalid"]);
  const [header = "", payload = ""] = fields.subject_token.split(".");
  const forged = { ...fields, subject_token: `${header}.${payload}.${"A".repeat(86)}` };
  expect(told(await ask(world, forged))[2]).toBe("session.invalid");
  await world.post("/revoke", { token: world.value });
  expect(told(await ask(world, fields))).toEqual([400, "invalid_request", "session.invalid"]);
});
