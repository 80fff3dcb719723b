/** Groups and memberships as rows. */
import type { GroupId } from "../../kernel/ids.js";
import type { JsonObject } from "../../kernel/json.js";
import { toInstant } from "../../kernel/time.js";
import type { StoreReads, StoreWrites } from "../contract.js";
import type { GroupRecord } from "../records.js";
import type { Db, GroupRow } from "./schema.js";
import { isWellFormed } from "./text.js";

export const toGroup = (row: GroupRow): GroupRecord => ({
  id: row.id as GroupId,
  name: row.name,
  permissions: JSON.parse(row.permissions) as JsonObject,
  share: row.share as GroupRecord["share"],
  createdBy: row.created_by,
  createdAt: toInstant(row.created_at),
});

export const groupReads = (db: Db): StoreReads["groups"] => ({
  async byName(name) {
    if (!isWellFormed(name)) return undefined;
    const row = await db.selectFrom("groups").selectAll().where("name", "=", name).executeTakeFirst();
    return row && toGroup(row);
  },
  async ofUser(userId) {
    const rows = await db
      .selectFrom("memberships")
      .innerJoin("groups", "groups.id", "memberships.group_id")
      .selectAll("groups")
      .select("memberships.origin")
      .where("memberships.user_id", "=", userId)
      .orderBy("groups.name")
      .orderBy("memberships.origin")
      .execute();
    return rows.map((row) => ({ group: toGroup(row), origin: row.origin }));
  },
});

export const groupWrites = (db: Db): StoreWrites["groups"] => ({
  async insert(group) {
    const row: GroupRow = {
      id: group.id,
      name: group.name,
      permissions: JSON.stringify(group.permissions),
      share: group.share,
      created_by: group.createdBy,
      created_at: group.createdAt,
    };
    await db.insertInto("groups").values(row).execute();
  },
  async addMember({ userId, groupId, origin, createdAt }) {
    const row = { user_id: userId, group_id: groupId, origin, created_at: createdAt };
    await db.insertInto("memberships").values(row).execute();
  },
  async removeMember({ userId, groupId, origin }) {
    const query = db.deleteFrom("memberships").where("user_id", "=", userId).where("group_id", "=", groupId);
    await query.where("origin", "=", origin).execute();
  },
});
