/** The vault as the library shows it: one object over finding, refreshing and ending grants. */
import type { GrantId, UserId } from "../kernel/ids.js";
import { milliseconds } from "../kernel/time.js";
import {
  type AccessToken,
  type AccessTokenRequest,
  createAccessTokens,
  type HeldToken,
  type ServiceTokenRequest,
} from "./access-token.js";
import type { RefreshEnd } from "./attempt-refresh.js";
import { createGrantFinder } from "./find-grant.js";
import {
  type ConnectionChange,
  createHeldConnections,
  type DisconnectRequest,
  type HeldConnection,
} from "./held-connections.js";
import type { FetchWithToken } from "./outgoing.js";
import { createPersonTokens } from "./person-tokens.js";
import type { PersonTokens, VaultPorts } from "./ports.js";
import { createRefresher, type Refresher } from "./refresh.js";
import { createRefreshAhead } from "./refresh-ahead.js";
import { createVaultFetch } from "./vault-fetch.js";

/**
 * The tokens of people for the connections they have: sealed at rest, refreshed once per expiry among all processes of
 * one database, handed out one access token at a time. A refresh token never leaves it.
 */
export interface Vault {
  /**
   * An access token that is valid now, refreshed first where its end is near (VA-6). From memory where it can be: tens of
   * thousands a second. Waits for a refresh at most `vault.callerWait`.
   *
   * @throws LatchkeyError `grant.needs_reconnect` (`data.reason`) · `grant.not_connected`: the person has to connect ·
   *   `grant.refresh_unavailable`: the token has expired, and there is no new one yet; `data.retryAfter` in seconds ·
   *   `grant.client_rejected` · `grant.provider_refused` · `grant.connection_unknown` · `grant.connection_disabled` ·
   *   `grant.unreadable`: the operator has to look · `grant.token_bound`: it is good for `toolServers.fetch` alone · `account.not_found` · `account.disabled` · `account.pending` ·
   *   `store.busy` · `store.unavailable`
   */
  accessToken(request: AccessTokenRequest): Promise<AccessToken>;
  /**
   * A `fetch` that adds this person's token (RFC 6750 §2.1). It goes only to the provider's `apiOrigins` and its userinfo
   * endpoint. A 401 is answered with one forced refresh and one retry, where the body can be sent again (a stream
   * cannot). Redirects are followed inside those bounds. Answers are read whole, up to `egress.maxBytes`.
   *
   * @returns rejects with `ConsentRequired` when the API says `insufficient_scope`; with LatchkeyError
   *   `grant.url_refused` before anything is asked when the URL is out of bounds, `connect.consent_exhausted` where a tool
   *   server goes on asking; as `accessToken`; with `egress.*`
   */
  fetch(request: Omit<AccessTokenRequest, "minValidity">): FetchWithToken;
  /**
   * A server refused this token with 401. If it is still the current one, it is refreshed now, once, however many report
   * it; else nothing is asked. Who uses `vault.fetch` need not call it.
   *
   * @returns the token to go on with
   * @throws LatchkeyError as `accessToken`
   */
  reportRejected(request: AccessTokenRequest & { readonly accessToken: string }): Promise<AccessToken>;
  /** What this user holds, without tokens; the metadata of disabled people, too. */
  list(user: string): Promise<readonly HeldConnection[]>;
  /**
   * Ends it: deleted here at once, and revoked at its issuer (RFC 7009), first the refresh and then the access token, tried
   * for 24 hours. Sessions stay.
   *
   * @throws LatchkeyError `grant.not_connected` when there is nothing to end
   */
  disconnect(request: DisconnectRequest): Promise<{ readonly ended: number }>;
  /**
   * Tells when a connection has to be connected again, or was disconnected: at once when it was this process, else
   * within 5 s. Not told: a new connection, and what goes with its session.
   *
   * @returns takes the listener away again
   */
  subscribe(listener: (change: ConnectionChange) => unknown): () => void;
}

export interface RunningVault extends Vault {
  /**
   * As `accessToken` and `reportRejected`, for whoever can present a token that is bound to a key (TS-22) and keeps one
   * that is for a single server from every other (TS-21). Nobody else is handed one: without its key it opens nothing, and
   * it would be sent as if it did.
   */
  boundToo(request: AccessTokenRequest, rejected?: string): Promise<HeldToken>;
  /**
   * Refreshes a grant now, however fresh its token is, for what comes with it (AC-19). `held`: there was no new one, and why.
   *
   * @throws LatchkeyError `store.*` · `grant.unreadable`
   */
  refreshNow(id: GrantId): Promise<RefreshEnd>;
  /** `accessToken` for a service (VA-15). */
  forService(request: ServiceTokenRequest): Promise<AccessToken>;
  /** Where a person connects it. @throws LatchkeyError `grant.connection_unknown` · `grant.connection_disabled` */
  connectUrl(connection: string): Promise<string>;
  /** One look for grants to refresh though nobody asks (VA-12). What it finds goes on beside it, until `stop`. */
  refreshAhead(): Promise<void>;
  /** Resolves when every refresh that is under way has been written. */
  stop(): Promise<void>;
}

export function createVault(ports: VaultPorts): RunningVault {
  const finder = createGrantFinder(ports);
  // A token may be got with another one of the same person: its refresh is the same refresher's.
  const personTokens = (user: UserId, session: string | undefined): PersonTokens =>
    createPersonTokens(ports, finder, refresher, async (key) => tokens.held.accessToken(key), { user, session });
  const refresher: Refresher = createRefresher(ports, personTokens);
  const tokens: ReturnType<typeof createAccessTokens> = createAccessTokens(ports, finder, refresher);
  const held = createHeldConnections(ports);
  const ahead = createRefreshAhead(ports, refresher, (connection) => finder.usableConnection(connection));
  return {
    // Not `async`: of a caller who waits that would make three promises more.
    accessToken(request) {
      try {
        return Promise.resolve(tokens.bearer.accessToken(request));
      } catch (thrown) {
        return Promise.reject(thrown);
      }
    },
    boundToo: async (request, rejected) =>
      rejected === undefined ? tokens.held.accessToken(request) : tokens.held.afterRejection(request, rejected),
    fetch: createVaultFetch(ports, finder, tokens.bearer),
    reportRejected: async ({ accessToken, ...request }) => tokens.bearer.afterRejection(request, accessToken),
    list: (user) => held.list(user),
    disconnect: (request) => held.disconnect(request),
    subscribe: (listener) => held.subscribe(listener),
    refreshNow: (id) =>
      refresher.refresh(id, { always: true, minValidity: milliseconds(0), startedAt: ports.clock.now() }),
    forService: async (request) => tokens.bearer.forService(request),
    connectUrl: async (connection) => (await finder.usableConnection(connection)).connectUrl,
    refreshAhead: () => ahead.look(),
    async stop() {
      ahead.stop();
      await refresher.stop();
    },
  };
}
