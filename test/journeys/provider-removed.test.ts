/** VA-14: an operator removes a provider. What hung on it is gone on every node, its tokens are revoked, and people stay. */
import { afterEach, describe, expect, test } from "vitest";
import { type Administration, openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import { systemRandom } from "../../src/crypto/random.js";
import { type GroupId, newId } from "../../src/kernel/ids.js";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import { auditTypes, userIdOf } from "../support/sign-in-methods.js";
import { expectSoon } from "../support/soon.js";
import { createTwoProviders, type TwoProviders } from "../support/two-providers.js";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const world of open.splice(0).reverse()) await world.close();
});

const rules = {
  roles: { default: "user", fromClaims: true, absent: { newUser: "default" } },
  groups: { fromClaims: true, create: true, join: "any" },
} as const;
const scopes = ["openid", "email", "offline_access"];
/** What a sign-out leaves alone, so that every revocation here comes of the removal. */
const never = { scopes, revokeOnSignOut: "never" } as const;

/** Cleo at `fake`, who is the first admin; Ann and Bob at `other`. */
async function aHouse() {
  const world = await createTwoProviders({ config: rules, providerConfig: never, otherConfig: never });
  open.push(world);
  const [cleo, ann, bob] = [world.browser(), world.browser(), world.browser()];
  await world.signIn(cleo, "cleo-3");
  const says = (sub: string, claims: object) =>
    void world.other.people.set(sub, { sub, email: `${sub}@elsewhere.example`, claims: { ...claims } });
  says("ann-o", { roles: ["admin"], groups: ["chess", "rowing"] });
  says("bob-o", { roles: ["user"], groups: ["chess"] });
  await world.signIn(ann, "ann-o", { provider: "other" });
  await world.signIn(bob, "bob-o", { provider: "other" });
  const annId = await userIdOf(world, ann);
  const at = systemClock.now();
  await world.store.transaction(async (tx) => {
    const lunch = { name: "lunch", permissions: {}, share: "false", createdBy: "manual", createdAt: at } as const;
    const groupId = newId<GroupId>(at, systemRandom);
    await tx.groups.insert({ ...lunch, id: groupId });
    await tx.groups.addMember({ userId: annId, groupId, origin: "manual", createdAt: at });
    // An origin that only begins alike.
    await tx.groups.addMember({ userId: annId, groupId, origin: "claims:other-2 https://x.example", createdAt: at });
    await tx.announcements.append("user", annId, at);
  });
  return { world, cleo, ann, bob, annId };
}

/** The operator's commands, with a configuration in which `other` is what they made of it. */
function operator(world: TwoProviders, other: "on" | "off" | "left out"): Promise<Administration> {
  const providers = world.config.providers
    .filter(({ id }) => other !== "left out" || id !== "other")
    .map((entry) => (entry.id === "other" ? { ...entry, enabled: other === "on" } : entry));
  const resolved = resolveConfig({ ...world.config, providers });
  if (!resolved.ok) throw new Error("configuration");
  return openAdministration(resolved.value, { store: world.store, log: silentLog });
}

const statuses = (world: TwoProviders, ...browsers: Parameters<TwoProviders["session"]>[0][]) =>
  Promise.all(browsers.map(async (browser) => (await world.session(browser)).status));

