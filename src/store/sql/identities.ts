/** Identities as rows. Issuer and subject are compared byte for byte (AC-1). */
import type { IdentityId, UserId } from "../../kernel/ids.js";
import { toInstant } from "../../kernel/time.js";
import type { StoreReads, StoreWrites } from "../contract.js";
import type { IdentityRecord } from "../records.js";
import type { Db, IdentityRow } from "./schema.js";
import { isWellFormed, repairedOrNull } from "./text.js";

const toIdentity = (row: IdentityRow): IdentityRecord => ({
  id: row.id as IdentityId,
  userId: row.user_id as UserId,
  provider: row.provider,
  issuer: row.issuer,
  subject: row.subject,
  sub: row.sub,
  email: row.email,
  emailVerified: row.email_verified === 1,
  claims: row.claims,
  createdAt: toInstant(row.created_at),
  lastUsedAt: toInstant(row.last_used_at),
});

const toRow = (identity: IdentityRecord): IdentityRow => ({
  id: identity.id,
  user_id: identity.userId,
  provider: identity.provider,
  issuer: identity.issuer,
  subject: identity.subject,
  sub: identity.sub,
  email: repairedOrNull(identity.email),
  email_verified: identity.emailVerified ? 1 : 0,
  claims: identity.claims,
  created_at: identity.createdAt,
  last_used_at: identity.lastUsedAt,
});

export const identityReads = (db: Db): StoreReads["identities"] => ({
  async bySubject(issuer, subject) {
    // What could never be stored is not there; asked of the database, it might find its replaced form.
    if (!isWellFormed(issuer) || !isWellFormed(subject)) return undefined;
    const query = db.selectFrom("identities").selectAll().where("issuer", "=", issuer).where("subject", "=", subject);
    const row = await query.executeTakeFirst();
    return row && toIdentity(row);
  },
  async bySub(issuer, sub) {
    if (!isWellFormed(issuer) || !isWellFormed(sub)) return [];
    const query = db.selectFrom("identities").selectAll().where("issuer", "=", issuer).where("sub", "=", sub);
    return (await query.orderBy("id").execute()).map(toIdentity);
  },
  async ofUser(userId) {
    const rows = await db.selectFrom("identities").selectAll().where("user_id", "=", userId).orderBy("id").execute();
    return rows.map(toIdentity);
  },
});

export const identityWrites = (db: Db): StoreWrites["identities"] => ({
  async insert(identity) {
    await db.insertInto("identities").values(toRow(identity)).execute();
  },
  async update(identity) {
    const { id, ...rest } = toRow(identity);
    await db.updateTable("identities").set(rest).where("id", "=", id).execute();
  },
  async delete(id) {
    await db.deleteFrom("identities").where("id", "=", id).execute();
  },
});
