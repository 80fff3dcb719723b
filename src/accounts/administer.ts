/**
 * What an operator does to accounts: look, change a role, switch off and on, delete, sign out. Every change is one
 * transaction with its announcement and audit event, and takes effect in live sessions at once (AC-8, AC-13).
 */
import { type AuditInput, auditEvent } from "../audit/audit-event.js";
import { LatchkeyError } from "../kernel/errors.js";
import { isId, newId, type UserId } from "../kernel/ids.js";
import type { RandomSource } from "../kernel/random.js";
import type { Clock } from "../kernel/time.js";
import type { Page, PageRequest, Store, Transaction } from "../store/contract.js";
import type { AuditEventRecord, GroupRecord, UserRecord } from "../store/records.js";
import { applyGroups } from "./apply-groups.js";
import { isFolded, normaliseEmail } from "./policy/email.js";
import { defaultStep } from "./policy/groups.js";

export interface AdministerPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** Who changes it, and under which request id. */
export interface Operator {
  readonly actor: AuditEventRecord["actor"];
  readonly requestId: string;
  readonly address: string | null;
}

/**
 * Ends every session of a user inside the transaction. Handed in, since how a session ends (grants, revocations,
 * announcement, audit event) is sign-out's business and there is one way to do it.
 */
export type EndSessionsOf = (tx: Transaction, user: UserRecord) => Promise<void>;

export const listUsers = (
  ports: Pick<AdministerPorts, "store">,
  page: PageRequest,
  filter?: { search?: string; role?: string },
): Promise<Page<UserRecord>> => ports.store.users.list(page, filter);

/** By id or by e-mail address. @throws LatchkeyError `account.not_found` */
export async function findUser(ports: Pick<AdministerPorts, "store">, emailOrId: string): Promise<UserRecord> {
  const email = normaliseEmail(emailOrId);
  const user = isId(emailOrId)
    ? await ports.store.users.byId(emailOrId as UserId)
    : email.ok && (await ports.store.users.byEmail(email.value));
  if (!user) throw new LatchkeyError("account.not_found", { data: { asked: emailOrId.slice(0, 100) } });
  return user;
}

export interface NewUser {
  readonly email: string;
  /** @default the address, until its person brings a name */
  readonly name?: string | undefined;
  readonly role: string;
}

/** The keys of `groups` that a user who is made by hand is subject to. */
export interface DefaultGroup {
  readonly default: string | null;
  readonly share: GroupRecord["share"];
}

/**
 * Makes an account beforehand (AC-3). It is unclaimed: the first identity with this address, verified, becomes its
 * person. Until then its address counts as unverified.
 *
 * @param roles the roles that exist (`roles.order`)
 * @param groups what new users join, and what is made for it (AC-17)
 * @param prepare called with the user before the transaction; what it answers is done inside it
 * @throws LatchkeyError `account.email_invalid` · `account.role_unknown` · `account.exists`
 */
export async function addUser(
  ports: AdministerPorts,
  input: NewUser,
  roles: readonly string[],
  groups: DefaultGroup,
  by: Operator,
  prepare: (user: UserRecord) => (tx: Transaction) => Promise<void>,
): Promise<UserRecord> {
  const email = normaliseEmail(input.email);
  // An address that normalising changes into another mailbox's is not the one that was meant (AT-8).
  if (!email.ok || isFolded(input.email)) throw new LatchkeyError("account.email_invalid");
  const { role } = input;
  if (!roles.includes(role)) throw new LatchkeyError("account.role_unknown", { data: { role: role.slice(0, 64) } });
  const now = ports.clock.now();
  const user: UserRecord = {
    id: newId<UserId>(now, ports.random),
    email: email.value,
    emailVerified: false,
    name: input.name?.trim() || email.value,
    picture: null,
    role,
    roleOrigin: "manual",
    disabledAt: null,
    claimedAt: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
    lastSignInAt: null,
  };
  const more = prepare(user);
  return ports.store.transaction(async (tx) => {
    const known = await tx.users.byEmail(user.email);
    if (known) throw new LatchkeyError("account.exists", { data: { user: known.id } });
    await tx.users.insert(user);
    const target = { kind: "user", id: user.id };
    const event = { type: "user.added", actor: by.actor, target, rule: "manual", data: { role } } as const;
    await tx.audit.append(auditEvent(ports, now, by, event));
    await joinDefault(ports, tx, user, groups, by);
    await more(tx);
    return user;
  });
}

