/**
 * At most so many sessions per person and provider (SI-21): a sign-in that makes one too many ends those that were used
 * longest ago, in its own transaction, so that sign-ins which arrive together cannot pass the number together.
 *
 * Not here: how a session ends (logout/end-sessions).
 */
import type { AuditContext } from "../audit/audit-event.js";
import type { SessionId, UserId } from "../kernel/ids.js";
import type { Instant } from "../kernel/time.js";
import { type EndSessionsPorts, endInTransaction, type PreparedEnd, prepareEnd } from "../logout/end-sessions.js";
import type { Provider } from "../providers/provider.js";
import type { Transaction } from "../store/contract.js";
import type { SessionRecord } from "../store/records.js";
import { beyondCap } from "./policy/beyond-cap.js";

export interface SessionCapInput {
  readonly userId: UserId;
  readonly provider: Provider;
  /** Most sessions that may be left, the new one among them. */
  readonly most: number;
  readonly audit: AuditContext;
  readonly now: Instant;
}

/**
 * Reads and seals; call it before the transaction. What it answers ends the sessions that are too many, and is called
 * in the transaction when the new session has been inserted.
 *
 * A session that the transaction finds and this half did not (another sign-in came in between) ends like the others,
 * its tokens unrevoked: sealing has no place in a transaction, and beginning anew would let fifty sign-ins starve
 * each other.
 */
export async function prepareSessionCap(
  ports: EndSessionsPorts,
  input: SessionCapInput,
): Promise<(tx: Transaction, kept: SessionId) => Promise<void>> {
  const { userId, provider, most, now } = input;
  const mine = (sessions: readonly SessionRecord[]) => sessions.filter((session) => session.provider === provider.id);
  const before = mine(await ports.store.sessions.ofUser(userId));
  // All of them: which ones are too many is only known inside.
  const prepared =
    before.length < most ? [] : await Promise.all(before.map((session) => prepareEnd(ports, session, now)));

  return async (tx, kept) => {
    for (const session of beyondCap(mine(await tx.sessions.ofUser(userId)), kept, most)) {
      const found = prepared.find((one) => one.session.id === session.id) ?? { session, revocations: [] };
      const end = withoutHarm(found, provider);
      const actor = { kind: "user", id: userId };
      await endInTransaction(ports, tx, end, { actor, reason: "too_many_sessions", audit: input.audit, now });
    }
  };
}

/**
 * LO-5 `auto` asks for no other live grant of this user and client, and the sign-in has just written one: a provider
 * that ends more than the one token would end that too. `always` is the operator's word that it does not.
 */
function withoutHarm(end: PreparedEnd, provider: Provider): PreparedEnd {
  const sibling = end.session.clientId === provider.client.clientId;
  return provider.revokeOnSignOut !== "always" && sibling ? { ...end, revocations: [] } : end;
}
