/**
 * Ends sessions: the row, its grants, an announcement that every node reads, an audit event, and the revocations that
 * the operator wants. One way to end a session, whoever asks: the person, another device, an operator, a new sign-in.
 */
import { type AuditContext, auditEvent } from "../audit/audit-event.js";
import type { Keyring } from "../crypto/port.js";
import type { UserId } from "../kernel/ids.js";
import type { RandomSource } from "../kernel/random.js";
import type { Instant } from "../kernel/time.js";
import { type Revocation, revocationRow } from "../outbox/revocation.js";
import type { Provider, ProviderRegistry } from "../providers/provider.js";
import type { Store, StoreReads, Transaction } from "../store/contract.js";
import type { AuditEventRecord, GrantRecord, OutboxRecord, SessionRecord } from "../store/records.js";
import { openGrant } from "../vault/sealed-grant.js";
import { isOffline, keepOfflineGrants } from "./offline-grants.js";

export interface EndSessionsPorts {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly providers: ProviderRegistry;
  readonly random: RandomSource;
}

/** Why a session ended; the `rule` of its audit event. */
export type EndReason =
  | "sign_out"
  | "ended_by_person"
  | "replaced"
  | "identity_unlinked"
  | "provider_removed"
  | "too_many_sessions"
  | "ended_by_operator"
  | "ended_by_service"
  | "user_disabled"
  | "access_refused"
  | "user_deleted"
  | "backchannel"
  | "frontchannel";

/** Who ends them and why. */
export interface EndedBy {
  readonly actor: AuditEventRecord["actor"];
  readonly reason: EndReason;
  readonly audit: AuditContext;
  readonly now: Instant;
}

/** LO-8: only what the provider ends leaves offline grants behind; a person who signs out means all of it. */
const mayKeepGrants = (provider: Provider | undefined, reason: EndReason | undefined): boolean =>
  provider?.keepOfflineGrants === true && (reason === "backchannel" || reason === "frontchannel");

/** Sealed before the transaction, written inside it. */
export type PreparedEnd = {
  readonly session: SessionRecord;
  readonly revocations: readonly OutboxRecord[];
  /** Whether its offline grants stay. */
  readonly keepsGrants?: boolean;
};

/**
 * The reading and sealing half: call it before the transaction.
 *
 * @param grantsOfUser reads the siblings; who ends many sessions of one person must not read all their grants for each
 */
export async function prepareEnd(
  ports: Omit<EndSessionsPorts, "store"> & { store: Pick<StoreReads, "grants"> },
  session: SessionRecord,
  now: Instant,
  grantsOfUser = (id: UserId) => ports.store.grants.ofUser(id),
  reason?: EndReason,
): Promise<PreparedEnd> {
  const provider = ports.providers.byId(session.provider);
  const keepsGrants = mayKeepGrants(provider, reason);
  if (!provider || !mayRevoke(provider)) return { session, revocations: [], keepsGrants };
  const ofSession = await ports.store.grants.ofSession(session.id);
  const ending = ofSession.filter((grant) => !(keepsGrants && isOffline(grant)));
  const siblings = provider.revokeOnSignOut === "always" ? [] : await grantsOfUser(session.userId);
  const revocations = ending
    .filter((grant) => provider.revokeOnSignOut === "always" || endsAlone(grant, siblings))
    .flatMap((grant) => revocationOf(ports.keyring, session, grant))
    .map((revocation) => revocationRow(ports, revocation, now));
  return { session, revocations, keepsGrants };
}

/** LO-5 `auto`: only where the preset knows that this token alone ends … */
const mayRevoke = ({ revokeOnSignOut, revocationEndsOneToken }: Provider): boolean =>
  revokeOnSignOut === "always" || (revokeOnSignOut === "auto" && revocationEndsOneToken);

/** … and no sibling grant could be hit. */
const endsAlone = (grant: GrantRecord, ofUser: readonly GrantRecord[]): boolean =>
  !ofUser.some((other) => other.id !== grant.id && other.clientId === grant.clientId && other.status === "active");

function revocationOf(keyring: Keyring, session: SessionRecord, grant: GrantRecord): Revocation[] {
  const secrets = openGrant(keyring, grant);
  if (!secrets) return [];
  const { refreshToken, accessToken } = secrets;
  return [{ provider: session.provider, issuer: grant.issuer, clientId: grant.clientId, refreshToken, accessToken }];
}

/** The writing half, in the caller's transaction. False when the session was already gone: nothing is written then. */
export async function endInTransaction(
  ports: { random: RandomSource },
  tx: Transaction,
  end: PreparedEnd,
  by: EndedBy,
): Promise<boolean> {
  const { session } = end;
  if (end.keepsGrants) await keepOfflineGrants(tx, session, by.now);
  if (!(await tx.sessions.delete(session.id))) return false;
  await tx.announcements.append("session", session.id, by.now);
  for (const revocation of end.revocations) await tx.outbox.insert(revocation);
  const target = { kind: "session", id: session.id };
  const event = {
    type: "session.ended",
    actor: by.actor,
    target,
    provider: session.provider,
    rule: by.reason,
  } as const;
  await tx.audit.append(auditEvent(ports, by.now, by.audit, { ...event, data: { user: session.userId } }));
  return true;
}

/** Ends these sessions in one transaction; answers how many were still there. */
export async function endSessions(
  ports: EndSessionsPorts,
  sessions: readonly SessionRecord[],
  by: EndedBy,
): Promise<number> {
  const prepared = await prepareAll(ports, sessions, by);
  if (prepared.length === 0) return 0;
  return ports.store.transaction(async (tx) => {
    let ended = 0;
    for (const end of prepared) if (await endInTransaction(ports, tx, end, by)) ended++;
    return ended;
  });
}

/**
 * The same inside somebody else's transaction: what is there now is read and sealed beforehand; a session that began in
 * between ends too, its tokens unrevoked.
 */
export async function prepareEndOfUser(
  ports: EndSessionsPorts,
  userId: UserId,
  by: EndedBy,
): Promise<(tx: Transaction) => Promise<number>> {
  const end = await prepareEndOf(ports, await ports.store.sessions.ofUser(userId), by);
  return async (tx) => end(tx, await tx.sessions.ofUser(userId));
}

/** The same for any sessions: those that are there now, and later, in the transaction, those that are there then. */
export async function prepareEndOf(
  ports: EndSessionsPorts,
  sessions: readonly SessionRecord[],
  by: EndedBy,
): Promise<(tx: Transaction, found: readonly SessionRecord[]) => Promise<number>> {
  const prepared = new Map((await prepareAll(ports, sessions, by)).map((end) => [end.session.id, end]));
  return async (tx, found) => {
    let ended = 0;
    for (const session of found) {
      const keepsGrants = mayKeepGrants(ports.providers.byId(session.provider), by.reason);
      const end = prepared.get(session.id) ?? { session, revocations: [], keepsGrants };
      if (await endInTransaction(ports, tx, end, by)) ended++;
    }
    return ended;
  };
}

async function prepareAll(ports: EndSessionsPorts, sessions: readonly SessionRecord[], by: EndedBy) {
  const read = new Map<UserId, Promise<readonly GrantRecord[]>>();
  const grantsOfUser = (id: UserId): Promise<readonly GrantRecord[]> => {
    const grants = read.get(id) ?? ports.store.grants.ofUser(id);
    read.set(id, grants);
    return grants;
  };
  return Promise.all(sessions.map((session) => prepareEnd(ports, session, by.now, grantsOfUser, by.reason)));
}
