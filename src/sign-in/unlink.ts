/**
 * Takes a sign-in method away: the identity, the sessions that it began with their grants, grants that outlived theirs,
 * and the groups and the role that its provider's claims gave (AC-4, VA-14), in one transaction, which also sees to it that a
 * way in stays.
 */
import { ownIdentities } from "../accounts/list-methods.js";
import { refuseUnlink } from "../accounts/policy/link.js";
import { isClaimsOriginOf } from "../accounts/policy/origin.js";
import { withdrawMemberships, withdrawRole } from "../accounts/withdraw-claims.js";
import { type AuditContext, auditEvent } from "../audit/audit-event.js";
import { LatchkeyError } from "../kernel/errors.js";
import { keptGrants, withdrawing } from "../logout/withdraw.js";
import type { Authenticated } from "../sessions/session.js";
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
      // All that claims of this issuer gave, whatever the provider was called when they did.
      const { names: groups } = await withdrawMemberships(tx, user.id, (of) => isClaimsOriginOf(of, identity.issuer));
      const roles = { order: ports.accounts.roleOrder, default: ports.accounts.defaultRole };
      const how = { actor, through: "unlink", audit: input.request, now };
      const of = { provider: identity.provider, givers: providersOf(ports, identity) };
      await withdrawRole({ random: ports.random, roles }, tx, user.id, of, how);
      await tx.announcements.append("user", user.id, now);
      const data = { identity: identity.id, issuer: identity.issuer, groups };
      const event = { type: "identity.unlinked", actor, target: actor, provider: identity.provider, data } as const;
      await tx.audit.append(auditEvent(ports, now, input.request, event));
      return { endedCurrent: begun.some(({ id }) => id === current.id) };
    }),
  );
}

/** Every provider through which the identity signs in: several ids may share one issuer (AC-1), and it knows only the last. */
const providersOf = (
  { providers }: Pick<SignInPorts, "providers">,
  { provider, issuer }: Pick<IdentityRecord, "provider" | "issuer">,
): readonly string[] => [
  provider,
  ...providers.all().flatMap(({ id, issuers }) => (issuers.includes(issuer) ? [id] : [])),
];
