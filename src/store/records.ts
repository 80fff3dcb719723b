/**
 * What the store holds, as the rest of the code sees it: plain records, instants as epoch milliseconds,
 * booleans as booleans. Long because it is one list of all of them. How they lie in a table is `store/sql`'s business; `docs/reference/storage.md` shows it.
 */
import type {
  AuditEventId,
  GrantId,
  GroupId,
  IdentityId,
  OutboxId,
  RegistrationId,
  SessionId,
  UserId,
} from "../kernel/ids.js";
import type { JsonObject, JsonValue } from "../kernel/json.js";
import type { Instant } from "../kernel/time.js";

export interface UserRecord {
  readonly id: UserId;
  /** Normalised (SI-18); unique. */
  readonly email: string;
  readonly emailVerified: boolean;
  readonly name: string;
  /** The URL that a provider told. Nothing is loaded from there by anybody but us; what is shown is in `pictures`. */
  readonly picture: string | null;
  readonly role: string;
  /** Why the role is what it is: `first-user` · `bootstrap` · `default` · `manual` · `healed` · `claims:<provider>`. */
  readonly roleOrigin: string;
  readonly disabledAt: Instant | null;
  /** Null while an operator-made user waits for its first identity (AC-3). */
  readonly claimedAt: Instant | null;
  /** Goes up by one with every change; the ETag of the JSON API. */
  readonly version: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly lastSignInAt: Instant | null;
}

export interface IdentityRecord {
  readonly id: IdentityId;
  readonly userId: UserId;
  /** The configured provider id that was used last; never part of the key (AC-1). */
  readonly provider: string;
  /** With `subject`: unique, compared exactly. */
  readonly issuer: string;
  readonly subject: string;
  /** The provider's real `sub`, whatever claim the operator uses as subject (LO-8). */
  readonly sub: string;
  readonly email: string | null;
  readonly emailVerified: boolean;
  /** The last claims, sealed. */
  readonly claims: string | null;
  readonly createdAt: Instant;
  readonly lastUsedAt: Instant;
}

export interface GroupRecord {
  readonly id: GroupId;
  readonly name: string;
  readonly permissions: JsonObject;
  readonly share: "true" | "false" | "members";
  /** `manual` · `default` · `claims:<provider> <issuer>`: only the claims that made a group join it of right (AC-21). */
  readonly createdBy: string;
  readonly createdAt: Instant;
}

export interface MembershipRecord {
  readonly userId: UserId;
  readonly groupId: GroupId;
  /** `manual` · `default` · `claims:<provider> <issuer>`: a provider id that is pointed elsewhere inherits none (AC-21). */
  readonly origin: string;
  readonly createdAt: Instant;
}

export interface SessionRecord {
  readonly id: SessionId;
  /** SHA-256 of the cookie's value, base64url. The value itself is stored nowhere. */
  readonly tokenHash: string;
  readonly userId: UserId;
  readonly identityId: IdentityId;
  readonly provider: string;
  readonly issuer: string;
  /** The client that the person signed in through (LO-8). */
  readonly clientId: string;
  /** The provider's real `sub`. */
  readonly sub: string;
  /** The provider's session id, where it gave one. */
  readonly sid: string | null;
  readonly createdAt: Instant;
  readonly lastSeenAt: Instant;
  readonly idleEndsAt: Instant;
  readonly endsAt: Instant;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly roleAtIssue: string;
}

/** Grants of one connection whose last refresh failed in the same way. */
export interface FailingGrants {
  readonly connection: string;
  /** `lastFailureCode` of each. */
  readonly failure: string;
  readonly count: number;
}

export type GrantStatus = "active" | "needs_reconnect" | "revoked";

