/** A database that is only looked at (SI-19): one moment's reads, no write, no migration, and nothing made. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemRandom } from "../../src/crypto/random.js";
import { silentLog } from "../../src/kernel/log.js";
import { Secret } from "../../src/kernel/secret.js";
import { systemClock } from "../../src/kernel/time.js";
import { lookAtStore, openStore, type StoreLocation } from "../../src/store/open.js";
import { openToLook } from "../../src/store/sqlite/connection.js";
import { aUser, write } from "../../src/testing/store-suite/samples.js";
import { describeWith, postgresUrl } from "../services.js";
import { createTestDatabase, type TestDatabase } from "./postgres-database.js";

const ports = { clock: systemClock, random: systemRandom, log: silentLog };

/** What holds on both: `sql` runs a statement beside the store. */
function readOnlySuite(place: () => StoreLocation, sql: (statement: string) => Promise<unknown>): void {
  test("SI-19 QU-21 shows one moment of what is there, whatever is written beside it", async () => {
    const store = await openStore(place(), ports, { migrate: true });
    const ann = aUser({ email: "ann@example.com" });
    await write(store, (tx) => tx.users.insert(ann));
    const look = await lookAtStore(place(), ports);
    expect(await look?.users.byEmail("ann@example.com")).toEqual(ann);
    await write(store, (tx) => tx.users.insert(aUser({ email: "ben@example.com" })));
    expect(await look?.users.byEmail("ben@example.com")).toBeUndefined();
    await look?.close();
    await store.close();
  });

  test("SI-19 QU-21 makes, migrates and repairs nothing", async () => {
    expect(await lookAtStore(place(), ports)).toBeUndefined();
    await (await openStore(place(), ports, { migrate: true })).close();
    await sql("delete from migrations where version > 0");
    expect(await lookAtStore(place(), ports)).toBeUndefined();
    await sql("insert into migrations (version, name, runs_from, applied_at) values (9999, 'later', 9999, 0)");
    await expect(lookAtStore(place(), ports)).rejects.toMatchObject({ code: "store.newer" });
  });
}

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
let path = "";
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-look-"));
  folders.push(folder);
  path = join(folder, "latchkey.db");
});
readOnlySuite(
  () => ({ kind: "sqlite", path }),
  async (statement) => {
    const raw = new Database(path);
    raw.exec(statement);
    raw.close();
  },
);

test("SI-19 on SQLite the connection itself refuses to write, and no file is made", async () => {
  expect(await lookAtStore({ kind: "sqlite", path }, ports)).toBeUndefined();
  expect(existsSync(path)).toBe(false);
  expect(await lookAtStore({ kind: "sqlite", path: ":memory:" }, ports)).toBeUndefined();
  await (await openStore({ kind: "sqlite", path }, ports, { migrate: true })).close();
  const { raw } = await openToLook(path, ports);
  expect(() => raw.exec("delete from users")).toThrow(/readonly/);
  raw.close();
});

describeWith("postgres", await postgresUrl(), "on Postgres", (server) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase(server);
  });
  afterEach(() => database.drop());
  const sql = async (statement: string) => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  readOnlySuite(() => ({ kind: "postgres", url: new Secret(database.url) }), sql);

  test("SI-19 the connection is one that refuses to write", async () => {
    const store = await openStore({ kind: "postgres", url: new Secret(database.url) }, ports, { migrate: true });
    await write(store, (tx) => tx.users.insert(aUser({ email: "ann@example.com" })));
    await store.close();
    // A read that would write: every look at an address leaves a row, if it may.
    await sql(`create function noted() returns boolean language plpgsql as
      $$ begin insert into settings (key, value, version, updated_at) values ('seen', '1', 1, 0); return true; end $$;
      alter table users rename to people; create view users as select * from people where noted()`);
    const look = await lookAtStore({ kind: "postgres", url: new Secret(database.url) }, ports);
    await expect(look?.users.byEmail("ann@example.com")).rejects.toMatchObject({
      cause: { message: expect.stringContaining("read-only transaction") },
    });
    await look?.close();
  });
});
