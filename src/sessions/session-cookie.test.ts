import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { days } from "../kernel/time.js";
import { createSessionCookie } from "./session-cookie.js";

const value = "a".repeat(43);
const other = "b".repeat(43);
const plain = { name: "latchkey", secure: true, domain: null, sameSite: "lax" } as const;
const cookie = createSessionCookie(plain);
const read = (headers: Record<string, string>) => cookie.read(new Headers(headers));

describe("LO-1 the session cookie", () => {
  test("is HttpOnly, Lax, host-only and Secure", () => {
    expect(cookie.set(value, days(30))).toBe(
      `__Host-latchkey=${value}; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=2592000`,
    );
  });
  test("[option:sessions.cookieName] has the operator's name, and no prefix over http", () => {
    const named = createSessionCookie({ ...plain, name: "mine", secure: false });
    expect(named.set(value, days(1))).toBe(`mine=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400`);
  });
  test("[option:sessions.cookieDomain] shared with siblings it loses the prefix", () => {
    const shared = createSessionCookie({ ...plain, domain: "example.com" });
    expect(shared.set(value, days(1))).toContain(
      `latchkey=${value}; Path=/; HttpOnly; SameSite=Lax; Secure; Domain=example.com`,
    );
    expect(shared.set(value, days(1))).not.toContain("__Host-");
    expect(shared.clear()).toContain("Domain=example.com; Max-Age=0");
  });
  test("[option:sessions.sameSite] can be sent from other sites when the operator embeds our pages", () => {
    expect(createSessionCookie({ ...plain, sameSite: "none" }).set(value, days(1))).toContain("SameSite=None");
  });
});

describe("LO-4 AT-50 what a request presents", () => {
  test.each<[string, Record<string, string>, object]>([
    ["nothing", {}, { kind: "none" }],
    ["somebody else's cookie", { cookie: "x=1" }, { kind: "none" }],
    ["our cookie", { cookie: `x=1; __Host-latchkey=${value}` }, { kind: "value", value, via: "cookie" }],
    ["a Bearer value", { authorization: `Bearer ${value}` }, { kind: "value", value, via: "bearer" }],
    ["a Bearer value in other case", { authorization: `bEaReR   ${value}` }, { kind: "value", value, via: "bearer" }],
    [
      "both, the same",
      { cookie: `__Host-latchkey=${value}`, authorization: `Bearer ${value}` },
      { kind: "value", value, via: "bearer" },
    ],
    ["both, different", { cookie: `__Host-latchkey=${value}`, authorization: `Bearer ${other}` }, { kind: "conflict" }],
    ["AT-22 the cookie twice", { cookie: `__Host-latchkey=${value}; __Host-latchkey=${other}` }, { kind: "conflict" }],
    [
      "AT-22 the cookie twice with one value",
      { cookie: `__Host-latchkey=${value}; __Host-latchkey=${value}` },
      { kind: "conflict" },
    ],
    ["AT-22 a cookie without the prefix", { cookie: `latchkey=${value}` }, { kind: "none" }],
    ["two Bearer values", { authorization: `Bearer ${value}, Bearer ${other}` }, { kind: "conflict" }],
    ["a truncated cookie", { cookie: `__Host-latchkey=${value.slice(1)}` }, { kind: "malformed", via: "cookie" }],
    ["an oversized cookie", { cookie: `__Host-latchkey=${value.repeat(99)}` }, { kind: "malformed", via: "cookie" }],
    ["an empty cookie", { cookie: "__Host-latchkey=" }, { kind: "malformed", via: "cookie" }],
    ["an empty Bearer", { authorization: "Bearer" }, { kind: "malformed", via: "bearer" }],
    ["a Bearer in two words", { authorization: `Bearer ${value} x` }, { kind: "malformed", via: "bearer" }],
    ["another scheme", { authorization: "Basic YTpi" }, { kind: "none" }],
  ])("%s", (_what, headers, expected) => {
    expect(read(headers)).toEqual(expected);
  });

  test("never throws, whatever the headers hold", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const headers = { get: (name: string) => (name === "cookie" ? `__Host-latchkey${a}` : b) };
        expect(cookie.read(headers).kind).toMatch(/^(none|value|malformed|conflict)$/);
      }),
    );
  });
});
