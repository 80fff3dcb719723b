/**
 * Takes a sign-in method away: the identity, the sessions that it began with their grants, and what its provider's
 * claims gave (AC-4, VA-14), in one transaction, which also sees to it that a way in stays.
 */
import { ownIdentities } from "../accounts/list-methods.js";
import { refuseUnlink } from "../accounts/policy/link.js";
import { type AuditContext, auditEvent } from "../audit/audit-event.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { UserId } from "../kernel/ids.js";
import { endInTransaction, prepareDisconnect } from "../logout/end-sessions.js";
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
  const begun = (await ports.store.sessions.ofUser(user.id)).filter(({ identityId }) => identityId === input.id);
  const prepared = await Promise.all(begun.map((session) => prepareDisconnect(ports, session, now)));
  const actor = { kind: "user", id: user.id };
  ports.faults.point(5);

  return ports.store.transaction(async (tx) => {
    const identities = await tx.identities.ofUser(user.id);
    const refused = refuseUnlink(input.id, ownIdentities(ports.providers, identities));
    const identity = identities.find(({ id }) => id === input.id);
    if (refused || !identity) throw new LatchkeyError(refused ?? "link.not_found", { data: { user: user.id } });
    let endedCurrent = false;
    for (const session of await tx.sessions.ofUser(user.id)) {
      if (session.identityId !== identity.id) continue;
      // One that began a moment ago ends too, its tokens unrevoked.
      const end = prepared.find((one) => one.session.id === session.id) ?? { session, revocations: [] };
      await endInTransaction(ports, tx, end, { actor, reason: "identity_unlinked", audit: input.request, now });
      endedCurrent ||= session.id === current.id;
    }
    await tx.identities.delete(identity.id);
    const groups = await removeClaimMemberships(tx, user.id, identity, identities);
    await tx.announcements.append("user", user.id, now);
    const data = { identity: identity.id, issuer: identity.issuer, groups };
    const event = { type: "identity.unlinked", actor, target: actor, provider: identity.provider, data } as const;
    await tx.audit.append(auditEvent(ports, now, input.request, event));
    return { endedCurrent };
  });
}

/** VA-14. Memberships are the provider's: they stay while another identity of the person came through it. */
async function removeClaimMemberships(
  tx: Transaction,
  userId: UserId,
  gone: IdentityRecord,
  all: readonly IdentityRecord[],
): Promise<string[]> {
  if (all.some(({ id, provider }) => id !== gone.id && provider === gone.provider)) return [];
  const origin = `claims:${gone.provider}`;
  const given = (await tx.groups.ofUser(userId)).filter((membership) => membership.origin === origin);
  for (const { group } of given) await tx.groups.removeMember({ userId, groupId: group.id, origin });
  return given.map(({ group }) => group.name);
}
