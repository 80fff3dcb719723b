/** What must still be done at other servers, as rows. */
import type { OutboxId } from "../../kernel/ids.js";
import { toInstant } from "../../kernel/time.js";
import type { StoreReads, StoreWrites } from "../contract.js";
import type { OutboxRecord } from "../records.js";
import type { Db, OutboxRow } from "./schema.js";
import { repaired } from "./text.js";

const toOutbox = (row: OutboxRow): OutboxRecord => ({
  id: row.id as OutboxId,
  kind: row.kind,
  sealed: row.sealed,
  attempts: row.attempts,
  nextAttemptAt: toInstant(row.next_attempt_at),
  endsAt: toInstant(row.ends_at),
  lastFailure: row.last_failure,
  createdAt: toInstant(row.created_at),
});

export const outboxReads = (db: Db): StoreReads["outbox"] => ({
  async due(now, limit) {
    const query = db.selectFrom("outbox").selectAll().where("next_attempt_at", "<=", now);
    return (await query.orderBy("next_attempt_at").orderBy("id").limit(limit).execute()).map(toOutbox);
  },
  async waiting() {
    const query = db
      .selectFrom("outbox")
      .select(({ fn }) => [
        fn.countAll<number | string>().as("rows"),
        fn.min<number | string | null>("created_at").as("oldest"),
      ]);
    const { rows, oldest } = await query.executeTakeFirstOrThrow();
    return { rows: Number(rows), oldest: oldest === null ? null : toInstant(Number(oldest)) };
  },
});

export const outboxWrites = (db: Db): StoreWrites["outbox"] => ({
  async insert(record) {
    const row: OutboxRow = {
      id: record.id,
      kind: record.kind,
      sealed: record.sealed,
      attempts: record.attempts,
      next_attempt_at: record.nextAttemptAt,
      ends_at: record.endsAt,
      last_failure: record.lastFailure,
      created_at: record.createdAt,
    };
    await db.insertInto("outbox").values(row).execute();
  },
  async claim(id, attempts, nextAttemptAt) {
    const query = db.updateTable("outbox").set({ attempts: attempts + 1, next_attempt_at: nextAttemptAt });
    const result = await query.where("id", "=", id).where("attempts", "=", attempts).executeTakeFirst();
    return result.numUpdatedRows === 1n;
  },
  async fail(id, lastFailure) {
    await db
      .updateTable("outbox")
      .set({ last_failure: repaired(lastFailure) })
      .where("id", "=", id)
      .execute();
  },
  async delete(id) {
    await db.deleteFrom("outbox").where("id", "=", id).execute();
  },
});
