/** Users as rows. */
import { sql } from "kysely";
import type { UserId } from "../../kernel/ids.js";
import { type Instant, toInstant } from "../../kernel/time.js";
import type { StoreReads, StoreWrites } from "../contract.js";
import type { UserRecord } from "../records.js";
import { fromCursor, pageLimit, toCursor, toPage } from "./page.js";
import type { Db, UserRow } from "./schema.js";
import { containsPattern, folded, isWellFormed, repaired, repairedOrNull } from "./text.js";

const instantOrNull = (value: number | null): Instant | null => (value === null ? null : toInstant(value));
/** No address or name is longer; a pattern that is could only cost time. */
const longestSearch = 1_000;

export const toUser = (row: UserRow): UserRecord => ({
  id: row.id as UserId,
  email: row.email,
  emailVerified: row.email_verified === 1,
  name: row.name,
  picture: row.picture,
  role: row.role,
  roleOrigin: row.role_origin,
  disabledAt: instantOrNull(row.disabled_at),
  claimedAt: instantOrNull(row.claimed_at),
  version: row.version,
  createdAt: toInstant(row.created_at),
  updatedAt: toInstant(row.updated_at),
  lastSignInAt: instantOrNull(row.last_sign_in_at),
});

const toRow = (user: UserRecord): UserRow => ({
  id: user.id,
  email: user.email,
  email_verified: user.emailVerified ? 1 : 0,
  name: repaired(user.name),
  picture: repairedOrNull(user.picture),
  role: user.role,
  role_origin: user.roleOrigin,
  disabled_at: user.disabledAt,
  claimed_at: user.claimedAt,
  version: user.version,
  created_at: user.createdAt,
  updated_at: user.updatedAt,
  last_sign_in_at: user.lastSignInAt,
  search_text: `${folded(user.email)}\n${folded(user.name)}`,
});

export const userReads = (db: Db): StoreReads["users"] => ({
  async byId(id) {
    const row = await db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();
    return row && toUser(row);
  },
  async byEmail(email) {
    if (!isWellFormed(email)) return undefined;
    const row = await db.selectFrom("users").selectAll().where("email", "=", email).executeTakeFirst();
    return row && toUser(row);
  },
  async none() {
    return (await db.selectFrom("users").select("id").limit(1).executeTakeFirst()) === undefined;
  },
  async countEnabledAdmins() {
    const query = db.selectFrom("users").select((e) => e.fn.countAll<number>().as("count"));
    const row = await query.where("role", "=", "admin").where("disabled_at", "is", null).executeTakeFirstOrThrow();
    return Number(row.count);
  },
  async list(page, filter = {}) {
    const limit = pageLimit(page);
    let query = db
      .selectFrom("users")
      .selectAll()
      .orderBy("id")
      .limit(limit + 1);
    if (page.cursor !== undefined) {
      const [id = ""] = fromCursor(page.cursor, /^([0-9a-f-]{36})$/);
      query = query.where("id", ">", id);
    }
    if (filter.role !== undefined) query = query.where("role", "=", repaired(filter.role));
    if (filter.search !== undefined) {
      const search = folded(filter.search);
      if (search.length > longestSearch) return { items: [], next: null };
      query = query.where(sql<boolean>`search_text like ${containsPattern(search)} escape '\\'`);
    }
    return toPage(await query.execute(), limit, toUser, (row) => toCursor(row.id));
  },
});

export const userWrites = (db: Db): StoreWrites["users"] => ({
  async insert(user) {
    await db.insertInto("users").values(toRow(user)).execute();
  },
  async update(user, expectedVersion) {
    const { id, ...rest } = toRow(user);
    const query = db.updateTable("users").set(rest).where("id", "=", id).where("version", "=", expectedVersion);
    return (await query.executeTakeFirst()).numUpdatedRows === 1n;
  },
  async delete(id) {
    await db.deleteFrom("users").where("id", "=", id).execute();
  },
});
