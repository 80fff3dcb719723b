/** Writes what the plan says of somebody's groups, in the sign-in's transaction (AC-18). What stays costs nothing. */
import { type AuditContext, auditEvent } from "../audit/audit-event.js";
import { type GroupId, newId, type UserId } from "../kernel/ids.js";
import type { JsonObject } from "../kernel/json.js";
import type { RandomSource } from "../kernel/random.js";
import type { Instant } from "../kernel/time.js";
import type { Transaction } from "../store/contract.js";
import type { AuditEventRecord, GroupRecord } from "../store/records.js";
import type { GroupStep } from "./policy/groups.js";
import { defaultOrigin } from "./policy/origin.js";

export interface ApplyGroupsInput {
  readonly steps: readonly GroupStep[];
  readonly userId: UserId;
  /** Whose claims they are. @default nobody's: an operator made the user */
  readonly provider?: string;
  /** What groups that are made here begin with. */
  readonly made: { readonly permissions: JsonObject; readonly share: GroupRecord["share"] };
  /** @default the person, who signs in */
  readonly actor?: AuditEventRecord["actor"];
  /** What brought the claims, where that was no sign-in. */
  readonly rule?: string;
  readonly audit: AuditContext;
  readonly now: Instant;
}

/** Names of one kind that an audit event holds at most; how many there were is always told. */
const mostNames = 50;

/** True when anything was written. */
export async function applyGroups(
  ports: { random: RandomSource },
  tx: Transaction,
  input: ApplyGroupsInput,
): Promise<boolean> {
  const { userId, now, made } = input;
  const create = input.steps.filter((step) => step.kind === "create");
  const join = input.steps.filter((step) => step.kind === "join");
  const leave = input.steps.filter((step) => step.kind === "leave");
  if (create.length + join.length + leave.length === 0) return false;

  const groups = create.map(({ name, origin }): GroupRecord => {
    // The permissions are those of groups from claims; the group that new users join is none (AC-17).
    const permissions = origin === defaultOrigin ? {} : made.permissions;
    const id = newId<GroupId>(now, ports.random);
    return { id, name, permissions, share: made.share, createdBy: origin, createdAt: now };
  });
  await tx.groups.insertMany(groups);
  const joined = [
    ...groups.map(({ id, createdBy }) => ({ groupId: id, origin: createdBy })),
    ...join.map(({ id, origin }) => ({ groupId: id, origin })),
  ];
  await tx.groups.addMembers(joined.map((one) => ({ ...one, userId, createdAt: now })));
  for (const origin of new Set(leave.map((step) => step.origin))) {
    const ids = leave.filter((step) => step.origin === origin).map(({ id }) => id);
    await tx.groups.removeMembers({ userId, origin }, ids);
  }

  const target = { kind: "user", id: userId };
  const data = { created: told(create), joined: told(join), left: told(leave) };
  const { actor = target, rule, provider } = input;
  const origin = { ...(provider === undefined ? {} : { provider }), ...(rule === undefined ? {} : { rule }) };
  const event = { type: "groups.synced", actor, target, data, ...origin } as const;
  await tx.audit.append(auditEvent(ports, now, input.audit, event));
  return true;
}

const told = (steps: readonly { readonly name: string }[]) => ({
  count: steps.length,
  names: steps.slice(0, mostNames).map(({ name }) => name),
});
