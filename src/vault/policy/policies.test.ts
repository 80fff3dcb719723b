import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Duration, milliseconds, minutes, seconds, toInstant } from "../../kernel/time.js";
import type { NormalisedTokenAnswer } from "../../oauth/token-answer.js";
import type { GrantRecord } from "../../store/records.js";
import { aGrant, anIdentity, aSession, at, aUser, start } from "../../testing/store-suite/samples.js";
import { isWithin } from "./bounds.js";
import { bearerChallenge } from "./challenge.js";
import { freshnessOf, refreshedSince, rejectionCounts } from "./freshness.js";
import { mergeTokens } from "./merge.js";
import { selectGrant } from "./select-grant.js";

describe("VA-6 freshness", () => {
  const hour = 3_600_000;
  test.each<[why: string, lifetime: number | null, age: number, minValidity: Duration, expected: string]>([
    ["just issued", hour, 0, milliseconds(0), "fresh"],
    ["six minutes before its end", hour, hour - 360_001, milliseconds(0), "fresh"],
    ["five minutes before its end", hour, hour - 300_000, milliseconds(0), "stale"],
    ["at its end", hour, hour, milliseconds(0), "expired"],
    ["a token of a minute has a margin of six seconds", 60_000, 53_999, milliseconds(0), "fresh"],
    ["a token of a minute in its last six seconds", 60_000, 54_000, milliseconds(0), "stale"],
    ["an unknown end is used as it is", null, 90 * hour, minutes(30), "fresh"],
    ["a caller needs half an hour and has it", hour, 1_000, minutes(30), "fresh"],
    ["a caller needs half an hour and has twenty minutes", hour, hour - 1_200_000, minutes(30), "stale"],
    ["a caller needs more than any token has: a new one must do", 60_000, 0, minutes(30), "fresh"],
    ["it ended before it began", 0, 0, milliseconds(0), "expired"],
    ["issued by a clock that ran a little ahead", hour, -60_000, milliseconds(0), "fresh"],
    [
      "issued by a clock that was set back since: its end is not what it seems",
      hour,
      -60_001,
      milliseconds(0),
      "stale",
    ],
  ])("VA-6 %s", (_why, lifetime, age, minValidity, expected) => {
    const life = { issuedAt: start, expiresAt: lifetime === null ? null : at(lifetime) };
    expect(freshnessOf(life, { now: at(age), margin: minutes(5), minValidity })).toBe(expected);
  });

  test("VA-6 a token just issued is never refreshed again at once, whatever margin and caller ask for", () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.nat(1e9), fc.nat(1e9), (lifetime, margin, minValidity) => {
        const life = { issuedAt: start, expiresAt: toInstant(start + lifetime + 1) };
        const rules = { now: start, margin: milliseconds(margin), minValidity: milliseconds(minValidity) };
        return freshnessOf(life, rules) === "fresh";
      }),
    );
  });

  test("VA-6 a rejection counts once: a token that a refresh brought a moment ago is not refreshed for it", () => {
    expect(rejectionCounts(null, start)).toBe(true);
    expect(rejectionCounts(start, at(9_999))).toBe(false);
    expect(rejectionCounts(start, at(10_000))).toBe(true);
  });

  test("VA-6 VA-10 a refresh that was written by a clock an hour ahead neither answers a question nor a rejection", () => {
    expect(rejectionCounts(at(3_600_000), start)).toBe(true);
    expect(refreshedSince(at(3_600_000), start, start)).toBe(false);
    expect(refreshedSince(at(1_000), start, at(1_000))).toBe(true);
    expect(refreshedSince(start, start, start)).toBe(true);
    expect(refreshedSince(at(-1), start, start)).toBe(false);
    expect(refreshedSince(at(30_000), start, start)).toBe(true);
    expect(refreshedSince(null, start, at(1_000))).toBe(false);
  });
});

