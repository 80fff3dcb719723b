/** What users, identities, groups and memberships promise. */
import { expect, test } from "vitest";
import { UniqueViolation } from "../../store/contract.js";
import { aGroup, anIdentity, aPerson, aSession, at, aUser, start, type TheStore, write } from "./samples.js";

export function accountTests(theStore: TheStore): void {
  const violation = (table: string) => expect.objectContaining({ name: "UniqueViolation", table });

  test("a user comes back as it was stored, in full and in its emptiest form", async () => {
    const full = aUser({
      picture: "https://example.test/a.png",
      disabledAt: at(1),
      lastSignInAt: at(2),
      version: 7,
      emailVerified: false,
    });
    const empty = aUser({ name: "", claimedAt: null });
    await write(theStore(), async (tx) => {
      await tx.users.insert(full);
      await tx.users.insert(empty);
    });
    for (const user of [full, empty]) {
      expect(await theStore().users.byId(user.id)).toStrictEqual(user);
      expect(await theStore().users.byEmail(user.email)).toStrictEqual(user);
    }
    expect(await theStore().users.byId(aUser().id)).toBeUndefined();
    expect(await theStore().users.byEmail("nobody@example.test")).toBeUndefined();
  });

  test("AC-2 one address is one user: the second one is refused, and the error names the table", async () => {
    const user = aUser();
    await write(theStore(), (tx) => tx.users.insert(user));
    const second = write(theStore(), (tx) => tx.users.insert(aUser({ email: user.email })));
    await expect(second).rejects.toBeInstanceOf(UniqueViolation);
    await expect(second).rejects.toEqual(violation("users"));
    const sameId = write(theStore(), (tx) => tx.users.insert(aUser({ id: user.id })));
    await expect(sameId).rejects.toEqual(violation("users"));
    const other = aUser();
    await write(theStore(), (tx) => tx.users.insert(other));
    const taking = write(theStore(), (tx) => tx.users.update({ ...other, email: user.email }, 1));
    await expect(taking).rejects.toEqual(violation("users"));
  });

  test("AC-2 two first sign-ins of one person at the same moment make one user", async () => {
    const email = "ann@example.test";
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, () => write(theStore(), (tx) => tx.users.insert(aUser({ email })))),
    );
    expect(answers.filter((answer) => answer.status === "fulfilled")).toHaveLength(1);
    for (const answer of answers) if (answer.status === "rejected") expect(answer.reason).toEqual(violation("users"));
  });

  test("of two changes to the same version of a user one wins, and the other changes nothing", async () => {
    const user = aUser();
    await write(theStore(), (tx) => tx.users.insert(user));
    const change = (name: string) => write(theStore(), (tx) => tx.users.update({ ...user, name, version: 2 }, 1));
    const won = await Promise.all([change("first"), change("second")]);
    expect(won.filter(Boolean)).toHaveLength(1);
    const name = won[0] ? "first" : "second";
    expect(await theStore().users.byId(user.id)).toStrictEqual({ ...user, name, version: 2 });
    expect(await write(theStore(), (tx) => tx.users.update(aUser(), 1))).toBe(false);
  });

  test("only admins that are not disabled count", async () => {
    expect(await theStore().users.none()).toBe(true);
    expect(await theStore().users.countEnabledAdmins()).toBe(0);
    await write(theStore(), async (tx) => {
      await tx.users.insert(aUser({ role: "admin" }));
      await tx.users.insert(aUser({ role: "admin" }));
      await tx.users.insert(aUser({ role: "admin", disabledAt: start }));
      await tx.users.insert(aUser({ role: "Admin" }));
      expect(await tx.users.countEnabledAdmins()).toBe(2);
    });
    expect(await theStore().users.countEnabledAdmins()).toBe(2);
    expect(await theStore().users.none()).toBe(false);
  });

  test("with a user go its identities, memberships, sessions and grants, and nobody else's", async () => {
    const store = theStore();
    const gone = await aPerson(store);
    const stays = await aPerson(store);
    const group = aGroup();
    await write(store, async (tx) => {
      await tx.groups.insert(group);
      for (const { user } of [gone, stays]) {
        await tx.groups.addMember({ userId: user.id, groupId: group.id, origin: "manual", createdAt: start });
      }
      await tx.users.delete(gone.user.id);
    });
    const left = async ({ user, identity, session, grant, toolGrant }: typeof gone) =>
      Promise.all([
        store.users.byId(user.id),
        store.identities.bySubject(identity.issuer, identity.subject),
        store.sessions.byTokenHash(session.tokenHash),
        store.grants.byId(grant.id),
        store.grants.byId(toolGrant.id),
        store.groups.ofUser(user.id).then((groups) => groups[0]?.group),
      ]);
    expect(await left(gone)).toEqual(Array.from({ length: 6 }, () => undefined));
    const { user, identity, session, grant, toolGrant } = stays;
    expect(await left(stays)).toEqual([user, identity, session, grant, toolGrant, group]);
    expect(await store.groups.byName(group.name)).toEqual(group);
  });

  test("an identity comes back as it was stored, and again after a change", async () => {
    const { user } = await aPerson(theStore());
    const identity = anIdentity(user, { email: null, emailVerified: false, claims: "sealed", sub: "real" });
    await write(theStore(), (tx) => tx.identities.insert(identity));
    expect(await theStore().identities.bySubject(identity.issuer, identity.subject)).toStrictEqual(identity);
    const changed = { ...identity, provider: "renamed", email: "b@example.test", lastUsedAt: at(5) };
    await write(theStore(), (tx) => tx.identities.update(changed));
    expect(await theStore().identities.ofUser(user.id)).toContainEqual(changed);
    expect(await theStore().identities.ofUser(user.id)).toHaveLength(2);
  });

  test("AC-1 one issuer and subject are one identity, whatever the provider is called", async () => {
    const { user, identity } = await aPerson(theStore());
    const other = aUser();
    await write(theStore(), (tx) => tx.users.insert(other));
    for (const owner of [user, other]) {
      const again = anIdentity(owner, { issuer: identity.issuer, subject: identity.subject, provider: "other" });
      await expect(write(theStore(), (tx) => tx.identities.insert(again))).rejects.toEqual(violation("identities"));
    }
    const elsewhere = anIdentity(other, { issuer: "https://other.example.test", subject: identity.subject });
    await write(theStore(), (tx) => tx.identities.insert(elsewhere));
    expect(await theStore().identities.bySubject(elsewhere.issuer, elsewhere.subject)).toEqual(elsewhere);
  });

  test("with an identity go its sessions and their grants", async () => {
    const { user, identity, session, grant, toolGrant } = await aPerson(theStore());
    const second = anIdentity(user);
    const itsSession = aSession(second);
    await write(theStore(), async (tx) => {
      await tx.identities.insert(second);
      await tx.sessions.insert(itsSession);
      await tx.identities.delete(identity.id);
    });
    expect(await theStore().identities.ofUser(user.id)).toEqual([second]);
    expect(await theStore().sessions.ofUser(user.id)).toEqual([itsSession]);
    expect(await theStore().sessions.byId(session.id)).toBeUndefined();
    expect(await theStore().grants.byId(grant.id)).toBeUndefined();
    expect(await theStore().grants.ofUser(user.id)).toEqual([toolGrant]);
  });

  test("a group's name is unique, and its permissions come back as they were", async () => {
    const group = aGroup({
      name: "Staff",
      permissions: { chat: { delete: true }, limits: [1, null, "x"] },
      share: "true",
    });
    await write(theStore(), (tx) => tx.groups.insert(group));
    expect(await theStore().groups.byName("Staff")).toStrictEqual(group);
    expect(await theStore().groups.byName("staff")).toBeUndefined();
    const again = write(theStore(), (tx) => tx.groups.insert(aGroup({ name: "Staff" })));
    await expect(again).rejects.toEqual(violation("groups"));
  });

  test("a membership is one per origin, and one origin's end leaves the other's", async () => {
    const { user } = await aPerson(theStore());
    const [b, a] = [aGroup({ name: "b" }), aGroup({ name: "a" })];
    const member = (group: typeof a, origin: string) => ({
      userId: user.id,
      groupId: group.id,
      origin,
      createdAt: start,
    });
    await write(theStore(), async (tx) => {
      for (const group of [b, a]) await tx.groups.insert(group);
      for (const origin of ["manual", "claims:acme"]) await tx.groups.addMember(member(b, origin));
      await tx.groups.addMember(member(a, "default"));
    });
    expect(await theStore().groups.ofUser(user.id)).toStrictEqual([
      { group: a, origin: "default" },
      { group: b, origin: "claims:acme" },
      { group: b, origin: "manual" },
    ]);
    const twice = write(theStore(), (tx) => tx.groups.addMember(member(b, "manual")));
    await expect(twice).rejects.toEqual(violation("memberships"));
    await write(theStore(), (tx) => tx.groups.removeMember(member(b, "claims:acme")));
    expect((await theStore().groups.ofUser(user.id)).map(({ origin }) => origin)).toEqual(["default", "manual"]);
  });

  test("AC-18 thousands of groups and memberships are written, found and taken away at once", async () => {
    const [ann, ben] = [(await aPerson(theStore())).user, (await aPerson(theStore())).user];
    const groups = Array.from({ length: 2_345 }, (_, index) => aGroup({ name: `many ${index}` }));
    const ids = groups.map((group) => group.id);
    const member = (user: typeof ann, origin: string) =>
      groups.map((group) => ({ userId: user.id, groupId: group.id, origin, createdAt: start }));
    await write(theStore(), async (tx) => {
      await tx.groups.insertMany(groups);
      for (const origin of ["manual", "claims:acme https://a.test"]) await tx.groups.addMembers(member(ann, origin));
      await tx.groups.addMembers(member(ben, "claims:acme https://a.test"));
    });
    const names = groups.map((group) => group.name);
    const found = await theStore().groups.byNames([...names, ...names, "nobody's", "Many 1", "\ud800"]);
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    expect([...found].sort(byId)).toStrictEqual([...groups].sort(byId));
    expect(await theStore().groups.byNames([])).toEqual([]);

    const [kept, ...others] = ids;
    const of = { userId: ann.id, origin: "claims:acme https://a.test" };
    await write(theStore(), (tx) => tx.groups.removeMembers(of, [...others, aGroup().id]));
    const left = await theStore().groups.ofUser(ann.id);
    expect(left.filter(({ origin }) => origin === of.origin).map(({ group }) => group.id)).toEqual([kept]);
    expect(left.filter(({ origin }) => origin === "manual")).toHaveLength(groups.length);
    expect(await theStore().groups.ofUser(ben.id)).toHaveLength(groups.length);
    await write(theStore(), async (tx) => {
      await tx.groups.insertMany([]);
      await tx.groups.addMembers([]);
      await tx.groups.removeMembers(of, []);
    });

    const twice = write(theStore(), (tx) => tx.groups.insertMany([aGroup(), aGroup({ name: "many 7" })]));
    await expect(twice).rejects.toEqual(violation("groups"));
    const again = write(theStore(), (tx) => tx.groups.addMembers(member(ben, of.origin).slice(0, 3)));
    await expect(again).rejects.toEqual(violation("memberships"));
  });
}
