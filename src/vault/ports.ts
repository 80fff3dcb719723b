/**
 * What the vault needs from outside. It knows grants and the token endpoint's protocol, and neither providers nor tool
 * servers nor accounts: which server a grant belongs to, and as whom it is refreshed there, is asked of `connections`.
 */
import type { Keyring } from "../crypto/port.js";
import type { Egress } from "../egress/port.js";
import type { LatchkeyError } from "../kernel/errors.js";
import type { Faults } from "../kernel/fault.js";
import type { UserId } from "../kernel/ids.js";
import type { Log } from "../kernel/log.js";
import type { Metrics } from "../kernel/metrics.js";
import type { RandomSource } from "../kernel/random.js";
import type { Clock, Duration, Instant } from "../kernel/time.js";
import type { RefreshedIdToken } from "../oauth/refreshed-id-token.js";
import type { RefreshAnswer, RefreshTarget } from "../oauth/token-request.js";
import type { IdTokenClaims } from "../oauth/types.js";
import type { Store, Transaction } from "../store/contract.js";
import type { Announcement, GrantRecord, OutboxRecord, UserRecord } from "../store/records.js";
import type { Bounds } from "./policy/bounds.js";
import type { AskedFor, GrantSecrets } from "./sealed-grant.js";

/** One connection as it is configured now. */
export interface ConnectionInfo {
  /** Shown to people. */
  readonly name: string;
  readonly enabled: boolean;
  /**
   * Issuers whose grants count: a connection that points elsewhere now has none of the old ones (AT-10). Null: those that
   * do not count are ended in their rows.
   */
  readonly issuers: readonly string[] | null;
  /** Where a person goes to connect it. */
  readonly connectUrl: string;
}

/** The server of one grant, and who we are there. */
export interface GrantClient extends RefreshTarget {
  /** Null where refresh answers have no ID token that means anything. */
  readonly readIdToken:
    | ((input: {
        idToken: string;
        previous: string | null;
        accessToken: string;
        now: Instant;
      }) => Promise<RefreshedIdToken>)
    | null;
  /** Whether a sign-out has its tokens revoked (LO-5); `alone`: where no other grant could be hit. */
  readonly revokedAtSignOut: "always" | "alone" | "never";
  /** Told when the server does not know our client: a client that registered itself is registered anew (TS-11). */
  readonly onClientFault?: () => Promise<void>;
  /**
   * Of a connection without a person: asks for tokens anew, with what this person has at the provider they signed in with
   * where that is needed. Left out: the refresh token is asked with.
   */
  readonly obtain?: (person: PersonTokens) => Promise<RefreshAnswer>;
  /** A name for what is shown beside the client: with another one it is worth asking again. @default none */
  readonly shows?: (person: PersonTokens) => Promise<string>;
}

/** What a person has at the provider that they signed in with. */
export interface PersonTokens {
  /**
   * The ID token of their grant; refreshed first where its `exp` has come (TS-15).
   *
   * @param connection `provider:<id>`
   * @throws LatchkeyError `grant.sign_in_needed` where there is none that is good; as `vault.accessToken`
   */
  idToken(connection: string): Promise<string>;
  /** The access token of their grant, as it is handed out. @throws LatchkeyError as `vault.accessToken` */
  accessToken(connection: string): Promise<string>;
  /** A name for what they have there, without asking the provider: another one after another sign-in. @throws `store.*` */
  standing(connection: string): Promise<string>;
}

/** A grant that needs nobody to connect it, as it is before its first token. */
export interface UnattendedGrant {
  readonly issuer: string;
  readonly clientId: string;
  readonly asked: AskedFor & { readonly withoutPerson: string };
  /** In the transaction that writes it. @throws LatchkeyError where the connection is there no more */
  readonly mustBeThere: (tx: Transaction) => Promise<void>;
}

export interface VaultConnections {
  /** Undefined for one that is not configured. */
  find(connection: string): Promise<ConnectionInfo | undefined>;
  /** @throws LatchkeyError `connect.access_refused` where this person may not use it now (TS-19) */
  mustAdmit(connection: string, user: UserRecord): Promise<void>;
  /** Why a grant that was made before counts no more; null while it does. */
  foreign(grant: GrantRecord, secrets: GrantSecrets): string | null;
  /**
   * What a grant of this connection is made of where the vault may make one by itself (TS-15); null where a person has to
   * connect it.
   *
   * @throws LatchkeyError `connect.*` where it cannot be made now
   */
  unattended(connection: string, user: UserId): Promise<UnattendedGrant | null>;
  /**
   * @throws LatchkeyError `grant.needs_reconnect` where the grant's server or client is another now (`data.reason`); anything
   *   else, such as `signin.provider_unavailable`, means later
   */
  resolveClient(grant: GrantRecord): Promise<GrantClient>;
  /** Where `vault.fetch` may send its token. @throws LatchkeyError as `resolveClient` */
  bounds(connection: string): Promise<Bounds>;
  /**
   * An API answered `vault.fetch` with `insufficient_scope` (RFC 6750 §3.1).
   *
   * @param challenge its `WWW-Authenticate`
   * @returns what whoever called is told; null: the answer, as it came
   */
  wantsMore(
    who: { readonly user: string; readonly connection: string },
    challenge: string,
  ): Promise<LatchkeyError | null>;
  /** The outbox row that revokes these tokens at their issuer; sealed, so made before the transaction. */
  revocation(grant: GrantRecord, secrets: GrantSecrets, now: Instant): OutboxRecord;
}

/** What is told after a refresh was written. Tokens are those that are stored. */
export interface Refreshed {
  readonly grant: GrantRecord;
  readonly accessToken: string;
  /** Claims of a new ID token that was verified; null where there was none. */
  readonly claims: IdTokenClaims | null;
}

/** What is known to have been said against what this node remembers (LO-3). */
export interface VaultNews {
  isCurrent(): boolean;
  catchUp(): Promise<void>;
  readonly generation: number;
  subscribe(listener: (announcement: Announcement) => void): void;
}

/** How nodes wake each other up; a wait that nobody ends ends by itself. */
export interface VaultHints {
  hint(about: string): Promise<void>;
  onHint(listener: (about: string) => void): void;
  isAlive(): boolean;
}

export interface VaultOptions {
  readonly refreshMargin: Duration;
  readonly leaseTtl: Duration;
  readonly refreshTimeout: Duration;
  readonly callerWait: Duration;
  readonly refreshAhead: { readonly enabled: boolean; readonly concurrencyPerIssuer: number };
  /** False: a refresh token that nobody needs is left to grow old. */
  readonly keepAlive: Duration | false;
}

export interface VaultPorts {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly egress: Egress;
  readonly connections: VaultConnections;
  readonly news: VaultNews;
  readonly hints: VaultHints | undefined;
  readonly clock: Clock;
  /** For waits on the database and on other processes, which take real time whatever time a test plays. */
  readonly waitingClock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly faults: Faults;
  /** This process's name among those that hold leases. */
  readonly node: string;
  /** Called after the write, beside the callers: it can neither delay nor fail a token (AC-19). */
  readonly onRefreshed: (refreshed: Refreshed) => Promise<void>;
  /** Rows of the outbox that tell of a grant that is over; sealed, so made before the transaction (SI-23). */
  readonly tellEnd: (grant: GrantRecord, reason: string, now: Instant) => readonly OutboxRecord[];
  /** Called after rows were queued, so that they leave soon. */
  readonly onQueued: () => void;
  readonly options: VaultOptions;
}
