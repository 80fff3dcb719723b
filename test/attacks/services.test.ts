/** AT-4, AT-29, AT-50, AT-51, AT-53, AT-55: what can be had from the routes of services without being one, or as another one. */
import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/crypto/random.js";
import { secret } from "../../src/kernel/secret.js";
import { systemClock } from "../../src/kernel/time.js";
import { createServiceAuthentication } from "../../src/services/authenticate.js";
import { aSecret, aServiceWorld, basic, chat, other } from "../services/setting.js";

describe("how often somebody may try", () => {
  test.each(["/token", "/introspect", "/revoke"])(
    "AT-51 VA-15 at %s neither walking through a /64 nor made-up forwarded addresses give more tries, and the routes count together",
    async (path) => {
      const world = await aServiceWorld({ config: { rateLimits: { token: "3/h" } } });
      const guess = async (address: string, to = path, headers: Record<string, string> = {}) => {
        const body = new URLSearchParams({ token: "x", grant_type: "x" });
        const authorization = basic({ id: chat.id, secret: aSecret() });
        const request = new Request(world.url(to), { method: "POST", body, headers: { authorization, ...headers } });
        return (await world.latchkey.fetch(request, { address })).status;
      };
      const walked = [];
      for (const last of ["::1", "::2", ":3::1", ":4:5:6:7"]) walked.push(await guess(`2001:db8:1:2${last}`));
      expect(walked).toEqual([401, 401, 401, 429]);
      for (const other of ["/token", "/introspect", "/revoke"]) expect(await guess("2001:db8:1:2::8", other)).toBe(429);
      expect(await guess("2001:db8:1:3::1")).toBe(401);

      const forged = [];
      for (const last of [1, 2, 3, 4]) {
        const made = `198.51.100.${last}`;
        const headers = { "X-Forwarded-For": made, "X-Real-IP": made, Forwarded: `for=${made}` };
        forged.push(await guess("203.0.113.9", path, headers));
      }
      expect(forged).toEqual([401, 401, 401, 429]);
    },
  );
});

describe("who is no service", () => {
  test("VA-15 AT-29 a wrong secret, another service's secret and a name that is nobody's are told the same", async () => {
    const world = await aServiceWorld();
    const tries = [
      { id: chat.id, secret: aSecret() },
      { id: chat.id, secret: other.secret },
      { id: chat.id, secret: "" },
      { id: "nobody", secret: chat.secret },
      { id: "CHAT", secret: chat.secret },
      { id: "", secret: chat.secret },
      { id: chat.id, secret: `${chat.secret}\n` },
    ];
    const told = [];
    for (const as of tries) {
      const { status, headers, body } = await world.post("/revoke", { token: world.value }, as);
      const { request_id: _, ...rest } = body;
      told.push(JSON.stringify([status, headers.get("www-authenticate"), rest]));
    }
    expect(new Set(told).size).toBe(1);
    expect(told[0]).toContain("invalid_client");
    expect((await world.post("/revoke", { token: "x" })).status).toBe(200);
  });

  test("VA-15 the same is done for a name that is nobody's as for a wrong secret, so that time tells neither", async () => {
    const asked: string[] = [];
    const services = {
      byId: async (id: string) => void asked.push(id) as undefined,
      all: async () => [],
    };
    const authenticate = createServiceAuthentication({
      store: { services },
      configured: [{ ...chat, connections: ["*"], offline: false, audience: null, secret: secret(chat.secret) }],
      clock: systemClock,
      random: systemRandom,
    });
    for (const id of ["chat", "nobody"]) {
      const authorization = basic({ id, secret: aSecret() });
      await expect(authenticate({ authorization, form: new URLSearchParams() })).rejects.toThrow(
        "token.client_invalid",
      );
    }
    // Of the two only one is in the file, and both are looked for among the stored ones.
    expect(asked).toEqual(["chat", "nobody"]);
  });

  test("AT-53 a browser that is signed in is no service: a cookie and a Bearer value end nothing", async () => {
    const world = await aServiceWorld();
    for (const headers of [
      { cookie: `latchkey=${world.value}`, origin: world.baseUrl },
      { authorization: `Bearer ${world.value}` },
      { authorization: `Bearer ${chat.secret}` },
    ]) {
      const answer = await world.post("/revoke", { token: world.value }, null, headers);
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([401, []]);
    }
    const alive = await world.request("/session", { headers: { authorization: `Bearer ${world.value}` } });
    expect(alive.status).toBe(200);
  });

  test("AT-4 two ways at once, two names and a doubled parameter are refused before anything is done", async () => {
    const world = await aServiceWorld();
    const token = world.value;
    const both = { token, client_id: chat.id, client_secret: chat.secret };
    const tries: [string, Parameters<typeof world.post>[1], (typeof chat | null)?][] = [
      ["Basic and body", both],
      ["Basic and another name", { token, client_id: other.id }],
      ["the token twice", [...Object.entries({ token }), ["token", "x"]]],
      ["the name twice", [...Object.entries(both), ["client_id", chat.id]], null],
      ["the secret twice", [...Object.entries(both), ["client_secret", "x"]], null],
    ];
    for (const [what, fields, as] of tries) {
      const { status, body } = await world.post("/revoke", fields, as);
      expect([what, status, body["error"]]).toEqual([what, 400, "invalid_request"]);
    }
    // In the address they would stand in every log on the way.
    const query = await world.post(`/revoke?${new URLSearchParams(both)}`, { token }, null);
    expect(query.status).toBe(401);
    const alive = await world.request("/session", { headers: { authorization: `Bearer ${token}` } });
    expect(alive.status).toBe(200);
  });

  test("AT-50 oversized bodies, other content types and headers that cannot be read are answered, and nobody gets in", async () => {
    const world = await aServiceWorld();
    const send = (headers: Record<string, string>, body: string) =>
      world.request("/revoke", { method: "POST", headers, body });
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const big = await send({ ...form, authorization: basic(chat) }, `token=${"x".repeat(70_000)}`);
    const json = await send({ "content-type": "application/json", authorization: basic(chat) }, '{"token":"x"}');
    expect([big.status, json.status]).toEqual([400, 400]);
    for (const authorization of [
      "Basic",
      "Basic ====",
      "Basic \u00ff",
      `Basic ${"A".repeat(20_000)}`,
      `${basic(chat)}, ${basic(chat)}`,
      `Basic ${Buffer.from([0xff, 0xfe, 0x3a, 0x00]).toString("base64")}`,
      `Basic ${Buffer.from("no colon").toString("base64")}`,
    ]) {
      expect([authorization.slice(0, 20), (await send({ ...form, authorization }, "token=x")).status]).toEqual([
        authorization.slice(0, 20),
        401,
      ]);
    }
  });

  test("AT-55 no secret of a service stands in a log, an audit event or an answer", async () => {
    const world = await aServiceWorld({ config: { log: { level: "debug" } } });
    const wrong = aSecret();
    const answers = [
      await world.post("/revoke", { token: world.value }),
      await world.post("/revoke", { token: world.value }, { id: chat.id, secret: wrong }),
      await world.post("/revoke", { token: world.value }, { id: wrong, secret: wrong }),
    ];
    const everything = [
      world.log.text(),
      JSON.stringify((await world.store.audit.list({ limit: 200 })).items),
      JSON.stringify(answers.map(({ body }) => body)),
    ].join();
    for (const canary of [chat.secret, wrong, world.value]) expect(everything).not.toContain(canary);
    expect(world.log.text()).toContain("token.client_invalid");
  });
});