/** Every user joins it, whoever made them. */
async function joinDefault(
  ports: AdministerPorts,
  tx: Transaction,
  user: UserRecord,
  groups: DefaultGroup,
  by: Operator,
): Promise<void> {
  if (groups.default === null) return;
  const group = await tx.groups.byName(groups.default);
  await applyGroups(ports, tx, {
    steps: [defaultStep(groups.default, { existing: group ? [group] : [], memberships: [] })],
    userId: user.id,
    actor: by.actor,
    made: { permissions: {}, share: groups.share },
    audit: by,
    now: user.createdAt,
  });
}

/**
 * @param roles the roles that exist (`roles.order`)
 * @throws LatchkeyError `account.role_unknown` · `account.last_admin` · `account.not_found`
 */
export async function setRole(
  ports: AdministerPorts,
  id: UserId,
  role: string,
  roles: readonly string[],
  by: Operator,
): Promise<UserRecord> {
  if (!roles.includes(role)) throw new LatchkeyError("account.role_unknown", { data: { role: role.slice(0, 64) } });
  return changeUser(ports, id, by, async (tx, user) => {
    if (user.role === role) return undefined;
    if (user.role === "admin") await keepOneAdmin(tx, user);
    const data = { from: user.role, to: role };
    return { changes: { role, roleOrigin: "manual" }, event: { type: "role.changed", rule: "manual", data } };
  });
}

/**
 * A disabled user is out everywhere at once (LO-6): no sign-in, no session check. Their sessions end; switching on
 * again does not bring them back.
 */
export async function setDisabled(
  ports: AdministerPorts,
  id: UserId,
  disabled: boolean,
  by: Operator,
  endSessions: EndSessionsOf,
): Promise<UserRecord> {
  return changeUser(ports, id, by, async (tx, user, now) => {
    if ((user.disabledAt !== null) === disabled) return undefined;
    if (disabled && user.role === "admin") await keepOneAdmin(tx, user);
    if (disabled) await endSessions(tx, user);
    const type = disabled ? "user.disabled" : "user.enabled";
    return { changes: { disabledAt: disabled ? now : null }, event: { type } };
  });
}

/** Deletes the user with identities, memberships, sessions and grants. The audit trail stays. */
export async function deleteUser(
  ports: AdministerPorts,
  id: UserId,
  by: Operator,
  endSessions: EndSessionsOf,
): Promise<void> {
  const now = ports.clock.now();
  await ports.store.transaction(async (tx) => {
    const user = await existing(tx, id);
    if (user.role === "admin") await keepOneAdmin(tx, user);
    await endSessions(tx, user);
    await tx.users.delete(id);
    await tx.announcements.append("user", id, now);
    const target = { kind: "user", id };
    await tx.audit.append(auditEvent(ports, now, by, { type: "user.deleted", actor: by.actor, target }));
  });
}

type Now = ReturnType<Clock["now"]>;
interface Change {
  readonly changes: Partial<UserRecord>;
  readonly event: Pick<AuditInput, "type" | "rule" | "data">;
}

async function changeUser(
  ports: AdministerPorts,
  id: UserId,
  by: Operator,
  decide: (tx: Transaction, user: UserRecord, now: Now) => Promise<Change | undefined>,
): Promise<UserRecord> {
  const now = ports.clock.now();
  return ports.store.transaction(async (tx) => {
    const user = await existing(tx, id);
    const change = await decide(tx, user, now);
    if (!change) return user;
    const next = { ...user, ...change.changes, version: user.version + 1, updatedAt: now };
    await tx.users.update(next, user.version);
    await tx.announcements.append("user", id, now);
    const target = { kind: "user", id };
    await tx.audit.append(auditEvent(ports, now, by, { ...change.event, actor: by.actor, target }));
    return next;
  });
}

async function existing(tx: Transaction, id: UserId): Promise<UserRecord> {
  const user = await tx.users.byId(id);
  if (!user) throw new LatchkeyError("account.not_found", { data: { user: id } });
  return user;
}

/** Counted under the transaction's lock, so that two demotions at once leave one admin. */
async function keepOneAdmin(tx: Transaction, user: UserRecord): Promise<void> {
  if (user.disabledAt !== null) return;
  if ((await tx.users.countEnabledAdmins()) <= 1)
    throw new LatchkeyError("account.last_admin", { data: { user: user.id } });
}
