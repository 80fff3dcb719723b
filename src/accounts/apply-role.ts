/** Writes a role that claims gave somebody who did not sign in for it (AC-19), in the caller's transaction. */
import { type AuditContext, auditEvent } from "../audit/audit-event.js";
import type { RandomSource } from "../kernel/random.js";
import type { Instant } from "../kernel/time.js";
import type { Transaction } from "../store/contract.js";
import type { AuditEventRecord, UserRecord } from "../store/records.js";
import type { RoleChange } from "./policy/decide-sign-in.js";

export async function applyRole(
  ports: { random: RandomSource },
  tx: Transaction,
  input: {
    readonly user: UserRecord;
    readonly role: RoleChange;
    readonly provider: string;
    readonly actor: AuditEventRecord["actor"];
    /** What brought the claims. */
    readonly through: string;
    readonly audit: AuditContext;
    readonly now: Instant;
  },
): Promise<UserRecord> {
  const { user, role, provider, actor, through, now } = input;
  const next = { ...user, role: role.role, roleOrigin: role.origin, version: user.version + 1, updatedAt: now };
  await tx.users.update(next, user.version);
  await tx.announcements.append("user", user.id, now);
  // The role may stay while another rule gives it from now on; that is nothing to tell.
  if (user.role === role.role) return next;
  const data = { from: user.role, to: role.role, by: role.rule, through };
  const target = { kind: "user", id: user.id };
  const event = { type: "role.changed", actor, target, provider, rule: role.origin, data } as const;
  await tx.audit.append(auditEvent(ports, now, input.audit, event));
  return next;
}
