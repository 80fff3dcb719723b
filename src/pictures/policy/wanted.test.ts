import { describe, expect, test } from "vitest";
import { after, hours, toInstant } from "../../kernel/time.js";
import { pictureWanted, tokenHost, type WantedInput } from "./wanted.js";

const now = toInstant(1_790_000_000_000);
const graph = { url: "https://graph.example/me/photo/$value", scope: "User.Read" };
const claims = {
  subject: "sub",
  email: "email",
  name: "name",
  picture: "picture",
  roles: "roles",
  groups: "groups",
  rolesSeparator: ",",
  groupsSeparator: ";",
};
const stored = (hoursAgo: number, sourceHash = "hash") => ({ sourceHash, fetchedAt: after(now, hours(-hoursAgo)) });
const wanted = (on: Partial<WantedInput>) =>
  pictureWanted({
    source: "https://cdn.example/ann.png",
    sourceHash: "hash",
    stored: undefined,
    provider: { claims, pictureHost: null },
    scopes: ["openid"],
    update: false,
    now,
    ...on,
  });

describe("whether a picture is fetched", () => {
  test.each<[string, Partial<WantedInput>, string]>([
    ["nothing is stored", {}, "plain"],
    ["the account names none", { source: null }, "no"],
    ["another one is stored", { stored: stored(1, "other") }, "plain"],
    ["this one is stored, and pictures are taken once", { stored: stored(1_000) }, "no"],
    ["this one was fetched 23 hours ago", { stored: stored(23), update: true }, "no"],
    ["this one was fetched 24 hours ago", { stored: stored(24), update: true }, "plain"],
    ["the provider has no pictures", { provider: { claims: { ...claims, picture: null }, pictureHost: null } }, "no"],
  ])("SI-22 when %s", (_when, on, expected) => expect(wanted(on)).toBe(expected));
});

describe("the access token", () => {
  const provider = { claims: { ...claims, picture: null }, pictureHost: graph };
  const scopes = ["openid", "User.Read"];

  test("SI-22 AT-37 goes to the preset's own URL and to no other", () => {
    expect(wanted({ provider, scopes, source: graph.url })).toBe("with_token");
    const withClaim = { claims, pictureHost: graph };
    for (const source of [
      "https://cdn.example/ann.png",
      `${graph.url}?`,
      `${graph.url}/`,
      "https://graph.example/",
      "https://graph.example.evil.example/me/photo/$value",
      "https://graph.example@evil.example/me/photo/$value",
    ]) {
      expect(wanted({ provider: withClaim, scopes, source }), source).toBe("plain");
    }
  });

  test("SI-22 AT-37 of another provider does not go there, and without its scope nothing is asked", () => {
    expect(wanted({ source: graph.url })).toBe("plain");
    expect(wanted({ provider, scopes: ["openid"], source: graph.url })).toBe("no");
  });

  test.each<[string[], boolean]>([
    [["User.Read"], true],
    [["openid", "https://graph.microsoft.com/user.read"], true],
    [["User.ReadBasic.All"], false],
    [["openid", "email"], false],
    [[], false],
  ])("SI-22 the scopes %j open it: %s", (granted, open) => {
    expect(tokenHost({ pictureHost: graph }, granted)).toBe(open ? graph.url : undefined);
    expect(tokenHost({ pictureHost: null }, granted)).toBeUndefined();
  });
});
