/**
 * Ends what hangs on a sign-in method, a provider or a person when that goes (VA-14): the sessions with their grants, and the grants
 * that no session takes along: those of a provider that outlived theirs (LO-8), and with a person those of tool servers.
 *
 * All of it is revoked: `revokeOnSignOut` is about people who sign out and mean to come back.
 */
import { type AuditContext, auditEvent } from "../audit/audit-event.js";
import type { Instant } from "../kernel/time.js";
import { revocationOf, revocationRow } from "../outbox/revocation.js";
import type { Transaction } from "../store/contract.js";
import type { AuditEventRecord, GrantRecord, SessionRecord } from "../store/records.js";
import { type QueueRevocation, withRevocations } from "../vault/with-revocations.js";
import { type EndSessionsPorts, endInTransaction } from "./end-sessions.js";

/** A provider's that outlived their session. @param issuer the one that told who the person is */
export const keptGrants = (grants: readonly GrantRecord[], issuer: string): readonly GrantRecord[] =>
  grantsWithoutSession(grants).filter((grant) => grant.connection.startsWith("provider:") && grant.issuer === issuer);

/** What ends with the person alone. */
export const grantsWithoutSession = (grants: readonly GrantRecord[]): readonly GrantRecord[] =>
  grants.filter(({ sessionId }) => sessionId === null);

/** Who does it, and because of what. */
export interface WithdrawnBy {
  readonly actor: AuditEventRecord["actor"];
  readonly reason: "identity_unlinked" | "user_deleted" | "provider_removed";
  readonly audit: AuditContext;
  readonly now: Instant;
}

/** Ends these, in the caller's transaction, where they were read. Answers the grants whose revocation was queued. */
export type Withdraw = (
  tx: Transaction,
  what: { readonly sessions: readonly SessionRecord[]; readonly kept: readonly GrantRecord[] },
) => Promise<readonly GrantRecord[]>;

/**
 * @param read all that may be meant, as it is now
 * @param act one transaction; it is begun anew when a grant was refreshed before it
 * @throws LatchkeyError `store.*`
 */
export async function withdrawing<T>(
  ports: Pick<EndSessionsPorts, "keyring" | "random"> & {
    /** False where nobody can say where and as whom any more, so that nothing waits for it. @default true */
    readonly revokes?: boolean;
  },
  by: WithdrawnBy,
  read: () => Promise<readonly GrantRecord[]>,
  act: (withdraw: Withdraw) => Promise<T>,
): Promise<T> {
  const { keyring, revokes = true } = ports;
  const revocation: Parameters<typeof withRevocations>[0]["revocation"] = (grant, secrets) =>
    revokes ? revocationRow(ports, revocationOf(grant, secrets), by.now) : undefined;
  return withRevocations({ keyring, revocation }, read, (queue) =>
    act(async (tx, { sessions, kept }) => {
      const queued: GrantRecord[] = [];
      for (const session of sessions) {
        for (const grant of await tx.grants.ofSession(session.id)) if (await queue(tx, grant)) queued.push(grant);
        await endInTransaction(ports, tx, { session, revocations: [] }, by);
      }
      for (const grant of kept) if (await endKept(ports, tx, grant, queue, by)) queued.push(grant);
      return queued;
    }),
  );
}

/** @returns whether its revocation was queued */
async function endKept(
  ports: Pick<EndSessionsPorts, "random">,
  tx: Transaction,
  grant: GrantRecord,
  queue: QueueRevocation,
  { actor, reason: rule, audit, now }: WithdrawnBy,
): Promise<boolean> {
  const { id, connection, userId: user } = grant;
  const queued = await queue(tx, grant);
  await tx.grants.delete(id);
  const target = { kind: "grant", id };
  const event = { type: "grant.disconnected", actor, target, connection, rule, data: { user } } as const;
  await tx.audit.append(auditEvent(ports, now, audit, event));
  return queued;
}
