import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { authorizationErrorCode, checkResponseIssuer, readAuthorizationResponse } from "./authorization-response.js";

const read = (query: string) => readAuthorizationResponse(new URLSearchParams(query));
const failure = (query: string) => {
  const result = read(query);
  return result.ok ? "admitted" : `${result.error.code} ${result.error.parameter}`;
};

describe("SI-9 step 1 admits an authorization response", () => {
  test("SI-9 hands on the five parameters and no other", () => {
    expect(read("code=c&state=s&iss=https%3A%2F%2Fi&session_state=x&scope=openid")).toEqual({
      ok: true,
      value: { code: "c", state: "s", iss: "https://i", error: undefined, error_description: undefined },
    });
    expect(read("error=access_denied&error_description=No&state=s")).toEqual({
      ok: true,
      value: { code: undefined, state: "s", iss: undefined, error: "access_denied", error_description: "No" },
    });
  });

  test.each([
    ["no state", "code=c", "signin.parameter_missing state"],
    ["an empty state", "code=c&state=", "signin.parameter_missing state"],
    ["neither code nor error", "state=s", "signin.parameter_missing code"],
    ["an empty code", "state=s&code=", "signin.parameter_missing code"],
    ["a long code", `state=s&code=${"c".repeat(8_193)}`, "signin.parameter_too_long code"],
    ["a code of the longest kind", `state=s&code=${"c".repeat(8_192)}`, "admitted"],
    ["a long state", `code=c&state=${"s".repeat(513)}`, "signin.parameter_too_long state"],
    ["a long iss", `code=c&state=s&iss=${"i".repeat(2_049)}`, "signin.parameter_too_long iss"],
    ["a long error", `state=s&error=${"e".repeat(257)}`, "signin.parameter_too_long error"],
    [
      "AT-24: a description of 10 KB",
      `state=s&error=e&error_description=${"d".repeat(10_240)}`,
      "signin.parameter_too_long error_description",
    ],
    ["a long parameter that nobody uses", `code=c&state=s&x=${"x".repeat(8_193)}`, "signin.parameter_too_long x"],
    ["a long name", `code=c&state=s&${"n".repeat(300)}=1`, `signin.parameter_too_long ${"n".repeat(64)}`],
    [
      "many parameters",
      `code=c&state=s&${Array.from({ length: 60 }, (_, i) => `p${i}=1`).join("&")}`,
      "signin.parameter_too_long p48",
    ],
  ])("SI-9 %s", (_why, query, expected) => {
    expect(failure(query)).toBe(expected);
  });

  test.each(["code", "state", "iss", "error", "error_description", "session_state", "__proto__"])(
    "AT-4 refuses %s twice, whether the values differ or not",
    (name) => {
      expect(failure(`state=s&code=c&${name}=a&${name}=b`)).toBe(`signin.parameter_repeated ${name}`);
      expect(failure(`state=s&code=c&${name}=a&${name}=a`)).toBe(`signin.parameter_repeated ${name}`);
    },
  );

  test("AT-4 admits nothing that has a repeated name, however it is escaped", () => {
    const name = fc.constantFrom("code", "state", "iss", "error", "x", "c%6fde", "%63ode", "stat%65");
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string({ maxLength: 8 })), { maxLength: 6 }), (pairs) => {
        const query = new URLSearchParams(pairs.map(([n, v]) => `${n}=${encodeURIComponent(v)}`).join("&"));
        const names = [...query.keys()];
        const result = readAuthorizationResponse(query);
        if (new Set(names).size < names.length) expect(result.ok).toBe(false);
      }),
    );
  });
});

/** RFC 9207 §2.4: what the server promised, what came, what follows. */
describe("SI-9 step 4 compares iss", () => {
  const issuer = "https://idp.example/tenant";
  test.each<[why: string, sendsIss: boolean, received: string | undefined, expected: string]>([
    ["promised and right", true, issuer, "ok"],
    ["promised and missing", true, undefined, "issuer_missing"],
    ["promised and wrong", true, "https://evil.example", "issuer_mismatch"],
    ["not promised and right", false, issuer, "ok"],
    ["not promised and missing", false, undefined, "ok"],
    ["not promised and wrong", false, "https://evil.example", "issuer_mismatch"],
    ["promised and empty", true, "", "issuer_mismatch"],
    ["not promised and empty", false, "", "issuer_mismatch"],
    ["a slash more", true, `${issuer}/`, "issuer_mismatch"],
    ["another case of the host", true, "https://IDP.example/tenant", "issuer_mismatch"],
    ["the default port", true, "https://idp.example:443/tenant", "issuer_mismatch"],
    ["an escaped letter", true, "https://idp.example/%74enant", "issuer_mismatch"],
    ["a dot segment", true, "https://idp.example/x/../tenant", "issuer_mismatch"],
    ["a space at the end", true, `${issuer} `, "issuer_mismatch"],
  ])("AT-28 SI-9 %s", (_why, sendsIss, received, expected) => {
    const result = checkResponseIssuer(received, { issuer, sendsIss });
    expect(result.ok ? "ok" : result.error).toBe(expected);
  });
});

test.each([
  ["access_denied", "signin.denied"],
  ["login_required", "signin.interaction_required"],
  ["consent_required", "signin.interaction_required"],
  ["interaction_required", "signin.interaction_required"],
  ["account_selection_required", "signin.interaction_required"],
  ["temporarily_unavailable", "signin.provider_unavailable"],
  ["server_error", "signin.provider_unavailable"],
  ["invalid_scope", "signin.provider_refused"],
  ["unauthorized_client", "signin.provider_refused"],
  ["something new", "signin.provider_refused"],
  ["__proto__", "signin.provider_refused"],
  ["constructor", "signin.provider_refused"],
])("SI-9 step 5 maps %s to %s", (error, code) => {
  expect(authorizationErrorCode(error)).toBe(code);
});
