import { expect, test } from "vitest";
import { aWorld, browser, callNames } from "../../../test/support/hand-made-features.js";
import { LatchkeyError } from "../../kernel/errors.js";
import { limitKey } from "./rate-limits.js";

const limited = { rateLimits: { start: "2/h", callback: "2/h" } };
const from = (peer: string) => ({ headers: browser, peer });
const start = "/auth/providers/corp/start";
const callback = "/auth/providers/corp/callback?state=x&code=y&repeat=1";

test("AT-51 an IPv6 visitor is counted by the /64 that he may walk through", () => {
  expect(limitKey("2001:db8:1:2::1")).toBe(limitKey("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  expect(limitKey("2001:db8:1:2::1")).not.toBe(limitKey("2001:db8:1:3::1"));
  expect(limitKey("::ffff:203.0.113.9")).toBe("203.0.113.9");
  expect(limitKey(null)).toBeUndefined();
});

test("SU-5 one start too many is 429 with Retry-After, for that address alone", async () => {
  const world = aWorld({ config: limited });
  for (const _ of [1, 2]) expect((await world.send("GET", start, from("203.0.113.9"))).status).toBe(303);
  const refused = await world.send("GET", start, from("203.0.113.9"));
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await refused.text()).toContain("server.rate_limited");
  expect((await world.send("GET", start, from("203.0.113.10"))).status).toBe(303);
});

test("AT-51 addresses that a visitor forwards do not give him a fresh start each", async () => {
  const world = aWorld({ config: limited });
  const statuses: number[] = [];
  for (const n of [1, 2, 3]) {
    const init = { headers: { ...browser, "x-forwarded-for": `198.51.100.${n}` }, peer: "203.0.113.9" };
    statuses.push((await world.send("GET", start, init)).status);
  }
  expect(statuses).toEqual([303, 303, 429]);
});

test("SU-5 only failed callbacks count", async () => {
  let fails = false;
  const world = aWorld({
    config: limited,
    features: {
      completeSignIn: async () => {
        if (fails) throw new LatchkeyError("signin.state_unknown");
        return { location: "/", setCookies: [] };
      },
    },
  });
  for (const _ of [1, 2, 3, 4]) {
    expect((await world.send("GET", callback, from("203.0.113.9"))).headers.get("location")).toBe("/");
  }
  fails = true;
  for (const _ of [1, 2]) expect((await world.send("GET", callback, from("203.0.113.9"))).status).toBe(303);
  const refused = await world.send("GET", callback, { headers: { accept: "application/json" }, peer: "203.0.113.9" });
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([429, "server.rate_limited"]);
});

test("SU-5 a provider that is down does not lock its office out", async () => {
  const world = aWorld({
    config: limited,
    features: {
      completeSignIn: async () => {
        throw new LatchkeyError("signin.provider_unavailable");
      },
    },
  });
  for (const _ of [1, 2, 3, 4]) expect((await world.send("GET", callback, from("203.0.113.9"))).status).toBe(303);
});

test("SU-5 a callback that is limited leaves the flow cookie and the code alone", async () => {
  const world = aWorld({ config: { rateLimits: { callback: "1/h" } } });
  await world.send("POST", "/auth/providers/nobody/callback", from("203.0.113.9"));
  const headers = { ...browser, cookie: "latchkey-flow-abcdefgh=sealed" };
  const refused = await world.send("GET", "/auth/providers/corp/callback?state=good-state&code=c", {
    headers,
    peer: "203.0.113.9",
  });
  expect(refused.status).toBe(429);
  expect(refused.headers.getSetCookie()).toEqual([]);
  expect(callNames(world)).not.toContain("completeSignIn");
});

test("SU-5 a provider's POST is limited by the same count as its GET", async () => {
  const world = aWorld({ config: { rateLimits: { callback: "1/h" } } });
  const form = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" };
  const post = (peer: string) =>
    world.send("POST", "/auth/providers/corp/callback", { headers: form, body: "state=s&code=c", peer });
  expect((await post("203.0.113.9")).status).toBe(303);
  await world.send("POST", "/auth/providers/nobody/callback", from("203.0.113.9"));
  const refused = await post("203.0.113.9");
  expect([refused.status, refused.headers.get("location")]).toEqual([429, null]);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await post("203.0.113.10")).status).toBe(303);
});

test("SU-5 rateLimits: off limits nothing, and neither does an address that nobody knows", async () => {
  const off = aWorld({ config: { rateLimits: "off" } });
  const unknown = aWorld({ config: limited });
  for (const _ of [1, 2, 3, 4]) {
    expect((await off.send("GET", start, from("203.0.113.9"))).status).toBe(303);
    expect((await unknown.send("GET", start, { headers: browser })).status).toBe(303);
  }
});
