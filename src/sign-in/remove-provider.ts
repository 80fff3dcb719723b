/**
 * Takes away all that hangs on a provider when the operator removes it (VA-14): the sessions that began with it, every
 * grant of its connection, and the groups and the roles that its claims gave. One transaction for each person, so that a
 * run that is cut off is finished by the next one.
 *
 * It goes by the id: what came of another issuer under the same id goes too. People and their identities stay; an
 * identity of a provider that is gone lets nobody in.
 */
import { rolesAboveDefault } from "../accounts/policy/link.js";
import { isClaimsOriginFrom } from "../accounts/policy/origin.js";
import type { RoleRules } from "../accounts/policy/role.js";
import { withdrawMemberships, withdrawRole } from "../accounts/withdraw-claims.js";
import { type AuditContext, auditEvent } from "../audit/audit-event.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { UserId } from "../kernel/ids.js";
import type { Clock } from "../kernel/time.js";
import type { EndSessionsPorts } from "../logout/end-sessions.js";
import { withdrawing } from "../logout/withdraw.js";
import { isRevocableAt } from "../outbox/revocation.js";
import type { ProviderTraces } from "../store/contract.js";
import type { AuditEventRecord, GrantRecord } from "../store/records.js";

export interface RemoveProviderPorts extends EndSessionsPorts {
  readonly clock: Clock;
  readonly roles: Pick<RoleRules, "order" | "default">;
}

/** What went. `revoked`: of the grants those whose tokens are revoked at the provider. */
export type ProviderRemoved = ProviderTraces & { readonly revoked: number };

export interface ProviderAdministration {
  /** What would go. Grants that are `foreignGrants` cannot be revoked: the configuration does not say, or not any more, as whom. */
  look(provider: string): Promise<{ readonly traces: ProviderTraces; readonly configured: boolean }>;
  /**
   * Ends it all here; the running server revokes what is in the outbox then, and can be.
   *
   * @throws LatchkeyError `signin.provider_enabled` while people can sign in with it · `signin.provider_unknown` for an id
   *   on which nothing hangs and that is not configured
   */
  remove(provider: string): Promise<ProviderRemoved>;
}

const page = 100;

export function administerProviders(
  ports: RemoveProviderPorts & { readonly by: () => AuditContext & { readonly actor: AuditEventRecord["actor"] } },
): ProviderAdministration {
  const { store, clock } = ports;
  const roles = rolesAboveDefault(ports.roles);

  async function look(provider: string) {
    const entry = ports.providers.byId(provider);
    const own = entry && { issuers: entry.issuers, clientId: entry.client.clientId };
    return { traces: await store.providerTraces.count({ provider, roles, own }), configured: entry !== undefined };
  }

  /** Whether the running server finds its way to where this can be revoked. */
  function isOwn(provider: string, grant: Pick<GrantRecord, "issuer" | "clientId">): boolean {
    const entry = ports.providers.byId(provider);
    return entry !== undefined && isRevocableAt(entry, grant);
  }

  /** What of one person goes. */
  async function removeOf(userId: UserId, provider: string): Promise<Omit<ProviderRemoved, "people">> {
    const { actor, ...audit } = ports.by();
    const now = clock.now();
    const connection = `provider:${provider}`;
    const by = { actor, reason: "provider_removed", audit, now } as const;
    const ofIt = async () => (await store.grants.ofUser(userId)).filter((grant) => grant.connection === connection);
    const revokes = ports.providers.byId(provider) !== undefined;
    return withdrawing({ ...ports, revokes }, by, ofIt, (withdraw) =>
      store.transaction(async (tx) => {
        const sessions = (await tx.sessions.ofUser(userId)).filter((session) => session.provider === provider);
        const grants = (await tx.grants.ofUser(userId)).filter((grant) => grant.connection === connection);
        const ending = new Set<string | null>(sessions.map(({ id }) => id));
        const queued = await withdraw(tx, { sessions, kept: grants.filter(({ sessionId }) => !ending.has(sessionId)) });
        const { count } = await withdrawMemberships(tx, userId, (origin) => isClaimsOriginFrom(origin, provider));
        const how = { actor, through: by.reason, audit, now };
        const lower = await withdrawRole(ports, tx, userId, { provider, givers: [provider] }, how);
        await tx.announcements.append("user", userId, now);
        return {
          sessions: sessions.length,
          grants: grants.length,
          foreignGrants: grants.filter((grant) => !isOwn(provider, grant)).length,
          revoked: queued.filter((grant) => isOwn(provider, grant)).length,
          memberships: count,
          roles: lower ? 1 : 0,
        };
      }),
    );
  }

  return {
    look,
    async remove(provider) {
      if (ports.providers.byId(provider)?.enabled)
        throw new LatchkeyError("signin.provider_enabled", { data: { provider } });
      const { traces, configured } = await look(provider);
      if (traces.people === 0 && !configured)
        throw new LatchkeyError("signin.provider_unknown", {
          data: { reason: `nothing hangs on ${provider.slice(0, 64)}` },
        });
      let gone = nothing;
      for (let last: UserId | undefined; ; ) {
        const people = await store.providerTraces.people({ provider, roles }, page, last);
        for (const userId of people) gone = sum(gone, { people: 1, ...(await removeOf(userId, provider)) });
        if (people.length < page) break;
        last = people.at(-1);
      }
      const { actor, ...audit } = ports.by();
      const target = { kind: "provider", id: provider };
      const event = { type: "provider.removed", actor, target, provider, data: { ...gone } } as const;
      await store.transaction((tx) => tx.audit.append(auditEvent(ports, clock.now(), audit, event)));
      return gone;
    },
  };
}

const nothing: ProviderRemoved = {
  people: 0,
  sessions: 0,
  grants: 0,
  foreignGrants: 0,
  revoked: 0,
  memberships: 0,
  roles: 0,
};

const sum = (a: ProviderRemoved, b: ProviderRemoved): ProviderRemoved => ({
  people: a.people + b.people,
  sessions: a.sessions + b.sessions,
  grants: a.grants + b.grants,
  foreignGrants: a.foreignGrants + b.foreignGrants,
  revoked: a.revoked + b.revoked,
  memberships: a.memberships + b.memberships,
  roles: a.roles + b.roles,
});
