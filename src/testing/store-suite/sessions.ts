/** What sessions and grants promise. */
import { expect, test } from "vitest";
import type { GrantRecord, WaitingGrant } from "../../store/records.js";
import { aGrant, anIdentity, aPerson, aSession, at, aUser, type TheStore, write } from "./samples.js";

export function sessionTests(theStore: TheStore): void {
  test("LO-1 a session comes back as it was stored, with every member and with none", async () => {
    const { user, identity, session } = await aPerson(theStore(), { session: { sid: "sid", userAgent: "Ünicode" } });
    const bare = aSession(identity, { sid: null, address: null, userAgent: null, createdAt: at(5) });
    await write(theStore(), (tx) => tx.sessions.insert(bare));
    for (const one of [session, bare]) {
      expect(await theStore().sessions.byTokenHash(one.tokenHash)).toStrictEqual(one);
      expect(await theStore().sessions.byId(one.id)).toStrictEqual(one);
    }
    expect(await theStore().sessions.ofUser(user.id)).toStrictEqual([bare, session]);
    expect(await theStore().sessions.byTokenHash(`${session.tokenHash}x`)).toBeUndefined();
    expect(await theStore().sessions.byTokenHash(session.tokenHash.toUpperCase())).toBeUndefined();
  });

  test("LO-1 no two sessions have one token hash", async () => {
    const { identity, session } = await aPerson(theStore());
    const copy = aSession(identity, { tokenHash: session.tokenHash });
    const inserting = write(theStore(), (tx) => tx.sessions.insert(copy));
    await expect(inserting).rejects.toMatchObject({ name: "UniqueViolation", table: "sessions" });
  });

  test("LO-1 sessions are found by the issuer with its sid or sub, never by one of them alone", async () => {
    const store = theStore();
    const { user } = await aPerson(store);
    const here = anIdentity(user, { issuer: "https://a.example.test", subject: "s", sub: "ann" });
    const there = anIdentity(user, { issuer: "https://b.example.test", subject: "s", sub: "ann" });
    const sessions = {
      one: aSession(here, { sid: "1", createdAt: at(1) }),
      two: aSession(here, { sid: "2", createdAt: at(2) }),
      none: aSession(here, { sid: null, createdAt: at(3) }),
      elsewhere: aSession(there, { sid: "1", createdAt: at(4) }),
    };
    await write(store, async (tx) => {
      for (const identity of [here, there]) await tx.identities.insert(identity);
      for (const session of Object.values(sessions)) await tx.sessions.insert(session);
      expect(await tx.sessions.bySid(here.issuer, "1")).toEqual([sessions.one]);
    });
    expect(await store.sessions.bySid(here.issuer, "1")).toEqual([sessions.one]);
    expect(await store.sessions.bySub(here.issuer, "ann")).toEqual([sessions.none, sessions.two, sessions.one]);
    expect(await store.sessions.bySub(here.issuer, "Ann")).toEqual([]);
    expect(await store.sessions.bySid("https://A.example.test", "1")).toEqual([]);
  });

  test("LO-2 touching moves last-seen and idle end forward, never back, and each by itself", async () => {
    const { session } = await aPerson(theStore(), { session: { lastSeenAt: at(100), idleEndsAt: at(200) } });
    const touched = async (lastSeen: number, idleEnds: number) => {
      await write(theStore(), (tx) => tx.sessions.touch([session.id], at(lastSeen), at(idleEnds)));
      const now = await theStore().sessions.byId(session.id);
      return [now?.lastSeenAt, now?.idleEndsAt];
    };
    expect(await touched(150, 250)).toEqual([at(150), at(250)]);
    expect(await touched(120, 220)).toEqual([at(150), at(250)]);
    expect(await touched(160, 240)).toEqual([at(160), at(250)]);
    expect(await touched(140, 260)).toEqual([at(160), at(260)]);
    const expected = { ...session, lastSeenAt: at(160), idleEndsAt: at(260) };
    expect(await theStore().sessions.byId(session.id)).toStrictEqual(expected);
  });

  test("LO-2 many sessions are touched at once, those that are gone are passed over, and no others are", async () => {
    const { identity, session } = await aPerson(theStore(), { session: { lastSeenAt: at(1), idleEndsAt: at(2) } });
    const more = [1, 2].map(() => aSession(identity, { lastSeenAt: at(1), idleEndsAt: at(2) }));
    const [another, gone] = [aSession(identity, { lastSeenAt: at(9) }), aSession(identity)];
    await write(theStore(), async (tx) => {
      for (const one of [...more, another]) await tx.sessions.insert(one);
      await tx.sessions.touch([session.id, gone.id, ...more.map(({ id }) => id)], at(5), at(6));
      await tx.sessions.touch([], at(100), at(100));
    });
    for (const one of [session, ...more]) {
      expect(await theStore().sessions.byId(one.id)).toStrictEqual({ ...one, lastSeenAt: at(5), idleEndsAt: at(6) });
    }
    expect(await theStore().sessions.byId(another.id)).toStrictEqual(another);
    expect(await theStore().sessions.byId(gone.id)).toBeUndefined();
  });

  test("LO-5 with a session go its grants, not the tool grants; ending it twice says so", async () => {
    const { session, grant, toolGrant, user } = await aPerson(theStore());
    const end = () => write(theStore(), (tx) => tx.sessions.delete(session.id));
    const ended = await Promise.all([end(), end()]);
    expect(ended.toSorted()).toEqual([false, true]);
    expect(await theStore().sessions.byTokenHash(session.tokenHash)).toBeUndefined();
    expect(await theStore().grants.byId(grant.id)).toBeUndefined();
    expect(await theStore().grants.ofUser(user.id)).toEqual([toolGrant]);
  });

  test("LO-2 sessions whose idle or absolute end has passed are swept, at most so many at once", async () => {
    const { identity, user } = await aPerson(theStore());
    const ends = [
      [10, 900],
      [900, 10],
      [10, 10],
      [11, 900],
      [900, 11],
    ] as const;
    await write(theStore(), async (tx) => {
      for (const [idle, absolute] of ends) {
        await tx.sessions.insert(aSession(identity, { idleEndsAt: at(idle), endsAt: at(absolute) }));
      }
    });
    const sweep = () => write(theStore(), (tx) => tx.sessions.deleteEnded(at(10), 2));
    expect(await sweep()).toBe(2);
    expect(await sweep()).toBe(1);
    expect(await sweep()).toBe(0);
    expect(await theStore().sessions.ofUser(user.id)).toHaveLength(3);
  });

  test("VA-1 a grant comes back as it was stored, with every member and with none", async () => {
    const { user, session, grant, toolGrant } = await aPerson(theStore());
    const full = aGrant(user, null, {
      connection: "tool:other",
      scopes: [],
      expiresAt: null,
      status: "needs_reconnect",
      statusReason: "invalid_grant",
      version: 3,
      lastRefreshAt: at(1),
      lastFailureCode: "code",
      nextAttemptAt: at(2),
      leaseOwner: "node",
      leaseEndsAt: at(3),
      lastUsedAt: at(4),
      accountLabel: null,
      sealed: "x".repeat(20_000),
    });
    await write(theStore(), (tx) => tx.grants.insert(full));
    for (const one of [grant, toolGrant, full]) expect(await theStore().grants.byId(one.id)).toStrictEqual(one);
    expect(await theStore().grants.ofSession(session.id)).toStrictEqual([grant]);
    expect(await theStore().grants.ofUser(user.id)).toHaveLength(3);
    await write(theStore(), (tx) => tx.grants.delete(full.id));
    expect(await theStore().grants.byId(full.id)).toBeUndefined();
  });

  test("VA-1 of two writers that hold the same version of a grant, exactly one wins", async () => {
    const { grant } = await aPerson(theStore());
    const replace = (sealed: string) =>
      write(theStore(), (tx) => tx.grants.replace({ ...grant, sealed, version: 2 }, grant.version));
    const won = await Promise.all([replace("a"), replace("b")]);
    expect(won.filter(Boolean)).toHaveLength(1);
    expect((await theStore().grants.byId(grant.id))?.sealed).toBe(won[0] ? "a" : "b");
    expect(await replace("late")).toBe(false);
    await write(theStore(), (tx) => tx.grants.delete(grant.id));
    expect(await write(theStore(), (tx) => tx.grants.replace(grant, 2))).toBe(false);
    expect(await theStore().grants.byId(grant.id)).toBeUndefined();
  });

  test("VA-1 VA-7 of writers that come at once, with and without a transaction, exactly one replaces a grant", async () => {
    const { grant } = await aPerson(theStore());
    const { alone } = theStore();
    const won = await Promise.all([
      ...["a", "b", "c"].map((sealed) => alone.grants.replace({ ...grant, sealed, version: 2 }, grant.version)),
      write(theStore(), (tx) => tx.grants.replace({ ...grant, sealed: "d", version: 2 }, grant.version)),
    ]);
    expect(won.filter(Boolean)).toHaveLength(1);
    const sealed = ["a", "b", "c", "d"][won.indexOf(true)] ?? "";
    expect(await theStore().grants.byId(grant.id)).toStrictEqual({ ...grant, sealed, version: 2 });
    const half = { ...grant, statusReason: "half \ud800", version: 3 };
    await expect(alone.grants.replace(half, 2)).rejects.toThrow(/UTF-8/);
    await write(theStore(), (tx) => tx.grants.delete(grant.id));
    expect(await alone.grants.replace(grant, 2)).toBe(false);
  });

  test("VA-4 VA-7 a lease changes its columns and the version and leaves the rest as it is by now", async () => {
    const { grant } = await aPerson(theStore());
    const lease = { leaseOwner: "node", leaseEndsAt: at(30), expiresAt: at(1) };
    // A rotation puts another value there, and does not move the version.
    await write(theStore(), (tx) => tx.sealed.swap("grants", [{ id: grant.id, expected: grant.sealed, next: "anew" }]));
    const { alone } = theStore();
    const taken = await Promise.all([1, 2, 3].map(() => alone.grants.lease(grant.id, lease, grant.version)));
    expect(taken.filter(Boolean)).toHaveLength(1);
    const version = grant.version + 1;
    expect(await theStore().grants.byId(grant.id)).toStrictEqual({ ...grant, ...lease, sealed: "anew", version });
    expect(await write(theStore(), (tx) => tx.grants.lease(grant.id, lease, grant.version))).toBe(false);
    const given = { leaseOwner: null, leaseEndsAt: null, expiresAt: null };
    expect(await write(theStore(), (tx) => tx.grants.lease(grant.id, given, version))).toBe(true);
    expect((await theStore().grants.byId(grant.id))?.version).toBe(version + 1);
  });

  test("VA-12 grants that end in a span come in order, in pages, and only those that may be refreshed", async () => {
    const store = theStore();
    const person = await aPerson(store, { session: { idleEndsAt: at(500), endsAt: at(900) } });
    const { user, session } = person;
    const [disabled, pending] = [aUser({ disabledAt: at(1) }), aUser({ role: "pending" })];
    const due = [
      aGrant(user, session, { expiresAt: at(300) }),
      aGrant(user, null, { expiresAt: at(100) }),
      aGrant(user, null, { expiresAt: at(300), nextAttemptAt: at(200) }),
      aGrant(user, null, { expiresAt: at(300), leaseOwner: "gone", leaseEndsAt: at(200) }),
      aGrant(user, null, { expiresAt: at(400) }),
    ];
    const others = [
      aGrant(user, null, { expiresAt: at(50) }),
      aGrant(user, null, { expiresAt: at(401) }),
      aGrant(user, null, { expiresAt: null }),
      aGrant(user, null, { expiresAt: at(300), nextAttemptAt: at(201) }),
      aGrant(user, null, { expiresAt: at(300), leaseOwner: "busy", leaseEndsAt: at(201) }),
      aGrant(user, null, { expiresAt: at(300), status: "needs_reconnect" }),
      aGrant(disabled, null, { expiresAt: at(300) }),
      aGrant(pending, null, { expiresAt: at(300) }),
    ];
    await write(store, async (tx) => {
      for (const one of [disabled, pending]) await tx.users.insert(one);
      for (const one of [...due, ...others]) await tx.grants.insert(one);
    });
    const expected = [due[1], due[0], due[2], due[3], due[4]].map((grant) => grant?.id);
    const page = (limit: number, after?: WaitingGrant, now = at(200)) =>
      store.grants.ending({ from: at(50), until: at(400), now, limit, after });
    expect((await page(100)).map(({ id }) => id)).toEqual(expected);
    const walked: string[] = [];
    for (let last: WaitingGrant | undefined; ; ) {
      const some = await page(2, last);
      walked.push(...some.map(({ id }) => id));
      if (some.length < 2) break;
      last = some.at(-1);
    }
    expect(walked).toEqual(expected);
    const { id, connection, issuer, issuedAt, expiresAt } = due[1] as GrantRecord;
    expect((await page(1))[0]).toStrictEqual({ id, connection, issuer, issuedAt, expiresAt });
    // The session is idle from now on.
    expect((await page(100, undefined, at(500))).map((grant) => grant.id)).not.toContain(due[0]?.id);
  });

  test("VA-9 active grants whose last refresh failed are counted by connection and failure", async () => {
    const store = theStore();
    const user = aUser();
    const failing = (
      connection: string,
      lastFailureCode: string | null,
      status: "active" | "needs_reconnect" = "active",
    ) => aGrant(user, null, { connection, lastFailureCode, status });
    const grants = [
      failing("provider:a", "status_503"),
      failing("provider:b", "client_fault:invalid_client@x"),
      failing("provider:b", "client_fault:invalid_client@x"),
      failing("provider:b", null),
      failing("provider:c", "invalid_grant", "needs_reconnect"),
    ];
    await write(store, async (tx) => {
      await tx.users.insert(user);
      for (const one of grants) await tx.grants.insert(one);
    });
    const both = [
      { connection: "provider:b", failure: "client_fault:invalid_client@x", count: 2 },
      { connection: "provider:a", failure: "status_503", count: 1 },
    ];
    expect(await store.grants.failing(10)).toEqual(both);
    expect(await store.grants.failing(1)).toEqual(both.slice(0, 1));
  });

  test("VA-12 idle grants come in pages, with and without a known end", async () => {
    const store = theStore();
    const user = aUser();
    const grants = [
      aGrant(user, null, { issuedAt: at(10) }),
      aGrant(user, null, { issuedAt: at(20), expiresAt: null }),
      aGrant(user, null, { issuedAt: at(21) }),
      aGrant(user, null, { issuedAt: at(5), status: "revoked" }),
      aGrant(user, null, { issuedAt: at(15) }),
    ];
    await write(store, async (tx) => {
      await tx.users.insert(user);
      for (const one of grants) await tx.grants.insert(one);
    });
    const page = (limit: number, after?: WaitingGrant) =>
      store.grants.idle({ issuedBy: at(20), now: at(30), limit, after });
    const [first, second] = await page(2);
    expect([first?.id, second?.id]).toEqual([grants[0]?.id, grants[1]?.id]);
    expect((await page(2, second)).map(({ id }) => id)).toEqual([grants[4]?.id]);
  });
}
