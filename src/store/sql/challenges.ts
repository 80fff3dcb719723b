/** What tool servers last asked of whom, as rows (TS-1, TS-14). */
import type { UserId } from "../../kernel/ids.js";
import { toInstant } from "../../kernel/time.js";
import type { StoreReads, StoreWrites } from "../contract.js";
import type { ChallengeRecord } from "../records.js";
import type { ChallengeRow, Db } from "./schema.js";
import { repaired } from "./text.js";

const toChallenge = (row: ChallengeRow): ChallengeRecord => ({
  userId: row.user_id as UserId,
  connection: row.connection,
  challenge: row.challenge === null ? null : (JSON.parse(row.challenge) as ChallengeRecord["challenge"]),
  requests: JSON.parse(row.requests) as ChallengeRecord["requests"],
  updatedAt: toInstant(row.updated_at),
});

export const challengeReads = (db: Db): StoreReads["challenges"] => ({
  async of(userId, connection) {
    const query = db.selectFrom("challenges").selectAll().where("user_id", "=", userId);
    const row = await query.where("connection", "=", connection).executeTakeFirst();
    return row && toChallenge(row);
  },
});

export const challengeWrites = (db: Db): StoreWrites["challenges"] => ({
  async save({ userId, connection, challenge, requests, updatedAt }) {
    const rest = {
      challenge: challenge === null ? null : repaired(JSON.stringify(challenge)),
      requests: repaired(JSON.stringify(requests)),
      updated_at: updatedAt,
    };
    const query = db.insertInto("challenges").values({ user_id: userId, connection, ...rest });
    await query.onConflict((c) => c.columns(["user_id", "connection"]).doUpdateSet(rest)).execute();
  },
});
