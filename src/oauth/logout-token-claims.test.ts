import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../kernel/json.js";
import { minutes, toInstant } from "../kernel/time.js";
import { checkLogoutTokenClaims, logoutEvent } from "./logout-token-claims.js";
import { parseJwt } from "./signature.js";

const second = 1_790_000_000;
const issuer = "https://idp.example";
const expected = {
  issuer,
  clientIds: ["latchkey"],
  now: toInstant(second * 1_000),
  clockTolerance: minutes(1),
};
const honest: JsonObject = {
  iss: issuer,
  aud: "latchkey",
  iat: second,
  exp: second + 120,
  jti: "j1",
  events: { [logoutEvent]: {} },
  sub: "ann-1",
  sid: "s1",
};
const verdict = (members: JsonObject, header: JsonObject = {}, more: Partial<typeof expected> = {}) => {
  const payload = Object.fromEntries(
    Object.entries({ ...honest, ...members }).filter(([, value]) => value !== undefined),
  );
  const checked = checkLogoutTokenClaims({ header, payload }, { ...expected, ...more });
  return checked.ok ? "good" : checked.error;
};

describe("LO-7 what a logout token must say", () => {
  test.each<[what: string, members: JsonObject, verdict: string]>([
    ["the honest one", {}, "good"],
    ["sid alone", { sub: undefined }, "good"],
    ["sub alone", { sid: undefined }, "good"],
    ["neither", { sub: undefined, sid: undefined }, "nobody"],
    ["an empty sub", { sub: "" }, "sub"],
    ["a sub that is null", { sub: null }, "sub"],
    ["a whole number as sub, as an ID token may have it", { sub: 42 }, "good"],
    ["an empty sid beside a good sub", { sid: "" }, "sid"],
    ["a sid that is a list", { sid: ["s1"] }, "sid"],
    ["a sid that is no text in any database", { sid: "a\u0000b" }, "sid"],
    ["a sid of half a character", { sid: "\ud800" }, "sid"],
    ["another issuer", { iss: "https://other.example" }, "iss"],
    ["an issuer with a slash more", { iss: `${issuer}/` }, "iss"],
    ["no issuer", { iss: undefined }, "iss"],
    ["another audience", { aud: "other" }, "aud"],
    ["no audience", { aud: undefined }, "aud"],
    ["an audience of numbers beside ours", { aud: ["latchkey", 7] }, "aud"],
    ["an empty list of audiences", { aud: [] }, "aud"],
    ["ours in a list", { aud: ["latchkey"] }, "good"],
    ["ours among several", { aud: ["other", "latchkey"] }, "good"],
    ["ours among several, azp ours", { aud: ["other", "latchkey"], azp: "latchkey" }, "good"],
    ["ours among several, azp another's", { aud: ["other", "latchkey"], azp: "other" }, "azp"],
    ["azp another's beside one audience", { azp: "other" }, "azp"],
    ["azp that is null", { azp: null }, "azp"],
    ["no exp", { exp: undefined }, "exp"],
    ["exp as text", { exp: String(second + 120) }, "exp"],
    ["exp in the year 10,000", { exp: 253_402_300_800 }, "exp"],
    ["exp a minute ago, within the tolerance", { exp: second - 59 }, "good"],
    ["exp longer ago", { exp: second - 60 }, "expired"],
    ["no iat", { iat: undefined }, "iat"],
    ["iat as text", { iat: `${second}` }, "iat"],
    ["iat negative", { iat: -1 }, "iat"],
    ["from the near future, within the tolerance", { iat: second + 60 }, "good"],
    ["from the future", { iat: second + 61 }, "issued_in_future"],
    ["five minutes old", { iat: second - 300 }, "good"],
    ["older than five minutes", { iat: second - 301 }, "too_old"],
    ["not yet valid", { nbf: second + 61 }, "nbf"],
    ["nbf as text", { nbf: "now" }, "nbf"],
    ["no jti", { jti: undefined }, "jti"],
    ["an empty jti", { jti: "" }, "jti"],
    ["a jti that is a number", { jti: 7 }, "jti"],
    ["a jti without end", { jti: "x".repeat(1_025) }, "jti"],
    ["a jti of half a character", { jti: "\udfff" }, "jti"],
    ["no events", { events: undefined }, "events"],
    ["events as a list", { events: [logoutEvent] }, "events"],
    ["events as a list of objects", { events: [{ [logoutEvent]: {} }] }, "events"],
    ["events as text", { events: logoutEvent }, "events"],
    ["events that is null", { events: null }, "events"],
    ["another event", { events: { [`${logoutEvent}2`]: {} } }, "events"],
    ["the event without https instead of http", { events: { [logoutEvent.replace("http:", "https:")]: {} } }, "events"],
    ["the event as a list", { events: { [logoutEvent]: [] } }, "events"],
    ["the event as true", { events: { [logoutEvent]: true } }, "events"],
    ["the event as null", { events: { [logoutEvent]: null } }, "events"],
    ["the event with members, which mean nothing to us", { events: { [logoutEvent]: { a: 1 } } }, "good"],
    ["other events beside it", { events: { x: {}, [logoutEvent]: {} } }, "good"],
    ["a nonce", { nonce: "n" }, "nonce"],
    ["a nonce that is null", { nonce: null }, "nonce"],
    ["a nonce that is empty", { nonce: "" }, "nonce"],
    ["members that nobody knows", { foo: 1 }, "good"],
  ])("LO-7 %s: %s → %s", (_what, members, wanted) => {
    expect(verdict(members)).toBe(wanted);
  });

  test.each<[typ: JsonObject[string], verdict: string]>([
    [undefined, "good"],
    ["JWT", "good"],
    ["jwt", "good"],
    ["logout+jwt", "good"],
    ["Logout+JWT", "good"],
    ["application/logout+jwt", "good"],
    ["APPLICATION/JWT", "good"],
    ["at+jwt", "typ"],
    ["secevent+jwt", "typ"],
    ["application/application/jwt", "typ"],
    ["text/jwt", "typ"],
    ["jwt ", "typ"],
    ["", "typ"],
    [null, "typ"],
    [7, "typ"],
    [["jwt"], "typ"],
  ])("LO-7 typ %j: %s", (typ, wanted) => {
    expect(verdict({}, typ === undefined ? {} : { typ })).toBe(wanted);
  });

  test("LO-7 says which of our clients it is for, and when its jti may be forgotten", () => {
    const ask = (aud: JsonObject[string], azp?: string) => {
      const payload = { ...honest, aud, ...(azp === undefined ? {} : { azp }) };
      const checked = checkLogoutTokenClaims({ header: {}, payload }, { ...expected, clientIds: ["a", "b", "b"] });
      return checked.ok ? checked.value.clientIds : checked.error;
    };
    expect(ask("a")).toEqual(["a"]);
    expect(ask(["x", "b"])).toEqual(["b"]);
    expect(ask(["b", "a"])).toEqual(["a", "b"]);
    expect(ask(["b", "a"], "b")).toEqual(["b"]);
    expect(ask(["x", "y"])).toBe("aud");

    const checked = checkLogoutTokenClaims({ header: {}, payload: honest }, expected);
    const tooOldAt = checked.ok ? checked.value.tooOldAt : toInstant(0);
    const at = (now: number) => verdict({ exp: second + 9_999 }, {}, { now: toInstant(now) });
    expect([at(tooOldAt - 1), at(tooOldAt)]).toEqual(["good", "too_old"]);
  });

  test("LO-7 exp may be missing where every client it is addressed to is one whose provider may leave it out", () => {
    const { exp: _, ...draft } = honest as JsonObject & { exp: number };
    const ask = (aud: string[], withoutExp: string[], more: JsonObject = {}) => {
      const payload = { ...draft, ...more, aud };
      const checked = checkLogoutTokenClaims(
        { header: {}, payload },
        { ...expected, clientIds: ["a", "b"], withoutExp },
      );
      return checked.ok ? "good" : checked.error;
    };
    expect(ask(["a"], [])).toBe("exp");
    expect(ask(["a"], ["b"])).toBe("exp");
    expect(ask(["a"], ["a"])).toBe("good");
    expect(ask(["a", "b"], ["a"])).toBe("exp");
    expect(ask(["a", "b"], ["a", "b"])).toBe("good");
    for (const exp of ["x", null, -1]) expect(ask(["a"], ["a"], { exp })).toBe("exp");
    expect(ask(["a"], ["a"], { exp: second - 3_600 })).toBe("expired");
  });

  test("LO-7 SEC never throws, whatever JSON or text comes", () => {
    const name = fc.constantFrom(
      "iss",
      "aud",
      "azp",
      "exp",
      "iat",
      "nbf",
      "jti",
      "events",
      "nonce",
      "sub",
      "sid",
      "typ",
    );
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(issuer, "latchkey", second, { [logoutEvent]: {} }));
    const members = fc.dictionary(name, value, { maxKeys: 12 });
    fc.assert(
      fc.property(members, members, fc.boolean(), (header, payload, beHonest) => {
        const jwt = {
          header: header as JsonObject,
          payload: { ...(beHonest ? honest : {}), ...payload } as JsonObject,
        };
        const checked = checkLogoutTokenClaims(jwt, expected);
        if (!checked.ok) return;
        // Whatever got through says all that it must.
        expect(Object.hasOwn(jwt.payload, "nonce")).toBe(false);
        expect(checked.value.sub ?? checked.value.sid).not.toBe(undefined);
        expect(jwt.payload["iss"]).toBe(issuer);
      }),
    );
    const part = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.jsonValue().map((json) => Buffer.from(JSON.stringify(json)).toString("base64url")),
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 6 }).map((parts) => parts.join(".")),
    );
    fc.assert(
      fc.property(text, (jwt) => {
        const parsed = parseJwt(jwt);
        if (parsed.ok) checkLogoutTokenClaims(parsed.value, expected);
      }),
    );
  });
});
