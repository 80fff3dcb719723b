/**
 * Ends what was granted by a provider and outlived its session (LO-8), when what it hangs on goes: the sign-in method it
 * came with, or its person (VA-14). Nothing deletes these with a session, since they have none.
 */
import { type AuditContext, auditEvent } from "../audit/audit-event.js";
import type { Instant } from "../kernel/time.js";
import { revocationRow } from "../outbox/revocation.js";
import type { Transaction } from "../store/contract.js";
import type { AuditEventRecord, GrantRecord } from "../store/records.js";
import { openGrant } from "../vault/sealed-grant.js";
import type { EndSessionsPorts } from "./end-sessions.js";

const prefix = "provider:";

/** @param issuer only this one's. @default every provider's */
export const keptGrants = (grants: readonly GrantRecord[], issuer?: string): readonly GrantRecord[] =>
  grants.filter(
    (grant) =>
      grant.sessionId === null &&
      grant.connection.startsWith(prefix) &&
      (issuer === undefined || grant.issuer === issuer),
  );

/**
 * Seals the revocations; call it before the transaction. What it answers deletes those that are there then; one that
 * was not there before goes unrevoked.
 */
export function prepareEndOfKept(
  ports: Pick<EndSessionsPorts, "keyring" | "random">,
  grants: readonly GrantRecord[],
  by: {
    readonly actor: AuditEventRecord["actor"];
    readonly reason: "identity_unlinked" | "user_deleted";
    readonly audit: AuditContext;
    readonly now: Instant;
  },
): (tx: Transaction, found: readonly GrantRecord[]) => Promise<void> {
  const { actor, reason, now } = by;
  const revocations = new Map(grants.map((grant) => [grant.id, revocationOf(grant)]));

  return async (tx, found) => {
    for (const grant of found) {
      await tx.grants.delete(grant.id);
      const revocation = revocations.get(grant.id);
      if (revocation) await tx.outbox.insert(revocation);
      const { connection, userId: user } = grant;
      const target = { kind: "grant", id: grant.id };
      const event = { type: "grant.disconnected", actor, target, connection, rule: reason, data: { user } } as const;
      await tx.audit.append(auditEvent(ports, now, by.audit, event));
    }
  };

  function revocationOf(grant: GrantRecord) {
    const secrets = openGrant(ports.keyring, grant);
    if (!secrets) return undefined;
    const { issuer, clientId, connection } = grant;
    const { refreshToken, accessToken } = secrets;
    const provider = connection.slice(prefix.length);
    return revocationRow(ports, { provider, issuer, clientId, refreshToken, accessToken }, now);
  }
}
