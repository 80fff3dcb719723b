/** The keys that we sign with, kept here so that all nodes sign with the same ones (LO-11). */
import type { Migration } from "./migration.js";

export const signingKeys: Migration = {
  version: 4,
  name: "signing-keys",
  // A table that older code does not know does not disturb it.
  runsFrom: 1,
  async up(db, spelling) {
    const table = db.schema
      .createTable("signing_keys")
      .addColumn("id", "text", (c) => spelling.text(c).notNull().primaryKey())
      .addColumn("purpose", "text", (c) => spelling.text(c).notNull())
      .addColumn("alg", "text", (c) => spelling.text(c).notNull())
      .addColumn("public_key", "text", (c) => spelling.text(c).notNull())
      .addColumn("sealed", "text", (c) => spelling.text(c).notNull())
      .addColumn("created_at", spelling.instant, (c) => c.notNull())
      .addColumn("signs_from", spelling.instant, (c) => c.notNull())
      .addColumn("retires_at", spelling.instant);
    await spelling.table(table).execute();
  },
};
