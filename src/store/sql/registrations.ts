/** Who we are at the authorization servers of tool servers, as rows (TS-10). */
import type { RegistrationId } from "../../kernel/ids.js";
import { type Instant, toInstant } from "../../kernel/time.js";
import type { StoreReads, StoreWrites } from "../contract.js";
import type { RegistrationRecord } from "../records.js";
import type { Db, RegistrationRow } from "./schema.js";
import { isWellFormed, repairedOrNull } from "./text.js";

const instantOrNull = (value: number | null): Instant | null => (value === null ? null : toInstant(value));

const toRegistration = (row: RegistrationRow): RegistrationRecord => ({
  id: row.id as RegistrationId,
  kind: row.kind as RegistrationRecord["kind"],
  connection: row.connection,
  issuer: row.issuer,
  redirectUri: row.redirect_uri,
  clientId: row.client_id,
  sealed: row.sealed,
  secretEndsAt: instantOrNull(row.secret_ends_at),
  lastFailure: row.last_failure,
  nextAttemptAt: instantOrNull(row.next_attempt_at),
  leaseOwner: row.lease_owner,
  leaseEndsAt: instantOrNull(row.lease_ends_at),
  version: row.version,
  createdAt: toInstant(row.created_at),
  updatedAt: toInstant(row.updated_at),
});

const toRow = (record: RegistrationRecord): RegistrationRow => ({
  id: record.id,
  kind: record.kind,
  connection: record.connection,
  issuer: record.issuer,
  redirect_uri: record.redirectUri,
  client_id: record.clientId,
  sealed: record.sealed,
  secret_ends_at: record.secretEndsAt,
  last_failure: repairedOrNull(record.lastFailure),
  next_attempt_at: record.nextAttemptAt,
  lease_owner: record.leaseOwner,
  lease_ends_at: record.leaseEndsAt,
  version: record.version,
  created_at: record.createdAt,
  updated_at: record.updatedAt,
});

export const registrationReads = (db: Db): StoreReads["registrations"] => {
  const all = db.selectFrom("registrations").selectAll();
  return {
    async find({ kind, issuer, redirectUri }) {
      if (!isWellFormed(issuer)) return undefined;
      const row = await all
        .where("issuer", "=", issuer)
        .where("redirect_uri", "=", redirectUri)
        .where("kind", "=", kind)
        .executeTakeFirst();
      return row && toRegistration(row);
    },
    async all() {
      return (await all.orderBy("id").execute()).map(toRegistration);
    },
    async ofConnection(connection) {
      return (await all.where("connection", "=", connection).orderBy("id").execute()).map(toRegistration);
    },
  };
};

export const registrationWrites = (db: Db): StoreWrites["registrations"] => ({
  async insert(record) {
    await db.insertInto("registrations").values(toRow(record)).execute();
  },
  async replace(next, expectedVersion) {
    const { id, ...rest } = toRow(next);
    const query = db.updateTable("registrations").set(rest).where("id", "=", id).where("version", "=", expectedVersion);
    return (await query.executeTakeFirst()).numUpdatedRows === 1n;
  },
  async delete(id) {
    await db.deleteFrom("registrations").where("id", "=", id).execute();
  },
});
