import { describe, expect, test } from "vitest";
import type { AnnouncementKind } from "../store/records.js";
import { aGrant, anIdentity, aSession, at, aUser } from "../testing/store-suite/samples.js";
import { createGrantCache, type GrantKey, grantNews, type HeldGrant } from "./grant-cache.js";

const user = aUser();
const session = aSession(anIdentity(user));
const grant = aGrant(user, session);
const secrets = { accessToken: "a", tokenType: "Bearer", refreshToken: null, idToken: null } as const;
const held: HeldGrant = { grant, secrets, until: at(1) };
const own: GrantKey = { user: user.id, session: session.id, connection: grant.connection };
const any: GrantKey = { user: user.id, connection: grant.connection };

describe("VA-13 what is remembered", () => {
  test.each<[kind: AnnouncementKind, key: string, forgotten: boolean]>([
    ["session", session.id, true],
    ["session", "another", false],
    ["user", user.id, true],
    ["user", "another", false],
    ["grant", grantNews(grant), true],
    ["grant", "another/provider:acme", false],
    ["provider", "acme", true],
    ["settings", "announcements", true],
  ])("VA-13 AT-14 is forgotten by what is said of it: %s %s", (kind, key, forgotten) => {
    const cache = createGrantCache();
    cache.set(own, held);
    cache.set(any, held);
    cache.forget({ kind, key });
    expect([cache.get(own), cache.get(any)]).toEqual(forgotten ? [undefined, undefined] : [held, held]);
  });

  test("VA-13 is bounded: the least recently used goes first", () => {
    const cache = createGrantCache(2);
    const key = (name: string) => ({ user: user.id, connection: name });
    cache.set(key("a"), held);
    cache.set(key("b"), held);
    cache.get(key("a"));
    cache.set(key("c"), held);
    expect(["a", "b", "c"].map((name) => cache.get(key(name)) !== undefined)).toEqual([true, false, true]);
  });
});
