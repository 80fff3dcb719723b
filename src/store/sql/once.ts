/**
 * What may be used once: the state of a flow (SI-9) and the `jti` of a logout token (LO-7); and what a provider ended, which
 * no sign-in under way may use any more (LO-8). The primary key decides who was first; a row that has expired still
 * counts as used until it is swept.
 */
import { toInstant } from "../../kernel/time.js";
import type { StoreWrites } from "../contract.js";
import type { Db } from "./schema.js";

export const consumedFlowWrites = (db: Db): StoreWrites["consumedFlows"] => ({
  async consume(stateHash, expiresAt) {
    const query = db.insertInto("consumed_flows").values({ state_hash: stateHash, expires_at: expiresAt });
    const result = await query.onConflict((c) => c.column("state_hash").doNothing()).executeTakeFirst();
    return result.numInsertedOrUpdatedRows === 1n;
  },
  async consumeUntil(hash, expiresAt) {
    const query = db.insertInto("consumed_flows").values({ state_hash: hash, expires_at: expiresAt });
    const later = query.onConflict((c) =>
      c.column("state_hash").doUpdateSet({ expires_at: expiresAt }).where("consumed_flows.expires_at", "<", expiresAt),
    );
    await later.execute();
  },
  async consumedUntil(hashes) {
    const query = db.selectFrom("consumed_flows").select("expires_at").where("state_hash", "in", hashes);
    const row = await query.orderBy("expires_at", "desc").limit(1).executeTakeFirst();
    return row && toInstant(row.expires_at);
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
