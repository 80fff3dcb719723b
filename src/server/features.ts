/**
 * What the routes may call: the wired steps, and nothing below them. `create-latchkey` fills it in; a route that
 * needs more asks for it here, so that this page shows the whole surface between HTTP and the core.
 */
import type { IdentityView } from "../accounts/list-identities.js";
import type { MembershipView } from "../accounts/list-memberships.js";
import type { MethodsView } from "../accounts/list-methods.js";
import type { SharedCounts } from "../bus/shared-counts.js";
import type { Config } from "../config/schema.js";
import type { ErrorCode } from "../kernel/error-catalog.js";
import type { SessionId, UserId } from "../kernel/ids.js";
import type { JsonObject } from "../kernel/json.js";
import type { Log } from "../kernel/log.js";
import type { Metrics } from "../kernel/metrics.js";
import type { Clock, Duration } from "../kernel/time.js";
import type { Provider, ProviderRegistry } from "../providers/provider.js";
import type { PresentedService } from "../services/authenticate.js";
import type { Exchanged, ExchangeInput } from "../services/exchange.js";
import type { Introspection, IntrospectRequest } from "../services/introspect.js";
import type { RevokeRequest } from "../services/revoke.js";
import type { Service } from "../services/service.js";
import type { SessionView } from "../sessions/list-sessions.js";
import type { Authenticated, SessionCheck } from "../sessions/session.js";
import type { ClientMetadata } from "../tool-servers/client-metadata.js";
import type { ToolServerStanding } from "../tool-servers/status.js";
import type { AdminFeatures } from "./admin-features.js";

/** Facts of one request that steps and audit events need; made once by the outermost middleware. */
export interface RequestFacts {
  readonly requestId: string;
  /** The peer, or what a trusted proxy says of it (SU-3); null when the embedder does not tell. */
  readonly address: string | null;
  readonly userAgent: string | null;
}

/** A step's answer to a browser: where to go and which Set-Cookie values to send along. */
export interface Redirection {
  /** An absolute URL of the provider, or a path on our own origin. */
  readonly location: string;
  readonly setCookies: readonly string[];
}

export type ProviderHealth = "ok" | "unknown" | "unreachable" | "misconfigured";

export interface ProviderButton {
  readonly id: string;
  readonly displayName: string;
  readonly icon: string | null;
  /** Absolute. */
  readonly startUrl: string;
  readonly health: ProviderHealth;
}

/** A person's picture with the type that its bytes have. */
export interface StoredPicture {
  readonly contentType: string;
  readonly bytes: Uint8Array;
  /** Another one for every other picture: the ETag. */
  readonly digest: string;
}

export interface AccountView {
  readonly user: Authenticated["user"];
  /** `first-user` · `bootstrap` · `default` · `manual` · `healed` · `claims:<provider>`: why the role is what it is. */
  readonly roleOrigin: string;
  readonly groups: readonly MembershipView[];
  readonly identities: readonly IdentityView[];
  readonly methods: MethodsView;
  readonly sessions: readonly SessionView[];
  readonly toolServers: readonly ToolServerStanding[];
}

/** Something that the person holds tokens for, or could (TS-17). */
export interface ConnectionView extends Omit<ToolServerStanding, "connectUrl"> {
  /** Null for a provider: signing in with it connects it. */
  readonly connectUrl: string | null;
}

export interface Features {
  readonly config: Config;
  /** Text of the operator's style sheet (`branding.css`). @default none */
  readonly extraCss?: string | null;
  /** Where all nodes count together for rate limits. @default each node by itself */
  readonly sharedCounts?: SharedCounts | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** A new id for a request that brought none that is fit to use. */
  newRequestId(): string;
  readonly providers: ProviderRegistry;

  /** Enabled providers with their health, in the order of the configuration (SI-25). */
  providerButtons(): Promise<readonly ProviderButton[]>;

  /** What this browser says it signed in with last; untrusted, and of use only as the id of a button (SU-8). */
  lastProvider(cookieHeader: string | undefined): string | null;

  /** Where `signIn.autoStart` leads this browser instead of the sign-in page, or null (SI-15). Absolute. */
  autoStart(cookieHeader: string | undefined): string | null;

  /**
   * @throws LatchkeyError `signin.provider_unknown` · `signin.provider_disabled` · `signin.provider_unavailable` ·
   *   `signin.provider_misconfigured`
   */
  beginSignIn(input: {
    readonly provider: string;
    /** Untrusted; SI-7 is applied to it here. */
    readonly returnTo: string | undefined;
    /** The one-time set-up value, when the browser came by the set-up link (AC-9). */
    readonly setup: string | undefined;
    readonly cookieHeader: string | undefined;
    readonly request: RequestFacts;
  }): Promise<Redirection>;