describe("a provider that is removed", () => {
  test("VA-14 counts first; then its sessions, its grants and what its claims gave are gone, and nothing else", async () => {
    const { world, cleo, ann, bob, annId } = await aHouse();
    expect(await statuses(world, cleo, ann, bob)).toEqual([200, 200, 200]);
    const counts = { people: 2, sessions: 2, grants: 2, foreignGrants: 0, memberships: 3, roles: 1 };
    const { providers } = await operator(world, "off");
    expect(await providers.look("other")).toEqual({ traces: counts, configured: true });
    expect(await statuses(world, cleo, ann, bob)).toEqual([200, 200, 200]);

    expect(await providers.remove("other")).toEqual({ ...counts, revoked: 2 });
    await expectSoon(() => statuses(world, cleo, ann, bob), [200, 401, 401]);
    expect(await world.store.grants.ofUser(annId)).toEqual([]);
    expect(await world.store.users.byId(annId)).toMatchObject({ role: "user", roleOrigin: "default" });
    const left = await world.store.groups.ofUser(annId);
    expect(left.map(({ group, origin }) => `${group.name} ${origin}`).sort()).toEqual([
      "lunch claims:other-2 https://x.example",
      "lunch manual",
    ]);
    // Who they are stays known.
    expect(await world.store.identities.ofUser(annId)).toHaveLength(1);
    await expect
      .poll(
        () => world.other.requestsTo("revocation").filter(({ form }) => form.get("token")?.startsWith("refresh-")),
        {
          timeout: 15_000,
        },
      )
      .toHaveLength(2);
    expect(world.provider.requestsTo("revocation")).toEqual([]);

    const ended = (await auditTypes(world, "session.ended")).filter(({ rule }) => rule === "provider_removed");
    expect(ended).toHaveLength(2);
    expect((await auditTypes(world, "role.changed"))[0]?.data).toMatchObject({ through: "provider_removed" });
    expect(await auditTypes(world, "provider.removed")).toMatchObject([
      { target: { kind: "provider", id: "other" }, provider: "other", data: { ...counts, revoked: 2 } },
    ]);
    expect((await providers.look("other")).traces).toEqual({
      people: 0,
      sessions: 0,
      grants: 0,
      foreignGrants: 0,
      memberships: 0,
      roles: 0,
    });
  });

  test("VA-14 while it is switched on nothing is removed: people would come back by it", async () => {
    const { world, ann } = await aHouse();
    const { providers } = await operator(world, "on");
    await expect(providers.remove("other")).rejects.toMatchObject({ code: "signin.provider_enabled" });
    expect(await statuses(world, ann)).toEqual([200]);
  });

  test("VA-14 leaving it out of the configuration ends nothing in the database; removing it then still does", async () => {
    const { world, ann, annId } = await aHouse();
    const node = await world.node({ providers: world.config.providers.filter(({ id }) => id !== "other") });
    const atNode = world.browserAt(() => node);
    const cookie = ann.cookies.header(world.url("/session")) ?? "";
    const asked = await node.fetch(new Request(world.url("/session"), { headers: { cookie } }));
    expect(asked.status).toBe(401);
    expect((await atNode.get(world.url("/sign-in"))).status).toBe(200);
    expect(await world.store.sessions.ofUser(annId)).toHaveLength(1);
    expect(await world.store.grants.ofUser(annId)).toHaveLength(1);

    const { providers } = await operator(world, "left out");
    expect(await providers.look("other")).toMatchObject({ configured: false, traces: { grants: 2, foreignGrants: 2 } });
    expect(await providers.remove("other")).toMatchObject({ grants: 2, foreignGrants: 2, revoked: 0 });
    expect(await world.store.sessions.ofUser(annId)).toEqual([]);
    expect(await world.store.grants.ofUser(annId)).toEqual([]);
  });

  test.each([
    ["issuer", { issuer: "https://before.example" }],
    ["client", { clientId: "us before" }],
  ])(
    "VA-14 grants of another %s than the entry names are counted apart, end here, and are revoked nowhere",
    async (_what, before) => {
      const { world, annId, bob } = await aHouse();
      const bobId = await userIdOf(world, bob);
      await world.store.transaction(async (tx) => {
        const [grant] = await tx.grants.ofUser(bobId);
        if (!grant) throw new Error("Bob has nothing");
        await tx.grants.replace({ ...grant, ...before, version: grant.version + 1 }, grant.version);
      });
      const { providers } = await operator(world, "off");
      expect((await providers.look("other")).traces).toMatchObject({ grants: 2, foreignGrants: 1 });
      expect(await providers.remove("other")).toMatchObject({ grants: 2, foreignGrants: 1, revoked: 1 });
      for (const id of [annId, bobId]) expect(await world.store.grants.ofUser(id)).toEqual([]);
      await expect.poll(async () => (await world.store.outbox.waiting()).rows, { timeout: 15_000 }).toBe(0);
      const revoked = world.other.requestsTo("revocation").map(({ form }) => form.get("token")?.split("-")[0]);
      expect(revoked.filter((kind) => kind === "refresh")).toHaveLength(1);
    },
  );

  test("VA-14 what no secret opens any more ends, and is not counted as revoked", async () => {
    const { world, annId } = await aHouse();
    await world.store.transaction(async (tx) => {
      const [grant] = await tx.grants.ofUser(annId);
      if (!grant) throw new Error("Ann has nothing");
      await tx.grants.replace({ ...grant, sealed: "nothing", version: grant.version + 1 }, grant.version);
    });
    const { providers } = await operator(world, "off");
    expect(await providers.remove("other")).toMatchObject({ grants: 2, foreignGrants: 0, revoked: 1 });
  });

  test("VA-14 AC-12 the last admin stays one when the claims that made them one go", async () => {
    const { world, cleo, annId } = await aHouse();
    const cleoId = await userIdOf(world, cleo);
    await world.store.transaction((tx) => tx.users.delete(cleoId));
    const { providers } = await operator(world, "off");
    expect(await providers.remove("other")).toMatchObject({ sessions: 2, roles: 0 });
    expect(await world.store.users.byId(annId)).toMatchObject({ role: "admin" });
    expect((await auditTypes(world, "role.last_admin_kept"))[0]).toMatchObject({ provider: "other" });
  });

  test("VA-14 LO-8 what outlived its session goes too, and is revoked", async () => {
    const { world, annId } = await aHouse();
    await world.store.transaction(async (tx) => {
      const [grant] = await tx.grants.ofUser(annId);
      const [session] = await tx.sessions.ofUser(annId);
      if (!grant || !session) throw new Error("Ann has nothing");
      await tx.grants.replace({ ...grant, sessionId: null, version: grant.version + 1 }, grant.version);
      await tx.sessions.delete(session.id);
    });
    const { providers } = await operator(world, "off");
    expect(await providers.remove("other")).toMatchObject({ sessions: 1, grants: 2 });
    expect(await world.store.grants.ofUser(annId)).toEqual([]);
    expect((await auditTypes(world, "grant.disconnected"))[0]).toMatchObject({
      connection: "provider:other",
      rule: "provider_removed",
    });
  });

  test("VA-14 AC-15 what it gave is gone at once from a session that began elsewhere", async () => {
    const { world, cleo } = await aHouse();
    const cleoId = await userIdOf(world, cleo);
    const chess = await world.store.groups.byName("chess");
    if (!chess) throw new Error("no group");
    const at = systemClock.now();
    await world.store.transaction(async (tx) => {
      const origin = `claims:other ${world.other.issuer}`;
      await tx.groups.addMember({ userId: cleoId, groupId: chess.id, origin, createdAt: at });
      await tx.announcements.append("user", cleoId, at);
    });
    expect((await world.session(cleo)).body.user?.groups).toEqual(["chess"]);
    await (await operator(world, "off")).providers.remove("other");
    expect((await world.session(cleo)).body.user?.groups).toEqual([]);
  });

  test("VA-14 a name on which nothing hangs is no provider", async () => {
    const { world } = await aHouse();
    const { providers } = await operator(world, "off");
    await expect(providers.remove("othr")).rejects.toMatchObject({ code: "signin.provider_unknown" });
    expect(await auditTypes(world, "provider.removed")).toEqual([]);
  });
});
