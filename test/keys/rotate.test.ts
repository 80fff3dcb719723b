/** VA-4: sealing everything anew, seen from inside: who wins over whom, what is left alone, what a second run does. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, describe, expect, test } from "vitest";
import { namedKeyId } from "../../src/crypto/keyring.js";
import { systemRandom } from "../../src/crypto/random.js";
import { registrationPlace } from "../../src/crypto/sealed-places.js";
import { LatchkeyError } from "../../src/kernel/errors.js";
import type { GrantId } from "../../src/kernel/ids.js";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import { countKeys } from "../../src/keys/count-keys.js";
import { type RotateOptions, rotateKeys } from "../../src/keys/rotate-keys.js";
import { sealedTables } from "../../src/keys/sealed-columns.js";
import type { Store } from "../../src/store/contract.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { aRegistration } from "../../src/testing/store-suite/samples.js";
import { sealGrant } from "../../src/vault/sealed-grant.js";
import { aKeyring, aSecret, contents, fill, rowsOf, tables } from "./filling.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const [oldest, old, newest] = [aSecret(), aSecret(), aSecret()];
const ring = aKeyring(newest, old);

async function aStore(path = ":memory:"): Promise<Store> {
  const store = await openSqliteStore({
    path,
    migrate: true,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });
  closing.push(() => store.close());
  return store;
}

const rotate = (store: Pick<Store, "sealed" | "transaction">, options: Partial<RotateOptions> = {}, keyring = ring) =>
  rotateKeys({ store, keyring, clock: systemClock }, { batch: 10, ...options });

/** The store, with something done right before the transaction of a rotation. */
const disturbed = (store: Store, act: (time: number) => Promise<void>): Pick<Store, "sealed" | "transaction"> => {
  let times = 0;
  return {
    sealed: store.sealed,
    async transaction(work) {
      await act(times++);
      return store.transaction(work);
    },
  };
};

const totals = async (store: Store, keyring = ring) =>
  (await countKeys({ store, keyring })).configured.map(({ total }) => total);

