/** What the sealed columns promise: they are paged through, and a value is put in the place of the one that was read. */
import { expect, test } from "vitest";
import type { SealedTable } from "../../store/records.js";
import { aGrant, anIdentity, anOutboxRow, aPerson, aRegistration, aUser, type TheStore, write } from "./samples.js";

export function sealedTests(theStore: TheStore): void {
  /** Five rows in each table, and one identity without claims. */
  async function filled() {
    const user = aUser();
    const names = ["1", "2", "3", "4", "5"];
    const grants = names.map((name) => aGrant(user, null, { sealed: `grant ${name}`, connection: `tool:${name}` }));
    const identities = names.map((name) => anIdentity(user, { claims: `claims ${name}` }));
    const rows = names.map((name) => anOutboxRow({ sealed: `row ${name}`, dead: name === "2" }));
    const registrations = names.map((name) => aRegistration({ sealed: `secret ${name}` }));
    await write(theStore(), async (tx) => {
      await tx.users.insert(user);
      for (const one of [...registrations, aRegistration({ sealed: null })]) await tx.registrations.insert(one);
      for (const grant of grants) await tx.grants.insert(grant);
      for (const identity of [...identities, anIdentity(user)]) await tx.identities.insert(identity);
      for (const row of rows) await tx.outbox.insert(row);
    });
    return { user, grants, identities, rows, registrations };
  }

  async function walked(table: SealedTable, limit: number) {
    const pages = [];
    let after: string | undefined;
    for (;;) {
      const page = await theStore().sealed.page(table, limit, after);
      if (page.length === 0) return pages;
      pages.push([...page]);
      after = page.at(-1)?.id;
    }
  }

  test("VA-4 every row with a sealed value comes once, in order of id, with what its place is made of", async () => {
    const { user, grants, identities, rows, registrations } = await filled();
    const expected = {
      grants: grants.map(({ id, connection, sealed }) => ({ id, userId: user.id, connection, sealed })),
      identities: identities.map(({ id, claims }) => ({ id, userId: user.id, connection: null, sealed: claims })),
      outbox: rows.map(({ id, sealed }) => ({ id, userId: null, connection: null, sealed })),
      registrations: registrations.map(({ id, sealed }) => ({ id, userId: null, connection: null, sealed })),
    };
    for (const table of ["grants", "identities", "outbox", "registrations"] as const) {
      expect(await theStore().sealed.count(table)).toBe(5);
      for (const limit of [1, 2, 5, 100]) {
        const pages = await walked(table, limit);
        expect(pages.flat()).toStrictEqual(expected[table]);
        expect(Math.max(...pages.map((page) => page.length))).toBe(Math.min(limit, 5));
      }
    }
  });

  test("VA-4 a value is put in the place of the one that was expected, and nothing else of the row changes", async () => {
    const { grants, identities, rows } = await filled();
    const [grant, identity, row] = [grants[1], identities[1], rows[1]];
    if (!grant || !identity || !row) throw new Error("rows");
    const swap = (table: SealedTable, id: string, expected: string, next: string) =>
      write(theStore(), (tx) => tx.sealed.swap(table, [{ id, expected, next }]));
    expect(await swap("grants", grant.id, "grant 2", "new")).toBe(1);
    expect(await swap("identities", identity.id, "claims 2", "new")).toBe(1);
    expect(await swap("outbox", row.id, "row 2", "new")).toBe(1);
    const store = theStore();
    expect(await store.grants.byId(grant.id)).toStrictEqual({ ...grant, sealed: "new" });
    expect(await store.identities.bySubject(identity.issuer, identity.subject)).toStrictEqual({
      ...identity,
      claims: "new",
    });
    expect(await store.outbox.byId(row.id)).toStrictEqual({ ...row, sealed: "new" });
    expect((await walked("grants", 10)).flat().map(({ sealed }) => sealed)).toEqual([
      "grant 1",
      "new",
      "grant 3",
      "grant 4",
      "grant 5",
    ]);
  });

  test("VA-4 what changed since it was read, moved or is gone is left as it is, and the others are changed", async () => {
    const { user, grant } = await aPerson(theStore());
    const many = Array.from({ length: 250 }, (_, at) => aGrant(user, null, { sealed: `old ${at}` }));
    await write(theStore(), async (tx) => {
      for (const one of many) await tx.grants.insert(one);
      await tx.grants.delete(many[0]?.id ?? grant.id);
      await tx.grants.replace({ ...grant, sealed: "refreshed", version: 2 }, 1);
    });
    const swaps = many.map(({ id, sealed }) => ({ id, expected: sealed, next: `new ${sealed}` }));
    const stale = { id: grant.id, expected: grant.sealed, next: "stale" };
    const otherRow = { id: many[3]?.id ?? "", expected: "old 4", next: "moved" };
    expect(await write(theStore(), (tx) => tx.sealed.swap("grants", [stale, otherRow, ...swaps.slice(0, 240)]))).toBe(
      239,
    );
    expect(await theStore().grants.byId(grant.id)).toMatchObject({ sealed: "refreshed", version: 2 });
    for (const [at, one] of many.slice(1).entries())
      expect(await theStore().grants.byId(one.id)).toStrictEqual(
        at + 1 < 240 ? { ...one, sealed: `new old ${at + 1}` } : one,
      );
    expect(await write(theStore(), (tx) => tx.sealed.swap("grants", []))).toBe(0);
  });

  test("VA-4 a refresh that read the grant before its value was sealed anew still has its result stored", async () => {
    const { grant } = await aPerson(theStore());
    await write(theStore(), (tx) => tx.sealed.swap("grants", [{ id: grant.id, expected: grant.sealed, next: "anew" }]));
    const refreshed = { ...grant, sealed: "refreshed", version: grant.version + 1 };
    expect(await write(theStore(), (tx) => tx.grants.replace(refreshed, grant.version))).toBe(true);
    expect(await theStore().grants.byId(grant.id)).toStrictEqual(refreshed);
  });
}
