/** What `groups`, a provider's `groups`, `limits` and the names of the groups claim change: each key, for all or for one. */
import { describe, expect, test } from "vitest";
import type { WorldOptions } from "../../src/testing/world.js";
import { createSharedWorld, type SharedWorld } from "../support/shared-file.js";
import { closing, signsIn } from "./setting.js";

type Claims = Readonly<Record<string, unknown>>;
type Groups = NonNullable<NonNullable<WorldOptions["config"]>["groups"]>;
type OwnGroups = NonNullable<NonNullable<WorldOptions["providerConfig"]>["groups"]>;

const world = (options: WorldOptions): Promise<SharedWorld> => closing(createSharedWorld(options));

/** Ben signs in with each of these claims in turn; answers the groups he is in then, or why he was refused. */
async function benIsIn(at: SharedWorld, ...claims: readonly Claims[]) {
  let last: Awaited<ReturnType<typeof signsIn>> | undefined;
  for (const said of claims) {
    at.provider.people.set("ben-2", { sub: "ben-2", email: "ben@example.com", name: "Ben", claims: said });
    last = await signsIn(at, "ben-2");
  }
  return last?.error ?? last?.user?.groups;
}

const places = ["groups", "providers.*.groups"] as const;
const on: Groups = { fromClaims: true, create: true };
const writing = (place: (typeof places)[number], over: OwnGroups, base: Groups = on): WorldOptions =>
  place === "groups"
    ? { config: { groups: { ...base, ...over } } }
    : { config: { groups: base }, providerConfig: { groups: over } };

describe.each(places)("%s", (place) => {
  const by = async (over: OwnGroups, base: Groups, ...claims: readonly Claims[]) =>
    benIsIn(await world(writing(place, over, base)), ...claims);

  test(`AC-14 [option:${place}.fromClaims] lets the claim decide`, async () => {
    expect(await by({}, { create: true }, { groups: ["a"] })).toEqual([]);
    expect(await by({ fromClaims: true }, { create: true }, { groups: ["a"] })).toEqual(["a"]);
  });

  test(`AC-14 [option:${place}.create] makes groups that are not there`, async () => {
    expect(await by({}, { fromClaims: true }, { groups: ["a"] })).toEqual([]);
    expect(await by({ create: true }, { fromClaims: true }, { groups: ["a"] })).toEqual(["a"]);
  });

  test(`AC-15 [option:${place}.absent] is what a claim that is not there means`, async () => {
    expect(await by({}, on, { groups: ["a"] }, {})).toEqual(["a"]);
    expect(await by({ absent: "empty" }, on, { groups: ["a"] }, {})).toEqual([]);
  });

  test(`AC-21 [option:${place}.join] opens groups that others made`, async () => {
    const joined = async (over: OwnGroups) => {
      const at = await world(writing(place, over));
      await at.store.transaction((tx) =>
        tx.groups.insert({
          id: "01930000-0000-7000-8000-000000000001" as never,
          name: "ops",
          permissions: {},
          share: "true",
          createdBy: "manual",
          createdAt: at.clock.now(),
        }),
      );
      return benIsIn(at, { groups: ["ops"] });
    };
    expect(await joined({})).toEqual([]);
    expect(await joined({ join: "any" })).toEqual(["ops"]);
  });

  test(`AC-16 [option:${place}.blocked] keeps claims out`, async () => {
    expect(await by({}, on, { groups: ["eu-admins", "eu"] })).toEqual(["eu", "eu-admins"]);
    expect(await by({ blocked: ["*-admins"] }, on, { groups: ["eu-admins", "eu"] })).toEqual(["eu"]);
    expect(await by({ blocked: ["regex:eu.+"] }, on, { groups: ["eu-admins", "eu"] })).toEqual(["eu"]);
  });

  test(`AC-17 [option:${place}.default] is where new users are`, async () => {
    expect(await by({}, {}, {})).toEqual([]);
    expect(await by({ default: "all" }, {}, {})).toEqual(["all"]);
    expect(await by({ default: "all" }, on, { groups: ["a"] }, { groups: [] })).toEqual(["all"]);
  });

  test(`AC-14 AC-17 [option:${place}.permissions] [option:${place}.share] are what a group from claims begins with`, async () => {
    const made = async (over: OwnGroups) => {
      const at = await world(writing(place, over));
      await benIsIn(at, { groups: ["a"] });
      return at.store.groups.byName("a");
    };
    const plain = await made({});
    expect(plain).toMatchObject({ permissions: {}, share: "true" });
    expect(plain?.createdBy).toMatch(/^claims:fake http:\/\/127\.0\.0\.1:\d+$/);
    expect(await made({ permissions: { chat: { delete: true } } })).toMatchObject({
      permissions: { chat: { delete: true } },
    });
    expect(await made({ share: "members" })).toMatchObject({ share: "members" });
    expect(await made({ share: false })).toMatchObject({ share: "false" });
  });
});

test("SU-1 AC-16 a provider's groups go over the global ones key by key, and a list as a whole", async () => {
  const at = await world({
    config: { groups: { ...on, blocked: ["a"] } },
    providerConfig: { groups: { blocked: ["b"] } },
  });
  expect(await benIsIn(at, { groups: ["a", "b"] })).toEqual(["a"]);
});

describe.each(["signIn.claims", "providers.*.claims"] as const)("%s", (place) => {
  const by = async (over: { groups?: string; groupsSeparator?: string }, claims: Claims) => {
    const everywhere = place === "signIn.claims";
    const config = { groups: on, ...(everywhere ? { signIn: { signUp: true, claims: over } } : {}) };
    return benIsIn(await world({ config, ...(everywhere ? {} : { providerConfig: { claims: over } }) }), claims);
  };

  test(`SI-16 [option:${place}.groups] names the groups claim`, async () => {
    expect(await by({}, { memberOf: ["a"] })).toEqual([]);
    expect(await by({ groups: "memberOf" }, { memberOf: ["a"] })).toEqual(["a"]);
    expect(await by({ groups: "https://x.y/groups" }, { "https://x.y/groups": ["a"] })).toEqual(["a"]);
  });

  test(`SI-17 [option:${place}.groupsSeparator] splits a text`, async () => {
    expect(await by({}, { groups: "a,b; c" })).toEqual(["a,b", "c"]);
    expect(await by({ groupsSeparator: "," }, { groups: "a,b; c" })).toEqual(["a", "b; c"]);
    expect(await by({ groupsSeparator: "" }, { groups: "a,b; c" })).toEqual(["a,b; c"]);
  });
});

test("AC-18 [option:limits.groupsPerClaim] refuses a claim that holds more", async () => {
  const asked = async (groupsPerClaim: number | undefined, count: number) => {
    const limits = groupsPerClaim === undefined ? {} : { limits: { groupsPerClaim } };
    // The first person comes in whatever claims say.
    const at = await world({ config: { groups: on, ...limits } });
    await signsIn(at, "ann-1");
    const groups = Array.from({ length: count }, (_, index) => `g${index}`);
    const isIn = await benIsIn(at, { groups });
    return typeof isIn === "string" ? isIn : isIn?.length;
  };
  expect(await asked(undefined, 1_000)).toBe(1_000);
  expect(await asked(undefined, 1_001)).toBe("account.groups_too_many");
  expect(await asked(3, 3)).toBe(3);
  expect(await asked(3, 4)).toBe("account.groups_too_many");
});
