import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../kernel/json.js";
import { type IdentityRules, mapIdentity } from "./identity.js";

const standard: IdentityRules = {
  claims: { subject: "sub", email: "email", name: "name", picture: "picture" },
  emailVerified: "claim",
  fallbackEmail: null,
};
const ann: JsonObject = { sub: "42", email: "Ann@Example.com", email_verified: true, name: "Ann" };
const map = (claims: JsonObject, over: Partial<IdentityRules> = {}) =>
  mapIdentity("https://idp.example", claims, { ...standard, ...over });
const named = (names: Partial<IdentityRules["claims"]>) => ({ claims: { ...standard.claims, ...names } });

describe("SI-16 claims by the names the operator gave", () => {
  test("the standard names are read by default", () => {
    expect(map(ann)).toEqual({
      ok: true,
      value: {
        issuer: "https://idp.example",
        subject: "42",
        sub: "42",
        email: "ann@example.com",
        emailVerified: true,
        emailMadeUp: false,
        name: "Ann",
        picture: undefined,
      },
    });
  });

  test("[option:signIn.claims.name] a literal name with dots and slashes comes before a path", () => {
    const claims = { ...ann, "https://x.example/name": "Literal", a: { b: "Path" }, "a.b": "Literal too" };
    expect(map(claims, named({ name: "https://x.example/name" }))).toMatchObject({ value: { name: "Literal" } });
    expect(map(claims, named({ name: "a.b" }))).toMatchObject({ value: { name: "Literal too" } });
    expect(map({ ...ann, a: { b: "Path" } }, named({ name: "a.b" }))).toMatchObject({ value: { name: "Path" } });
  });

  test("what lies in the way and is no object means absent", () => {
    for (const a of ["text", 5, null, true, [{ b: "x" }]]) {
      expect(map({ ...ann, a }, named({ name: "a.b" }))).toMatchObject({ value: { name: undefined } });
    }
    expect(map(ann, named({ name: "__proto__.toString" }))).toMatchObject({ value: { name: undefined } });
  });

  test("[option:signIn.claims.subject] the subject may be another claim; the real sub is kept beside it", () => {
    expect(map({ ...ann, oid: "o-1" }, named({ subject: "oid" }))).toMatchObject({
      value: { subject: "o-1", sub: "42" },
    });
  });

  test("AT-9 a number becomes its decimal form, and every odd string stays exactly as it is", () => {
    expect(map({ ...ann, uid: 42 }, named({ subject: "uid" }))).toMatchObject({ value: { subject: "42" } });
    for (const subject of [
      "%",
      "_",
      "a%b",
      "*",
      "'",
      '"',
      "A",
      "a",
      " a",
      "a ",
      "ä",
      "\u00e4",
      "a\u0308",
      "0x2a",
      "4e1",
    ]) {
      expect(map({ ...ann, sub: subject })).toMatchObject({ value: { subject } });
    }
  });

  test.each<[string, unknown]>([
    ["missing", undefined],
    ["empty", ""],
    ["null", null],
    ["true", true],
    ["a list", ["42"]],
    ["an object", { id: 42 }],
    ["a fraction", 4.2],
    ["too large for a number", 2 ** 60],
    ["NaN", Number.NaN],
    ["4 KB", "x".repeat(4_096)],
    ["a NUL", "4\u00002"],
  ])("AT-9 a subject that is %s is refused", (_what, sub) => {
    expect(map({ ...ann, sub } as JsonObject)).toEqual({ ok: false, error: "signin.subject_invalid" });
  });
});

describe("SI-18 the e-mail address and whether it proves anything", () => {
  test("[option:signIn.emailFallback] no address is refused, or replaced by one that nobody can own", () => {
    for (const email of [undefined, null, ""]) {
      expect(map({ ...ann, email } as JsonObject)).toEqual({ ok: false, error: "signin.email_missing" });
    }
    const made = map({ sub: "42", email_verified: true }, { fallbackEmail: () => "x@identity.invalid" });
    expect(made).toMatchObject({ value: { email: "x@identity.invalid", emailVerified: false, emailMadeUp: true } });
  });

  test("AC-19 where no address is needed, one that cannot be read is replaced as well, and its flag proves nothing", () => {
    const known = { fallbackEmail: () => "x@identity.invalid", fallbackForUnreadable: true };
    for (const email of [undefined, "", ["ann@example.com"], "a@b@c", "ann@identity.invalid"]) {
      const made = { email: "x@identity.invalid", emailVerified: false, emailMadeUp: true };
      expect(map({ ...ann, email } as JsonObject, { ...known, emailVerified: "always" })).toMatchObject({
        value: made,
      });
    }
    expect(map({ ...ann, sub: "" }, known)).toEqual({ ok: false, error: "signin.subject_invalid" });
  });

  test("AT-8 a list or an object is refused, also with the fallback on", () => {
    for (const email of [["ann@example.com"], { a: 1 }, "a@b@c", 5]) {
      expect(map({ ...ann, email } as JsonObject, { fallbackEmail: () => "x@identity.invalid" })).toEqual({
        ok: false,
        error: "signin.email_invalid",
      });
    }
  });

  test("[option:providers.emailVerified] the operator may vouch for a provider", () => {
    expect(map({ ...ann, email_verified: false })).toMatchObject({ value: { emailVerified: false } });
    expect(map({ ...ann, email_verified: false }, { emailVerified: "always" })).toMatchObject({
      value: { emailVerified: true },
    });
  });

  test("AT-7 [option:signIn.claims.email] email_verified says nothing of an address from another claim", () => {
    const claims = { ...ann, upn: "victim@example.com", contact: { email: "c@example.com", email_verified: "true" } };
    expect(map(claims, named({ email: "upn" }))).toMatchObject({
      value: { email: "victim@example.com", emailVerified: false },
    });
    expect(map(claims, named({ email: "contact.email" }))).toMatchObject({
      value: { email: "c@example.com", emailVerified: true },
    });
  });
});

test("[option:signIn.claims.picture] a picture is an https URL, or nothing", () => {
  expect(map({ ...ann, picture: "https://cdn.example/a.png" })).toMatchObject({
    value: { picture: "https://cdn.example/a.png" },
  });
  for (const picture of [
    "http://cdn.example/a.png",
    "javascript:alert(1)",
    "data:image/png;base64,",
    "/a.png",
    "https://a:b@c/d",
    5,
  ]) {
    expect(map({ ...ann, picture })).toMatchObject({ value: { picture: undefined } });
  }
  expect(map({ ...ann, picture: "https://cdn.example/a.png" }, named({ picture: null }))).toMatchObject({
    value: { picture: undefined },
  });
});

test("AT-24 a name cannot carry control or direction marks, and is kept short", () => {
  expect(map({ ...ann, name: "An\u202en\u0000\n A" })).toMatchObject({ value: { name: "An n A" } });
  const long = map({ ...ann, name: "x".repeat(9_000) });
  expect(long.ok && long.value.name?.length).toBe(200);
});

test("SI-16 SI-18 mapping never throws, whatever JSON a provider sends", () => {
  const claims = fc.dictionary(
    fc.constantFrom("sub", "email", "name", "picture", "email_verified", "a"),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(claims, (value) => void map(value as JsonObject, { fallbackEmail: () => "x@identity.invalid" })),
    { numRuns: 1_000 },
  );
});
