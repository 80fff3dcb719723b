import { expect, test } from "vitest";
import { silentLog } from "../../../kernel/log.js";
import { systemClock, toInstant } from "../../../kernel/time.js";
import { countedRandom } from "../../../testing/store-suite/samples.js";
import { openConnection } from "../../sqlite/connection.js";
import { sqliteSpelling } from "../../sqlite/spelling.js";
import { createWriter } from "../../sqlite/writer.js";
import { migrations } from "./all.js";
import type { Migration } from "./migration.js";
import { appliedMigrations, checkVersion, runMigrations } from "./run.js";

/** The newest one there is; the tests add to them. */
const known = migrations.at(-1)?.version ?? 0;

const later = (version: number, runsFrom: number, ran: number[] = [], fails = false): Migration => ({
  version,
  name: `later ${version}`,
  runsFrom,
  async up(db) {
    ran.push(version);
    await db.schema.createTable(`later_${version}`).addColumn("id", "text").execute();
    if (fails) throw new Error("half-way");
  },
});

async function aDatabase() {
  const ports = { clock: systemClock, random: countedRandom, log: silentLog };
  const connection = await openConnection(":memory:", "writer", ports);
  const writer = createWriter(ports, connection);
  const migrate = (list: readonly Migration[]) =>
    writer.exclusively(() => runMigrations(connection.db, sqliteSpelling, toInstant(5), list));
  return { connection, writer, migrate };
}

test("QU-21 the numbers of migrations grow, and none ever needs code that is newer than itself", () => {
  for (const [index, migration] of migrations.entries()) {
    expect(migration.version).toBeGreaterThan(migrations[index - 1]?.version ?? 0);
    expect(migration.runsFrom).toBeLessThanOrEqual(migration.version);
    expect(migration.runsFrom).toBeGreaterThanOrEqual(migrations[index - 1]?.runsFrom ?? 1);
  }
});

test("QU-21 only what is missing runs, in order, once", async () => {
  const { connection, writer, migrate } = await aDatabase();
  const ran: number[] = [];
  expect(await migrate(migrations)).toEqual({ from: 0, to: known });
  const list = [...migrations, later(known + 1, 1, ran), later(known + 2, 2, ran)];
  expect(await migrate(list)).toEqual({ from: known, to: known + 2 });
  expect(await migrate(list)).toEqual({ from: known + 2, to: known + 2 });
  expect(ran).toEqual([known + 1, known + 2]);
  expect(await appliedMigrations(connection.db)).toEqual({ version: known + 2, runsFrom: 2 });
  const rows = await connection.db.selectFrom("migrations").selectAll().orderBy("version").execute();
  expect(rows.map((row) => [row.version, row.name, row.applied_at])).toEqual([
    ...migrations.map(({ version, name }) => [version, name, 5]),
    [known + 1, `later ${known + 1}`, 5],
    [known + 2, `later ${known + 2}`, 5],
  ]);
  await writer.close();
});

test("QU-21 a migration that fails leaves the schema as it was, those before it included", async () => {
  const { connection, writer, migrate } = await aDatabase();
  await migrate(migrations);
  await expect(migrate([...migrations, later(known + 1, 1), later(known + 2, 1, [], true)])).rejects.toThrow(
    "half-way",
  );
  expect(await appliedMigrations(connection.db)).toEqual({ version: known, runsFrom: 1 });
  const tables = connection.raw.prepare("select count(*) from sqlite_master where name like 'later%'").pluck().get();
  expect(tables).toBe(0);
  await writer.close();
});

test("QU-21 code runs on a newer schema exactly when that schema says so", () => {
  const check = (version: number, runsFrom: number) => () => checkVersion({ version, runsFrom });
  expect(check(known, known)).not.toThrow();
  expect(check(known + 1, known)).not.toThrow();
  expect(check(known + 1, known + 1)).toThrow("store.newer");
  expect(check(0, 0)).toThrow("store.not_migrated");
});
