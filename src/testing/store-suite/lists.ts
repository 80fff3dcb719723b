/** What the lists of users and audit events promise: pages, cursors, filters, search. */
import { expect, test } from "vitest";
import type { AuditFilter, Page, PageRequest, Store } from "../../store/contract.js";
import { aGrant, aGroup, anAuditEvent, anIdentity, aSession, at, aUser, type TheStore, write } from "./samples.js";

type User = ReturnType<typeof aUser>;

/** Every page of a list. */
async function allPages<T>(list: (page: PageRequest) => Promise<Page<T>>, limit: number): Promise<readonly T[][]> {
  const pages: T[][] = [];
  let cursor: string | undefined;
  do {
    const page: Page<T> = await list({ limit, cursor });
    pages.push([...page.items]);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return pages;
}

const insertUsers = (store: Store, users: readonly ReturnType<typeof aUser>[]) =>
  write(store, async (tx) => {
    for (const user of users) await tx.users.insert(user);
  });

export function listTests(theStore: TheStore): void {
  test("users come in order of id, each once, and the last page says that it is the last", async () => {
    const users = Array.from({ length: 7 }, () => aUser());
    await insertUsers(theStore(), users.toReversed());
    for (const limit of [1, 2, 3, 7, 8]) {
      const pages = await allPages((page) => theStore().users.list(page), limit);
      expect(pages.flat()).toEqual(users);
      expect(pages).toHaveLength(Math.ceil(7 / limit));
    }
    expect(await write(theStore(), (tx) => tx.users.list({ limit: 200 }))).toEqual({ items: users, next: null });
  });

  test("a cursor holds its place while users come and go around it", async () => {
    const users = Array.from({ length: 6 }, () => aUser());
    await insertUsers(theStore(), users);
    const first = await theStore().users.list({ limit: 3 });
    const [one, , three, four] = users;
    await write(theStore(), async (tx) => {
      for (const user of [one, three, four]) if (user) await tx.users.delete(user.id);
    });
    const late = aUser();
    await insertUsers(theStore(), [late]);
    const rest = await theStore().users.list({ limit: 200, cursor: first.next ?? "" });
    expect(rest).toEqual({ items: [users[4], users[5], late], next: null });
  });

  test("AC-19 grants are listed in order of id, by status and connection, page by page", async () => {
    const user = aUser();
    const grants = [
      aGrant(user, null, { connection: "provider:a" }),
      aGrant(user, null, { connection: "provider:b" }),
      aGrant(user, null, { connection: "provider:a", status: "needs_reconnect" }),
      aGrant(user, null, { connection: "provider:a" }),
    ];
    await write(theStore(), async (tx) => {
      await tx.users.insert(user);
      for (const grant of grants.toReversed()) await tx.grants.insert(grant);
    });
    const [one, two, three, four] = grants;
    for (const limit of [1, 3, 4]) {
      expect((await allPages((page) => theStore().grants.list(page), limit)).flat()).toStrictEqual(grants);
      const active = await allPages((page) => theStore().grants.list(page, { status: "active" }), limit);
      expect(active.flat()).toStrictEqual([one, two, four]);
    }
    const ofA = { status: "active", connection: "provider:a" } as const;
    expect((await theStore().grants.list({ limit: 9 }, ofA)).items).toStrictEqual([one, four]);
    expect((await theStore().grants.list({ limit: 9 }, { status: "needs_reconnect" })).items).toStrictEqual([three]);
  });

  test("a cursor that is not ours is a bad request", async () => {
    for (const cursor of ["", "x", "%00", "MQ", Buffer.from("' or 1=1 --").toString("base64url"), "ä"]) {
      const bad = { code: "server.bad_request" };
      await expect(theStore().users.list({ limit: 5, cursor })).rejects.toMatchObject(bad);
      await expect(theStore().audit.list({ limit: 5, cursor })).rejects.toMatchObject(bad);
    }
  });

  test("search finds inside address and name, in any case of any script", async () => {
    const [ann, elodie, third] = [
      aUser({ name: "Ann Lee", email: "ann@one.test" }),
      aUser({ name: "ÉLODIE Дмитрий", email: "e@two.test" }),
      aUser({ name: "Third", email: "third@one.test", role: "admin" }),
    ];
    await insertUsers(theStore(), [ann, elodie, third]);
    const found = async (search: string, role?: string) =>
      (await theStore().users.list({ limit: 10 }, { search, ...(role === undefined ? {} : { role }) })).items;
    expect(await found("n LE")).toEqual([ann]);
    expect(await found("one.TEST")).toEqual([ann, third]);
    expect(await found("élodie дмит")).toEqual([elodie]);
    expect(await found("E\u0301lodie")).toEqual([elodie]);
    expect(await found("one.test", "admin")).toEqual([third]);
    expect(await found("")).toEqual([ann, elodie, third]);
    expect(await found("nobody")).toEqual([]);
    expect(await found("x".repeat(100_000))).toEqual([]);
    const renamed = { ...ann, name: "Beth", version: 2 };
    await write(theStore(), (tx) => tx.users.update(renamed, 1));
    expect(await found("lee")).toEqual([]);
    expect(await found("beth")).toEqual([renamed]);
  });

  test("search is literal: what is a wildcard or a quote elsewhere is a letter here", async () => {
    const names = ["100% sure", "100 sure", "a_b", "axb", "it's", 'say "hi"', "back\\slash", "star*", "[abc]", "q?"];
    const users = names.map((name) => aUser({ name, email: `${names.indexOf(name)}@example.test` }));
    await insertUsers(theStore(), users);
    for (const [search, name] of [
      ["100%", "100% sure"],
      ["0% s", "100% sure"],
      ["a_b", "a_b"],
      ["'", "it's"],
      ['"', 'say "hi"'],
      ["\\", "back\\slash"],
      ["*", "star*"],
      ["[a", "[abc]"],
      ["?", "q?"],
      ["%", "100% sure"],
      ["_", "a_b"],
    ] as const) {
      const { items } = await theStore().users.list({ limit: 20 }, { search });
      expect(
        items.map((user) => user.name),
        search,
      ).toEqual([name]);
    }
  });

  test("pages of a search hold their place too", async () => {
    const users = Array.from({ length: 9 }, (_, index) => aUser({ name: index % 2 === 0 ? "even" : "odd" }));
    await insertUsers(theStore(), users);
    const pages = await allPages((page) => theStore().users.list(page, { search: "EVEN" }), 2);
    expect(pages.flat()).toEqual(users.filter((user) => user.name === "even"));
  });

  test("audit events come newest first, each once, also when many happened in one millisecond", async () => {
    const events = [at(1), at(2), at(2), at(2), at(2), at(3)].map((when) => anAuditEvent({ at: when }));
    await write(theStore(), async (tx) => {
      for (const event of events) await tx.audit.append(event);
    });
    for (const limit of [1, 2, 3, 6]) {
      const pages = await allPages((page) => theStore().audit.list(page), limit);
      expect(pages.flat()).toStrictEqual(events.toReversed());
    }
    const first = await theStore().audit.list({ limit: 2 });
    await write(theStore(), (tx) => tx.audit.append(anAuditEvent({ at: at(9) })));
    const rest = await theStore().audit.list({ limit: 200, cursor: first.next ?? "" });
    expect(rest.items).toEqual(events.toReversed().slice(2));
  });

  test("an audit event comes back as it was appended, and is found by its type and its target", async () => {
    const full = anAuditEvent({
      type: "session.ended",
      actor: { kind: "user", id: "a" },
      target: { kind: "session", id: "s" },
      provider: "acme",
      connection: "provider:acme",
      address: "192.0.2.1",
      rule: "sub",
      code: "session.invalid",
      requestId: "r",
      data: { reason: "x", list: [1, null, { deep: true }] },
    });
    const other = anAuditEvent({ target: { kind: "user", id: "u" } });
    await write(theStore(), async (tx) => {
      for (const event of [full, other]) await tx.audit.append(event);
    });
    const list = async (filter: { type?: string; targetId?: string }) =>
      (await theStore().audit.list({ limit: 10 }, filter)).items;
    expect(await list({ type: "session.ended" })).toStrictEqual([full]);
    expect(await list({ targetId: "u" })).toStrictEqual([other]);
    expect(await list({ type: "session.ended", targetId: "u" })).toEqual([]);
    expect(await list({})).toEqual([other, full]);
  });

  test("SU-11 audit events are found by who did it or to whom, by time, and read from the oldest on", async () => {
    const user = (id: string) => ({ kind: "user", id });
    const events = [
      anAuditEvent({ at: at(1), actor: user("a"), target: { kind: "session", id: "s" } }),
      anAuditEvent({ at: at(2), actor: user("b"), target: user("a") }),
      anAuditEvent({ at: at(2), actor: user("b"), target: user("b") }),
      anAuditEvent({ at: at(3), actor: user("a"), target: user("a"), type: "role.changed" }),
    ];
    await write(theStore(), async (tx) => {
      for (const event of events) await tx.audit.append(event);
    });
    const [one, two, three, four] = events;
    const list = async (filter: AuditFilter) => (await theStore().audit.list({ limit: 10 }, filter)).items;
    expect(await list({ about: "a" })).toStrictEqual([four, two, one]);
    expect(await list({ about: "a", type: "role.changed" })).toStrictEqual([four]);
    expect(await list({ about: "nobody" })).toEqual([]);
    expect(await list({ since: at(2) })).toStrictEqual([four, three, two]);
    expect(await list({ until: at(2) })).toStrictEqual([one]);
    expect(await list({ since: at(2), until: at(3), oldestFirst: true })).toStrictEqual([two, three]);
    for (const limit of [1, 2, 3]) {
      const pages = await allPages((page) => theStore().audit.list(page, { oldestFirst: true }), limit);
      expect(pages.flat()).toStrictEqual(events);
    }
  });

  test("VA-14 those of whom something hangs on a provider come in order of id, each once, by pages, and are counted", async () => {
    const users = Array.from({ length: 6 }, () => aUser());
    const [one, two, three, four, five] = users as [User, User, User, User, User];
    const group = aGroup();
    await insertUsers(theStore(), users.slice(4));
    await write(theStore(), async (tx) => {
      await tx.users.insert(one);
      const identity = anIdentity(one, { provider: "corp" });
      await tx.identities.insert(identity);
      await tx.sessions.insert(aSession(identity));
      await tx.sessions.insert(aSession(identity, { provider: "corp-2" }));
      await tx.users.insert(two);
      const granted = { connection: "provider:corp", issuer: "https://a.example", clientId: "us" };
      await tx.grants.insert(aGrant(two, null, granted));
      await tx.grants.insert(aGrant(two, null, { ...granted, issuer: "https://b.example" }));
      await tx.grants.insert(aGrant(two, null, { ...granted, issuer: "https://before.example" }));
      await tx.grants.insert(aGrant(two, null, { ...granted, clientId: "us before" }));
      await tx.grants.insert(aGrant(two, null, { connection: "tool:corp" }));
      await tx.users.insert({ ...three, roleOrigin: "claims:corp", role: "admin" });
      await tx.users.insert({ ...four, roleOrigin: "claims:corp", role: "guest" });
      await tx.groups.insert(group);
      for (const origin of [
        "claims:corp https://a.example",
        "claims:corp https://b.example",
        "claims:corp-2 https://a.example",
        "manual",
      ])
        await tx.groups.addMember({ userId: one.id, groupId: group.id, origin, createdAt: at(0) });
      await tx.groups.addMember({ userId: five.id, groupId: group.id, origin: "claims:corp-2 x", createdAt: at(0) });
    });
    const corp = { provider: "corp", roles: ["admin"] };
    const reads = theStore().providerTraces;
    expect(await reads.people(corp, 10)).toEqual([one.id, two.id, three.id]);
    expect(await reads.people(corp, 2)).toEqual([one.id, two.id]);
    expect(await reads.people(corp, 2, two.id)).toEqual([three.id]);
    const counts = { people: 3, sessions: 1, grants: 4, memberships: 2, roles: 1 };
    const own = { issuers: ["https://a.example", "https://b.example"], clientId: "us" };
    expect(await reads.count({ ...corp, own })).toEqual({ ...counts, foreignGrants: 2 });
    // Of an entry that is not there, or whose issuer is not known yet, nothing is its own.
    expect(await reads.count({ ...corp, own: undefined })).toEqual({ ...counts, foreignGrants: 4 });
    expect(await reads.count({ ...corp, own: { ...own, issuers: [] } })).toEqual({ ...counts, foreignGrants: 4 });
    expect(await reads.count({ ...corp, own, roles: [] })).toMatchObject({ people: 2, roles: 0 });
    expect(await reads.count({ ...corp, own, provider: "cor%" })).toMatchObject({ people: 0 });
    expect(await reads.ids(["admin"])).toEqual(["corp", "corp-2"]);
  });

  test("VA-14 a provider is found by each thing alone that hangs on it, and by nothing else", async () => {
    const reads = theStore().providerTraces;
    expect(await reads.ids(["admin"])).toEqual([]);
    const [user, by] = [aUser(), aUser({ role: "admin", roleOrigin: "claims:by-role" })];
    const group = aGroup();
    await write(theStore(), async (tx) => {
      for (const one of [user, by, aUser({ role: "guest", roleOrigin: "claims:by-less" })]) await tx.users.insert(one);
      const identity = anIdentity(user, { provider: "by-identity" });
      await tx.identities.insert(identity);
      await tx.sessions.insert(aSession(identity, { provider: "by-session" }));
      await tx.grants.insert(aGrant(user, null, { connection: "provider:by-grant" }));
      await tx.grants.insert(aGrant(user, null, { connection: "provider:by-grant" }));
      await tx.grants.insert(aGrant(user, null, { connection: "tool:by-tool" }));
      await tx.groups.insert(group);
      for (const origin of ["claims:by-group https://a.example/x y", "claims:by-group b", "manual", "default"])
        await tx.groups.addMember({ userId: user.id, groupId: group.id, origin, createdAt: at(0) });
    });
    expect(await reads.ids(["admin"])).toEqual(["by-grant", "by-group", "by-role", "by-session"]);
    expect(await reads.ids([])).toEqual(["by-grant", "by-group", "by-session"]);
  });
}
