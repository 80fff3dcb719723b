/** Records for the store suite: whole and valid, each different from every other, with what a test says on top. */
import { newId } from "../../kernel/ids.js";
import type { RandomSource } from "../../kernel/random.js";
import { toInstant } from "../../kernel/time.js";
import type { Store, Transaction } from "../../store/contract.js";
import type {
  AuditEventRecord,
  GrantRecord,
  GroupRecord,
  IdentityRecord,
  OutboxRecord,
  RegistrationRecord,
  SessionRecord,
  UserRecord,
} from "../../store/records.js";

/** The store of the test that runs. */
export type TheStore = () => Store;
/** Another store over the same database, as another node has it; the suite closes it. */
export type Another = () => Promise<Store>;

let count = 0;
/** Counts instead of guessing: no two ids are alike, and their order is the order of making. */
export const countedRandom: RandomSource = {
  bytes(length) {
    const bytes = new Uint8Array(length);
    new DataView(bytes.buffer).setUint32(Math.max(0, length - 4), ++count);
    return bytes;
  },
};

export const start = toInstant(1_767_225_600_000);
/** `milliseconds` after the start. */
export const at = (milliseconds: number) => toInstant(start + milliseconds);
const id = <T>(): T => newId(at(count), countedRandom) as T;

export function aUser(on: Partial<UserRecord> = {}): UserRecord {
  const own = id<UserRecord["id"]>();
  return {
    id: own,
    email: `${own}@example.test`,
    emailVerified: true,
    name: "Ann Example",
    picture: null,
    role: "user",
    roleOrigin: "default",
    disabledAt: null,
    claimedAt: start,
    version: 1,
    createdAt: start,
    updatedAt: start,
    lastSignInAt: null,
    ...on,
  };
}

export function anIdentity(user: UserRecord, on: Partial<IdentityRecord> = {}): IdentityRecord {
  const own = id<IdentityRecord["id"]>();
  return {
    id: own,
    userId: user.id,
    provider: "acme",
    issuer: "https://id.example.test",
    subject: own,
    sub: own,
    email: user.email,
    emailVerified: true,
    claims: null,
    createdAt: start,
    lastUsedAt: start,
    ...on,
  };
}

export function aGroup(on: Partial<GroupRecord> = {}): GroupRecord {
  const own = id<GroupRecord["id"]>();
  return {
    id: own,
    name: `group ${own}`,
    permissions: {},
    share: "members",
    createdBy: "manual",
    createdAt: start,
    ...on,
  };
}

export function aSession(identity: IdentityRecord, on: Partial<SessionRecord> = {}): SessionRecord {
  const own = id<SessionRecord["id"]>();
  return {
    id: own,
    tokenHash: `hash-${own}`,
    userId: identity.userId,
    identityId: identity.id,
    provider: identity.provider,
    issuer: identity.issuer,
    clientId: "client",
    sub: identity.sub,
    sid: null,
    createdAt: start,
    lastSeenAt: start,
    idleEndsAt: at(7 * 86_400_000),
    endsAt: at(30 * 86_400_000),
    address: "192.0.2.1",
    userAgent: "Browser/1.0",
    roleAtIssue: "user",
    ...on,
  };
}

export function aGrant(user: UserRecord, session: SessionRecord | null, on: Partial<GrantRecord> = {}): GrantRecord {
  return {
    id: id<GrantRecord["id"]>(),
    userId: user.id,
    connection: session ? "provider:acme" : "tool:wiki",
    sessionId: session?.id ?? null,
    issuer: "https://id.example.test",
    clientId: "client",
    accountLabel: "ann",
    scopes: ["openid", "email"],
    issuedAt: start,
    expiresAt: at(3_600_000),
    status: "active",
    statusReason: null,
    version: 1,
    lastRefreshAt: null,
    lastFailureCode: null,
    nextAttemptAt: null,
    leaseOwner: null,
    leaseEndsAt: null,
    lastUsedAt: null,
    sealed: "sealed",
    createdAt: start,
    updatedAt: start,
    ...on,
  };
}

export function anOutboxRow(on: Partial<OutboxRecord> = {}): OutboxRecord {
  return {
    id: id<OutboxRecord["id"]>(),
    kind: "revoke",
    dead: false,
    sealed: "sealed",
    attempts: 0,
    nextAttemptAt: start,
    endsAt: at(86_400_000),
    lastFailure: null,
    createdAt: start,
    ...on,
  };
}

export function anAuditEvent(on: Partial<AuditEventRecord> = {}): AuditEventRecord {
  return {
    id: id<AuditEventRecord["id"]>(),
    at: start,
    type: "user.created",
    actor: { kind: "system", id: null },
    target: { kind: "user", id: null },
    provider: null,
    connection: null,
    address: null,
    rule: null,
    code: null,
    requestId: "request",
    data: {},
    ...on,
  };
}

/** Does one thing in a transaction of its own. */
export const write = <T>(store: Store, act: (tx: Transaction) => Promise<T>): Promise<T> => store.transaction(act);

/** A user with an identity, a session, a provider grant of that session, and a tool grant, all stored. */
export async function aPerson(store: Store, on: { user?: Partial<UserRecord>; session?: Partial<SessionRecord> } = {}) {
  const user = aUser(on.user);
  const identity = anIdentity(user);
  const session = aSession(identity, on.session);
  const grant = aGrant(user, session);
  const toolGrant = aGrant(user, null);
  await store.transaction(async (tx) => {
    await tx.users.insert(user);
    await tx.identities.insert(identity);
    await tx.sessions.insert(session);
    await tx.grants.insert(grant);
    await tx.grants.insert(toolGrant);
  });
  return { user, identity, session, grant, toolGrant };
}

export function aRegistration(on: Partial<RegistrationRecord> = {}): RegistrationRecord {
  const own = id<RegistrationRecord["id"]>();
  return {
    id: own,
    kind: "dynamic",
    connection: "tool:files",
    issuer: "https://as.example.test",
    redirectUri: `https://app.example.test/auth/connections/${own}/callback`,
    clientId: `client ${own}`,
    sealed: "sealed",
    secretEndsAt: null,
    lastFailure: null,
    nextAttemptAt: null,
    leaseOwner: null,
    leaseEndsAt: null,
    version: 1,
    createdAt: start,
    updatedAt: start,
    ...on,
  };
}
