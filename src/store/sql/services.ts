/** Services that were made at run time, as rows; those of the configuration are in none. */
import { toInstant } from "../../kernel/time.js";
import type { StoreReads, StoreWrites } from "../contract.js";
import type { ServiceRecord } from "../records.js";
import type { Db, ServiceRow } from "./schema.js";
import { isWellFormed } from "./text.js";

const toService = (row: ServiceRow): ServiceRecord => ({
  id: row.id,
  secretHash: row.secret_hash,
  formerSecretHash: row.former_secret_hash,
  formerSecretEndsAt: row.former_secret_ends_at === null ? null : toInstant(row.former_secret_ends_at),
  connections: JSON.parse(row.connections) as readonly string[],
  offline: row.offline === 1,
  audience: row.audience,
  createdAt: toInstant(row.created_at),
  updatedAt: toInstant(row.updated_at),
});

export const serviceReads = (db: Db): StoreReads["services"] => ({
  async byId(id) {
    if (!isWellFormed(id)) return undefined;
    const row = await db.selectFrom("services").selectAll().where("id", "=", id).executeTakeFirst();
    return row && toService(row);
  },
  async all() {
    return (await db.selectFrom("services").selectAll().orderBy("id").execute()).map(toService);
  },
});

export const serviceWrites = (db: Db): StoreWrites["services"] => ({
  async save(service) {
    const rest = {
      secret_hash: service.secretHash,
      former_secret_hash: service.formerSecretHash,
      former_secret_ends_at: service.formerSecretEndsAt,
      connections: JSON.stringify(service.connections),
      offline: service.offline ? (1 as const) : (0 as const),
      audience: service.audience,
      created_at: service.createdAt,
      updated_at: service.updatedAt,
    };
    const query = db.insertInto("services").values({ id: service.id, ...rest });
    await query.onConflict((c) => c.column("id").doUpdateSet(rest)).execute();
  },
  async delete(id) {
    const result = await db.deleteFrom("services").where("id", "=", id).executeTakeFirst();
    return result.numDeletedRows === 1n;
  },
});
