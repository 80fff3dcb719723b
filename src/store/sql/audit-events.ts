/** Audit events as rows. They name users and sessions by id without referring to them: they outlive both. */
import type { AuditEventId } from "../../kernel/ids.js";
import type { JsonObject } from "../../kernel/json.js";
import { toInstant } from "../../kernel/time.js";
import type { StoreReads, StoreWrites } from "../contract.js";
import type { AuditEventRecord } from "../records.js";
import { fromCursor, pageLimit, toCursor, toPage } from "./page.js";
import type { AuditEventRow, Db } from "./schema.js";
import { repaired, repairedOrNull } from "./text.js";

const toAuditEvent = (row: AuditEventRow): AuditEventRecord => ({
  id: row.id as AuditEventId,
  at: toInstant(row.at),
  type: row.type,
  actor: { kind: row.actor_kind, id: row.actor_id },
  target: { kind: row.target_kind, id: row.target_id },
  provider: row.provider,
  connection: row.connection,
  address: row.address,
  rule: row.rule,
  code: row.code,
  requestId: row.request_id,
  data: JSON.parse(row.data) as JsonObject,
});

const toRow = (event: AuditEventRecord): AuditEventRow => ({
  id: event.id,
  at: event.at,
  type: event.type,
  actor_kind: event.actor.kind,
  actor_id: repairedOrNull(event.actor.id),
  target_kind: event.target.kind,
  target_id: repairedOrNull(event.target.id),
  provider: repairedOrNull(event.provider),
  connection: repairedOrNull(event.connection),
  address: repairedOrNull(event.address),
  rule: event.rule,
  code: event.code,
  request_id: repaired(event.requestId),
  data: JSON.stringify(event.data),
});

export const auditReads = (db: Db): StoreReads["audit"] => ({
  async list(page, filter = {}) {
    const limit = pageLimit(page);
    const [order, beyond] = filter.oldestFirst ? (["asc", ">"] as const) : (["desc", "<"] as const);
    let query = db
      .selectFrom("audit_events")
      .selectAll()
      .orderBy("at", order)
      .orderBy("id", order)
      .limit(limit + 1);
    if (page.cursor !== undefined) {
      const [at = "", id = ""] = fromCursor(page.cursor, /^(\d{1,16}) ([0-9a-f-]{36})$/);
      const last = Number(at);
      query = query.where((e) => e.or([e("at", beyond, last), e.and([e("at", "=", last), e("id", beyond, id)])]));
    }
    const { type, targetId, about, since, until } = filter;
    if (type !== undefined) query = query.where("type", "=", repaired(type));
    if (targetId !== undefined) query = query.where("target_id", "=", repaired(targetId));
    if (about !== undefined)
      query = query.where((e) => e.or([e("actor_id", "=", repaired(about)), e("target_id", "=", repaired(about))]));
    if (since !== undefined) query = query.where("at", ">=", since);
    if (until !== undefined) query = query.where("at", "<", until);
    return toPage(await query.execute(), limit, toAuditEvent, (row) => toCursor(row.at, row.id));
  },
});

export const auditWrites = (db: Db): StoreWrites["audit"] => ({
  async append(event) {
    await db.insertInto("audit_events").values(toRow(event)).execute();
  },
});
