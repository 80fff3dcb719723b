/**
 * AT-15, AT-16: claims that are missing, empty, elsewhere or of a wrong type, used to gain a role or a group, or to keep
 * one. Through whole sign-ins, since what is at stake is that four answers stay apart on the long way from a token to a
 * row.
 */
import { afterEach, describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import type { WorldOptions } from "../../src/testing/world.js";
import { auditTrail, createSharedWorld, type SharedWorld } from "../support/shared-file.js";
import { expectSoon } from "../support/soon.js";

const worlds: SharedWorld[] = [];
afterEach(async () => {
  for (const one of worlds.splice(0)) await one.close();
});

async function aWorld(config: Partial<ConfigInput>, more: WorldOptions = {}): Promise<SharedWorld> {
  const world = await createSharedWorld({ config, ...more });
  worlds.push(world);
  await world.signIn(world.browser(), "ann-1");
  return world;
}

type Claims = Readonly<Record<string, unknown>>;
async function signsIn(world: SharedWorld, claims: Claims, sub = "ben-2", browser = world.browser()) {
  const email = `${sub.split("-")[0]}@example.com`;
  world.provider.people.set(sub, { sub, email, name: sub, picture: "https://pictures.example/p.png", claims });
  const page = await world.signIn(browser, sub);
  const { status, body } = await world.session(browser);
  const error = new URL(page.url).searchParams.get("error");
  return { browser, status, error, role: body.user?.role, groups: body.user?.groups, id: body.user?.id };
}
const statusOf = async (world: SharedWorld, { browser }: { browser: ReturnType<SharedWorld["browser"]> }) =>
  (await world.session(browser)).status;

const both = { roles: { fromClaims: true }, groups: { fromClaims: true, create: true } } as const;
/** Entra's two ways to say that there were too many for the token. */
const overages: Claims[] = [
  { _claim_names: { roles: "src1", groups: "src1" }, _claim_sources: { src1: { endpoint: "https://evil.example/" } } },
  { _claim_names: { roles: "src1", groups: "src1" }, hasgroups: true },
];
/** None of these says admin, whatever somebody wished it did. */
const odd: unknown[] = [
  true,
  { admin: true },
  { 0: "admin", length: 1 },
  [["admin"]],
  [{ value: "admin" }],
  [true],
  "administrator",
  ["Admin", "ADMIN", "admin\u0000", "admin\u200b", "ａdmin", "admin,user"],
  "admin;user",
  '["admin"]',
  ["admin".padEnd(300, " x")],
];

describe("AT-16 gaining a role", () => {
  test.each(odd)("AT-16 SI-17 AC-12 %j makes nobody an admin", async (roles) => {
    const world = await aWorld(both);
    const ben = await signsIn(world, { roles });
    expect(ben.role).toBeUndefined();
    expect(ben.error).toMatch(/^account\.role(_refused|s_absent)$/);
    // A refusal leaves nothing behind (AC-6).
    expect(await world.store.users.byEmail("ben@example.com")).toBeUndefined();
    expect(await world.store.groups.byName("admin")).toBeUndefined();
  });

  test.each([{}, ...overages])("AT-16 AC-12 somebody new does not come in without an answer: %j", async (claims) => {
    for (const roles of [{ absent: { newUser: "deny" } }, { noMatch: "default" }] as const) {
      const world = await aWorld({ roles: { fromClaims: true, ...roles } });
      const expected = "_claim_names" in claims ? "account.roles_unknown" : "account.roles_absent";
      expect((await signsIn(world, claims)).error).toBe(expected);
    }
  });

  test("AT-16 SI-11 userinfo cannot be broken to get in", async () => {
    const world = await aWorld({
      roles: { fromClaims: true, absent: { newUser: "default" }, noMatch: "default", default: "user" },
    });
    world.provider.script({ userinfo: { status: 500, body: "down" } });
    const ben = await signsIn(world, {});
    expect(ben.error).toBe("account.roles_unknown");
    expect(world.provider.requestsTo("userinfo").length).toBeGreaterThan(0);
  });

  test("AT-11 SI-11 userinfo of somebody else is no failure to live with: the sign-in ends", async () => {
    const world = await aWorld(both);
    const known = await signsIn(world, { roles: ["user"] });
    world.provider.tweaks.userinfo = (claims) => ({ ...claims, sub: "eve", roles: ["admin"] });
    const again = await signsIn(world, {});
    expect(again.error).toBe("signin.userinfo_invalid");
    expect((await world.session(known.browser)).body.user?.role).toBe("user");
  });
});

describe("AT-16 keeping a role", () => {
  test.each<[why: string, claims: Claims]>([
    ["an empty list", { roles: [] }],
    ["an empty text", { roles: "" }],
    ["values of which none fits", { roles: ["former"] }],
    ["a list of what is no role", { roles: [{ admin: true }] }],
  ])("AT-16 AC-12 %s ends every session of a known user, on every node", async (_why, claims) => {
    const world = await aWorld(both);
    const second = await world.node();
    const there = { browser: world.browserAt(() => second) };
    const here = await signsIn(world, { roles: ["admin"], groups: ["staff"] });
    await signsIn(world, { roles: ["admin"], groups: ["staff"] }, "ben-2", there.browser);
    expect([await statusOf(world, here), (await there.browser.get(world.url("/session"))).status]).toEqual([200, 200]);

    const refused = await signsIn(world, claims);
    expect(refused.error).toBe("account.role_refused");
    await expectSoon(
      async () => [await statusOf(world, here), (await there.browser.get(world.url("/session"))).status],
      [401, 401],
    );
    const trail = await auditTrail(world.store);
    const ended = trail.filter(({ type, rule }) => type === "session.ended" && rule === "access_refused");
    expect(ended).toHaveLength(2);
    expect(ended[0]?.actor).toEqual({ kind: "provider", id: "fake" });
    expect(trail.find(({ type }) => type === "sign_in.refused")).toMatchObject({
      code: "account.role_refused",
      rule: "roles.noMatch",
      target: { kind: "user", id: here.id },
    });
    // What the person is stays as it was (AC-6): an operator can see it, and a claim that fits lets them in again.
    expect(await world.store.users.byEmail("ben@example.com")).toMatchObject({ role: "admin" });
    expect((await signsIn(world, { roles: ["user"], groups: ["staff"] })).role).toBe("user");
  });

  test("AT-16 AC-5 AC-12 so does a domain that is no longer allowed, and a stranger with the address ends nothing", async () => {
    const world = await aWorld({});
    const here = await signsIn(world, {});
    const strict = await world.node({ signIn: { signUp: true, allowedDomains: ["corp.example"] } });
    const throughStrict = async (sub: string) => {
      const browser = world.browserAt(() => strict);
      const page = await world.signIn(browser, sub);
      return new URL(page.url).searchParams.get("error");
    };
    world.provider.people.set("eve-9", { sub: "eve-9", email: "ben@example.com", name: "Eve" });
    expect(await throughStrict("eve-9")).toBe("account.domain_refused");
    expect(await statusOf(world, here)).toBe(200);
    expect(await throughStrict("ben-2")).toBe("account.domain_refused");
    await expectSoon(() => statusOf(world, here), 401);
  });

  /** Where *absent* takes everything, so that what is kept is kept because it is unknown. */
  const strict = {
    roles: { fromClaims: true, absent: { knownUser: "deny" } },
    groups: { fromClaims: true, create: true, absent: "empty" },
  } as const;

  test.each(overages)("AC-12 AC-15 what nobody knows takes nothing and ends nothing: %j", async (claims) => {
    const world = await aWorld(strict);
    const here = await signsIn(world, { roles: ["admin"], groups: ["staff"] });
    const again = await signsIn(world, claims);
    expect([again.error, again.role, again.groups]).toEqual([null, "admin", ["staff"]]);
    expect(await statusOf(world, here)).toBe(200);
  });

  test("AC-12 SI-11 nor does a userinfo that fails", async () => {
    const world = await aWorld(strict);
    const here = await signsIn(world, { roles: ["admin"], groups: ["staff"] });
    world.provider.script({ userinfo: { status: 503, body: "later" } });
    const again = await signsIn(world, {});
    expect([again.error, again.role, again.groups]).toEqual([null, "admin", ["staff"]]);
    expect(await statusOf(world, here)).toBe(200);
  });

  test("AC-12 AC-13 a demotion is seen by a session that is open elsewhere, at once", async () => {
    const world = await aWorld(both);
    const here = await signsIn(world, { roles: ["admin"], groups: ["staff", "ops"] });
    await signsIn(world, { roles: ["user"], groups: ["staff"] });
    expect((await world.session(here.browser)).body.user).toMatchObject({ role: "user", groups: ["staff"] });
  });

  test("AC-12 two demotions at once leave one admin", async () => {
    const world = await aWorld({ ...both, signIn: { signUp: true } });
    const second = await world.node();
    await signsIn(world, { roles: ["admin"] });
    await signsIn(world, { roles: ["admin"] }, "ann-1");
    expect(await world.store.users.countEnabledAdmins()).toBe(2);
    const browsers = { "ben-2": world.browser(), "ann-1": world.browserAt(() => second) };
    const landed = await Promise.all(
      Object.entries(browsers).map(([sub, browser]) => signsIn(world, { roles: ["user"] }, sub, browser)),
    );
    expect(landed.map(({ error }) => error)).toEqual([null, null]);
    expect(await world.store.users.countEnabledAdmins()).toBe(1);
    const trail = await auditTrail(world.store);
    const kept = trail.filter(({ type }) => type === "role.last_admin_kept");
    expect(kept).toHaveLength(1);
    expect(kept[0]).toMatchObject({ provider: "fake", data: { kept: "admin", wanted: "user" } });
  });
});

describe("AT-16 gaining or keeping a group", () => {
  const groups = (over: object = {}) => ({ groups: { fromClaims: true, create: true, ...over } });

  test.each([true, { admins: true }, [["admins"]], ["Admins", "admins\u0007"]])(
    "AT-16 SI-17 AC-15 %j gets nobody into a group that is there",
    async (claim) => {
      const world = await aWorld(groups({ join: "any" }));
      await signsIn(world, { groups: ["admins"] }, "cleo-3");
      expect((await signsIn(world, { groups: claim })).groups).not.toContain("admins");
    },
  );

  test("AT-16 AC-15 three groups by claim and one by hand: an empty claim leaves exactly the one by hand", async () => {
    const world = await aWorld(groups());
    const ben = await signsIn(world, { groups: ["a", "b", "c"] });
    expect(ben.groups).toEqual(["a", "b", "c"]);
    const byHand = await world.store.groups.byName("b");
    if (!byHand) throw new Error("no group");
    await world.store.transaction(async (tx) => {
      const createdAt = world.clock.now();
      await tx.groups.addMember({ userId: ben.id as never, groupId: byHand.id, origin: "manual", createdAt });
    });
    for (const claims of [{}, ...overages, { groups: { a: 1 } }]) {
      expect((await signsIn(world, claims)).groups).toEqual(["a", "b", "c"]);
    }
    expect((await signsIn(world, { groups: [] })).groups).toEqual(["b"]);
    expect((await world.store.groups.ofUser(ben.id as never)).map(({ origin }) => origin)).toEqual(["manual"]);
    expect((await world.session(ben.browser)).body.user?.groups).toEqual(["b"]);
  });

  test("AT-16 AC-21 a group at the provider with the name of a privileged one here gets nobody in", async () => {
    const world = await aWorld(groups());
    await world.store.transaction(async (tx) => {
      const group = {
        id: "01930000-0000-7000-8000-000000000001" as never,
        name: "ops",
        permissions: {},
        share: "true",
      } as const;
      await tx.groups.insert({ ...group, createdBy: "manual", createdAt: world.clock.now() });
    });
    expect((await signsIn(world, { groups: ["ops", "mine"] })).groups).toEqual(["mine"]);
  });

  test("AT-16 AC-21 a provider id that is pointed at another issuer inherits no group", async () => {
    const world = await aWorld(groups());
    await signsIn(world, { groups: ["staff"] });
    const { startFakeProvider } = await import("../../src/testing/fake-provider.js");
    const moved = await startFakeProvider();
    try {
      const node = await world.node({}, { issuer: moved.issuer });
      const mallory = { sub: "mallory-9", email: "mallory@example.com", name: "Mallory" };
      moved.people.set("mallory-9", { ...mallory, claims: { groups: ["staff", "new"] } });
      const browser = world.browserAt(() => node);
      await world.signIn(browser, "mallory-9");
      const answer = JSON.parse((await browser.get(world.url("/session"))).text);
      expect(answer.user).toMatchObject({ email: "mallory@example.com", groups: ["new"] });
    } finally {
      await moved.stop();
    }
  });

  test("SI-17 AC-16 what is no name is dropped, and logged in numbers without its text", async () => {
    const world = await aWorld({ groups: { fromClaims: true, create: true } });
    const long = "canary".padEnd(257, "x");
    const ben = await signsIn(world, { groups: ["staff", long, { canary: true }, true, "canary\u0007"] });
    expect(ben.groups).toEqual(["staff"]);
    const lines = world.log.lines.filter(({ message }) => message === "values of a claim were dropped");
    expect(lines.map(({ level, fields }) => [level, fields])).toMatchObject([
      ["warn", { provider: "fake", claim: "groups", wrongType: 2, tooLong: 1, malformed: 1 }],
    ]);
    expect(world.log.text()).not.toContain("canary");
  });

  test("AT-16 AC-16 a blocked group is neither made, joined nor left", async () => {
    const world = await aWorld(groups());
    await signsIn(world, { groups: ["eu-admins"] });
    const node = await world.node(groups({ blocked: ["glob:*-admins"] }));
    const isIn = async (sub: string, claims: Claims) => {
      world.provider.people.set(sub, { sub, email: `${sub}@example.com`, name: sub, claims });
      const browser = world.browserAt(() => node);
      await world.signIn(browser, sub);
      return JSON.parse((await browser.get(world.url("/session"))).text).user.groups;
    };
    expect(await isIn("cleo-3", { groups: ["eu-admins", "us-admins", "eu"] })).toEqual(["eu"]);
    expect(await world.store.groups.byName("us-admins")).toBeUndefined();
    expect(await isIn("ben-2", { groups: [] })).toEqual(["eu-admins"]);
  });

  test("AC-15 AC-18 a claim that says the same again writes no membership, and tells nobody", async () => {
    const world = await aWorld(groups());
    const many = Array.from({ length: 1_000 }, (_, index) => `group ${index}`);
    const first = await signsIn(world, { groups: many });
    expect(first.groups).toHaveLength(1_000);
    const before = await world.store.groups.ofUser(first.id as never);
    const announced = await world.store.announcements.latest();
    await signsIn(world, { groups: [...many].reverse() });
    expect(await world.store.groups.ofUser(first.id as never)).toEqual(before);
    const since = await world.store.announcements.after(announced);
    expect(since.filter(({ kind }) => kind === "user")).toEqual([]);
    expect((await auditTrail(world.store)).filter(({ type }) => type === "groups.synced")).toHaveLength(1);
  });

  test("AT-16 AC-18 ten thousand groups, one of them 4 KB long, are refused with a code of their own", async () => {
    const world = await aWorld(groups());
    const many = Array.from({ length: 10_000 }, (_, index) => `group ${index}`);
    world.provider.tweaks.idTokenClaims = ({ groups: _groups, ...rest }) => rest;
    const ben = await signsIn(world, { groups: [...many, "x".repeat(4_096)] });
    expect(ben.error).toBe("account.groups_too_many");
    expect(await world.store.users.byEmail("ben@example.com")).toBeUndefined();
    expect((await signsIn(world, { groups: ["a", "x".repeat(4_096)] })).groups).toEqual(["a"]);
    expect(JSON.stringify(world.log.lines)).toContain('"tooLong":1');
  });
});

test("AT-15 AC-10 AC-14 with claims off a claim that says everything does nothing", async () => {
  const world = await aWorld({});
  const ben = await signsIn(world, { roles: ["admin"], groups: ["admins"] });
  expect([ben.role, ben.groups]).toEqual(["pending", []]);
  expect((await signsIn(world, { roles: [], groups: [] })).error).toBeNull();
});
