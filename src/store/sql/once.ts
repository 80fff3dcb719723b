/**
 * What may be used once: the state of a flow (SI-9) and the `jti` of a logout token (LO-7). The primary key decides
 * who was first; a row that has expired still counts as used until it is swept.
 */
import type { StoreWrites } from "../contract.js";
import type { Db } from "./schema.js";

export const consumedFlowWrites = (db: Db): StoreWrites["consumedFlows"] => ({
  async consume(stateHash, expiresAt) {
    const query = db.insertInto("consumed_flows").values({ state_hash: stateHash, expires_at: expiresAt });
    const result = await query.onConflict((c) => c.column("state_hash").doNothing()).executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  },
  async deleteExpired(now, limit) {
    const expired = db.selectFrom("consumed_flows").select("state_hash").where("expires_at", "<=", now).limit(limit);
    const query = db.deleteFrom("consumed_flows").where("state_hash", "in", expired);
    return Number((await query.executeTakeFirst()).numDeletedRows);
  },
});

export const usedJtiWrites = (db: Db): StoreWrites["usedJtis"] => ({
  async use(issuer, jti, expiresAt) {
    const query = db.insertInto("used_jtis").values({ issuer, jti, expires_at: expiresAt });
    const result = await query.onConflict((c) => c.columns(["issuer", "jti"]).doNothing()).executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  },
  async deleteExpired(now, limit) {
    const expired = db.selectFrom("used_jtis").select(["issuer", "jti"]).where("expires_at", "<=", now).limit(limit);
    const query = db
      .deleteFrom("used_jtis")
      .where((e) => e(e.refTuple("issuer", "jti"), "in", expired.$asTuple("issuer", "jti")));
    return Number((await query.executeTakeFirst()).numDeletedRows);
  },
});
