/** VA-15, LO-11: a service says who it is, and ends a session. */
import { expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import { silentLog } from "../../src/kernel/log.js";
import { hours, milliseconds, minutes } from "../../src/kernel/time.js";
import { auditTrail } from "../support/shared-file.js";
import { aSecret, aServiceWorld, basic, chat, other } from "./setting.js";

const anything = { token: "x" };

test("VA-15 [option:services.id] [option:services.secret] a service authenticates by Basic or in the body", async () => {
  const world = await aServiceWorld();
  expect((await world.post("/revoke", anything)).status).toBe(200);
  const inBody = { ...anything, client_id: chat.id, client_secret: chat.secret };
  expect((await world.post("/revoke", inBody, null)).status).toBe(200);
  expect((await world.post("/revoke", { ...anything, client_id: chat.id })).status).toBe(200);
  const none = await world.post("/revoke", anything, null);
  expect([none.status, none.body["error"], none.body["code"]]).toEqual([401, "invalid_client", "token.client_invalid"]);
  expect(none.headers.get("www-authenticate")).toBe('Basic realm="latchkey", charset="UTF-8"');
  expect(none.headers.get("cache-control")).toBe("no-store");
});

test("VA-15 a secret may come as it is or form-encoded, whatever signs are in it", async () => {
  const awkward = { id: "awkward", secret: `${aSecret()}+/%41=: é` };
  const world = await aServiceWorld({ config: { services: [awkward] } });
  const encoded = new URLSearchParams([["", awkward.secret]]).toString().slice(1);
  for (const secret of [awkward.secret, encoded]) {
    expect((await world.post("/revoke", anything, { ...awkward, secret })).status).toBe(200);
  }
  expect((await world.post("/revoke", anything, { ...awkward, secret: `${awkward.secret} ` })).status).toBe(401);
});

test("VA-15 a secret that was rotated away is taken until the moment that was said, and never after", async () => {
  const world = await aServiceWorld();
  const resolved = resolveConfig(world.config);
  if (!resolved.ok) throw new Error("configuration");
  const ports = { store: world.store, clock: world.clock, log: silentLog };
  const { services } = await openAdministration(resolved.value, ports);
  const stored = { id: "stored", connections: ["*"], offline: false, audience: null };
  const { secret: first } = await services.add(stored);
  const { secret: second } = await services.rotate("stored", hours(1));
  const status = async (secret: string) => (await world.post("/revoke", anything, { id: "stored", secret })).status;
  await world.clock.skip(milliseconds(hours(1) - 1));
  expect([await status(first), await status(second)]).toEqual([200, 200]);
  await world.clock.skip(milliseconds(1));
  expect([await status(first), await status(second)]).toEqual([401, 200]);
});

test("VA-15 SU-2 one in the file hides a stored one of its name, with its secret", async () => {
  const world = await aServiceWorld({ config: { services: [other] } });
  const resolved = resolveConfig(world.config);
  if (!resolved.ok) throw new Error("configuration");
  const ports = { store: world.store, clock: world.clock, log: silentLog };
  const { services } = await openAdministration(resolved.value, ports);
  const { secret } = await services.add({ id: chat.id, connections: ["*"], offline: false, audience: null });
  const status = async (at: { fetch(request: Request): Promise<Response> }, as: string) => {
    const headers = { authorization: basic({ id: chat.id, secret: as }) };
    const body = new URLSearchParams(anything);
    return (await at.fetch(new Request(world.url("/revoke"), { method: "POST", headers, body }))).status;
  };
  expect(await status(world.latchkey, secret)).toBe(200);
  const withFile = await world.node({ services: [chat, other] });
  expect([await status(withFile, secret), await status(withFile, String(chat.secret))]).toEqual([401, 200]);
});

test("LO-11 POST /revoke ends the session of a value everywhere at once, and says so in the audit trail", async () => {
  const world = await aServiceWorld();
  const second = await world.node();
  const request = () => new Request(world.url("/session"), { headers: { authorization: `Bearer ${world.value}` } });
  expect(await second.sessions.authenticate(request())).not.toBeNull();
  const answer = await world.post("/revoke", { token: world.value, token_type_hint: "refresh_token" });
  expect([answer.status, answer.body]).toEqual([200, {}]);
  expect(await world.latchkey.sessions.authenticate(request())).toBeNull();
  // On Postgres another node hears of it through the bus, a moment later (LO-3: three seconds at most).
  await expect.poll(() => second.sessions.authenticate(request()), { timeout: 5_000 }).toBeNull();
  const event = (await auditTrail(world.store)).find(({ type }) => type === "session.ended");
  expect(event).toMatchObject({
    rule: "ended_by_service",
    actor: { kind: "service", id: "chat" },
    data: { user: world.user },
  });
  // RFC 7009 §2.2: what is over, and what never was, is answered as what has just ended.
  for (const token of [world.value, "nothing", "a.b.c", "x".repeat(30_000)]) {
    expect((await world.post("/revoke", { token })).status).toBe(200);
  }
  const missing = await world.post("/revoke", {});
  expect([missing.status, missing.body["error"]]).toEqual([400, "invalid_request"]);
});

test("VA-15 SU-5 [option:rateLimits.token] counts what comes from one address, and what one service asks", async () => {
  const world = await aServiceWorld({ config: { rateLimits: { token: "3/h" } } });
  const form = new URLSearchParams(anything);
  const from = (address: string | undefined, as: { id: string; secret: string }) =>
    world.latchkey.fetch(
      new Request(world.url("/revoke"), { method: "POST", body: form, headers: { authorization: basic(as) } }),
      { address },
    );
  const wrong = { ...other, secret: aSecret() };
  for (const _ of [1, 2, 3]) expect((await from("203.0.113.9", wrong)).status).toBe(401);
  const refused = await from("203.0.113.9", other);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({ error: "temporarily_unavailable", code: "server.rate_limited" });
  // Nobody locks a service out by guessing; what it asks itself counts wherever it comes from.
  for (const last of [1, 2, 3]) expect((await from(`198.51.100.${last}`, other)).status).toBe(200);
  expect((await from("198.51.100.4", other)).status).toBe(429);
  expect((await from("198.51.100.4", chat)).status).toBe(200);
});

test("VA-15 the store out of reach is 503 with a time to wait, and not 401", async () => {
  const world = await aServiceWorld();
  await world.latchkey.close();
  const answer = await world.post("/revoke", anything);
  expect([answer.status, answer.body["error"]]).toEqual([503, "temporarily_unavailable"]);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  await world.clock.advance(minutes(1));
});
