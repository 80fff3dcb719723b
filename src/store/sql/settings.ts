/** Settings that administrators change at run time, as rows. */
import type { JsonValue } from "../../kernel/json.js";
import { toInstant } from "../../kernel/time.js";
import type { StoreReads, StoreWrites } from "../contract.js";
import type { Db } from "./schema.js";

export const settingReads = (db: Db): StoreReads["settings"] => ({
  async byKey(key) {
    const row = await db.selectFrom("settings").selectAll().where("key", "=", key).executeTakeFirst();
    if (!row) return undefined;
    const value = JSON.parse(row.value) as JsonValue;
    return { key: row.key, value, version: row.version, updatedAt: toInstant(row.updated_at) };
  },
});

export const settingWrites = (db: Db): StoreWrites["settings"] => ({
  async save(record, expectedVersion) {
    const rest = { value: JSON.stringify(record.value), version: record.version, updated_at: record.updatedAt };
    if (expectedVersion === 0) {
      const insert = db.insertInto("settings").values({ key: record.key, ...rest });
      const result = await insert.onConflict((c) => c.column("key").doNothing()).executeTakeFirst();
      return result.numInsertedOrUpdatedRows === 1n;
    }
    const update = db.updateTable("settings").set(rest).where("key", "=", record.key);
    return (await update.where("version", "=", expectedVersion).executeTakeFirst()).numUpdatedRows === 1n;
  },
});
