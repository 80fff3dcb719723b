/**
 * The store as the core needs it. The promises are in words here, and `testing/store-suite` asks every backend
 * to keep them. All network I/O and sealing happen before a transaction; inside one, nothing is awaited but the
 * database (QU-21).
 *
 * Long because every promise of every table is on this one page.
 *
 * Not here: SQL (store/sql), what a record means to the product (the features), retries of a whole step.
 */
import type { GrantId, GroupId, IdentityId, OutboxId, RegistrationId, SessionId, UserId } from "../kernel/ids.js";
import type { Instant } from "../kernel/time.js";
import type {
  Announcement,
  AnnouncementKind,
  AuditEventRecord,
  ChallengeRecord,
  FailingGrants,
  GrantRecord,
  GrantStatus,
  GroupRecord,
  IdentityRecord,
  MembershipRecord,
  MetadataRecord,
  OutboxRecord,
  PictureRecord,
  PictureSummary,
  RegistrationRecord,
  SealedRow,
  SealedTable,
  ServiceRecord,
  SessionRecord,
  SettingRecord,
  SigningKeyRecord,
  StoredToolServerRecord,
  UserRecord,
  WaitingGrant,
} from "./records.js";

/** A page of a list. `next` is an opaque cursor to pass back, or null at the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}
export interface PageRequest {
  /** 1 to 200; what is outside is brought inside. */
  readonly limit: number;
  /** @throws LatchkeyError `server.bad_request` from the list when it is not one that a list gave */
  readonly cursor?: string | undefined;
}

/** Which audit events; all that are given must fit. */
export interface AuditFilter {
  readonly type?: string | undefined;
  readonly targetId?: string | undefined;
  /** Who did it, or to whom it was done. */
  readonly about?: string | undefined;
  /** From this moment on. */
  readonly since?: Instant | undefined;
  /** Before this moment. */
  readonly until?: Instant | undefined;
  /** @default false */
  readonly oldestFirst?: boolean | undefined;
}

