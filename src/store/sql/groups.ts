/** Groups and memberships as rows. */
import type { GroupId } from "../../kernel/ids.js";
import type { JsonObject } from "../../kernel/json.js";
import { toInstant } from "../../kernel/time.js";
import type { StoreReads, StoreWrites } from "../contract.js";
import type { GroupRecord, MembershipRecord } from "../records.js";
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
  async byNames(names) {
    const found = new Map<string, GroupRow>();
    for (const some of inParts([...new Set(names)].filter(isWellFormed))) {
      const rows = await db.selectFrom("groups").selectAll().where("name", "in", some).execute();
      for (const row of rows) found.set(row.id, row);
    }
    return [...found.values()].map(toGroup);
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

const toGroupRow = (group: GroupRecord): GroupRow => ({
  id: group.id,
  name: group.name,
  permissions: JSON.stringify(group.permissions),
  share: group.share,
  created_by: group.createdBy,
  created_at: group.createdAt,
});
const toMembershipRow = ({ userId, groupId, origin, createdAt }: MembershipRecord) => ({
  user_id: userId,
  group_id: groupId,
  origin,
  created_at: createdAt,
});

/** Databases limit the parameters of a statement; the widest row here has six. */
const rowsAtOnce = 500;
function inParts<T>(all: readonly T[]): readonly T[][] {
  const parts: T[][] = [];
  for (let from = 0; from < all.length; from += rowsAtOnce) parts.push(all.slice(from, from + rowsAtOnce));
  return parts;
}

export const groupWrites = (db: Db): StoreWrites["groups"] => ({
  async insert(group) {
    await db.insertInto("groups").values(toGroupRow(group)).execute();
  },
  async insertMany(groups) {
    for (const some of inParts(groups)) await db.insertInto("groups").values(some.map(toGroupRow)).execute();
  },
  async addMember(membership) {
    await db.insertInto("memberships").values(toMembershipRow(membership)).execute();
  },
  async addMembers(memberships) {
    for (const some of inParts(memberships)) {
      await db.insertInto("memberships").values(some.map(toMembershipRow)).execute();
    }
  },
  async removeMembers({ userId, origin }, groupIds) {
    for (const some of inParts(groupIds)) {
      const query = db.deleteFrom("memberships").where("user_id", "=", userId).where("origin", "=", origin);
      await query.where("group_id", "in", some).execute();
    }
  },
  async removeMember({ userId, groupId, origin }) {
    const query = db.deleteFrom("memberships").where("user_id", "=", userId).where("group_id", "=", groupId);
    await query.where("origin", "=", origin).execute();
  },
});
