import { describe, expect, test } from "vitest";
import type { SessionId, UserId } from "../../kernel/ids.js";
import type { JsonObject } from "../../kernel/json.js";
import { days, minutes, seconds, toInstant } from "../../kernel/time.js";
import { assertionClaims, checkAssertion } from "./assertion.js";

const now = toInstant(1_790_000_000_250);
const iat = 1_790_000_000;
const issuer = "https://app.example.com/auth";
const audience = "https://chat.example.com";
const user = {
  id: "01990000-0000-7000-8000-000000000001" as UserId,
  email: "ann@example.com",
  emailVerified: true,
  name: "Ann Example",
  role: "user",
  groups: ["engineering", "lunch"],
};
const session = { id: "01990000-0000-7000-8000-0000000000c3" as SessionId, expiresAt: toInstant(now + days(7)) };
const of = { issuer, audience, jti: "j-1", now, lifetime: minutes(5) };

test("LO-11 says who is signed in, by which session, for whom, and for five minutes", () => {
  expect(assertionClaims({ user, session }, of)).toEqual({
    claims: {
      iss: issuer,
      sub: user.id,
      sid: session.id,
      aud: audience,
      iat,
      exp: iat + 300,
      jti: "j-1",
      email: "ann@example.com",
      email_verified: true,
      name: "Ann Example",
      role: "user",
      groups: ["engineering", "lunch"],
    },
    expiresAt: toInstant((iat + 300) * 1_000),
  });
});

test("LO-11 ends with its session where that is sooner", () => {
  const ending = { ...session, expiresAt: toInstant(now + seconds(20)) };
  expect(assertionClaims({ user, session: ending }, of).claims).toMatchObject({ exp: iat + 20 });
});

describe("an assertion that comes back", () => {
  const { claims } = assertionClaims({ user, session }, of);
  const typ = { typ: "latchkey-assertion+jwt" };
  const check = (payload: JsonObject, header: JsonObject = typ) =>
    checkAssertion({ header, payload }, { issuer, audiences: ["https://other.example.com", audience], now });

  test("LO-11 VA-15 proves its person, session and audience", () => {
    expect(check(claims)).toEqual({
      ok: true,
      value: {
        userId: user.id,
        sessionId: session.id,
        audience,
        jti: "j-1",
        issuedAt: toInstant(iat * 1_000),
        expiresAt: toInstant((iat + 300) * 1_000),
      },
    });
  });

  test.each<[why: string, on: JsonObject, reason: string]>([
    ["another issuer", { iss: "https://app.example.com" }, "iss"],
    ["another audience", { aud: "https://evil.example.com" }, "aud"],
    ["ours among others", { aud: [audience, "https://evil.example.com"] }, "aud"],
    ["no end", { exp: "soon" }, "exp"],
    ["an end beyond all numbers", { exp: Number.POSITIVE_INFINITY }, "exp"],
    ["an end that was now", { exp: iat }, "expired"],
    ["a beginning ahead of every clock of ours", { iat: iat + 62, exp: iat + 100 }, "iat"],
    ["no beginning", { iat: "then" }, "iat"],
    ["a longer life than we give", { exp: iat + 301 }, "lifetime"],
    ["a person that is no id", { sub: "ann" }, "sub"],
    ["no session", { sid: 7 }, "sid"],
    ["no name of its own", { jti: null }, "jti"],
  ])("LO-11 VA-15 AT-29 with %s is refused", (_why, on, reason) => {
    expect(check({ ...claims, ...on })).toEqual({ ok: false, error: reason });
  });

  test.each(["JWT", "at+jwt", "logout+jwt", "application/latchkey-assertion+jwt", undefined])(
    "LO-11 AT-19 a token of the type %s is none, whoever signed it",
    (other) => {
      expect(check(claims, other === undefined ? {} : { typ: other })).toEqual({ ok: false, error: "typ" });
    },
  );
});