export interface StoreReads {
  readonly users: {
    byId(id: UserId): Promise<UserRecord | undefined>;
    /** `email` already normalised. */
    byEmail(email: string): Promise<UserRecord | undefined>;
    /** True while there is not a single user. */
    none(): Promise<boolean>;
    /** Users that are `admin` and not disabled. */
    countEnabledAdmins(): Promise<number>;
    /** In order of id. `search` matches inside e-mail and name, case-insensitively and literally. */
    list(page: PageRequest, filter?: { search?: string; role?: string }): Promise<Page<UserRecord>>;
  };
  readonly identities: {
    /** Exact comparison of both, byte for byte, case included. */
    bySubject(issuer: string, subject: string): Promise<IdentityRecord | undefined>;
    /** By the provider's real `sub`, compared as exactly; several where the operator changed the claim that is the subject. */
    bySub(issuer: string, sub: string): Promise<readonly IdentityRecord[]>;
    ofUser(userId: UserId): Promise<readonly IdentityRecord[]>;
  };
  readonly groups: {
    byName(name: string): Promise<GroupRecord | undefined>;
    /** Those of the names that are there, each once, in no order; a query for many names, not one for each. */
    byNames(names: readonly string[]): Promise<readonly GroupRecord[]>;
    /** Groups of a user with each membership's origin, by name. A group with two origins comes twice. */
    ofUser(userId: UserId): Promise<readonly { readonly group: GroupRecord; readonly origin: string }[]>;
  };
  readonly sessions: {
    byTokenHash(tokenHash: string): Promise<SessionRecord | undefined>;
    byId(id: SessionId): Promise<SessionRecord | undefined>;
    /** Newest first; ended ones are not stored. */
    ofUser(userId: UserId): Promise<readonly SessionRecord[]>;
    /** @param issuer one, or several where a provider speaks as an issuer per tenant */
    bySid(issuer: string | readonly string[], sid: string): Promise<readonly SessionRecord[]>;
    bySub(issuer: string, sub: string): Promise<readonly SessionRecord[]>;
  };
  readonly grants: {
    byId(id: GrantId): Promise<GrantRecord | undefined>;
    ofSession(sessionId: SessionId): Promise<readonly GrantRecord[]>;
    ofUser(userId: UserId): Promise<readonly GrantRecord[]>;
    /** In order of id; with `status` and `connection` only those. */
    list(page: PageRequest, filter?: { status?: GrantStatus; connection?: string }): Promise<Page<GrantRecord>>;
    /**
     * Grants that may be refreshed at `now`: active, of people who are neither disabled nor pending, of sessions that
     * live or of none, under no living lease and with no later next attempt. Of these the ones whose access token ends
     * after `from` and not after `until`, in order of that end.
     */
    ending(span: GrantSpan & { readonly from: Instant; readonly until: Instant }): Promise<readonly WaitingGrant[]>;
    /** The same, of those whose tokens were issued at `issuedBy` or before, in order of id. Walks through all of them. */
    idle(span: GrantSpan & { readonly issuedBy: Instant }): Promise<readonly WaitingGrant[]>;
    /** Every connection that somebody has a grant of, once, in order; found by an index, however many people have one. */
    connections(): Promise<readonly string[]>;
    /** How many there are of a connection. */
    count(connection: string): Promise<number>;
    /** The issuers that people's active grants of a connection are of, each once. */
    issuers(connection: string): Promise<readonly string[]>;
    /** Active grants whose last refresh failed, counted by connection and failure, most first. */
    failing(limit: number): Promise<readonly FailingGrants[]>;
  };
  readonly pictures: {
    ofUser(userId: UserId): Promise<PictureRecord | undefined>;
    /** The same without the bytes. */
    summaryOf(userId: UserId): Promise<PictureSummary | undefined>;
  };
  readonly metadata: {
    byUrl(url: string): Promise<MetadataRecord | undefined>;
  };
  readonly announcements: {
    /** Those with a higher sequence, in order, at most 1,000. */
    after(sequence: number): Promise<readonly Announcement[]>;
    /** The highest sequence so far, or 0. */
    latest(): Promise<number>;
  };
  readonly outbox: {
    /** Due at `now`, oldest first; with `kind` only these. A dead row is never due. */
    due(now: Instant, limit: number, kind?: string): Promise<readonly OutboxRecord[]>;
    /** How many rows wait, due or not, and when the oldest was written; null for none. Dead ones do not wait. */
    waiting(): Promise<{ readonly rows: number; readonly oldest: Instant | null }>;
    /** How many rows are dead. */
    countDead(): Promise<number>;
    byId(id: OutboxId): Promise<OutboxRecord | undefined>;
    /** In order of id, which is the order of making. */
    list(page: PageRequest, filter: { kind: string; dead?: boolean }): Promise<Page<OutboxRecord>>;
  };
  readonly audit: {
    /** Newest first, or oldest first where the filter says so. A cursor fits only the order it came from. */
    list(page: PageRequest, filter?: AuditFilter): Promise<Page<AuditEventRecord>>;
  };
  readonly settings: {
    byKey(key: string): Promise<SettingRecord | undefined>;
  };
  readonly registrations: {
    /** Exact comparison of all three. */
    find(of: Pick<RegistrationRecord, "kind" | "issuer" | "redirectUri">): Promise<RegistrationRecord | undefined>;
    /** In order of making. */
    ofConnection(connection: string): Promise<readonly RegistrationRecord[]>;
    /** In order of making. There are about as many as tool servers. */
    all(): Promise<readonly RegistrationRecord[]>;
  };
  readonly challenges: {
    of(userId: UserId, connection: string): Promise<ChallengeRecord | undefined>;
  };
  readonly services: {
    byId(id: string): Promise<ServiceRecord | undefined>;
    /** In order of id. An operator makes each of them, so there are few. */
    all(): Promise<readonly ServiceRecord[]>;
  };
  readonly toolServers: {
    byId(id: string): Promise<StoredToolServerRecord | undefined>;
    /** In order of id, removed ones included. An operator makes each of them, so there are few. */
    all(): Promise<readonly StoredToolServerRecord[]>;
  };
  readonly signingKeys: {
    /** Those of one purpose, oldest first, retired ones included. */
    all(purpose: SigningKeyRecord["purpose"]): Promise<readonly SigningKeyRecord[]>;
  };
  readonly providerTraces: {
    /** Of every provider on which something hangs, configured or not, in order. Walks through all rows once. @param roles as in `ProviderRoles` */
    ids(roles: ProviderRoles["roles"]): Promise<readonly string[]>;
    /** Those of whom something hangs on a provider, in order of id, those after the id `after`. Walks through all rows. */
    people(of: ProviderRoles, limit: number, after?: UserId): Promise<readonly UserId[]>;
    /** How much hangs on it. */
    count(of: ProviderRoles & { readonly own: OwnGrants | undefined }): Promise<ProviderTraces>;
  };
  readonly sealed: {
    /** At most `limit` rows of the table that have a sealed value, in order of id, those after the id `after`. */
    page(table: SealedTable, limit: number, after?: string): Promise<readonly SealedRow[]>;
    /** How many rows of the table have a sealed value. */
    count(table: SealedTable): Promise<number>;
  };
}

