/** The first schema: every table of the product's first version. `docs/reference/storage.md` explains the columns. */
import type { ColumnDefinitionBuilder, CreateTableBuilder } from "kysely";
import type { Db } from "../schema.js";
import type { Migration, Spelling } from "./migration.js";

type Column = (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
const required: Column = (column) => column.notNull();

export const initial: Migration = {
  version: 1,
  name: "initial",
  runsFrom: 1,
  async up(db, spelling) {
    await accounts(db, spelling);
    await sessionsAndGrants(db, spelling);
    await usedOnce(db, spelling);
    await logs(db, spelling);
  },
};

/** Short words for columns: text, whole numbers, instants; `…OrNull` where a row may have none. */
function columns(db: Db, spelling: Spelling) {
  return (name: string) => {
    let builder: CreateTableBuilder<string, string> = db.schema.createTable(name);
    const add =
      (type: "text" | "integer" | "bigint", rule: Column) =>
      (...names: readonly string[]) => {
        for (const column of names) {
          builder = builder.addColumn(column, type, (c) => rule(type === "text" ? spelling.text(c) : c));
        }
        return table;
      };
    const optional: Column = (column) => column;
    const table = {
      id: (column = "id") => add("text", (c) => c.notNull().primaryKey())(column),
      sequence: (column: string) => add(spelling.instant, spelling.sequence)(column),
      text: add("text", required),
      textOrNull: add("text", optional),
      number: add("integer", required),
      instant: add(spelling.instant, required),
      instantOrNull: add(spelling.instant, optional),
      unique: (name: string) => add("text", (c) => c.notNull().unique())(name),
      primaryKey: (...names: readonly string[]) => {
        builder = builder.addPrimaryKeyConstraint(`${name}_key`, [...names]);
        return table;
      },
      uniqueTogether: (...names: readonly string[]) => {
        builder = builder.addUniqueConstraint(`${name}_${names.join("_")}`, [...names]);
        return table;
      },
      /** Rows go when the row they refer to goes. */
      goesWith: (column: string, other: string) => {
        const constraint = `${name}_${column}_of_${other}`;
        builder = builder.addForeignKeyConstraint(constraint, [column], other, ["id"], (c) => c.onDelete("cascade"));
        return table;
      },
      async create(...indexes: readonly (readonly string[])[]) {
        await spelling.table(builder).execute();
        for (const index of indexes) {
          await db.schema
            .createIndex(`${name}_by_${index.join("_")}`)
            .on(name)
            .columns([...index])
            .execute();
        }
      },
    };
    return table;
  };
}

async function accounts(db: Db, spelling: Spelling): Promise<void> {
  const table = columns(db, spelling);
  await table("users")
    .id()
    .unique("email")
    .number("email_verified")
    .text("name")
    .textOrNull("picture")
    .text("role", "role_origin")
    .instantOrNull("disabled_at", "claimed_at")
    .number("version")
    .instant("created_at", "updated_at")
    .instantOrNull("last_sign_in_at")
    .text("search_text")
    .create(["role"]);
  await table("identities")
    .id()
    .text("user_id", "provider", "issuer", "subject", "sub")
    .textOrNull("email")
    .number("email_verified")
    .textOrNull("claims")
    .instant("created_at", "last_used_at")
    .uniqueTogether("issuer", "subject")
    .goesWith("user_id", "users")
    .create(["user_id"]);
  await table("groups").id().unique("name").text("permissions", "share", "created_by").instant("created_at").create();
  await table("memberships")
    .text("user_id", "group_id", "origin")
    .instant("created_at")
    .primaryKey("user_id", "group_id", "origin")
    .goesWith("user_id", "users")
    .goesWith("group_id", "groups")
    .create(["group_id"]);
}

async function sessionsAndGrants(db: Db, spelling: Spelling): Promise<void> {
  const table = columns(db, spelling);
  await table("sessions")
    .id()
    .unique("token_hash")
    .text("user_id", "identity_id", "provider", "issuer", "client_id", "sub")
    .textOrNull("sid")
    .instant("created_at", "last_seen_at", "idle_ends_at", "ends_at")
    .textOrNull("address", "user_agent")
    .text("role_at_issue")
    .goesWith("user_id", "users")
    .goesWith("identity_id", "identities")
    .create(["issuer", "sid"], ["issuer", "sub"], ["user_id"], ["identity_id"], ["idle_ends_at"], ["ends_at"]);
  await table("grants")
    .id()
    .text("user_id", "connection")
    .textOrNull("session_id")
    .text("issuer", "client_id")
    .textOrNull("account_label")
    .text("scopes")
    .instant("issued_at")
    .instantOrNull("expires_at")
    .text("status")
    .textOrNull("status_reason")
    .number("version")
    .instantOrNull("last_refresh_at")
    .textOrNull("last_failure_code")
    .instantOrNull("next_attempt_at")
    .textOrNull("lease_owner")
    .instantOrNull("lease_ends_at", "last_used_at")
    .text("sealed")
    .instant("created_at", "updated_at")
    .goesWith("user_id", "users")
    .goesWith("session_id", "sessions")
    .create(["user_id", "connection"], ["session_id"], ["expires_at"]);
}

async function usedOnce(db: Db, spelling: Spelling): Promise<void> {
  const table = columns(db, spelling);
  await table("consumed_flows").id("state_hash").instant("expires_at").create(["expires_at"]);
  await table("used_jtis")
    .text("issuer", "jti")
    .instant("expires_at")
    .primaryKey("issuer", "jti")
    .create(["expires_at"]);
}

async function logs(db: Db, spelling: Spelling): Promise<void> {
  const table = columns(db, spelling);
  await table("metadata").id("url").text("body").instant("fetched_at", "fresh_until", "stale_until").create();
  await table("announcements").sequence("sequence").text("kind", "key").instant("at").create(["at"]);
  await table("outbox")
    .id()
    .text("kind", "sealed")
    .number("attempts")
    .instant("next_attempt_at", "ends_at")
    .textOrNull("last_failure")
    .instant("created_at")
    .create(["next_attempt_at"]);
  await table("audit_events")
    .id()
    .instant("at")
    .text("type", "actor_kind")
    .textOrNull("actor_id")
    .text("target_kind")
    .textOrNull("target_id", "provider", "connection", "address", "rule", "code")
    .text("request_id", "data")
    .create(["at", "id"], ["type", "at", "id"], ["target_id", "at", "id"]);
  await table("settings").id("key").text("value").number("version").instant("updated_at").create();
}
