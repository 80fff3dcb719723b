/** What connecting to tool servers keeps: who we are at their authorization servers, and what they last asked of whom. */
import type { Migration } from "./migration.js";

export const toolServers: Migration = {
  version: 6,
  name: "tool servers",
  // Tables that older code does not know do not disturb it.
  runsFrom: 1,
  async up(db, spelling) {
    const registrations = db.schema
      .createTable("registrations")
      .addColumn("id", "text", (c) => spelling.text(c).notNull().primaryKey())
      .addColumn("kind", "text", (c) => spelling.text(c).notNull())
      .addColumn("connection", "text", (c) => spelling.text(c).notNull())
      .addColumn("issuer", "text", (c) => spelling.text(c).notNull())
      .addColumn("redirect_uri", "text", (c) => spelling.text(c).notNull())
      .addColumn("client_id", "text", (c) => spelling.text(c))
      .addColumn("sealed", "text", (c) => spelling.text(c))
      .addColumn("secret_ends_at", spelling.instant)
      .addColumn("last_failure", "text", (c) => spelling.text(c))
      .addColumn("next_attempt_at", spelling.instant)
      .addColumn("lease_owner", "text", (c) => spelling.text(c))
      .addColumn("lease_ends_at", spelling.instant)
      .addColumn("version", "integer", (c) => c.notNull())
      .addColumn("created_at", spelling.instant, (c) => c.notNull())
      .addColumn("updated_at", spelling.instant, (c) => c.notNull())
      .addUniqueConstraint("registrations_of_issuer", ["issuer", "redirect_uri", "kind"]);
    await spelling.table(registrations).execute();
    await db.schema.createIndex("registrations_by_connection").on("registrations").columns(["connection"]).execute();

    const challenges = db.schema
      .createTable("challenges")
      .addColumn("user_id", "text", (c) => spelling.text(c).notNull())
      .addColumn("connection", "text", (c) => spelling.text(c).notNull())
      .addColumn("challenge", "text", (c) => spelling.text(c))
      .addColumn("requests", "text", (c) => spelling.text(c).notNull())
      .addColumn("updated_at", spelling.instant, (c) => c.notNull())
      .addPrimaryKeyConstraint("challenges_key", ["user_id", "connection"])
      .addForeignKeyConstraint("challenges_user_id_of_users", ["user_id"], "users", ["id"], (c) =>
        c.onDelete("cascade"),
      );
    await spelling.table(challenges).execute();
    await db.schema.createIndex("grants_by_connection").on("grants").columns(["connection"]).execute();
  },
};