/** A provider by its id, and the roles of those that its claims gave that count. */
export interface ProviderRoles {
  readonly provider: string;
  readonly roles: readonly string[];
}

/** What the grants of a provider say that were made as the configuration has it now. */
export interface OwnGrants {
  readonly issuers: readonly string[];
  readonly clientId: string;
}

/** What hangs on a provider's id, whatever its issuer was. */
export interface ProviderTraces {
  readonly people: number;
  readonly sessions: number;
  readonly grants: number;
  /** Those of the grants that are not its own: of another issuer or client, or of any where nothing is its own. */
  readonly foreignGrants: number;
  /** Those in groups that its claims gave. */
  readonly memberships: number;
  readonly roles: number;
}

/** One page of grants to refresh. */
export interface GrantSpan {
  readonly now: Instant;
  readonly limit: number;
  /** The last of the page before. */
  readonly after?: WaitingGrant | undefined;
}

export interface SealedSwap {
  readonly id: string;
  readonly expected: string;
  readonly next: string;
}

/** Who may ask the token endpoint until when, and an end of the access token that is only now known. Null: nobody, unknown. */
export type LeaseColumns = Pick<GrantRecord, "leaseOwner" | "leaseEndsAt" | "expiresAt">;

/** What a transaction can do besides reading. A unique constraint that is hit throws `UniqueViolation`. */
export interface StoreWrites {
  readonly users: {
    insert(user: UserRecord): Promise<void>;
    /** Replaces the row if it still has `expectedVersion`. False, and nothing changed, if it has not. */
    update(user: UserRecord, expectedVersion: number): Promise<boolean>;
    /** Identities, memberships, sessions, grants and the picture go with it. */
    delete(id: UserId): Promise<void>;
  };
  readonly identities: {
    insert(identity: IdentityRecord): Promise<void>;
    update(identity: IdentityRecord): Promise<void>;
    /** Its sessions, and their grants, go with it. */
    delete(id: IdentityId): Promise<void>;
  };
  readonly groups: {
    insert(group: GroupRecord): Promise<void>;
    /** The same for many, in few statements. Where one hits a constraint the transaction is not fit to commit. */
    insertMany(groups: readonly GroupRecord[]): Promise<void>;
    addMember(membership: MembershipRecord): Promise<void>;
    /** The same for many, in few statements. Where one hits a constraint the transaction is not fit to commit. */
    addMembers(memberships: readonly MembershipRecord[]): Promise<void>;
    /** Takes one user's memberships of one origin in these groups; what is not there is no error. */
    removeMembers(of: Pick<MembershipRecord, "userId" | "origin">, groupIds: readonly GroupId[]): Promise<void>;
    removeMember(membership: Pick<MembershipRecord, "userId" | "groupId" | "origin">): Promise<void>;
  };
  readonly sessions: {
    insert(session: SessionRecord): Promise<void>;
    /** Moves last-seen and idle end of each forward, never back. One that is gone is no error. */
    touch(ids: readonly SessionId[], lastSeenAt: Instant, idleEndsAt: Instant): Promise<void>;
    /** Its grants go with it. False when it was already gone. */
    delete(id: SessionId): Promise<boolean>;
    /** Deletes up to `limit` sessions whose idle or absolute end has passed; answers how many. */
    deleteEnded(now: Instant, limit: number): Promise<number>;
  };
  readonly grants: {
    insert(grant: GrantRecord): Promise<void>;
    /** Saves `next` only if the stored row still has `expectedVersion`. Atomic across processes. */
    replace(next: GrantRecord, expectedVersion: number): Promise<boolean>;
    /** The same for the columns of a lease alone: whatever else the row holds by now stays, and the version goes up by one. */
    lease(id: GrantId, lease: LeaseColumns, expectedVersion: number): Promise<boolean>;
    delete(id: GrantId): Promise<void>;
    /**
     * Ends every active grant of a connection that is of another issuer, or of another client where one is named: the person
     * has to connect again. Answers how many.
     */
    endForeign(
      connection: string,
      own: Pick<GrantRecord, "issuer"> & { readonly clientId?: string },
      reason: string,
      at: Instant,
    ): Promise<number>;
  };
  readonly consumedFlows: {
    /** True for the one caller that is first with this hash; false for every later one. */
    consume(stateHash: string, expiresAt: Instant): Promise<boolean>;
    /** Uses a hash up until then; one that is used up for longer stays so. */
    consumeUntil(hash: string, expiresAt: Instant): Promise<void>;
    /** Until when the one of these is used up that is so the longest; undefined when none is. */
    consumedUntil(hashes: readonly string[]): Promise<Instant | undefined>;
    deleteExpired(now: Instant, limit: number): Promise<number>;
  };
  readonly usedJtis: {
    /** True for the one caller that is first with this (issuer, jti). */
    use(issuer: string, jti: string, expiresAt: Instant): Promise<boolean>;
    deleteExpired(now: Instant, limit: number): Promise<number>;
  };
  readonly pictures: {
    /** Inserts, or replaces the picture of this user, who must exist. */
    save(picture: PictureRecord): Promise<void>;
  };
  readonly metadata: {
    /** Inserts or replaces. */
    save(record: MetadataRecord): Promise<void>;
  };
  readonly announcements: {
    /** Appended in the transaction that changes the thing; the sequence follows the order of commits. */
    append(kind: AnnouncementKind, key: string, at: Instant): Promise<void>;
    /** Oldest first; the newest one stays whatever its age, so that `latest` never falls back. */
    deleteBefore(at: Instant, limit: number): Promise<number>;
  };
  readonly outbox: {
    insert(record: OutboxRecord): Promise<void>;
    /** Counts an attempt, and keeps others off until then, only if `attempts` is still what it was read as: one node delivers. */
    claim(id: OutboxId, attempts: number, until: Instant): Promise<boolean>;
    /** The next attempt is at `at`, if `attempts` is still that of the claim. False: somebody else has it, or it is gone. */
    postpone(id: OutboxId, attempts: number, at: Instant, lastFailure?: string): Promise<boolean>;
    /** Keeps a row that is given up: it is dead from `at` on. */
    bury(id: OutboxId, lastFailure: string, at: Instant): Promise<void>;
    /** A dead row waits again, due at `at`, as if it had never been tried. False when there is no such dead row. */
    revive(id: OutboxId, at: Instant, endsAt: Instant): Promise<boolean>;
    delete(id: OutboxId): Promise<void>;
  };
  readonly audit: {
    append(event: AuditEventRecord): Promise<void>;
  };
  readonly settings: {
    /** Inserts (expectedVersion 0) or replaces if the version still fits. */
    save(record: SettingRecord, expectedVersion: number): Promise<boolean>;
  };
  readonly registrations: {
    /** @throws UniqueViolation when there is one of this kind, issuer and redirect URI */
    insert(record: RegistrationRecord): Promise<void>;
    /** Saves `next` only if the stored row still has `expectedVersion`. Atomic across processes. */
    replace(next: RegistrationRecord, expectedVersion: number): Promise<boolean>;
    delete(id: RegistrationId): Promise<void>;
  };
  readonly challenges: {
    /** Inserts, or replaces that of the same user, who must exist, and connection. */
    save(record: ChallengeRecord): Promise<void>;
  };
  readonly services: {
    /** Inserts, or replaces the one with this id. */
    save(service: ServiceRecord): Promise<void>;
    /** False when there was none. */
    delete(id: string): Promise<boolean>;
  };
  readonly toolServers: {
    /** Inserts, or replaces the one with this id. */
    save(server: StoredToolServerRecord): Promise<void>;
    /** Deletes those that were removed before this moment; answers how many. */
    deleteRemoved(before: Instant): Promise<number>;
  };
  readonly signingKeys: {
    insert(key: SigningKeyRecord): Promise<void>;
    /** Says when a key goes; one that has been told keeps its time. */
    retire(id: string, at: Instant): Promise<void>;
    /** Deletes those whose time has come; answers how many. */
    deleteRetired(now: Instant): Promise<number>;
  };
  readonly sealed: {
    /**
     * Puts `next` in the place of the sealed value in each row where that is still `expected`, and changes nothing else
     * of the row, not its version either. Answers how many rows it changed.
     */
    swap(table: SealedTable, swaps: readonly SealedSwap[]): Promise<number>;
  };
}

