/**
 * LO-11, VA-15: what a service can do with an assertion that was made for it: ask what it is, and end its session. And what it cannot do with anybody else's.
 */
import { decodeJwt } from "jose";
import * as oauth from "oauth4webapi";
import { describe, expect, test } from "vitest";
import { setRole as setUserRole } from "../../src/accounts/administer.js";
import { systemRandom } from "../../src/crypto/random.js";
import type { UserId } from "../../src/kernel/ids.js";
import { minutes, seconds } from "../../src/kernel/time.js";
import { operator } from "../support/shared-file.js";
import { aServiceWorld, chat, other, type ServiceWorld } from "./setting.js";

/** An assertion of the session that has this value, as the app that embeds Latchkey makes it. */
async function assertionOf(world: ServiceWorld, value: string, audience = chat.audience ?? ""): Promise<string> {
  const headers = { authorization: `Bearer ${value}` };
  const issued = await world.latchkey.sessions.assertion(new Request(world.url("/x"), { headers }), { audience });
  if (!issued) throw new Error("nobody is signed in");
  return issued.assertion;
}

const setRole = (world: ServiceWorld, user: string, role: string) =>
  setUserRole(
    { store: world.store, clock: world.clock, random: systemRandom },
    user as UserId,
    role,
    ["pending", "user", "admin"],
    operator,
  );
const introspect = (world: ServiceWorld, token: string, as = chat) => world.post("/introspect", { token }, as);

describe("introspection", () => {
  test("LO-11 tells a service who an assertion that was made for it is about, as they are now", async () => {
    const world = await aServiceWorld();
    const assertion = await assertionOf(world, world.value);
    const { iss, sub, sid, aud, iat, exp, jti } = decodeJwt(assertion);
    const { status, body, headers } = await introspect(world, assertion);
    expect([status, headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(body).toEqual({
      active: true,
      token_type: "assertion",
      ...{ iss, sub, sid, aud, iat, exp, jti },
      username: "ann@example.com",
      email: "ann@example.com",
      email_verified: true,
      name: "Ann Archer",
      role: "user",
      groups: [],
    });
  });

  test("LO-11 tells of a session's value as well, which its holder could use anyway", async () => {
    const world = await aServiceWorld();
    const { session, user } = await world.valueOf("ann-1");
    const { body } = await introspect(world, (await world.valueOf("ann-1")).value);
    expect(body).toMatchObject({ active: true, token_type: "session", sub: user, email: "ann@example.com" });
    expect(body).not.toHaveProperty("aud");
    expect(body["sid"]).not.toBe(session);
  });

  test("LO-11 oauth4webapi, a second implementation, finds the endpoint and takes the answer", async () => {
    const world = await aServiceWorld();
    const plain = {
      [oauth.allowInsecureRequests]: true,
      [oauth.customFetch]: (url: string, init: object) => world.fetch(new Request(url, init)),
    } as const;
    const issuer = new URL(world.url(""));
    const as = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...plain }),
    );
    expect(as).toMatchObject({ revocation_endpoint: world.url("/revoke") });
    const client = { client_id: chat.id };
    const secret = oauth.ClientSecretBasic(chat.secret);
    const ask = async (token: string) =>
      oauth.processIntrospectionResponse(
        as,
        client,
        await oauth.introspectionRequest(as, client, secret, token, plain),
      );
    const assertion = await assertionOf(world, world.value);
    expect(await ask(assertion)).toMatchObject({ active: true, aud: chat.audience });
    await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, secret, assertion, plain));
    expect(await ask(assertion)).toEqual({ active: false });
  });

  test("LO-11 AT-29 says the same of everything that is nothing to this service, and not a word more", async () => {
    const world = await aServiceWorld();
    const { clock } = world;
    const good = await assertionOf(world, world.value);
    const [head = "", payload = "", signature = ""] = good.split(".");
    const unsigned = Buffer.from(JSON.stringify({ alg: "none", typ: "latchkey-assertion+jwt" })).toString("base64url");
    const ended = await world.valueOf("ann-1");
    const ofEnded = await assertionOf(world, ended.value);
    expect((await introspect(world, ofEnded)).body).toMatchObject({ active: true });
    await world.post("/revoke", { token: ended.value });
    // Approved when they came, and waiting again by now.
    const pending = await world.valueOf("ben-2");
    const ofPending = await assertionOf(world, pending.value);
    await setRole(world, pending.user, "pending");
    const nothing: [string, string, typeof chat][] = [
      ["another service's", good, other],
      ["for another app", await assertionOf(world, world.value, "https://elsewhere.example"), chat],
      ["changed", `${head}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`, chat],
      ["unsigned", `${unsigned}.${payload}.`, chat],
      ["of a session that has ended", ofEnded, chat],
      ["an ended session's value", ended.value, chat],
      ["of somebody who waits for approval", ofPending, chat],
      ["the session of somebody who waits for approval", pending.value, chat],
      ["nonsense", "a.b.c", chat],
      ["more nonsense", "nonsense", chat],
      ["too long", `a.${"b".repeat(60_000)}.c`, chat],
    ];
    for (const [why, token, as] of nothing) {
      const { status, body } = await introspect(world, token, as);
      expect([why, status, JSON.stringify(body)]).toEqual([why, 200, '{"active":false}']);
    }
    await clock.advance(minutes(5));
    await clock.advance(seconds(1));
    expect((await introspect(world, good)).body).toEqual({ active: false });
  });

  test("LO-11 VA-15 is for services alone, and for one question at a time", async () => {
    const world = await aServiceWorld();
    const refused = await world.post("/introspect", { token: world.value }, null);
    expect([refused.status, refused.body["error"]]).toEqual([401, "invalid_client"]);
    expect(refused.headers.get("www-authenticate")).toMatch(/^Basic /);
    for (const fields of [
      {},
      { token: "" },
      [
        ["token", "a"],
        ["token", "b"],
      ],
    ]) {
      const { status, body } = await world.post("/introspect", fields as string[][]);
      expect([status, body["error"]]).toEqual([400, "invalid_request"]);
    }
  });
});

describe("an assertion in the place of a session's value", () => {
  test("AT-19 is no session's value", async () => {
    const world = await aServiceWorld();
    const headers = { authorization: `Bearer ${await assertionOf(world, world.value)}` };
    expect((await world.request("/session", { headers })).status).toBe(401);
  });

  test("LO-11 ends its session, by the service that it was made for and by no other", async () => {
    const world = await aServiceWorld();
    const { value } = await world.valueOf("ann-1");
    const assertion = await assertionOf(world, value);
    const lives = async () => (await introspect(world, value)).body["active"];
    expect((await world.post("/revoke", { token: assertion }, other)).status).toBe(200);
    expect(await lives()).toBe(true);
    expect((await world.post("/revoke", { token: assertion })).status).toBe(200);
    expect(await lives()).toBe(false);
    expect((await introspect(world, world.value)).body["active"]).toBe(true);
  });
});
