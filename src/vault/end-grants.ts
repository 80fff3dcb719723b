/**
 * Ends grants by somebody's word: deleted at once, their tokens queued for revocation, everybody told, and written down
 * (VA-14). The person does it in the app, an operator on the command line, and it is the same.
 */
import { type AuditContext, auditEvent } from "../audit/audit-event.js";
import type { Keyring } from "../crypto/port.js";
import type { UserId } from "../kernel/ids.js";
import type { RandomSource } from "../kernel/random.js";
import type { Instant } from "../kernel/time.js";
import type { Store } from "../store/contract.js";
import type { AuditEventRecord, GrantRecord, OutboxRecord } from "../store/records.js";
import { grantNews } from "./grant-cache.js";
import type { GrantSecrets } from "./sealed-grant.js";
import { withRevocations } from "./with-revocations.js";

/** @returns how many ended */
export async function endGrants(
  ports: {
    readonly store: Pick<Store, "transaction" | "grants">;
    readonly keyring: Keyring;
    readonly random: RandomSource;
    /** The outbox row that revokes these tokens at their issuer. */
    readonly revocation: (grant: GrantRecord, secrets: GrantSecrets, now: Instant) => OutboxRecord;
  },
  of: { readonly user: UserId; readonly isMeant: (grant: GrantRecord) => boolean },
  by: { readonly actor: AuditEventRecord["actor"]; readonly audit: AuditContext; readonly now: Instant },
): Promise<number> {
  const { store, keyring } = ports;
  const revocation = (grant: GrantRecord, secrets: GrantSecrets) => ports.revocation(grant, secrets, by.now);
  const read = async () => (await store.grants.ofUser(of.user)).filter(of.isMeant);
  return withRevocations({ keyring, revocation }, read, (queue) =>
    store.transaction(async (tx) => {
      const grants = (await tx.grants.ofUser(of.user)).filter(of.isMeant);
      for (const grant of grants) {
        const { id, connection, userId } = grant;
        await queue(tx, grant);
        await tx.grants.delete(id);
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
      return grants.length;
    }),
  );
}
