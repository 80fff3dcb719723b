/** Services that an operator made at run time (VA-15), and finding an identity by the provider's own `sub`. */
import type { Migration } from "./migration.js";

export const services: Migration = {
  version: 3,
  name: "services",
  // A table and an index that older code does not know do not disturb it.
  runsFrom: 1,
  async up(db, spelling) {
    const table = db.schema
      .createTable("services")
      .addColumn("id", "text", (c) => spelling.text(c).notNull().primaryKey())
      .addColumn("secret_hash", "text", (c) => spelling.text(c).notNull())
      .addColumn("former_secret_hash", "text", (c) => spelling.text(c))
      .addColumn("former_secret_ends_at", spelling.instant)
      .addColumn("connections", "text", (c) => spelling.text(c).notNull())
      .addColumn("offline", "integer", (c) => c.notNull())
      .addColumn("audience", "text", (c) => spelling.text(c))
      .addColumn("created_at", spelling.instant, (c) => c.notNull())
      .addColumn("updated_at", spelling.instant, (c) => c.notNull());
    await spelling.table(table).execute();
    await db.schema.createIndex("identities_by_issuer_sub").on("identities").columns(["issuer", "sub"]).execute();
  },
};
