/**
 * What must still be done at other servers, as rows. A dead row has its kind with `.dead` behind it: so it is of no kind
 * that anybody looks for when something is due.
 */
import type { OutboxId } from "../../kernel/ids.js";
import { toInstant } from "../../kernel/time.js";
import type { StoreReads, StoreWrites } from "../contract.js";
import type { OutboxRecord } from "../records.js";
import { fromCursor, pageLimit, toCursor, toPage } from "./page.js";
import type { Db, OutboxRow } from "./schema.js";
import { repaired } from "./text.js";

const deadEnd = ".dead";
const dead = `%${deadEnd}`;

const toOutbox = (row: OutboxRow): OutboxRecord => ({
  id: row.id as OutboxId,
  kind: row.kind.endsWith(deadEnd) ? row.kind.slice(0, -deadEnd.length) : row.kind,
  dead: row.kind.endsWith(deadEnd),
  sealed: row.sealed,
  attempts: row.attempts,
  nextAttemptAt: toInstant(row.next_attempt_at),
  endsAt: toInstant(row.ends_at),
  lastFailure: row.last_failure,
  createdAt: toInstant(row.created_at),
});

export const outboxReads = (db: Db): StoreReads["outbox"] => ({
  async due(now, limit, kind) {
    let query = db.selectFrom("outbox").selectAll().where("next_attempt_at", "<=", now).where("kind", "not like", dead);
    if (kind !== undefined) query = query.where("kind", "=", kind);
    return (await query.orderBy("next_attempt_at").orderBy("id").limit(limit).execute()).map(toOutbox);
  },
  async waiting() {
    const query = db
      .selectFrom("outbox")
      .where("kind", "not like", dead)
      .select(({ fn }) => [
        fn.countAll<number | string>().as("rows"),
        fn.min<number | string | null>("created_at").as("oldest"),
      ]);
    const { rows, oldest } = await query.executeTakeFirstOrThrow();
    return { rows: Number(rows), oldest: oldest === null ? null : toInstant(Number(oldest)) };
  },
  async countDead() {
    const query = db.selectFrom("outbox").where("kind", "like", dead);
    const { rows } = await query
      .select(({ fn }) => fn.countAll<number | string>().as("rows"))
      .executeTakeFirstOrThrow();
    return Number(rows);
  },
  async byId(id) {
    const row = await db.selectFrom("outbox").selectAll().where("id", "=", id).executeTakeFirst();
    return row && toOutbox(row);
  },
  async list(page, filter) {
    const limit = pageLimit(page);
    const kinds = [filter.kind, filter.kind + deadEnd].filter(
      (_, index) => filter.dead === undefined || filter.dead === (index === 1),
    );
    let query = db
      .selectFrom("outbox")
      .selectAll()
      .where("kind", "in", kinds)
      .orderBy("id")
      .limit(limit + 1);
    if (page.cursor !== undefined)
      query = query.where("id", ">", fromCursor(page.cursor, /^([0-9a-f-]{36})$/)[0] ?? "");
    return toPage(await query.execute(), limit, toOutbox, (row) => toCursor(row.id));
  },
});

export const outboxWrites = (db: Db): StoreWrites["outbox"] => ({
  async insert(record) {
    const row: OutboxRow = {
      id: record.id,
      kind: record.dead ? record.kind + deadEnd : record.kind,
      sealed: record.sealed,
      attempts: record.attempts,
      next_attempt_at: record.nextAttemptAt,
      ends_at: record.endsAt,
      last_failure: record.lastFailure,
      created_at: record.createdAt,
    };
    await db.insertInto("outbox").values(row).execute();
  },
  async claim(id, attempts, until) {
    const query = db.updateTable("outbox").set({ attempts: attempts + 1, next_attempt_at: until });
    const result = await query.where("id", "=", id).where("attempts", "=", attempts).executeTakeFirst();
    return result.numUpdatedRows === 1n;
  },
  async postpone(id, attempts, at, lastFailure) {
    const failure = lastFailure === undefined ? {} : { last_failure: repaired(lastFailure) };
    const query = db.updateTable("outbox").set({ next_attempt_at: at, ...failure });
    const result = await query
      .where("id", "=", id)
      .where("attempts", "=", attempts)
      .where("kind", "not like", dead)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  },
  async bury(id, lastFailure, at) {
    const row = await db.selectFrom("outbox").select("kind").where("id", "=", id).executeTakeFirst();
    if (!row || row.kind.endsWith(deadEnd)) return;
    const buried = { kind: row.kind + deadEnd, last_failure: repaired(lastFailure), next_attempt_at: at };
    await db.updateTable("outbox").set(buried).where("id", "=", id).execute();
  },
  async revive(id, at, endsAt) {
    const row = await db.selectFrom("outbox").select("kind").where("id", "=", id).executeTakeFirst();
    if (!row?.kind.endsWith(deadEnd)) return false;
    const revived = { kind: row.kind.slice(0, -deadEnd.length), attempts: 0, next_attempt_at: at, ends_at: endsAt };
    await db.updateTable("outbox").set(revived).where("id", "=", id).execute();
    return true;
  },
  async delete(id) {
    await db.deleteFrom("outbox").where("id", "=", id).execute();
  },
});