/** Reads see the transaction's own writes. */
export type Transaction = { readonly [Table in keyof (StoreReads & StoreWrites)]: (StoreReads & StoreWrites)[Table] };

export interface Store extends StoreReads {
  /**
   * Runs `work` with the database's write lock held from the start (`begin immediate`; serializable on Postgres),
   * so what it reads cannot change before it commits. Commits when `work` resolves, rolls back when it throws.
   * While it runs, the plain store throws when it is asked from inside `work`. Every query must have been awaited when
   * `work` resolves: otherwise all of it is rolled back, and the transaction throws.
   *
   * @throws LatchkeyError `store.busy` when the lock was not had within 5 s; nothing was done.
   * @throws LatchkeyError `store.unavailable` when the database cannot be asked.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * Writes each of which is a transaction by itself, with the same promises and errors: where the database is elsewhere
   * that is one round trip instead of three. Those that a person waits for at every refresh.
   */
  readonly alone: { readonly grants: Pick<StoreWrites["grants"], "replace" | "lease"> };
  /**
   * A number that moves when any process committed something, in microseconds and without I/O; undefined where the
   * database has no such number (then only the bus and the 5 s poll tell).
   */
  changeCounter(): number | undefined;
  /** The schema's version in the database and in this code; equal when all migrations have run. */
  schemaVersion(): Promise<{ readonly database: number; readonly code: number }>;
  close(): Promise<void>;
}

/** The reads of one moment, on a connection that refuses to write. */
export interface ReadOnlyStore extends StoreReads {
  close(): Promise<void>;
}

/** A unique constraint was hit inside a transaction: two people raced, and this one lost. */
export class UniqueViolation extends Error {
  override readonly name = "UniqueViolation";
  readonly table: string;
  constructor(table: string, cause: unknown) {
    super(`unique constraint of ${table}`, { cause });
    this.table = table;
  }
}
