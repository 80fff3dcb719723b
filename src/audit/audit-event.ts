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

/** Every type there is, with what it means to an operator. Names are part of the interface: filters and exports are written against them. */
export const auditEventTypes = {
  "sign_in.succeeded": "Somebody signed in. The rule is how the account was found.",
  "sign_in.refused":
    "A sign-in was refused for its account, a role, a domain, or as the provider ended it meanwhile; the code says why.",
  "user.created": "A sign-in made an account.",
  "user.added": "An operator made an account beforehand.",
  "user.claimed": "The person of an account that was made beforehand came.",
  "user.updated": "A sign-in changed name, address or picture; the fields are named.",
  "user.email_kept": "A provider told another address, which is somebody else's here: the old one stays.",
  "user.disabled": "An operator switched an account off.",
  "user.enabled": "An operator switched it on again.",
  "user.deleted": "An operator deleted an account.",
  "role.changed": "Somebody has another role.",
  "role.last_admin_kept": "Claims would have taken the role of the last admin, who keeps it.",
  "groups.synced": "Claims put somebody into groups or took them out.",
  "claims.refused": "Claims of a refresh were not taken over.",
  "identity.linked": "A sign-in method was added to an account.",
  "identity.link_refused": "One was not added; the code says why.",
  "identity.unlinked": "A sign-in method was removed.",
  "session.ended":
    "A session ended before its time. The rule is the reason: `sign_out`, `backchannel`, `ended_by_operator` and so on.",
  "grant.connected": "A person connected a tool server.",
  "grant.disconnected": "A connection was given up or taken away.",
  "grant.refresh_failed": "Tokens were not refreshed; the connection stays.",
  "grant.needs_reconnect": "A connection is over until its person connects it again.",
  "tool_server.issuer_mismatch_allowed": "Metadata of another issuer was taken, as the operator allows.",
  "tool_server.provider_token_used": "A tool server was given a provider's own token, as the operator configured.",
  "tool_server.added": "An operator added a tool server.",
  "tool_server.removed": "An operator removed one.",
  "provider.removed": "An operator removed a provider with all that hung on it; the counts are in the data.",
  "service.added": "An operator made a service.",
  "service.rotated": "A service was given another secret.",
  "service.removed": "A service was removed.",
  "token.exchanged": "A service got a token.",
  "token.refused": "A service got none; the code says why.",
} as const;

export type AuditEventType = keyof typeof auditEventTypes;

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
