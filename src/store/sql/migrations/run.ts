/**
 * Runs what is missing, inside a transaction that the caller began with the database's write lock: of several
 * processes that start at once, the first one migrates and the others find nothing left to do.
 */
import { LatchkeyError } from "../../../kernel/errors.js";
import type { Instant } from "../../../kernel/time.js";
import type { Db } from "../schema.js";
import { codeVersion, migrations } from "./all.js";
import type { Migration, Spelling } from "./migration.js";

/** What the table of migrations says; the caller has made sure that there is one. */
export async function appliedMigrations(db: Db): Promise<{ readonly version: number; readonly runsFrom: number }> {
  const query = db.selectFrom("migrations").select(["version", "runs_from"]).orderBy("version", "desc").limit(1);
  const newest = await query.executeTakeFirst();
  return { version: newest?.version ?? 0, runsFrom: newest?.runs_from ?? 0 };
}

/**
 * @throws LatchkeyError `store.newer` when a newer version made changes that this code cannot run on.
 * @throws LatchkeyError `store.not_migrated` when migrations are missing.
 */
export function checkVersion(applied: { readonly version: number; readonly runsFrom: number }): void {
  const data = { database: applied.version, code: codeVersion, runsFrom: applied.runsFrom };
  if (applied.runsFrom > codeVersion) throw new LatchkeyError("store.newer", { data });
  if (applied.version < codeVersion) throw new LatchkeyError("store.not_migrated", { data });
}

/**
 * Brings the schema to this code's version. A newer schema that this code runs on is left as it is.
 *
 * @throws LatchkeyError `store.newer`.
 */
export async function runMigrations(
  db: Db,
  spelling: Spelling,
  now: Instant,
  list: readonly Migration[] = migrations,
): Promise<{ readonly from: number; readonly to: number }> {
  const table = db.schema
    .createTable("migrations")
    .ifNotExists()
    .addColumn("version", "integer", (c) => c.notNull().primaryKey())
    .addColumn("name", "text", (c) => spelling.text(c).notNull())
    .addColumn("runs_from", "integer", (c) => c.notNull())
    .addColumn("applied_at", spelling.instant, (c) => c.notNull());
  await spelling.table(table).execute();
  const applied = await appliedMigrations(db);
  if (applied.runsFrom > (list.at(-1)?.version ?? 0)) checkVersion(applied);
  let version = applied.version;
  for (const migration of list.filter((one) => one.version > applied.version)) {
    await migration.up(db, spelling);
    version = migration.version;
    const row = { version, name: migration.name, runs_from: migration.runsFrom, applied_at: now };
    await db.insertInto("migrations").values(row).execute();
  }
  return { from: applied.version, to: version };
}
