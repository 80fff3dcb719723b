/** How Postgres spells what migrations need. */
import { sql } from "kysely";
import type { Spelling } from "../sql/migrations/migration.js";

export const postgresSpelling: Spelling = {
  instant: "bigint",
  bytes: "bytea",
  // The database's own collation orders by language, and some make different texts equal.
  text: (column) => column.modifyFront(sql`collate "C"`),
  sequence: (column) => column.generatedAlwaysAsIdentity().primaryKey(),
  table: (builder) => builder,
};
