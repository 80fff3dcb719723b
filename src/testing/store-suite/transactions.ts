/** What `Store.transaction` promises. */
import { expect, test } from "vitest";
import type { GrantId } from "../../kernel/ids.js";
import { UniqueViolation } from "../../store/contract.js";
import { aPerson, at, aUser, start, type TheStore, write } from "./samples.js";

/** A promise, and what resolves it. */
function gate(): readonly [Promise<void>, () => void] {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return [opened, () => open()];
}

export function transactionTests(theStore: TheStore): void {
  test("QU-21 what a transaction wrote is there once it resolves, with its answer", async () => {
    const user = aUser();
    const answer = await write(theStore(), async (tx) => {
      await tx.users.insert(user);
      return "done";
    });
    expect(answer).toBe("done");
    expect(await theStore().users.byId(user.id)).toEqual(user);
  });

  test("QU-21 a transaction reads its own writes, and nobody else reads them before the commit", async () => {
    const user = aUser();
    const [mayFinish, finish] = gate();
    const [written, hasWritten] = gate();
    const transaction = theStore().transaction(async (tx) => {
      await tx.users.insert(user);
      expect(await tx.users.byId(user.id)).toEqual(user);
      expect(await tx.users.none()).toBe(false);
      hasWritten();
      await mayFinish;
      throw new Error("changed my mind");
    });
    await written;
    const outside = theStore().users.byId(user.id);
    finish();
    await expect(transaction).rejects.toThrow("changed my mind");
    expect(await outside).toBeUndefined();
  });

  test("QU-21 a transaction whose work throws leaves nothing, and throws the same error", async () => {
    const failure = new Error("no");
    const user = aUser();
    const work = write(theStore(), async (tx) => {
      await tx.users.insert(user);
      await tx.announcements.append("user", user.id, start);
      await tx.consumedFlows.consume("flow", at(1));
      throw failure;
    });
    await expect(work).rejects.toBe(failure);
    expect(await theStore().users.none()).toBe(true);
    expect(await theStore().announcements.latest()).toBe(0);
    expect(await write(theStore(), (tx) => tx.consumedFlows.consume("flow", at(1)))).toBe(true);
  });

  test("QU-21 a query that was still running when another one failed does not survive the rollback", async () => {
    const taken = aUser();
    const others = Array.from({ length: 5 }, () => aUser());
    await write(theStore(), (tx) => tx.users.insert(taken));
    const work = write(theStore(), async (tx) => {
      await Promise.all([taken, ...others].map((user) => tx.users.insert(user)));
    });
    await expect(work).rejects.toBeInstanceOf(UniqueViolation);
    expect((await theStore().users.list({ limit: 200 })).items).toEqual([taken]);
  });

  test("QU-21 work that ends before its queries did is refused and rolled back", async () => {
    const user = aUser();
    const work = write(theStore(), async (tx) => {
      void tx.users.insert(user).catch(() => {});
    });
    await expect(work).rejects.toThrow(/before its queries/);
    expect(await theStore().users.none()).toBe(true);
  });

  test("QU-21 the handle of a transaction that ended throws", async () => {
    const user = aUser();
    const leaked = await write(theStore(), async (tx) => tx);
    await expect(leaked.users.insert(user)).rejects.toThrow(/has ended/);
    await expect(leaked.users.none()).rejects.toThrow(/has ended/);
    expect(await theStore().users.none()).toBe(true);
  });

  test("QU-21 the plain store, asked inside a transaction, throws at once instead of waiting", async () => {
    const store = theStore();
    const { user } = await aPerson(store);
    const asked = await write(store, () =>
      Promise.allSettled([
        store.users.byId(user.id),
        store.users.none(),
        store.audit.list({ limit: 1 }),
        store.announcements.latest(),
        store.schemaVersion(),
        store.transaction(async () => {}),
        store.alone.grants.lease("grant" as GrantId, { leaseOwner: "node", leaseEndsAt: at(1), expiresAt: null }, 1),
        store.close(),
      ]),
    );
    for (const answer of asked) {
      expect(answer).toMatchObject({
        status: "rejected",
        reason: { message: expect.stringMatching(/inside a transaction/) },
      });
    }
    expect(await store.users.byId(user.id)).toEqual(user);
  });

  test("QU-21 what a transaction started may use the plain store after the transaction", async () => {
    const store = theStore();
    const [ended, end] = gate();
    let later: Promise<boolean> | undefined;
    await write(store, async () => {
      later = ended.then(() => store.users.none());
    });
    end();
    expect(await later).toBe(true);
  });

  test("QU-21 transactions run one after the other, in the order in which they were asked for", async () => {
    const order: string[] = [];
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        write(theStore(), async (tx) => {
          order.push(`${index} begins`);
          await tx.users.none();
          await tx.users.insert(aUser());
          order.push(`${index} ends`);
        }),
      ),
    );
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => [`${index} begins`, `${index} ends`]).flat());
  });

  test("QU-21 after a transaction that failed the next one works", async () => {
    for (let round = 0; round < 3; round++) {
      await expect(write(theStore(), () => Promise.reject(new Error("no")))).rejects.toThrow("no");
      await write(theStore(), (tx) => tx.users.insert(aUser()));
    }
    expect((await theStore().users.list({ limit: 200 })).items).toHaveLength(3);
  });

  test("AC-9 of fifty first sign-ins at once that each ask whether they are first, exactly one is", async () => {
    const roles = await Promise.all(
      Array.from({ length: 50 }, () =>
        write(theStore(), async (tx) => {
          const role = (await tx.users.none()) ? "admin" : "pending";
          await tx.users.insert(aUser({ role }));
          return role;
        }),
      ),
    );
    expect(roles.filter((role) => role === "admin")).toHaveLength(1);
    expect(await theStore().users.countEnabledAdmins()).toBe(1);
    expect((await theStore().users.list({ limit: 200 })).items).toHaveLength(50);
  });

  test("QU-21 a commit moves the change counter, a read does not", async () => {
    const store = theStore();
    const before = store.changeCounter();
    await store.users.none();
    expect(store.changeCounter()).toBe(before);
    await write(store, (tx) => tx.users.insert(aUser()));
    if (before !== undefined) expect(store.changeCounter()).not.toBe(before);
  });

  test("QU-21 the schema's version is this code's", async () => {
    const { database, code } = await theStore().schemaVersion();
    expect(database).toBe(code);
    expect(code).toBeGreaterThan(0);
  });

  test("QU-21 a closed store is unavailable, which is not the same as empty", async () => {
    const store = theStore();
    const { user, session } = await aPerson(store);
    await store.close();
    await store.close();
    const unavailable = { code: "store.unavailable" };
    await expect(store.users.byId(user.id)).rejects.toMatchObject(unavailable);
    await expect(store.users.byEmail(user.email)).rejects.toMatchObject(unavailable);
    await expect(store.sessions.byTokenHash(session.tokenHash)).rejects.toMatchObject(unavailable);
    await expect(store.groups.ofUser(user.id)).rejects.toMatchObject(unavailable);
    await expect(store.schemaVersion()).rejects.toMatchObject(unavailable);
    await expect(write(store, async () => {})).rejects.toMatchObject(unavailable);
    expect(() => store.changeCounter()).toThrow(expect.objectContaining(unavailable));
  });
}