describe("rotate", () => {
  test("VA-4 afterwards every value opens with the newest secret alone, in its place, and holds what it held", async () => {
    const store = await aStore();
    const filled = await fill(store, aKeyring(old), 120);
    expect(await totals(store)).toEqual([0, 120]);
    expect(await rotate(store)).toMatchObject({ resealed: 120, overtaken: 0, unopened: 0, end: "done" });
    for (const table of tables) expect(await contents(store, aKeyring(newest), table)).toEqual(filled[table]);
    expect(await totals(store)).toEqual([120, 0]);
  });

  test("VA-4 a second run changes nothing, and a run that was stopped is continued by the next one", async () => {
    const store = await aStore();
    const filled = await fill(store, aKeyring(old), 120);
    const stop = new AbortController();
    const seen: number[] = [];
    const progress = (at: { seen: number; total: number; resealed: number }) => {
      expect(at.total).toBe(120);
      expect(at.resealed).toBe(at.seen);
      seen.push(at.seen);
      if (seen.length === 3) stop.abort();
    };
    expect(await rotate(store, { signal: stop.signal, progress })).toMatchObject({ resealed: 30, end: "stopped" });
    expect(seen).toEqual([10, 20, 30]);
    expect(await totals(store)).toEqual([30, 90]);
    for (const table of tables) expect(await contents(store, ring, table)).toEqual(filled[table]);
    expect(await rotate(store)).toMatchObject({ resealed: 90, end: "done" });
    const before = await Promise.all(tables.map((table) => rowsOf(store, table)));
    expect(await rotate(store)).toMatchObject({ resealed: 0, end: "done" });
    expect(await Promise.all(tables.map((table) => rowsOf(store, table)))).toEqual(before);
  });

  test("VA-4 what was refreshed between the reading and the writing of a row stays, and is sealed anew after that", async () => {
    const store = await aStore();
    const filled = await fill(store, aKeyring(old), 20);
    const [id = ""] = [...filled.grants.keys()];
    const grant = await store.grants.byId(id as GrantId);
    if (!grant) throw new Error("grant");
    const tokens = { accessToken: "refreshed", tokenType: "Bearer", refreshToken: "r2", idToken: null } as const;
    // A node that has not heard of the newest secret yet.
    const refreshed = { ...grant, version: 2, sealed: sealGrant(aKeyring(old), grant, tokens) };
    const rotation = await rotate(
      disturbed(store, async (time) => {
        if (time > 0) return;
        expect(await store.transaction((tx) => tx.grants.replace(refreshed, 1))).toBe(true);
      }),
      { batch: 100 },
    );
    expect(rotation).toMatchObject({ resealed: 20, overtaken: 1, end: "done" });
    expect((await contents(store, aKeyring(newest), "grants")).get(id)).toBe("refreshed");
    expect(await store.grants.byId(id as GrantId)).toEqual({ ...refreshed, sealed: expect.any(String) });
  });

  test("VA-4 a refresh that began before the rotation and ends after it is stored: its version still fits", async () => {
    const store = await aStore();
    const filled = await fill(store, aKeyring(old), 20);
    const [id = ""] = [...filled.grants.keys()];
    const read = await store.grants.byId(id as GrantId);
    if (!read) throw new Error("grant");
    await rotate(store);
    const tokens = { accessToken: "refreshed", tokenType: "Bearer", refreshToken: "r2", idToken: null } as const;
    const next = { ...read, version: read.version + 1, sealed: sealGrant(aKeyring(old), read, tokens) };
    expect(await store.transaction((tx) => tx.grants.replace(next, read.version))).toBe(true);
    expect(await totals(store)).toEqual([19, 1]);
    expect(await rotate(store)).toMatchObject({ resealed: 1, end: "done" });
    expect((await contents(store, aKeyring(newest), "grants")).get(id)).toBe("refreshed");
  });

  test("VA-4 rows that go away, and rows that are added with either secret, disturb nothing", async () => {
    const store = await aStore();
    await fill(store, aKeyring(old), 40);
    const rotation = await rotate(
      disturbed(store, async (time) => {
        const [first] = await store.sealed.page("outbox", 1);
        if (time === 0 && first) await store.transaction((tx) => tx.outbox.delete(first.id as never));
        if (time === 1) await fill(store, aKeyring(old), 10);
        if (time === 2) await fill(store, ring, 10);
      }),
    );
    expect(rotation).toMatchObject({ end: "done", unopened: 0 });
    expect(await totals(store)).toEqual([59, 0]);
  });

  test("VA-4 where rows with an older secret keep coming the run ends, and says so", async () => {
    const store = await aStore();
    await fill(store, aKeyring(old), 10);
    const keepsComing = disturbed(store, async () => void (await fill(store, aKeyring(old), 1)));
    expect(await rotate(keepsComing)).toMatchObject({ end: "unsettled" });
  });

  test("VA-4 a database that is locked for a while is waited for; one that fails ends the run with nothing lost", async () => {
    const store = await aStore();
    const filled = await fill(store, aKeyring(old), 40);
    const failing = (code: "store.busy" | "store.unavailable") =>
      disturbed(store, async (time) => {
        if (time === 1) throw new LatchkeyError(code);
      });
    const waits: number[] = [];
    const clock = { ...systemClock, sleep: async (length: number) => void (length > 0 && waits.push(length)) };
    await expect(rotate(failing("store.unavailable"))).rejects.toMatchObject({ code: "store.unavailable" });
    for (const table of tables) expect(await contents(store, ring, table)).toEqual(filled[table]);
    const before = await totals(store);
    expect(before).toEqual([10, 30]);
    const rest = await rotateKeys({ store: failing("store.busy"), keyring: ring, clock }, { batch: 10 });
    expect([rest.resealed, rest.end, waits]).toEqual([30, "done", [1_000]]);
  });
});

