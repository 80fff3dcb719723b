/**
 * What was granted with `offline_access` and outlives its session (LO-8, `keepOfflineGrants`): the operator's app works
 * for people while they are away, and a sign-out at the provider is not a withdrawal of that.
 *
 * A kept grant belongs to no session any more, as a tool server's does: it is found by its user and connection. There is
 * one for each; the newest replaces the one before, or every sign-in of a year would leave one behind.
 */
import type { Instant } from "../kernel/time.js";
import type { Transaction } from "../store/contract.js";
import type { GrantRecord, SessionRecord } from "../store/records.js";

export const isOffline = (grant: GrantRecord): boolean =>
  grant.status === "active" && grant.scopes.includes("offline_access");

/** Takes them out of the session, in the transaction that is about to delete it and what still belongs to it. */
export async function keepOfflineGrants(tx: Transaction, session: SessionRecord, now: Instant): Promise<void> {
  const [newest] = (await tx.grants.ofSession(session.id)).filter(isOffline).sort((a, b) => b.issuedAt - a.issuedAt);
  if (newest === undefined) return;
  for (const other of await tx.grants.ofUser(session.userId)) {
    if (other.sessionId === null && sameUse(other, newest)) await tx.grants.delete(other.id);
  }
  const kept = { ...newest, sessionId: null, version: newest.version + 1, updatedAt: now };
  await tx.grants.replace(kept, newest.version);
}

const sameUse = (one: GrantRecord, other: GrantRecord): boolean =>
  one.connection === other.connection && one.issuer === other.issuer && one.clientId === other.clientId;
