/** Audit events as the commands write them: the JSON of the product, a line for people, a row of CSV. Pure. */
import { toRfc3339 } from "../kernel/time.js";
import type { AuditEventRecord } from "../store/records.js";

/** Members that do not apply are left out. */
export const auditJson = (event: AuditEventRecord) => ({
  id: event.id,
  at: toRfc3339(event.at),
  type: event.type,
  actor: event.actor,
  target: event.target,
  ...Object.fromEntries(
    (["provider", "connection", "address", "rule", "code"] as const).flatMap((name) =>
      event[name] === null ? [] : [[name, event[name]]],
    ),
  ),
  requestId: event.requestId,
  data: event.data,
});

const party = ({ kind, id }: AuditEventRecord["actor"]): string => (id === null ? kind : `${kind} ${id}`);

/** For people: when, what, who, to whom, and the rest as far as there is one. */
export function auditLine(event: AuditEventRecord): string {
  const { provider, connection, address, rule, code, data } = event;
  const more = { provider, connection, address, rule, code };
  const said = Object.entries(more).flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]));
  const facts = Object.keys(data).length === 0 ? [] : [JSON.stringify(data)];
  const who = `${party(event.actor)} -> ${party(event.target)}`;
  return [toRfc3339(event.at), event.type.padEnd(17), who, ...said, ...facts].join("  ");
}

export const csvHeader =
  "id,at,type,actor_kind,actor_id,target_kind,target_id,provider,connection,address,rule,code,request_id,data";

/** RFC 4180, one line. */
export const csvRow = (event: AuditEventRecord): string =>
  [
    event.id,
    toRfc3339(event.at),
    event.type,
    event.actor.kind,
    event.actor.id,
    event.target.kind,
    event.target.id,
    event.provider,
    event.connection,
    event.address,
    event.rule,
    event.code,
    event.requestId,
    JSON.stringify(event.data),
  ]
    .map(csvCell)
    .join(",");

/**
 * A cell that is only ever text. A spreadsheet takes what begins with = + - or @ (wide forms too, and after white space
 * that it drops) for a formula, and an actor's or an identity's id comes from a stranger: a quote before it makes it text.
 *
 * @see RFC 4180 §2; OWASP, "CSV Injection"
 */
export function csvCell(value: string | null): string {
  if (value === null) return "";
  const text = /^[\s\p{C}]*[=+\-@|%＝＋－＠]/u.test(value) || /^[\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n\t;']/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}
