/**
 * Takes a sign-in method away: the identity, the sessions that it began with their grants, grants that outlived theirs,
 * and the groups and the role that its provider's claims gave (AC-4, VA-14), in one transaction, which also sees to it that a
 * way in stays.
 */
import { applyRole } from "../accounts/apply-role.js";
import { ownIdentities } from "../accounts/list-methods.js";
import { refuseUnlink, roleAfterUnlink } from "../accounts/policy/link.js";
import { isClaimsOriginOf } from "../accounts/policy/origin.js";
import { type AuditContext, auditEvent } from "../audit/audit-event.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { UserId } from "../kernel/ids.js";
import type { Instant } from "../kernel/time.js";
import { keptGrants, withdrawing } from "../logout/withdraw.js";
import type { Authenticated } from "../sessions/session.js";
import type { Transaction } from "../store/contract.js";
import type { IdentityRecord } from "../store/records.js";
import { requireOwner } from "./own-account.js";
import type { SignInPorts } from "./ports.js";

/**
 * @param input.id an id as it came; whose it must be says the session
 * @returns whether the session that asked has ended with it
 * @throws LatchkeyError `account.pending` · `link.reauthentication_required` · `link.not_found` · `link.last_identity`
 */
export async function unlinkIdentity(
  ports: SignInPorts,
  input: { readonly signedIn: Authenticated; readonly id: string; readonly request: AuditContext },
): Promise<{ readonly endedCurrent: boolean }> {
  const { user, session: current } = input.signedIn;
  const now = ports.clock.now();
  requireOwner(input.signedIn, now);
  const actor = { kind: "user", id: user.id };
  const by = { actor, reason: "identity_unlinked", audit: input.request, now } as const;
  ports.faults.point(5);

  const everyGrant = () => ports.store.grants.ofUser(user.id);
  return withdrawing(ports, by, everyGrant, (withdraw) =>
    ports.store.transaction(async (tx) => {
      const identities = await tx.identities.ofUser(user.id);
      const refused = refuseUnlink(input.id, ownIdentities(ports.providers, identities));
      const identity = identities.find(({ id }) => id === input.id);
      if (refused || !identity) throw new LatchkeyError(refused ?? "link.not_found", { data: { user: user.id } });
      const begun = (await tx.sessions.ofUser(user.id)).filter(({ identityId }) => identityId === identity.id);
      const kept = keptGrants(await tx.grants.ofUser(user.id), identity.issuer);
      await withdraw(tx, { sessions: begun, kept });
      await tx.identities.delete(identity.id);
      const groups = await removeClaimMemberships(tx, user.id, identity);
      await takeClaimedRole(ports, tx, user.id, identity, { audit: input.request, now });
      await tx.announcements.append("user", user.id, now);
      const data = { identity: identity.id, issuer: identity.issuer, groups };
      const event = { type: "identity.unlinked", actor, target: actor, provider: identity.provider, data } as const;
      await tx.audit.append(auditEvent(ports, now, input.request, event));
      return { endedCurrent: begun.some(({ id }) => id === current.id) };
    }),
  );
}

/** VA-14: all that claims of this issuer gave, whatever the provider was called when they did. */
async function removeClaimMemberships(tx: Transaction, userId: UserId, { issuer }: IdentityRecord): Promise<string[]> {
  const given = (await tx.groups.ofUser(userId)).filter(({ origin }) => isClaimsOriginOf(origin, issuer));
  for (const origin of new Set(given.map((one) => one.origin))) {
    const ids = given.filter((one) => one.origin === origin).map(({ group }) => group.id);
    await tx.groups.removeMembers({ userId, origin }, ids);
  }
  return [...new Set(given.map(({ group }) => group.name))];
}

/** The same for the role. */
async function takeClaimedRole(
  ports: SignInPorts,
  tx: Transaction,
  userId: UserId,
  { provider }: IdentityRecord,
  { audit, now }: { readonly audit: AuditContext; readonly now: Instant },
): Promise<void> {
  const user = await tx.users.byId(userId);
  if (!user) return;
  const lastAdmin = user.role === "admin" && (await tx.users.countEnabledAdmins()) <= 1;
  const rules = { order: ports.accounts.roleOrder, default: ports.accounts.defaultRole };
  const role = roleAfterUnlink({ ...user, lastAdmin }, provider, rules);
  const actor = { kind: "user", id: userId };
  if (role.kind === "set") {
    await applyRole(ports, tx, { user, role, provider, actor, through: "unlink", audit, now });
  }
  if (role.kind === "last_admin_kept") {
    const data = { kept: "admin", wanted: role.wanted, by: role.rule, through: "unlink" };
    const event = { type: "role.last_admin_kept", actor, target: actor, provider, data } as const;
    await tx.audit.append(auditEvent(ports, now, audit, event));
  }
}
