/**
 * Ends grants that no session takes along, when what they hang on goes (VA-14): those of a provider that outlived their
 * session (LO-8) with the sign-in method they came with, and with their person those of tool servers as well.
 */
import { type AuditContext, auditEvent } from "../audit/audit-event.js";
import type { Instant } from "../kernel/time.js";
import { revocationOf, revocationRow } from "../outbox/revocation.js";
import type { Transaction } from "../store/contract.js";
import type { AuditEventRecord, GrantRecord } from "../store/records.js";
import { openGrant } from "../vault/sealed-grant.js";
import type { EndSessionsPorts } from "./end-sessions.js";

/** A provider's that outlived their session. @param issuer the one that told who the person is */
export const keptGrants = (grants: readonly GrantRecord[], issuer: string): readonly GrantRecord[] =>
  grantsWithoutSession(grants).filter((grant) => grant.connection.startsWith("provider:") && grant.issuer === issuer);

/** What ends with the person alone. */
export const grantsWithoutSession = (grants: readonly GrantRecord[]): readonly GrantRecord[] =>
  grants.filter(({ sessionId }) => sessionId === null);

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
  const revocations = new Map(grants.map((grant) => [grant.id, revocationOfGrant(grant)]));

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

  function revocationOfGrant(grant: GrantRecord) {
    const secrets = openGrant(ports.keyring, grant);
    return secrets && revocationRow(ports, revocationOf(grant, secrets), now);
  }
}