  /**
   * The callback (SI-9). `parameters` come from the query of the GET.
   * `repeated` is true when this GET came from our own repeat page, so a missing flow cookie is final.
   */
  completeSignIn(input: {
    readonly provider: string;
    readonly parameters: URLSearchParams;
    readonly cookieHeader: string | undefined;
    readonly request: RequestFacts;
  }): Promise<Redirection>;

  /**
   * Adds a provider to the account of whoever is signed in (AC-4): where to send the browser that has their session.
   *
   * @throws LatchkeyError `account.pending` · `link.reauthentication_required` · `link.issuer_taken`, and what
   *   `beginSignIn` throws
   */
  beginLink(input: {
    readonly signedIn: Authenticated;
    readonly provider: string;
    /** Untrusted; SI-7 is applied to it here. Without it the person comes back to their account. */
    readonly returnTo: string | undefined;
    readonly cookieHeader: string | undefined;
    readonly request: RequestFacts;
  }): Promise<Redirection>;
  /** True when the flow of this `state` in this browser adds a sign-in method instead of signing in. */
  isLinking(cookieHeader: string | undefined, state: string | null): boolean;
  /** Whether this sign-in is recent enough to change sign-in methods (AC-4). */
  isRecent(signedIn: Authenticated): boolean;
  /**
   * @param id as it came; only identities of this user are looked at
   * @throws LatchkeyError `account.pending` · `link.reauthentication_required` · `link.not_found` · `link.last_identity`
   */
  unlinkIdentity(
    signedIn: Authenticated,
    id: string,
    request: RequestFacts,
  ): Promise<{ /** The session that asked was begun with it. */ readonly endedCurrent: boolean }>;

  /** True when this browser holds a flow cookie that fits the `state` (SI-9's repeat page asks). */
  hasFlowCookie(cookieHeader: string | undefined, state: string | null): boolean;
  /**
   * Set-Cookie values that hold what a form_post says of the person's name until the GET comes; none where the provider's
   * preset does not look at it, or there is no name in it. Nothing else of it is kept (SI-9).
   */
  keepPostedName(provider: string, state: string, user: string): readonly string[];
  /** Set-Cookie values that take the cookies of this state away, the flow's and the name's; empty when there is none. */
  clearFlowCookie(cookieHeader: string | undefined, state: string | null): readonly string[];
  /** Applies SI-7: the path to go to, or the default. */
  safeReturnTo(text: string | undefined): string;

  /** LO-4. @throws LatchkeyError `store.unavailable` when it cannot know. */
  checkSession(headers: Headers): Promise<SessionCheck>;
  /** Set-Cookie value that takes the session cookie away. */
  clearSessionCookie(): string;
  /** Set-Cookie values for a browser whose person ended its session: without it, and not to be started again (SI-15). */
  signedOutCookies(): readonly string[];

  /** The picture of a user as it is kept here (SI-22); undefined for none, and for nobody. */
  picture(userId: UserId): Promise<StoredPicture | undefined>;

  account(signedIn: Authenticated): Promise<AccountView>;
  listSessions(signedIn: Authenticated): Promise<readonly SessionView[]>;
  listIdentities(signedIn: Authenticated): Promise<readonly IdentityView[]>;
  /** @throws LatchkeyError `session.not_found` when it is not a session of this user. */
  endSession(signedIn: Authenticated, id: SessionId, request: RequestFacts): Promise<void>;
  endOtherSessions(signedIn: Authenticated, request: RequestFacts): Promise<number>;
  endAllSessions(signedIn: Authenticated, request: RequestFacts): Promise<number>;

  /**
   * Sign-out (LO-5): ends the session here first, whatever the provider says, then answers where to go:
   * the provider's end-session URL or our signed-out page. `choice` answers the operator's `logout: ask`.
   */
  signOut(input: {
    readonly signedIn: Authenticated | undefined;
    /** For the session that counts for nothing now and must go all the same. */
    readonly headers: Headers;
    readonly choice: "local" | "provider" | undefined;
    readonly returnTo: string | undefined;
    readonly request: RequestFacts;
  }): Promise<Redirection>;
  /** What the sign-out form must offer for this session: `ask` shows a choice (LO-5). */
  signOutMode(signedIn: Authenticated): Promise<"local" | "provider" | "ask">;
  /** `GET /signed-out`: checks `state` against its cookie; `location` is null when there is nowhere to go on to. */
  signedOut(input: { readonly state: string | undefined; readonly cookieHeader: string | undefined }): {
    readonly location: string | null;
    readonly setCookies: readonly string[];
  };
  /** Origins that sign-out may redirect a form post to, for `form-action` (SU-5). */
  endSessionOrigins(): readonly string[];