export interface GrantRecord {
  readonly id: GrantId;
  readonly userId: UserId;
  /** `provider:<id>` or `tool:<id>`. */
  readonly connection: string;
  /** Provider grants belong to one session; tool-server grants to none. */
  readonly sessionId: SessionId | null;
  readonly issuer: string;
  readonly clientId: string;
  readonly accountLabel: string | null;
  readonly scopes: readonly string[];
  /** When the access token was issued, by our clock. */
  readonly issuedAt: Instant;
  /** Null: the provider did not say (SI-20). */
  readonly expiresAt: Instant | null;
  readonly status: GrantStatus;
  readonly statusReason: string | null;
  /** Goes up with every write; refreshes compare and swap on it (VA-8). */
  readonly version: number;
  readonly lastRefreshAt: Instant | null;
  readonly lastFailureCode: string | null;
  readonly nextAttemptAt: Instant | null;
  readonly leaseOwner: string | null;
  readonly leaseEndsAt: Instant | null;
  readonly lastUsedAt: Instant | null;
  /** Access, refresh and ID token and token type, sealed together. */
  readonly sealed: string;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** What must be known of a grant to decide whether it is refreshed though nobody asks. */
export type WaitingGrant = Pick<GrantRecord, "id" | "connection" | "issuer" | "issuedAt" | "expiresAt">;

/** A person's picture, as it is served. One for each user. */
export interface PictureRecord {
  readonly userId: UserId;
  /** What the bytes are, not what their server called them: `image/png`, `image/jpeg`, `image/webp` or `image/gif`. */
  readonly contentType: string;
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes, base64url: the ETag, and the version in the URL. */
  readonly digest: string;
  /** SHA-256 of the URL it was fetched from, base64url. */
  readonly sourceHash: string;
  readonly fetchedAt: Instant;
}

/** A picture without its bytes, for whoever only wants to know which one there is. */
export type PictureSummary = Omit<PictureRecord, "bytes">;

export interface MetadataRecord {
  readonly url: string;
  readonly body: string;
  readonly fetchedAt: Instant;
  readonly freshUntil: Instant;
  readonly staleUntil: Instant;
}

/** Kinds are few and keys coarse on purpose: a listener that misreads one only forgets too much. */
export type AnnouncementKind = "session" | "user" | "grant" | "provider" | "tool_server" | "settings";
export interface Announcement {
  readonly sequence: number;
  readonly kind: AnnouncementKind;
  /** The session's or user's id, `<user id>/<connection>` of a grant, the provider's id, or the settings key. */
  readonly key: string;
  readonly at: Instant;
}

export interface OutboxRecord {
  readonly id: OutboxId;
  /** What to do: `revoke` · `webhook` · `claims`. */
  readonly kind: string;
  /** Given up and kept for an operator to see: never due again until somebody asks for it (SI-23). */
  readonly dead: boolean;
  /** What is needed to do it, sealed. */
  readonly sealed: string;
  readonly attempts: number;
  /** Of a dead row: when it died. */
  readonly nextAttemptAt: Instant;
  /** After this moment it is given up. */
  readonly endsAt: Instant;
  readonly lastFailure: string | null;
  readonly createdAt: Instant;
}

/** A key that we sign with. The private half is sealed; the public one is for everybody. */
export interface SigningKeyRecord {
  /** The key id (`kid`): the thumbprint of the public half (RFC 7638). */
  readonly id: string;
  /** What is signed with it; a key has one purpose (RFC 8725 §3.12 would otherwise rest on `typ` alone). */
  readonly purpose: "assertion";
  /** `EdDSA` or `ES256`. */
  readonly alg: string;
  /** As a JWK (RFC 7517). */
  readonly publicKey: JsonObject;
  /** The private half as a JWK, sealed. */
  readonly sealed: string;
  readonly createdAt: Instant;
  /** Published before this moment, used after it. */
  readonly signsFrom: Instant;
  /** When it leaves the key set; null while nothing has taken its place. */
  readonly retiresAt: Instant | null;
}

/** A tool server that an operator added at run time (TS-18). */
export interface StoredToolServerRecord {
  readonly id: string;
  /** The record as it would stand in the file, sealed whole: credentials and headers are among it. */
  readonly sealed: string;
  /** Set: nobody can use it any more, and the row is kept until what people had there has been revoked. */
  readonly removedAt: Instant | null;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** Tables that keep a sealed value in each row, or in some. */
export type SealedTable = "grants" | "identities" | "outbox" | "registrations" | "signing_keys" | "tool_servers";

/** The sealed value of one row, with what its place is made of (VA-2); null where the table has no such column. */
export interface SealedRow {
  readonly id: string;
  readonly userId: string | null;
  readonly connection: string | null;
  readonly sealed: string;
}

/** Who we are at one authorization server (glossary: client registration), for one redirect URI (TS-10). */
export interface RegistrationRecord {
  readonly id: RegistrationId;
  /** `dynamic`: made there (RFC 7591). `static`: only remembers which issuer the operator's credentials are for. */
  readonly kind: "dynamic" | "static";
  /** `tool:<id>` */
  readonly connection: string;
  readonly issuer: string;
  readonly redirectUri: string;
  /** Null while nobody has registered yet. */
  readonly clientId: string | null;
  /** What the registration answered, secrets and all, sealed; null while there is none. */
  readonly sealed: string | null;
  /** Null: it does not run out, or there is none. */
  readonly secretEndsAt: Instant | null;
  /** Why the last attempt to register failed. */
  readonly lastFailure: string | null;
  readonly nextAttemptAt: Instant | null;
  readonly leaseOwner: string | null;
  readonly leaseEndsAt: Instant | null;
  readonly version: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** What one tool server last asked of one person, and what was asked for on their behalf (TS-1, TS-14). */
export interface ChallengeRecord {
  readonly userId: UserId;
  readonly connection: string;
  /** The newest challenge; null: none since the last consent. */
  readonly challenge: {
    readonly scheme: "Bearer" | "DPoP";
    readonly resourceMetadata: string | null;
    readonly scopes: readonly string[] | null;
    readonly error: string | null;
  } | null;
  /** Authorization requests of the last hour; `step`: the challenged scopes, in order; null: no step-up. */
  readonly requests: readonly { readonly at: Instant; readonly step: string | null }[];
  readonly updatedAt: Instant;
}

export interface AuditEventRecord {
  readonly id: AuditEventId;
  readonly at: Instant;
  readonly type: string;
  readonly actor: { readonly kind: string; readonly id: string | null };
  readonly target: { readonly kind: string; readonly id: string | null };
  readonly provider: string | null;
  readonly connection: string | null;
  readonly address: string | null;
  readonly rule: string | null;
  readonly code: string | null;
  readonly requestId: string;
  readonly data: JsonObject;
}

/** A service that was made on the command line (VA-15). Of a secret there is only its hash. */
export interface ServiceRecord {
  readonly id: string;
  /** SHA-256 of the secret, base64url. The secret has 256 random bits, so nothing slower is needed. */
  readonly secretHash: string;
  /** The one before, which is taken until the given moment: a rotation without a moment of standing still. */
  readonly formerSecretHash: string | null;
  readonly formerSecretEndsAt: Instant | null;
  /** `*`, or names of connections. */
  readonly connections: readonly string[];
  readonly offline: boolean;
  readonly audience: string | null;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

export interface SettingRecord {
  readonly key: string;
  readonly value: JsonValue;
  readonly version: number;
  readonly updatedAt: Instant;
}
