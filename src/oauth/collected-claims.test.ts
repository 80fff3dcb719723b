import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../kernel/json.js";
import { mergeClaims, standardClaimNames, userinfoNeeded } from "./collected-claims.js";
import type { IdTokenClaims } from "./types.js";

const base = { iss: "https://i", sub: "ann-1", aud: "latchkey", exp: 2, iat: 1 };
const merged = (idToken: JsonObject, userinfo: JsonObject, names: object = {}): JsonObject => {
  const {
    iss: _i,
    sub: _s,
    aud: _a,
    exp: _e,
    iat: _t,
    ...rest
  } = mergeClaims({ ...base, ...idToken } as IdTokenClaims, userinfo, { ...standardClaimNames, ...names });
  return rest;
};

describe("SI-11 which document a claim comes from", () => {
  test.each<[why: string, idToken: JsonObject, userinfo: JsonObject, expected: JsonObject, names?: object]>([
    [
      "e-mail and its flag from userinfo",
      { email: "a@x", email_verified: true },
      { email: "b@x", email_verified: false },
      { email: "b@x", email_verified: false },
    ],
    [
      "AT-11 a flag of the ID token does not vouch for userinfo's address",
      { email: "a@x", email_verified: true },
      { email: "b@x" },
      { email: "b@x" },
    ],
    [
      "AT-11 a flag of userinfo does not vouch for the ID token's address",
      { email: "a@x" },
      { email_verified: true },
      { email: "a@x" },
    ],
    [
      "the flag of the ID token for its own address",
      { email: "a@x", email_verified: true },
      { name: "A" },
      { email: "a@x", email_verified: true, name: "A" },
    ],
    [
      "null in userinfo is not there",
      { email: "a@x", email_verified: true, name: "A" },
      { email: null, name: null },
      { email: "a@x", email_verified: true, name: "A" },
    ],
    [
      "name, picture, roles and groups from userinfo",
      { name: "A", picture: "p", roles: ["a"], groups: ["g"] },
      { name: "B", picture: "q", roles: [], groups: ["h"] },
      { name: "B", picture: "q", roles: [], groups: ["h"] },
    ],
    ["else from the ID token", { name: "A", groups: ["g"] }, {}, { name: "A", groups: ["g"] }],
    [
      "other claims: the ID token wins",
      { locale: "de", acr: "1" },
      { locale: "en", phone: "1" },
      { locale: "de", acr: "1", phone: "1" },
    ],
    [
      "a claim by another name",
      { mail: "a@x", email_verified: true },
      { mail: "b@x" },
      { mail: "b@x" },
      { email: "mail" },
    ],
    [
      "a name with dots",
      { "https://x.y/name": "A" },
      { "https://x.y/name": "B" },
      { "https://x.y/name": "B" },
      { name: "https://x.y/name" },
    ],
    [
      "a path: only that value is taken",
      { user: { name: "A", id: 1 } },
      { user: { name: "B", id: 2 } },
      { user: { name: "B", id: 1 } },
      { name: "user.name" },
    ],
    [
      "a path that userinfo has and the ID token has as a name",
      { "u.name": "A" },
      { u: { name: "B" } },
      { u: { name: "B" } },
      { name: "u.name" },
    ],
    [
      "AT-11 a nested flag stays with its address",
      { contact: { email: "a@x", email_verified: true } },
      { contact: { email: "b@x" } },
      { contact: { email: "b@x" } },
      { email: "contact.email" },
    ],
    [
      "AT-11 a nested flag of userinfo does not vouch for the ID token's address",
      { contact: { email: "a@x" } },
      { contact: { email_verified: true } },
      { contact: { email: "a@x" } },
      { email: "contact.email" },
    ],
    [
      "a nested address with its own flag",
      {},
      { contact: { email: "b@x", email_verified: true } },
      { contact: { email: "b@x", email_verified: true } },
      { email: "contact.email" },
    ],
  ])("SI-11 %s", (_why, idToken, userinfo, expected, names) => {
    expect(merged(idToken, userinfo, names)).toEqual(expected);
  });

  test("AT-11 userinfo never says who, for whom and from where", () => {
    const evil = { iss: "e", sub: "e", aud: "e", exp: 9, iat: 9, nonce: "e", tid: "e", azp: "e", email: "b@x" };
    expect(mergeClaims({ ...base, tid: "t" } as IdTokenClaims, evil)).toEqual({ ...base, tid: "t", email: "b@x" });
    expect(mergeClaims(base, evil)).toEqual({ ...base, email: "b@x" });
    for (const name of ["sub", "tid", "tid.x"]) {
      const names = { ...standardClaimNames, email: name, name, picture: name };
      expect(mergeClaims({ ...base, tid: "t" } as IdTokenClaims, { ...evil, "tid.x": 1 }, names)).toMatchObject({
        sub: "ann-1",
        tid: "t",
      });
    }
  });

  test("AT-11 a claim named into what only the ID token says changes nothing of it", () => {
    const idToken = { ...base, tid: { x: 1 } } as unknown as IdTokenClaims;
    const names = { ...standardClaimNames, name: "tid.x" };
    expect(mergeClaims(idToken, { "tid.x": 2, tid: { x: 3 } }, names)["tid"]).toEqual({ x: 1 });
  });

  test("AT-11 holds for any two documents", () => {
    const value = fc.oneof(fc.constantFrom("a@x", "b@x", true, false, null), fc.jsonValue());
    const documents = fc.dictionary(
      fc.constantFrom("email", "email_verified", "name", "sub", "iss", "tid", "azp", "nonce", "__proto__"),
      value,
    );
    fc.assert(
      fc.property(documents, documents, (one, two) => {
        const idToken = { ...one, ...base } as unknown as IdTokenClaims;
        const userinfo = two as JsonObject;
        const result = mergeClaims(idToken, userinfo);
        for (const name of ["iss", "sub", "tid", "azp", "nonce"]) expect(result[name]).toEqual(idToken[name]);
        const source = (userinfo["email"] ?? null) === null ? idToken : userinfo;
        if (result["email"] !== undefined) expect(result["email_verified"]).toEqual(source["email_verified"]);
        expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
      }),
    );
  });

  test("SI-11 without userinfo the ID token is all there is", () => {
    expect(mergeClaims(base, undefined)).toBe(base);
  });
});

