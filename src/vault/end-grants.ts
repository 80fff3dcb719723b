/**
 * Ends grants by somebody's word: deleted at once, their tokens queued for revocation, everybody told, and written down
 * (VA-14). The person does it in the app, an operator on the command line, and it is the same.
 */
import { type AuditContext, auditEvent } from "../audit/audit-event.js";
import type { Keyring } from "../crypto/port.js";
import type { GrantId, UserId } from "../kernel/ids.js";
import type { RandomSource } from "../kernel/random.js";
import type { Instant } from "../kernel/time.js";
import type { Store } from "../store/contract.js";
import type { AuditEventRecord, GrantRecord, OutboxRecord } from "../store/records.js";
import { grantNews } from "./grant-cache.js";
import { type GrantSecrets, openGrant } from "./sealed-grant.js";
import { withRevocations } from "./with-revocations.js";

/** How many grants ended, and what becomes of their tokens where they came from. */
export interface EndedGrants {
  readonly ended: number;
  /** Those whose revocation is queued and can be sent. The others stay valid there until they end by themselves. */
  readonly revoked: number;
  /** Those of the others whose tokens no secret opens; what is left is of another server or client than is known now. */
  readonly unreadable: number;
}

export async function endGrants(
  ports: {
    readonly store: Pick<Store, "transaction" | "grants">;
    readonly keyring: Keyring;
    readonly random: RandomSource;
    /** The outbox row that revokes these tokens at their issuer; undefined where none is to wait for that. */
    readonly revocation: (grant: GrantRecord, secrets: GrantSecrets, now: Instant) => OutboxRecord | undefined;
    /** Whether it will find its way there, for who is told so. @default it will */
    readonly isRevocable?: ((grant: GrantRecord) => Promise<boolean>) | undefined;
  },
  of: { readonly user: UserId; readonly isMeant: (grant: GrantRecord) => boolean },
  by: { readonly actor: AuditEventRecord["actor"]; readonly audit: AuditContext; readonly now: Instant },
): Promise<EndedGrants> {
  const { store, keyring, isRevocable = async () => true } = ports;
  const revocation = (grant: GrantRecord, secrets: GrantSecrets) => ports.revocation(grant, secrets, by.now);
  const fates = new Map<GrantId, "revoked" | "foreign" | "unreadable">();
  const read = async () => {
    const grants = (await store.grants.ofUser(of.user)).filter(of.isMeant);
    for (const grant of grants) {
      const opens = openGrant(keyring, grant) !== undefined;
      fates.set(grant.id, !opens ? "unreadable" : (await isRevocable(grant)) ? "revoked" : "foreign");
    }
    return grants;
  };
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
      const those = (fate: string) => grants.filter(({ id }) => fates.get(id) === fate).length;
      return { ended: grants.length, revoked: those("revoked"), unreadable: those("unreadable") };
    }),
  );
}
