import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normaliseTokenAnswer, type RawTokenAnswer } from "./token-answer.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const json = (value: unknown, more: Partial<RawTokenAnswer> = {}): RawTokenAnswer => ({
  status: 200,
  contentType: "application/json",
  body: bytes(typeof value === "string" ? value : JSON.stringify(value)),
  ...more,
});
const good = { access_token: "at", token_type: "Bearer", expires_in: 3600 };
const value = (members: object) => {
  const result = normaliseTokenAnswer(json({ ...good, ...members }));
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
};
const failure = (answer: RawTokenAnswer) => {
  const result = normaliseTokenAnswer(answer);
  return result.ok ? "read" : { ...result.error, status: undefined };
};
const unreadable = (reason: string) => ({ kind: "unreadable", reason, status: undefined });

describe("SI-12 normalises what is odd and legal", () => {
  test("SI-12 a plain answer", () => {
    expect(value({ refresh_token: "rt", id_token: "a.b.c", scope: "openid  email openid" })).toEqual({
      accessToken: "at",
      tokenType: "Bearer",
      refreshToken: "rt",
      idToken: "a.b.c",
      scopes: ["openid", "email"],
      expiresIn: 3_600_000,
      expiresAt: null,
    });
  });

  test.each<[why: string, members: object, expected: object]>([
    ["an empty refresh token is none", { refresh_token: "" }, { refreshToken: null }],
    ["a null refresh token is none", { refresh_token: null }, { refreshToken: null }],
    ["an empty id_token is none", { id_token: "" }, { idToken: null }],
    ["bearer in any case", { token_type: "bEaReR" }, { tokenType: "Bearer" }],
    ["bearer with spaces", { token_type: " bearer " }, { tokenType: "Bearer" }],
    ["no token type is Bearer", { token_type: undefined }, { tokenType: "Bearer" }],
    ["dpop in any case", { token_type: "dpop" }, { tokenType: "DPoP" }],
    ["expires_in as text", { expires_in: "120" }, { expiresIn: 120_000 }],
    ["expires_in with a fraction", { expires_in: 59.9 }, { expiresIn: 59_000 }],
    ["expires_in zero", { expires_in: 0 }, { expiresIn: 0 }],
    ["expires_in negative is unknown", { expires_in: -1 }, { expiresIn: null }],
    ["expires_in NaN is unknown", { expires_in: "NaN" }, { expiresIn: null }],
    ["expires_in as an object is unknown", { expires_in: {} }, { expiresIn: null }],
    ["expires_in absent is unknown, not an hour", { expires_in: undefined }, { expiresIn: null, expiresAt: null }],
    ["expires_in huge stops at 100 years", { expires_in: 1e300 }, { expiresIn: 36_500 * 86_400_000 }],
    ["expires_at in seconds", { expires_at: 1_900_000_000 }, { expiresAt: 1_900_000_000_000 }],
    ["expires_at as text", { expires_at: "1900000000" }, { expiresAt: 1_900_000_000_000 }],
    ["expires_at huge stops at year 9999", { expires_at: 1e300 }, { expiresAt: 253_402_300_799_000 }],
    ["scope as a list", { scope: ["openid", "a b"] }, { scopes: ["openid", "a", "b"] }],
    ["an empty scope names none", { scope: "" }, { scopes: null }],
    ["error: null is no error", { error: null }, { accessToken: "at" }],
    ["error: empty is no error", { error: "" }, { accessToken: "at" }],
  ])("SI-12 %s", (_why, members, expected) => {
    expect(value(members)).toMatchObject(expected);
  });

  test("SI-12 an expires_in beyond the range of JSON's numbers stops at 100 years", () => {
    const result = normaliseTokenAnswer(json('{"access_token":"at","expires_in":1e999}'));
    expect(result.ok && result.value.expiresIn).toBe(36_500 * 86_400_000);
  });

  test("SI-12 a form is as good as JSON", () => {
    const result = normaliseTokenAnswer(
      json("access_token=gho_x&scope=repo%2Cgist&token_type=bearer&expires_in=60", {
        contentType: "application/x-www-form-urlencoded; charset=utf-8",
      }),
      { scopeSeparator: "," },
    );
    expect(result).toMatchObject({
      ok: true,
      value: { accessToken: "gho_x", scopes: ["repo", "gist"], expiresIn: 60_000 },
    });
  });

  test("SI-12 JSON with another name of its type, and with a byte order mark", () => {
    expect(failure(json(good, { contentType: "Application/JSON; charset=UTF-8" }))).toBe("read");
    expect(failure(json(good, { contentType: "application/vnd.x+json" }))).toBe("read");
    expect(failure(json(`\ufeff${JSON.stringify(good)}`))).toBe("read");
  });
});

