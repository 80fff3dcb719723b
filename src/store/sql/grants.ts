/** Grants as rows. What they hold is sealed before it comes here (VA-2). */
import type { CompiledQuery, UpdateResult } from "kysely";
import type { GrantId, SessionId, UserId } from "../../kernel/ids.js";
import { type Instant, toInstant } from "../../kernel/time.js";
import type { GrantSpan, StoreReads, StoreWrites } from "../contract.js";
import type { GrantRecord, GrantStatus, WaitingGrant } from "../records.js";
import { compiledOnce } from "./compiled-once.js";
import { connectionsIn } from "./connections.js";
import { fromCursor, pageLimit, toCursor, toPage } from "./page.js";
import type { Db, GrantRow } from "./schema.js";
import { repairedOrNull } from "./text.js";

const instantOrNull = (value: number | null): Instant | null => (value === null ? null : toInstant(value));

const toGrant = (row: GrantRow): GrantRecord => ({
  id: row.id as GrantId,
  userId: row.user_id as UserId,
  connection: row.connection,
  sessionId: row.session_id as SessionId | null,
  issuer: row.issuer,
  clientId: row.client_id,
  accountLabel: row.account_label,
  scopes: JSON.parse(row.scopes) as readonly string[],
  issuedAt: toInstant(row.issued_at),
  expiresAt: instantOrNull(row.expires_at),
  status: row.status as GrantStatus,
  statusReason: row.status_reason,
  version: row.version,
  lastRefreshAt: instantOrNull(row.last_refresh_at),
  lastFailureCode: row.last_failure_code,
  nextAttemptAt: instantOrNull(row.next_attempt_at),
  leaseOwner: row.lease_owner,
  leaseEndsAt: instantOrNull(row.lease_ends_at),
  lastUsedAt: instantOrNull(row.last_used_at),
  sealed: row.sealed,
  createdAt: toInstant(row.created_at),
  updatedAt: toInstant(row.updated_at),
});

const toRow = (grant: GrantRecord): GrantRow => ({
  id: grant.id,
  user_id: grant.userId,
  connection: grant.connection,
  session_id: grant.sessionId,
  issuer: grant.issuer,
  client_id: grant.clientId,
  account_label: repairedOrNull(grant.accountLabel),
  scopes: JSON.stringify(grant.scopes),
  issued_at: grant.issuedAt,
  expires_at: grant.expiresAt,
  status: grant.status,
  status_reason: grant.statusReason,
  version: grant.version,
  last_refresh_at: grant.lastRefreshAt,
  last_failure_code: grant.lastFailureCode,
  next_attempt_at: grant.nextAttemptAt,
  lease_owner: grant.leaseOwner,
  lease_ends_at: grant.leaseEndsAt,
  last_used_at: grant.lastUsedAt,
  sealed: grant.sealed,
  created_at: grant.createdAt,
  updated_at: grant.updatedAt,
});

type WaitingRow = Pick<GrantRow, "id" | "connection" | "issuer" | "issued_at" | "expires_at">;
const toWaiting = (row: WaitingRow): WaitingGrant => ({
  id: row.id as GrantId,
  connection: row.connection,
  issuer: row.issuer,
  issuedAt: toInstant(row.issued_at),
  expiresAt: instantOrNull(row.expires_at),
});

/** What both looks at grants to refresh have in common; only what is not sealed, for there may be very many. */
const refreshable = (db: Db, { now, limit }: GrantSpan) =>
  db
    .selectFrom("grants")
    .innerJoin("users", "users.id", "grants.user_id")
    .leftJoin("sessions", "sessions.id", "grants.session_id")
    .select(["grants.id", "grants.connection", "grants.issuer", "grants.issued_at", "grants.expires_at"])
    .where("grants.status", "=", "active")
    .where("users.disabled_at", "is", null)
    .where("users.role", "<>", "pending")
    .where((e) => e.or([e("grants.next_attempt_at", "is", null), e("grants.next_attempt_at", "<=", now)]))
    .where((e) => e.or([e("grants.lease_owner", "is", null), e("grants.lease_ends_at", "<=", now)]))
    .where((e) =>
      e.or([
        e("grants.session_id", "is", null),
        e.and([e("sessions.idle_ends_at", ">", now), e("sessions.ends_at", ">", now)]),
      ]),
    )
    .limit(limit);

