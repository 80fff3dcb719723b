/** What two nodes over one database may rely on. */
import { expect, test } from "vitest";
import { type Another, aPerson, at, aUser, start, type TheStore, write } from "./samples.js";

export function otherStoreTests(theStore: TheStore, another: Another): void {
  test("QU-21 what one node committed, the other reads at once", async () => {
    const other = await another();
    const { user, session } = await aPerson(theStore());
    expect(await other.users.byId(user.id)).toEqual(user);
    expect(await other.sessions.byTokenHash(session.tokenHash)).toEqual(session);
    await write(other, (tx) => tx.sessions.delete(session.id));
    expect(await theStore().sessions.byTokenHash(session.tokenHash)).toBeUndefined();
  });

  test("LO-3 what one node committed moves the other's change counter", async () => {
    const other = await another();
    const before = other.changeCounter();
    expect(other.changeCounter()).toBe(before);
    await write(theStore(), (tx) => tx.announcements.append("user", "key", start));
    if (before !== undefined) expect(other.changeCounter()).not.toBe(before);
    expect(await other.announcements.latest()).toBe(await theStore().announcements.latest());
  });

  test("QU-21 the nodes' transactions do not overlap: a count that both raise loses none", async () => {
    const other = await another();
    const user = aUser();
    await write(theStore(), (tx) => tx.users.insert(user));
    const raise = (store: typeof other) =>
      write(store, async (tx) => {
        const now = await tx.users.byId(user.id);
        if (!now) throw new Error("the user is gone");
        return tx.users.update({ ...now, version: now.version + 1 }, now.version);
      });
    const raised = await Promise.all(Array.from({ length: 60 }, (_, index) => raise(index % 2 ? other : theStore())));
    expect(raised).not.toContain(false);
    expect((await theStore().users.byId(user.id))?.version).toBe(61);
  });

  test("QU-21 VA-8 what a transaction read on one node, a write alone on another does not change before it commits", async () => {
    const other = await another();
    const { grant } = await aPerson(theStore());
    const lease = { leaseOwner: "node", leaseEndsAt: at(30), expiresAt: null };
    let leasing: Promise<boolean> | undefined;
    const replaced = await write(theStore(), async (tx) => {
      const read = await tx.grants.byId(grant.id);
      leasing = other.alone.grants.lease(grant.id, lease, grant.version);
      // Long enough for the other to have come, were nothing in its way.
      await new Promise((resolve) => setTimeout(resolve, 100));
      return read && tx.grants.replace({ ...read, sealed: "first", version: 2 }, read.version);
    });
    expect([replaced, await leasing]).toEqual([true, false]);
    expect(await theStore().grants.byId(grant.id)).toMatchObject({ sealed: "first", leaseOwner: null, version: 2 });
  });

  test("AC-9 of first sign-ins on two nodes at once, one is first", async () => {
    const other = await another();
    const first = (store: typeof other) =>
      write(store, async (tx) => {
        const none = await tx.users.none();
        await tx.users.insert(aUser());
        return none;
      });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => first(index % 2 ? other : theStore())));
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  test("SI-9 of callbacks with one state on two nodes, one consumes it", async () => {
    const other = await another();
    const consume = (store: typeof other) => write(store, (tx) => tx.consumedFlows.consume("state", at(10)));
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => consume(index % 2 ? other : theStore())),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  test("QU-21 what was committed outlives the node", async () => {
    const { user } = await aPerson(theStore());
    await theStore().close();
    expect(await (await another()).users.byId(user.id)).toEqual(user);
  });
}
