/** Sessions as rows. */
import type { IdentityId, SessionId, UserId } from "../../kernel/ids.js";
import { toInstant } from "../../kernel/time.js";
import type { StoreReads, StoreWrites } from "../contract.js";
import type { SessionRecord } from "../records.js";
import type { Db, SessionRow } from "./schema.js";
import { isWellFormed, repairedOrNull } from "./text.js";

export const toSession = (row: SessionRow): SessionRecord => ({
  id: row.id as SessionId,
  tokenHash: row.token_hash,
  userId: row.user_id as UserId,
  identityId: row.identity_id as IdentityId,
  provider: row.provider,
  issuer: row.issuer,
  clientId: row.client_id,
  sub: row.sub,
  sid: row.sid,
  createdAt: toInstant(row.created_at),
  lastSeenAt: toInstant(row.last_seen_at),
  idleEndsAt: toInstant(row.idle_ends_at),
  endsAt: toInstant(row.ends_at),
  address: row.address,
  userAgent: row.user_agent,
  roleAtIssue: row.role_at_issue,
});

const toRow = (session: SessionRecord): SessionRow => ({
  id: session.id,
  token_hash: session.tokenHash,
  user_id: session.userId,
  identity_id: session.identityId,
  provider: session.provider,
  issuer: session.issuer,
  client_id: session.clientId,
  sub: session.sub,
  sid: session.sid,
  created_at: session.createdAt,
  last_seen_at: session.lastSeenAt,
  idle_ends_at: session.idleEndsAt,
  ends_at: session.endsAt,
  address: repairedOrNull(session.address),
  user_agent: repairedOrNull(session.userAgent),
  role_at_issue: session.roleAtIssue,
});

export const sessionReads = (db: Db): StoreReads["sessions"] => {
  const all = db.selectFrom("sessions").selectAll();
  const newestFirst = all.orderBy("created_at", "desc").orderBy("id", "desc");
  return {
    async byTokenHash(tokenHash) {
      if (!isWellFormed(tokenHash)) return undefined;
      const row = await all.where("token_hash", "=", tokenHash).executeTakeFirst();
      return row && toSession(row);
    },
    async byId(id) {
      const row = await all.where("id", "=", id).executeTakeFirst();
      return row && toSession(row);
    },
    async ofUser(userId) {
      return (await newestFirst.where("user_id", "=", userId).execute()).map(toSession);
    },
    async bySid(issuer, sid) {
      const issuers = (typeof issuer === "string" ? [issuer] : issuer).filter(isWellFormed);
      if (issuers.length === 0 || !isWellFormed(sid)) return [];
      return (await newestFirst.where("issuer", "in", issuers).where("sid", "=", sid).execute()).map(toSession);
    },
    async bySub(issuer, sub) {
      if (!isWellFormed(issuer) || !isWellFormed(sub)) return [];
      return (await newestFirst.where("issuer", "=", issuer).where("sub", "=", sub).execute()).map(toSession);
    },
  };
};

export const sessionWrites = (db: Db): StoreWrites["sessions"] => ({
  async insert(session) {
    await db.insertInto("sessions").values(toRow(session)).execute();
  },
  async touch(ids, lastSeenAt, idleEndsAt) {
    if (ids.length === 0) return;
    // Two nodes may write in either order: each column only grows.
    await db
      .updateTable("sessions")
      .set((e) => ({
        last_seen_at: e
          .case()
          .when("last_seen_at", "<", lastSeenAt)
          .then<number>(lastSeenAt)
          .else(e.ref("last_seen_at"))
          .end(),
        idle_ends_at: e
          .case()
          .when("idle_ends_at", "<", idleEndsAt)
          .then<number>(idleEndsAt)
          .else(e.ref("idle_ends_at"))
          .end(),
      }))
      .where("id", "in", ids)
      .execute();
  },
  async delete(id) {
    return (await db.deleteFrom("sessions").where("id", "=", id).executeTakeFirst()).numDeletedRows === 1n;
  },
  async deleteEnded(now, limit) {
    const ended = db
      .selectFrom("sessions")
      .select("id")
      .where((e) => e.or([e("idle_ends_at", "<=", now), e("ends_at", "<=", now)]))
      .limit(limit);
    return Number((await db.deleteFrom("sessions").where("id", "in", ended).executeTakeFirst()).numDeletedRows);
  },
});
