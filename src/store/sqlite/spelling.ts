/** How SQLite spells what migrations need. `strict` tables refuse a value of another type instead of keeping it. */
import { sql } from "kysely";
import type { Spelling } from "../sql/migrations/migration.js";

export const sqliteSpelling: Spelling = {
  instant: "integer",
  bytes: "blob",
  // SQLite's default collation, BINARY, compares bytes.
  text: (column) => column,
  sequence: (column) => column.primaryKey().autoIncrement(),
  table: (builder) => builder.modifyEnd(sql`strict`),
};