describe("SI-11 when userinfo is asked", () => {
  const complete = { sub: "1", email: "a@x", email_verified: false, name: "A", picture: "p", roles: ["r"], groups: [] };
  const as = { issuer: "https://i", userinfo_endpoint: "https://i/userinfo" };
  test.each<[why: string, needed: boolean, idToken: JsonObject, names: object, as: object]>([
    ["nothing is missing", false, complete, {}, as],
    ["the e-mail is missing", true, { ...complete, email: undefined }, {}, as],
    ["the name is null", true, { ...complete, name: null }, {}, as],
    ["there is no endpoint", false, { sub: "1" }, {}, { issuer: "https://i" }],
    ["the picture is missing", true, { ...complete, picture: undefined }, {}, as],
    ["the picture is missing and not used", false, { ...complete, picture: undefined }, { picture: null }, as],
    ["the roles are missing", true, { ...complete, roles: undefined }, {}, as],
    ["the groups are missing", true, { ...complete, groups: undefined }, {}, as],
    [
      "roles and groups are missing and not used",
      false,
      { ...complete, roles: null, groups: null },
      { roles: null, groups: null },
      as,
    ],
    ["a subject of another name is missing", true, complete, { subject: "employee" }, as],
    ["the e-mail's flag is missing", true, { ...complete, email_verified: undefined }, {}, as],
    ["the e-mail's flag is null", true, { ...complete, email_verified: null }, {}, as],
    ["the flag is missing and not used", false, { ...complete, email_verified: null }, { emailFlag: false }, as],
    ["an e-mail of another name has no flag", false, { ...complete, mail: "a@x" }, { email: "mail" }, as],
    ["a nested e-mail's flag is missing", true, { ...complete, u: { email: "a@x" } }, { email: "u.email" }, as],
    [
      "a nested e-mail's flag is there",
      false,
      { ...complete, u: { email: "a@x", email_verified: false } },
      { email: "u.email" },
      as,
    ],
    ["a name with dots has no flag", false, { ...complete, "u.email": "a@x" }, { email: "u.email" }, as],
    ["a claim by path is there", false, { ...complete, u: { mail: "a@x" } }, { email: "u.mail" }, as],
  ])("SI-11 %s", (_why, needed, idToken, names, server) => {
    expect(userinfoNeeded({ as: server as typeof as, names: { ...standardClaimNames, ...names }, idToken })).toBe(
      needed,
    );
  });
});
