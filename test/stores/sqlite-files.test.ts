/** What opening a SQLite file promises: its schema's version, its mode, its failures. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeEach, expect, test } from "vitest";
import { codeVersion, migrations } from "../../src/store/sql/migrations/all.js";
import { migrateSqlite, openSqliteStore } from "../../src/store/sqlite.js";
import { aPerson, at } from "../../src/testing/store-suite/samples.js";
import { ports } from "./children/ports.js";

const root = mkdtempSync(join(tmpdir(), "latchkey-files-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(root, "test-"));
  path = join(folder, "latchkey.db");
});
const open = (migrate?: boolean) => openSqliteStore({ path, ...(migrate === undefined ? {} : { migrate }), ...ports });
const withCode = (code: string) => expect.objectContaining({ name: "LatchkeyError", code });

/** Records that a later version migrated the file. */
function migratedLater(version: number, runsFrom: number): void {
  const raw = new Database(path);
  raw.prepare("insert into migrations values (?, 'later', ?, 0)").run(version, runsFrom);
  raw.close();
}

test("QU-21 a file whose schema this code cannot run on is refused, and left as it is", async () => {
  await (await open(true)).close();
  migratedLater(codeVersion + 1, codeVersion + 1);
  await expect(open()).rejects.toEqual(withCode("store.newer"));
  await expect(open(true)).rejects.toEqual(withCode("store.newer"));
  await expect(migrateSqlite({ path, ...ports })).rejects.toEqual(withCode("store.newer"));
  const raw = new Database(path);
  expect(raw.prepare("select version from migrations order by version").pluck().all()).toEqual([
    ...migrations.map(({ version }) => version),
    codeVersion + 1,
  ]);
  raw.close();
});

test("QU-21 a newer schema on which the previous version runs is opened and not touched", async () => {
  await (await open(true)).close();
  migratedLater(codeVersion + 1, 1);
  const store = await open();
  expect(await store.schemaVersion()).toEqual({ database: codeVersion + 1, code: codeVersion });
  await store.transaction((tx) => tx.announcements.append("user", "key", ports.clock.now()));
  await store.close();
  expect(await migrateSqlite({ path, ...ports })).toEqual({ from: codeVersion + 1, to: codeVersion + 1 });
});

test("QU-21 a file that was not migrated is refused until it is", async () => {
  new Database(path).close();
  await expect(open()).rejects.toEqual(withCode("store.not_migrated"));
  expect(await migrateSqlite({ path, ...ports })).toEqual({ from: 0, to: codeVersion });
  expect(await migrateSqlite({ path, ...ports })).toEqual({ from: codeVersion, to: codeVersion });
  const store = await open();
  expect(await store.users.none()).toBe(true);
  await store.close();
});

test("QU-21 a missing file is not made by opening it", async () => {
  await expect(open()).rejects.toEqual(withCode("store.not_migrated"));
  await expect(open(false)).rejects.toEqual(withCode("store.not_migrated"));
  expect(existsSync(path)).toBe(false);
});

test("QU-21 what cannot be opened is unavailable", async () => {
  const unavailable = withCode("store.unavailable");
  writeFileSync(path, "this is not a database, and longer than the hundred bytes of a header of one ".repeat(10));
  await expect(open()).rejects.toEqual(unavailable);
  await expect(open(true)).rejects.toEqual(unavailable);
  path = join(folder, "no such folder", "latchkey.db");
  await expect(open(true)).rejects.toEqual(unavailable);
  path = join(folder, "a folder");
  mkdirSync(path);
  await expect(open(true)).rejects.toEqual(unavailable);
});

test("QU-21 a damaged page is unavailable, and never a user who is not there", async () => {
  const store = await open(true);
  await store.transaction((tx) => tx.announcements.append("user", "key", ports.clock.now()));
  await store.close();
  const size = statSync(path).size;
  writeFileSync(path, Buffer.alloc(size - 4_096, 0xa5), { flag: "r+" });
  await expect(open()).rejects.toEqual(withCode("store.unavailable"));
});

test("QU-21 only its owner reads the database, its log and its index", async () => {
  const store = await open(true);
  const files = readdirSync(folder);
  expect(files.toSorted()).toEqual(["latchkey.db", "latchkey.db-shm", "latchkey.db-wal"]);
  for (const file of files) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  await store.close();
  expect(readdirSync(folder)).toEqual(["latchkey.db"]);
});

test("QU-21 the file is WAL, and a value of another type is refused by every table", async () => {
  const store = await open(true);
  const raw = new Database(path);
  expect(raw.pragma("journal_mode", { simple: true })).toBe("wal");
  const tables = raw.prepare(
    "select name, strict from pragma_table_list where schema = 'main' and name not like 'sqlite_%'",
  );
  const found = tables.all() as { name: string; strict: number }[];
  expect(found.map(({ name }) => name).toSorted()).toEqual([
    "announcements",
    "audit_events",
    "challenges",
    "consumed_flows",
    "grants",
    "groups",
    "identities",
    "memberships",
    "metadata",
    "migrations",
    "outbox",
    "pictures",
    "registrations",
    "services",
    "sessions",
    "settings",
    "signing_keys",
    "tool_servers",
    "used_jtis",
    "users",
  ]);
  expect(found.filter(({ strict }) => strict !== 1)).toEqual([]);
  raw.close();
  await store.close();
});

test("QU-21 docs/reference/storage.md names every table with every column, and no other", async () => {
  const store = await open(true);
  const raw = new Database(path);
  const columns = raw.prepare(
    `select t.name as "table", c.name as "column" from pragma_table_list t join pragma_table_info(t.name) c
     where t.schema = 'main' and t.name not like 'sqlite_%'`,
  );
  const inDatabase = (columns.all() as { table: string; column: string }[]).map((row) => `${row.table}.${row.column}`);
  raw.close();
  await store.close();

  const text = readFileSync(new URL("../../docs/reference/storage.md", import.meta.url), "utf8");
  const inPage = text
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const table = section.slice(0, section.indexOf("\n"));
      // The first cell of a row of the table names one column, or several.
      const cells = [...section.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell = ""]) => cell);
      return cells.flatMap((cell) => [...cell.matchAll(/`([a-z_]+)`/g)].map(([, column]) => `${table}.${column}`));
    });
  expect(inPage.toSorted()).toEqual(inDatabase.toSorted());
});

test("VA-7 a node whose lease came too late sees the other's commit in that turn, and need not look at it twice", async () => {
  const store = await open(true);
  const other = new Database(path);
  const { grant } = await aPerson(store);
  const lease = { leaseOwner: "node", leaseEndsAt: at(30), expiresAt: at(1) };
  const before = store.changeCounter();
  other.prepare("update grants set version = version + 1 where id = ?").run(grant.id);
  expect(await store.alone.grants.lease(grant.id, lease, grant.version)).toBe(false);
  expect(store.changeCounter()).not.toBe(before);
  other.close();
  await store.close();
});
