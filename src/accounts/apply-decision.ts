/**
 * Writes what the decision says: user and identity, with the audit events that belong to them, in the caller's
 * transaction. A refusal never reaches this file (AC-6).
 */
import { type AuditContext, type AuditInput, auditEvent } from "../audit/audit-event.js";
import type { IdentityId, UserId } from "../kernel/ids.js";
import type { RandomSource } from "../kernel/random.js";
import type { Instant } from "../kernel/time.js";
import type { Transaction } from "../store/contract.js";
import type { IdentityRecord, UserRecord } from "../store/records.js";
import type { LoadedAccounts } from "./known-accounts.js";
import type { Admission, RoleChange } from "./policy/decide-sign-in.js";
import type { IncomingIdentity } from "./policy/identity.js";

export interface ApplyInput {
  readonly decision: Admission;
  readonly loaded: LoadedAccounts;
  readonly incoming: IncomingIdentity;
  readonly provider: string;
  /** Used where a new row is made. */
  readonly newUserId: UserId;
  readonly identityId: IdentityId;
  readonly sealedClaims: string;
  readonly update: { readonly name: boolean; readonly email: boolean; readonly picture: boolean };
  readonly audit: AuditContext;
  readonly now: Instant;
}

export async function applyDecision(
  ports: { random: RandomSource },
  tx: Transaction,
  input: ApplyInput,
): Promise<{
  readonly user: UserRecord;
  readonly identity: IdentityRecord;
  readonly announced: boolean;
  /** The new address is somebody else's, so the old one stayed (AC-7). */
  readonly emailKept: boolean;
}> {
  const { decision, incoming, now } = input;
  const userId = decision.kind === "create" ? input.newUserId : decision.userId;
  const actor = { kind: "user", id: userId };
  const audit = (event: Omit<AuditInput, "actor" | "target" | "provider">) =>
    tx.audit.append(auditEvent(ports, now, input.audit, { ...event, actor, target: actor, provider: input.provider }));

  let emailKept = false;
  const user = decision.kind === "create" ? await create() : await change(existing());
  const identity = await writeIdentity();
  // Nobody can hold an old answer about somebody who has just been made.
  const announced = decision.kind === "create" || user.version !== existing().version;
  return { user, identity, announced, emailKept };

  function existing(): UserRecord {
    const user = input.loaded.bySubject ?? input.loaded.byEmail;
    if (!user) throw new Error("a decision about a known user without its record");
    return user;
  }

  async function create(): Promise<UserRecord> {
    const role: RoleChange =
      decision.kind === "create" ? decision.role : { role: "pending", origin: "default", rule: "roles.default" };
    const user: UserRecord = {
      id: userId,
      email: incoming.email,
      emailVerified: incoming.emailVerified,
      name: incoming.name ?? incoming.email,
      picture: incoming.picture ?? null,
      role: role.role,
      roleOrigin: role.origin,
      disabledAt: null,
      claimedAt: now,
      version: 1,
      createdAt: now,
      updatedAt: now,
      lastSignInAt: now,
    };
    await tx.users.insert(user);
    await audit({ type: "user.created", rule: role.origin, data: { role: role.role, by: role.rule } });
    return user;
  }

  async function change(user: UserRecord): Promise<UserRecord> {
    const changes: Partial<UserRecord> = {};
    const set = (part: Partial<UserRecord>) => void Object.assign(changes, part);
    const sameAddress = incoming.email === user.email;

    if (decision.kind === "claim") {
      set({ claimedAt: now, emailVerified: true });
      if (user.name === user.email && incoming.name) set({ name: incoming.name });
      if (user.picture === null && incoming.picture) set({ picture: incoming.picture });
    }
    if (decision.kind === "update") {
      if (sameAddress && incoming.emailVerified && !user.emailVerified) set({ emailVerified: true });
      if (input.update.email && !sameAddress && incoming.emailVerified) set(await freeAddress(user));
      // No name claim: the e-mail stands in, and follows the address when it did before (AC-7).
      const standIn = user.name === user.email ? (changes.email ?? user.email) : user.name;
      const name = input.update.name ? (incoming.name ?? standIn) : standIn;
      if (name !== user.name) set({ name });
      if (input.update.picture && incoming.picture && incoming.picture !== user.picture) {
        set({ picture: incoming.picture });
      }
    }
    if (decision.kind !== "create" && decision.role) {
      set({ role: decision.role.role, roleOrigin: decision.role.origin });
      const data = { from: user.role, to: decision.role.role, by: decision.role.rule };
      // The role may stay while another rule gives it from now on; that is nothing to tell.
      if (data.from !== data.to) await audit({ type: "role.changed", rule: decision.role.origin, data });
    }
    if (decision.kind === "claim") await audit({ type: "user.claimed" });

    // The version is what an administrator's edit is checked against; a sign-in that changed nothing leaves it.
    const changed = Object.keys(changes).length > 0;
    const next = changed
      ? { ...user, ...changes, version: user.version + 1, updatedAt: now, lastSignInAt: now }
      : { ...user, lastSignInAt: now };
    await tx.users.update(next, user.version);
    if (changed) {
      await tx.announcements.append("user", user.id, now);
      if (decision.kind === "update") await audit({ type: "user.updated", data: { fields: Object.keys(changes) } });
    }
    return next;
  }

  /** The new address if nobody has it; otherwise the old one stays, and operators can see why (AC-7). */
  async function freeAddress(user: UserRecord): Promise<Partial<UserRecord>> {
    if ((await tx.users.byEmail(incoming.email)) === undefined) return { email: incoming.email, emailVerified: true };
    emailKept = true;
    await audit({ type: "user.email_kept", rule: "taken", data: { kept: user.email } });
    return {};
  }

  async function writeIdentity(): Promise<IdentityRecord> {
    const seen = {
      provider: input.provider,
      email: incoming.emailMadeUp ? null : incoming.email,
      emailVerified: incoming.emailVerified,
      claims: input.sealedClaims,
      sub: incoming.sub,
      lastUsedAt: now,
    };
    if (input.loaded.identity) {
      const next: IdentityRecord = { ...input.loaded.identity, ...seen };
      await tx.identities.update(next);
      return next;
    }
    const added: IdentityRecord = {
      ...seen,
      id: input.identityId,
      userId,
      issuer: incoming.issuer,
      subject: incoming.subject,
      createdAt: now,
    };
    await tx.identities.insert(added);
    if (decision.kind === "link") await audit({ type: "identity.linked", rule: "verified-email" });
    return added;
  }
}
