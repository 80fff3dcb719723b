/** People's pictures, kept here so that pages load nothing from anywhere else (SI-22). */
import type { Migration } from "./migration.js";

export const pictures: Migration = {
  version: 2,
  name: "pictures",
  // A table that older code does not know does not disturb it.
  runsFrom: 1,
  async up(db, spelling) {
    const table = db.schema
      .createTable("pictures")
      .addColumn("user_id", "text", (c) => spelling.text(c).notNull().primaryKey())
      .addColumn("content_type", "text", (c) => spelling.text(c).notNull())
      .addColumn("bytes", spelling.bytes, (c) => c.notNull())
      .addColumn("digest", "text", (c) => spelling.text(c).notNull())
      .addColumn("source_hash", "text", (c) => spelling.text(c).notNull())
      .addColumn("fetched_at", spelling.instant, (c) => c.notNull())
      .addForeignKeyConstraint("pictures_user_id_of_users", ["user_id"], "users", ["id"], (c) => c.onDelete("cascade"));
    await spelling.table(table).execute();
  },
};
