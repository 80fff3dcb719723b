/**
 * What happened, to whom, by whom, from where (SI-24). An event is appended in the transaction that makes the
 * change, so there is never one without the other. Its data holds facts for operators, never a token.
 */
import type { ErrorCode } from "../kernel/error-catalog.js";
import { type AuditEventId, newId } from "../kernel/ids.js";
import type { JsonObject } from "../kernel/json.js";
import type { RandomSource } from "../kernel/random.js";
import type { Instant } from "../kernel/time.js";
import type { AuditEventRecord } from "../store/records.js";

export type AuditEventType =
  | "sign_in.succeeded"
  | "sign_in.refused"
  | "user.created"
  | "user.added"
  | "user.claimed"
  | "user.updated"
  | "user.email_kept"
  | "user.disabled"
  | "user.enabled"
  | "user.deleted"
  | "role.changed"
  | "role.last_admin_kept"
  | "groups.synced"
  | "claims.refused"
  | "identity.linked"
  | "identity.link_refused"
  | "identity.unlinked"
  | "session.ended"
  | "grant.refresh_failed"
  | "grant.needs_reconnect"
  | "grant.disconnected"
  | "grant.connected"
  | "tool_server.issuer_mismatch_allowed"
  | "tool_server.provider_token_used"
  | "tool_server.added"
  | "tool_server.removed"
  | "provider.removed"
  | "service.added"
  | "service.rotated"
  | "service.removed"
  | "token.exchanged"
  | "token.refused";

/** Who asked: what the request itself tells. */
export interface AuditContext {
  readonly requestId: string;
  readonly address: string | null;
}

export interface AuditInput {
  readonly type: AuditEventType;
  readonly actor: AuditEventRecord["actor"];
  readonly target: AuditEventRecord["target"];
  readonly provider?: string;
  readonly connection?: string;
  readonly rule?: string;
  readonly code?: ErrorCode;
  readonly data?: JsonObject;
}

export function auditEvent(
  ports: { random: RandomSource },
  now: Instant,
  context: AuditContext,
  input: AuditInput,
): AuditEventRecord {
  return {
    id: newId<AuditEventId>(now, ports.random),
    at: now,
    type: input.type,
    actor: input.actor,
    target: input.target,
    provider: input.provider ?? null,
    connection: input.connection ?? null,
    address: context.address,
    rule: input.rule ?? null,
    code: input.code ?? null,
    requestId: context.requestId,
    data: input.data ?? {},
  };
}