export const grantReads = (db: Db): StoreReads["grants"] => {
  const all = db.selectFrom("grants").selectAll();
  const byId = compiledOnce(({ id }: { id: string }) => all.where("id", "=", id));
  return {
    async byId(id) {
      const [row] = (await db.executeQuery(byId({ id }))).rows;
      return row && toGrant(row);
    },
    async ofSession(sessionId) {
      return (await all.where("session_id", "=", sessionId).orderBy("id").execute()).map(toGrant);
    },
    async ofUser(userId) {
      return (await all.where("user_id", "=", userId).orderBy("id").execute()).map(toGrant);
    },
    async list(page, filter = {}) {
      const limit = pageLimit(page);
      let query = all.orderBy("id").limit(limit + 1);
      if (page.cursor !== undefined)
        query = query.where("id", ">", fromCursor(page.cursor, /^([0-9a-f-]{36})$/)[0] ?? "");
      if (filter.status !== undefined) query = query.where("status", "=", filter.status);
      if (filter.connection !== undefined) query = query.where("connection", "=", filter.connection);
      return toPage(await query.execute(), limit, toGrant, (row) => toCursor(row.id));
    },
    async ending({ from, until, after, ...span }) {
      const last = after?.expiresAt ?? null;
      const rows = await refreshable(db, span)
        .where("grants.expires_at", last === null ? ">" : ">=", last ?? from)
        .where("grants.expires_at", "<=", until)
        .$if(after !== undefined && last !== null, (query) =>
          query.where((e) =>
            e.or([e("grants.expires_at", ">", last ?? from), e("grants.id", ">", after?.id ?? ("" as GrantId))]),
          ),
        )
        .orderBy("grants.expires_at")
        .orderBy("grants.id")
        .execute();
      return rows.map(toWaiting);
    },
    async idle({ issuedBy, after, ...span }) {
      const rows = await refreshable(db, span)
        .where("grants.issued_at", "<=", issuedBy)
        .where("grants.id", ">", after?.id ?? "")
        .orderBy("grants.id")
        .execute();
      return rows.map(toWaiting);
    },
    connections: () => connectionsIn(db),
    async count(connection) {
      const query = db.selectFrom("grants").select(({ fn }) => fn.countAll<number | string>().as("count"));
      return Number((await query.where("connection", "=", connection).executeTakeFirstOrThrow()).count);
    },
    async issuers(connection) {
      const query = db.selectFrom("grants").select("issuer").distinct().where("connection", "=", connection);
      return (await query.where("status", "=", "active").orderBy("issuer").execute()).map(({ issuer }) => issuer);
    },
    async failing(limit) {
      const rows = await db
        .selectFrom("grants")
        .select(({ fn }) => ["connection", "last_failure_code", fn.countAll<number | string>().as("count")])
        .where("last_failure_code", "is not", null)
        .where("status", "=", "active")
        .groupBy(["connection", "last_failure_code"])
        .orderBy("count", "desc")
        .orderBy("connection")
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        connection: row.connection,
        failure: row.last_failure_code ?? "",
        count: Number(row.count),
      }));
    },
  };
};

export type GrantSwaps = Pick<StoreWrites["grants"], "replace" | "lease">;

/** A change of one row, if it still has a version. */
const swapping = (db: Db, { id, expected, ...columns }: Partial<GrantRow> & SwapOf) =>
  db.updateTable("grants").set(columns).where("id", "=", id).where("version", "=", expected);
interface SwapOf {
  readonly id: string;
  readonly expected: number;
}
export type GrantSwap = ReturnType<typeof swapping>;

/**
 * The two writes that also go without a transaction, by whatever carries them out.
 *
 * @param only a further condition of both
 */
export const grantSwaps = (
  db: Db,
  run: (swap: CompiledQuery<UpdateResult>, of: SwapOf) => Promise<boolean>,
  only: (swap: GrantSwap) => GrantSwap = (swap) => swap,
): GrantSwaps => {
  const whole = compiledOnce((row: GrantRow & SwapOf) => only(swapping(db, row)));
  const ofLease = compiledOnce((columns: LeaseColumns & SwapOf) => only(swapping(db, columns)));
  return {
    replace(next, expected) {
      const row = { ...toRow(next), expected };
      return run(whole(row), row);
    },
    lease(id, { leaseOwner, leaseEndsAt, expiresAt }, expected) {
      const lease = { lease_owner: leaseOwner, lease_ends_at: leaseEndsAt, expires_at: expiresAt };
      const columns = { ...lease, version: expected + 1, id, expected };
      return run(ofLease(columns), columns);
    },
  };
};
type LeaseColumns = Pick<GrantRow, "lease_owner" | "lease_ends_at" | "expires_at" | "version">;

/** True when there was such a row. */
export const swapped = async (db: Db, swap: CompiledQuery): Promise<boolean> =>
  (await db.executeQuery(swap)).numAffectedRows === 1n;

export const grantWrites = (db: Db): StoreWrites["grants"] => ({
  ...grantSwaps(db, (swap) => swapped(db, swap)),
  async insert(grant) {
    await db.insertInto("grants").values(toRow(grant)).execute();
  },
  async delete(id) {
    await db.deleteFrom("grants").where("id", "=", id).execute();
  },
  async endForeign(connection, { issuer, clientId }, reason, at) {
    const query = db
      .updateTable("grants")
      .set(({ eb }) => ({
        status: "needs_reconnect",
        status_reason: reason,
        last_failure_code: reason,
        next_attempt_at: null,
        lease_owner: null,
        lease_ends_at: null,
        version: eb("version", "+", 1),
        updated_at: at,
      }))
      .where("connection", "=", connection)
      .where("status", "=", "active")
      .where((e) =>
        clientId === undefined
          ? e("issuer", "<>", issuer)
          : e.or([e("issuer", "<>", issuer), e("client_id", "<>", clientId)]),
      );
    return Number((await query.executeTakeFirst()).numUpdatedRows);
  },
});
