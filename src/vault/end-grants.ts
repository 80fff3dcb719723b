/**
 * Ends grants by somebody's word: deleted at once, their tokens queued for revocation, everybody told, and written down
 * (VA-14). The person does it in the app, an operator on the command line, and it is the same.
 */
import { type AuditContext, auditEvent } from "../audit/audit-event.js";
import type { Keyring } from "../crypto/port.js";
import type { RandomSource } from "../kernel/random.js";
import type { Instant } from "../kernel/time.js";
import type { Store } from "../store/contract.js";
import type { AuditEventRecord, GrantRecord, OutboxRecord } from "../store/records.js";
import { grantNews } from "./grant-cache.js";
import { type GrantSecrets, openGrant } from "./sealed-grant.js";

export async function endGrants(
  ports: {
    readonly store: Pick<Store, "transaction">;
    readonly keyring: Keyring;
    readonly random: RandomSource;
    /** The outbox row that revokes these tokens at their issuer. */
    readonly revocation: (grant: GrantRecord, secrets: GrantSecrets, now: Instant) => OutboxRecord;
  },
  grants: readonly GrantRecord[],
  by: { readonly actor: AuditEventRecord["actor"]; readonly audit: AuditContext; readonly now: Instant },
): Promise<void> {
  // Sealed before the transaction; a row that no key opens has nothing that could be revoked.
  const prepared = grants.map((grant) => {
    const secrets = openGrant(ports.keyring, grant);
    return { grant, revocation: secrets && ports.revocation(grant, secrets, by.now) };
  });
  await ports.store.transaction(async (tx) => {
    for (const { grant, revocation } of prepared) {
      const { id, connection, userId } = grant;
      await tx.grants.delete(id);
      if (revocation) await tx.outbox.insert(revocation);
      const target = { kind: "grant", id };
      const event = {
        type: "grant.disconnected",
        actor: by.actor,
        target,
        connection,
        data: { user: userId },
      } as const;
      await tx.audit.append(auditEvent(ports, by.now, by.audit, event));
    }
    for (const news of new Set(grants.map(grantNews))) await tx.announcements.append("grant", news, by.now);
  });
}
