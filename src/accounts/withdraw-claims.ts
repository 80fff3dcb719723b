/**
 * Takes away what a provider's claims gave somebody, groups and role, when it is not theirs any more: they removed the
 * sign-in method, or the operator the provider (VA-14). In the caller's transaction.
 */
import { type AuditContext, auditEvent } from "../audit/audit-event.js";
import type { UserId } from "../kernel/ids.js";
import type { RandomSource } from "../kernel/random.js";
import type { Instant } from "../kernel/time.js";
import type { Transaction } from "../store/contract.js";
import type { AuditEventRecord } from "../store/records.js";
import { applyRole } from "./apply-role.js";
import { roleAfterUnlink } from "./policy/link.js";
import type { RoleRules } from "./policy/role.js";

export interface ClaimsWithdrawnBy {
  readonly actor: AuditEventRecord["actor"];
  /** What it came of, for the audit trail. */
  readonly through: string;
  readonly audit: AuditContext;
  readonly now: Instant;
}

/** @returns the names of the groups, and how many memberships went; a group with two such origins counts twice */
export async function withdrawMemberships(
  tx: Transaction,
  userId: UserId,
  isMeant: (origin: string) => boolean,
): Promise<{ readonly names: string[]; readonly count: number }> {
  const given = (await tx.groups.ofUser(userId)).filter(({ origin }) => isMeant(origin));
  for (const origin of new Set(given.map((one) => one.origin))) {
    const ids = given.filter((one) => one.origin === origin).map(({ group }) => group.id);
    await tx.groups.removeMembers({ userId, origin }, ids);
  }
  return { names: [...new Set(given.map(({ group }) => group.name))], count: given.length };
}

/**
 * @param of the provider's id, and all ids by which its claims may have given the role
 * @returns whether another role is there now; the last admin keeps theirs
 */
export async function withdrawRole(
  ports: { readonly random: RandomSource; readonly roles: Pick<RoleRules, "order" | "default"> },
  tx: Transaction,
  userId: UserId,
  { provider, givers }: { readonly provider: string; readonly givers: readonly string[] },
  { actor, through, audit, now }: ClaimsWithdrawnBy,
): Promise<boolean> {
  const user = await tx.users.byId(userId);
  if (!user) return false;
  const lastAdmin = user.role === "admin" && (await tx.users.countEnabledAdmins()) <= 1;
  const role = roleAfterUnlink({ ...user, lastAdmin }, givers, ports.roles, through);
  if (role.kind === "set") await applyRole(ports, tx, { user, role, provider, actor, through, audit, now });
  if (role.kind === "last_admin_kept") {
    const data = { kept: "admin", wanted: role.wanted, by: role.rule, through };
    const target = { kind: "user", id: userId };
    const event = { type: "role.last_admin_kept", actor, target, provider, data } as const;
    await tx.audit.append(auditEvent(ports, now, audit, event));
  }
  return role.kind === "set";
}