describe("SI-12 refuses what is not an answer, by name", () => {
  test.each<[why: string, answer: RawTokenAnswer, expected: unknown]>([
    ["HTML", json("<html>", { contentType: "text/html" }), unreadable("content_type")],
    ["tokens under a wrong type", json(good, { contentType: "text/html" }), unreadable("content_type")],
    ["no type", json(good, { contentType: null }), unreadable("content_type")],
    ["HTML called JSON", json("<html>"), unreadable("syntax")],
    ["nothing", json(""), unreadable("syntax")],
    ["a list", json([good]), unreadable("not_an_object")],
    ["null", json("null"), unreadable("not_an_object")],
    ["a string", json('"at"'), unreadable("not_an_object")],
    ["not UTF-8", json("", { body: new Uint8Array([0x7b, 0xff, 0xfe]) }), unreadable("encoding")],
    ["no access token", json({ token_type: "Bearer" }), unreadable("access_token")],
    ["an empty access token", json({ ...good, access_token: "" }), unreadable("access_token")],
    ["a numeric access token", json({ ...good, access_token: 7 }), unreadable("access_token")],
    ["a line break in it", json({ ...good, access_token: "a\r\nX-Evil: 1" }), unreadable("access_token")],
    ["a NUL in it", json({ ...good, access_token: "a\u0000" }), unreadable("access_token")],
    ["another alphabet in it", json({ ...good, access_token: "tökén" }), unreadable("access_token")],
    ["an access token from the prototype", json('{"__proto__":{"access_token":"at"}}'), unreadable("access_token")],
    ["another token type", json({ ...good, token_type: "mac" }), unreadable("token_type")],
    ["N_A", json({ ...good, token_type: "N_A" }), unreadable("token_type")],
    ["a token type as a list", json({ ...good, token_type: ["Bearer"] }), unreadable("token_type")],
    ["a refresh token as an object", json({ ...good, refresh_token: {} }), unreadable("refresh_token")],
    ["an id_token as a number", json({ ...good, id_token: 1 }), unreadable("id_token")],
    ["scope as an object", json({ ...good, scope: {} }), unreadable("scope")],
    ["scope as a list of numbers", json({ ...good, scope: [1] }), unreadable("scope")],
    [
      "a form with a token twice",
      json("access_token=a&access_token=b", { contentType: "application/x-www-form-urlencoded" }),
      unreadable("parameter_repeated"),
    ],
    [
      "JSON called a form",
      json(good, { contentType: "application/x-www-form-urlencoded" }),
      unreadable("access_token"),
    ],
    [
      "200 with error",
      json({ error: "invalid_grant", error_description: "used" }),
      { kind: "oauth_error", error: "invalid_grant", description: "used" },
    ],
    [
      "200 with error beside tokens",
      json({ ...good, error: "x" }),
      { kind: "oauth_error", error: "x", description: null },
    ],
    [
      "an error that is an object",
      json({ error: { code: 1 } }),
      { kind: "oauth_error", error: "unreadable_error", description: null },
    ],
    [
      "an error with a line break",
      json({ error: "a\nb" }),
      { kind: "oauth_error", error: "unreadable_error", description: null },
    ],
    [
      "400 with an OAuth error",
      json({ error: "invalid_client" }, { status: 400 }),
      { kind: "oauth_error", error: "invalid_client", description: null },
    ],
    ["400 with HTML", json("<p>", { status: 400, contentType: "text/html" }), { kind: "status" }],
    ["302", json("", { status: 302 }), { kind: "status" }],
    ["404 with tokens", json(good, { status: 404 }), { kind: "status" }],
    ["500 with an OAuth error", json({ error: "invalid_grant" }, { status: 500 }), { kind: "unavailable" }],
    ["429", json({ error: "invalid_grant" }, { status: 429 }), { kind: "unavailable" }],
  ])("SI-12 %s", (_why, answer, expected) => {
    const found = failure(answer);
    expect(found).toEqual(expected === "read" ? expected : { ...(expected as object), status: undefined });
  });

  test("SI-12 never throws, whatever the bytes are", () => {
    const types = fc.constantFrom("application/json", "application/x-www-form-urlencoded", "text/html", "", ";", null);
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.json().map(bytes),
      fc.string({ unit: "binary" }).map(bytes),
    );
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), types, body, (status, contentType, raw) => {
        const result = normaliseTokenAnswer({ status, contentType, body: raw });
        expect(typeof result.ok).toBe("boolean");
      }),
      { numRuns: 2_000 },
    );
  });

  test("SI-12 never throws, whatever the members are, and what it admits is fit for a header", () => {
    const odd = fc.oneof(fc.jsonValue(), fc.string(), fc.double(), fc.constant("bearer"));
    const members = fc.record(
      {
        access_token: odd,
        token_type: odd,
        refresh_token: odd,
        id_token: odd,
        scope: odd,
        expires_in: odd,
        expires_at: odd,
        error: odd,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(members, (answer) => {
        const result = normaliseTokenAnswer(json(answer));
        if (!result.ok) return;
        expect(() => new Headers({ authorization: `Bearer ${result.value.accessToken}` })).not.toThrow();
        expect(result.value.expiresIn ?? 0).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 2_000 },
    );
  });
});
