/** Tool servers that an operator added at run time (TS-18). */
import type { Migration } from "./migration.js";

export const storedToolServers: Migration = {
  version: 14,
  name: "stored tool servers",
  // A table that older code does not know does not disturb it.
  runsFrom: 1,
  async up(db, spelling) {
    const table = db.schema
      .createTable("tool_servers")
      .addColumn("id", "text", (c) => spelling.text(c).notNull().primaryKey())
      .addColumn("sealed", "text", (c) => spelling.text(c).notNull())
      .addColumn("removed_at", spelling.instant)
      .addColumn("created_at", spelling.instant, (c) => c.notNull())
      .addColumn("updated_at", spelling.instant, (c) => c.notNull());
    await spelling.table(table).execute();
  },
};