describe("rows that no key opens", () => {
  test("VA-4 are counted by the key they name, told by id, kept byte for byte, and whole again with their secret", async () => {
    const store = await aStore();
    const filled = await fill(store, aKeyring(oldest), 10);
    await fill(store, aKeyring(old), 10);
    const [unknownId] = aKeyring(oldest).keyIds();
    const before = await rowsOf(store, "grants");
    const status = await countKeys({ store, keyring: ring });
    expect(status).toMatchObject({
      configured: [
        { total: 0 },
        {
          total: 10,
          rows: { grants: 8, identities: 1, outbox: 1, registrations: 0, signing_keys: 0, tool_servers: 0 },
        },
      ],
      unknown: [
        {
          id: unknownId,
          total: 10,
          rows: { grants: 8, identities: 1, outbox: 1, registrations: 0, signing_keys: 0, tool_servers: 0 },
        },
      ],
      unopened: { total: 10 },
      looked: 20,
      complete: true,
    });
    for (const row of status.unopened.rows) {
      expect(row).toMatchObject({ key: unknownId, reason: "unknown_key" });
      expect(filled[row.table].has(row.id)).toBe(true);
    }
    expect(await rotate(store)).toMatchObject({ resealed: 10, unopened: 10, end: "done" });
    const after = await rowsOf(store, "grants");
    for (const row of before.filter(({ id }) => filled.grants.has(id))) expect(after).toContainEqual(row);
    expect(await rotate(store, {}, aKeyring(newest, old, oldest))).toMatchObject({ resealed: 10, unopened: 0 });
    for (const table of tables)
      for (const [id, content] of filled[table]) expect((await contents(store, ring, table)).get(id)).toBe(content);
  });

  test("AT-54 VA-4 values that were swapped between rows open neither before nor after a rotation, and stay", async () => {
    const store = await aStore();
    await fill(store, aKeyring(old), 20);
    const swapFirstTwo = async () => {
      const [one, two] = await store.sealed.page("grants", 2);
      if (!one || !two) throw new Error("rows");
      await store.transaction(async (tx) => {
        await tx.sealed.swap("grants", [{ id: one.id, expected: one.sealed, next: two.sealed }]);
        await tx.sealed.swap("grants", [{ id: two.id, expected: two.sealed, next: one.sealed }]);
      });
      return [one.id, two.id];
    };
    const swapped = await swapFirstTwo();
    const kept = (await rowsOf(store, "grants")).filter(({ id }) => swapped.includes(id));
    expect(await rotate(store)).toMatchObject({ resealed: 18, unopened: 2, end: "done" });
    expect((await rowsOf(store, "grants")).filter(({ id }) => swapped.includes(id))).toEqual(kept);
    const { unopened, unknown } = await countKeys({ store, keyring: ring });
    expect(unknown).toEqual([]);
    expect(unopened.rows).toEqual(
      swapped.map((id) => ({ table: "grants", id, key: aKeyring(old).keyIds()[0], reason: "wrong_context" })),
    );
    for (const id of swapped) expect((await contents(store, ring, "grants")).get(id)).toBeUndefined();
    // Moved back they are whole; swapped with the newest secret they do not open either.
    await swapFirstTwo();
    expect(await rotate(store)).toMatchObject({ resealed: 2, unopened: 0 });
    await swapFirstTwo();
    expect((await countKeys({ store, keyring: ring })).unopened.total).toBe(2);
  });

  test("VA-4 text that was never sealed by us is told too, and a count can end early", async () => {
    const store = await aStore();
    await fill(store, aKeyring(old), 1_200);
    const [row] = await store.sealed.page("outbox", 1);
    if (!row) throw new Error("row");
    await store.transaction((tx) => tx.sealed.swap("outbox", [{ id: row.id, expected: row.sealed, next: "nonsense" }]));
    const status = await countKeys({ store, keyring: ring });
    expect(status.unopened).toEqual({
      total: 1,
      rows: [{ table: "outbox", id: row.id, key: null, reason: "malformed" }],
    });
    expect(status.configured.map(({ total }) => total)).toEqual([0, 1_199]);
    const part = await countKeys({ store, keyring: ring }, { mostRows: 500 });
    expect([part.looked, part.complete]).toEqual([500, false]);
    expect((await countKeys({ store, keyring: ring }, { mostRows: 1_200 })).complete).toBe(true);
  });
});

test("VA-4 every column that holds sealed text is among those that are sealed anew", async () => {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-keys-"));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "latchkey.db");
  await aStore(path);
  const database = new Database(path, { readonly: true });
  const named = "select m.name as t from sqlite_master m join pragma_table_info(m.name) c where c.name = 'sealed'";
  const found = database.prepare(named).all() as { t: string }[];
  database.close();
  expect([...found.map(({ t }) => t), "identities"].sort()).toEqual([...sealedTables].sort());
});

test("VA-4 the key that a sealed text names is read from its header, whatever the text is", () => {
  const sealed = ring.seal("outbox", { table: "outbox", row: "1" }, "x");
  expect(namedKeyId(sealed)).toBe(ring.keyIds()[0]);
  for (const text of ["", ".", "nonsense", "a.b.c.d.e", `${Buffer.from("[1]").toString("base64url")}....`])
    expect(namedKeyId(text)).toBeUndefined();
});

test("VA-4 TS-9 what an authorization server gave us is sealed anew with the rest", async () => {
  const store = await aStore();
  const registration = aRegistration();
  const { purpose, context } = registrationPlace(registration);
  const sealed = aKeyring(old).seal(purpose, context, "a secret");
  await store.transaction((tx) => tx.registrations.insert({ ...registration, sealed }));
  expect(await rotate(store)).toMatchObject({ resealed: 1, unopened: 0 });
  const [row] = await rowsOf(store, "registrations");
  expect(aKeyring(newest).open(purpose, context, row?.sealed ?? "")).toEqual({ ok: true, value: "a secret" });
});