  /**
   * Reads a logout token of a provider (LO-7 to LO-9), at next to no cost, and answers with what proves it and does what
   * it says: that tells how many sessions ended, all of it committed.
   *
   * @param input.provider its id, where the URL named one
   * @throws LatchkeyError `logout.token_invalid` · `logout.unfinished` when it should be sent again; both of them
   */
  backChannelLogout(input: {
    readonly provider: string | undefined;
    readonly logoutToken: string;
    readonly request: RequestFacts;
  }): Promise<() => Promise<number>>;
  /** Those whose page may frame a front-channel logout (LO-10); empty when the URL names none of ours. */
  frontChannelProviders(input: {
    readonly provider: string | undefined;
    readonly iss: string | undefined;
  }): Promise<readonly Provider[]>;
  /** Ends the sessions of a `sid` at these providers; answers how many. */
  frontChannelLogout(input: {
    readonly providers: readonly Provider[];
    readonly iss: string | undefined;
    readonly sid: string;
    readonly request: RequestFacts;
  }): Promise<number>;

  /**
   * Our client metadata document (TS-8): of one tool server, or of the whole installation. Undefined where there is none.
   *
   * @param toolServer its id, as it came
   */
  clientMetadata(toolServer: string | null): Promise<ClientMetadata | undefined>;
  /**
   * Which service is asking.
   *
   * @throws LatchkeyError `token.client_invalid` · `token.request_invalid` · `store.*`
   */
  authenticateService(presented: PresentedService): Promise<Service>;
  /** What a service gets for what it shows; each exchange is audited, the refused ones too. */
  exchangeToken(input: ExchangeInput): Promise<Exchanged>;
  /** Ends the session of a value or an assertion; answers whether one ended. */
  revokeForService(input: RevokeRequest): Promise<boolean>;
  /** What a token of ours amounts to now, for this service. @throws LatchkeyError `store.*` */
  introspectForService(input: IntrospectRequest): Promise<Introspection>;
  /** What operators do. Loaded when it is first asked for. */
  admin(): Promise<AdminFeatures>;
  /** Public keys of our client assertions, as JWKs (RFC 7517 §5). */
  clientKeySet(): Promise<readonly JsonObject[]>;
  /** Public keys of what we sign, as JWKs, and how long a copy of them may be kept (LO-11). */
  keySet(): Promise<{ readonly keys: readonly JsonObject[]; readonly lifetime: Duration }>;

  /** The name of a tool server that can be connected now. @throws LatchkeyError `connect.server_unknown` · `connect.server_disabled` */
  toolServerName(id: string): Promise<string>;
  /** Sends whoever is signed in to the consent page of a tool server (TS-12). @throws LatchkeyError `connect.*` */
  beginConnect(input: {
    readonly signedIn: Authenticated;
    readonly toolServer: string;
    /** Untrusted; SI-7 is applied to it here. */
    readonly returnTo: string | undefined;
    readonly cookieHeader: string | undefined;
    readonly request: RequestFacts;
  }): Promise<Redirection>;
  /** The callback of a tool server's authorization server (TS-13). @throws LatchkeyError `connect.*` */
  completeConnect(input: {
    readonly toolServer: string;
    readonly parameters: URLSearchParams;
    readonly cookieHeader: string | undefined;
    readonly request: RequestFacts;
  }): Promise<Redirection>;
  /** Tool servers, and the providers whose tokens are kept for this person. */
  connections(signedIn: Authenticated): Promise<readonly ConnectionView[]>;
  /** Ends it here at once, and has its tokens revoked (VA-14). @throws LatchkeyError `grant.not_connected` */
  disconnect(signedIn: Authenticated, connection: string): Promise<void>;

  readonly metrics: Metrics;
  /**
   * `GET /metrics`. @param authorization the request's header
   *
   * @throws LatchkeyError `server.not_found` where metrics are off, `server.token_required`
   */
  metricsPage(authorization: string | undefined): Promise<{ readonly contentType: string; readonly body: string }>;
  /** `GET /readyz`: what is wrong, or nothing. */
  readiness(): Promise<{ readonly ready: boolean; readonly code?: ErrorCode }>;
  /** True while nobody has an account (AC-9's warning on the sign-in page). */
  isEmpty(): Promise<boolean>;
}