describe("VA-8 merging", () => {
  const held = {
    secrets: { accessToken: "a1", tokenType: "Bearer", refreshToken: "r1", idToken: "i1" } as const,
    scopes: ["openid", "files"],
  };
  const answer: NormalisedTokenAnswer = {
    accessToken: "a2",
    tokenType: "Bearer",
    refreshToken: null,
    idToken: "i2",
    scopes: null,
    expiresIn: null,
    expiresAt: null,
  };
  test("VA-8 AT-31 what the answer leaves out is kept; what it has replaces, field by field", () => {
    expect(mergeTokens(held, answer, null, start, undefined)).toEqual({
      secrets: { ...held.secrets, accessToken: "a2" },
      scopes: held.scopes,
      issuedAt: start,
      expiresAt: null,
    });
    const full = { ...answer, refreshToken: "r2", scopes: ["openid"], expiresIn: seconds(60) };
    expect(mergeTokens(held, full, "i2", start, undefined)).toEqual({
      secrets: { accessToken: "a2", tokenType: "Bearer", refreshToken: "r2", idToken: "i2" },
      scopes: ["openid"],
      issuedAt: start,
      expiresAt: at(60_000),
    });
    expect(mergeTokens(held, { ...full, expiresAt: at(5) }, null, start, undefined).expiresAt).toBe(at(5));
  });

  test("VA-8 TS-22 how it is presented follows the answer, the key is the one asked with or none, and what was asked for stays", () => {
    const asked = { server: "https://tools.example/mcp", resource: null, scopes: ["notes"], withoutPerson: "workload" };
    const secretsOf = (tokenType: "Bearer" | "DPoP", key?: string) => ({
      ...held.secrets,
      tokenType,
      asked,
      ...(key === undefined ? {} : { proofKey: key }),
    });
    const merged = (before: ReturnType<typeof secretsOf>, tokenType: "Bearer" | "DPoP", key: string | undefined) =>
      mergeTokens({ ...held, secrets: before }, { ...answer, tokenType }, null, start, key).secrets;
    const [bearer, bound] = [secretsOf("Bearer"), secretsOf("DPoP", "k1")];
    expect(merged(bearer, "DPoP", "k1")).toEqual({ ...bound, accessToken: "a2" });
    expect(merged(bound, "DPoP", "k2")).toEqual({ ...secretsOf("DPoP", "k2"), accessToken: "a2" });
    // A server that binds no more: a key that nothing is bound to is kept nowhere.
    expect(merged(bound, "Bearer", undefined)).toEqual({ ...bearer, accessToken: "a2" });
  });
});

describe("VA-16 which grant", () => {
  const user = aUser();
  const identity = anIdentity(user);
  const [one, two] = [aSession(identity), aSession(identity)];
  const grant = (session: typeof one, on: Partial<GrantRecord>) => aGrant(user, session, on);
  test("VA-16 the session's own if it is active, else the latest active one, and none that ended", () => {
    const first = grant(one, { createdAt: at(1) });
    const second = grant(two, { createdAt: at(2) });
    expect(selectGrant([first, second], one.id)).toBe(first);
    expect(selectGrant([first, second], undefined)).toBe(second);
    expect(selectGrant([second, first], "another session")).toBe(second);
    const ended = grant(one, { createdAt: at(3), status: "needs_reconnect" });
    expect(selectGrant([ended, second], one.id)).toBe(second);
    expect(selectGrant([ended], one.id)).toBeUndefined();
    const together = grant(two, { createdAt: at(2) });
    expect(selectGrant([together, second], undefined)).toBe(together.id > second.id ? together : second);
  });
});

describe("VA-13 what an API says", () => {
  test.each<[header: string | null, expected: unknown]>([
    [null, undefined],
    ["Basic realm=x", undefined],
    ["Bearer", { error: undefined, scopes: [] }],
    [
      'Bearer error="insufficient_scope", scope="files.read  files.write"',
      { error: "insufficient_scope", scopes: ["files.read", "files.write"] },
    ],
    ['bearer realm="a, b", error=invalid_token', { error: "invalid_token", scopes: [] }],
    ['Basic realm="Bearer error=insufficient_scope"', undefined],
    ['Basic realm="x", Bearer error="insufficient_scope"', { error: "insufficient_scope", scopes: [] }],
    ['Bearer error="invalid_token", Digest error="insufficient_scope"', { error: "invalid_token", scopes: [] }],
    [`Bearer error="${"x".repeat(9_000)}"`, undefined],
  ])("VA-13 %s", (header, expected) => {
    expect(bearerChallenge(header)).toEqual(expected);
  });

  test("VA-13 never throws and never takes long, whatever the header is", () => {
    fc.assert(fc.property(fc.string(), (header) => void bearerChallenge(`Bearer ${header}`)));
  });
});

describe("EG-2 bounds", () => {
  const bounds = { origins: ["https://api.example"], urls: ["https://idp.example/userinfo"] };
  test.each<[url: string, within: boolean]>([
    ["https://api.example/v1/me?x=1", true],
    ["https://idp.example/userinfo", true],
    ["https://idp.example/userinfo?x=1", true],
    ["https://idp.example/userinfo/more", false],
    ["https://idp.example/", false],
    ["http://api.example/", false],
    ["https://api.example:444/", false],
    ["https://api.example.evil.example/", false],
    ["https://evil.example/https://api.example/", false],
    ["https://api.example@evil.example/", false],
    ["https://someone@api.example/", false],
    ["file:///etc/passwd", false],
  ])("EG-2 %s", (url, within) => {
    expect(isWithin(new URL(url), bounds)).toBe(within);
  });
});
