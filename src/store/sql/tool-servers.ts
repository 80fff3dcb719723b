/** Tool servers that were added at run time, as rows; those of the configuration are in none. */
import { toInstant } from "../../kernel/time.js";
import type { StoreReads, StoreWrites } from "../contract.js";
import type { StoredToolServerRecord } from "../records.js";
import type { Db, ToolServerRow } from "./schema.js";
import { isWellFormed } from "./text.js";

const toRecord = (row: ToolServerRow): StoredToolServerRecord => ({
  id: row.id,
  sealed: row.sealed,
  removedAt: row.removed_at === null ? null : toInstant(row.removed_at),
  createdAt: toInstant(row.created_at),
  updatedAt: toInstant(row.updated_at),
});

export const toolServerReads = (db: Db): StoreReads["toolServers"] => ({
  async byId(id) {
    if (!isWellFormed(id)) return undefined;
    const row = await db.selectFrom("tool_servers").selectAll().where("id", "=", id).executeTakeFirst();
    return row && toRecord(row);
  },
  async all() {
    return (await db.selectFrom("tool_servers").selectAll().orderBy("id").execute()).map(toRecord);
  },
});

export const toolServerWrites = (db: Db): StoreWrites["toolServers"] => ({
  async save({ id, sealed, removedAt, createdAt, updatedAt }) {
    const rest = { sealed, removed_at: removedAt, created_at: createdAt, updated_at: updatedAt };
    const query = db.insertInto("tool_servers").values({ id, ...rest });
    await query.onConflict((c) => c.column("id").doUpdateSet(rest)).execute();
  },
  async deleteRemoved(before) {
    const result = await db.deleteFrom("tool_servers").where("removed_at", "<", before).executeTakeFirst();
    return Number(result.numDeletedRows);
  },
});
