/** Tool servers as the library shows them: using one as a person, and how people stand with them. */
import { LatchkeyError } from "../kernel/errors.js";
import { isId, type UserId } from "../kernel/ids.js";
import { type Instant, type StandardDate, toDate } from "../kernel/time.js";
import type { FetchWithToken } from "../vault/outgoing.js";
import { type AuthProvider, type AuthProviderPorts, createAuthProvider } from "./auth-provider.js";
import { standings, type ToolServerStatus } from "./status.js";
import type { ToolServerUse } from "./token-holder.js";
import { createToolFetch, knownServer } from "./tool-fetch.js";

/** How one person stands with one tool server. */
export interface ToolServerConnection {
  /** `tool:<id>` */
  readonly connection: string;
  readonly name: string;
  readonly status: ToolServerStatus;
  /** Why, where there is more to say: the reason a connection ended, or an error code. */
  readonly reason: string | null;
  /** When it was connected; null while it is not. */
  readonly since: StandardDate | null;
  /** What was granted. */
  readonly scopes: readonly string[];
  /** The end of the access token; null: unknown. It is refreshed when it is needed. */
  readonly expiresAt: StandardDate | null;
  readonly lastUsedAt: StandardDate | null;
  /** Where the person connects it: send their browser there. */
  readonly connectUrl: string;
}

/** Using tool servers as a person, and how people stand with them. */
export interface ToolServersApi {
  /**
   * A `fetch` for an MCP client's transport: it adds this person's token, refreshed when needed, and sends it to the tool
   * server's URL and below, nowhere else. A server that answers everybody (`open`) is used without one. Event streams come
   * through as they are sent.
   *
   * @returns rejects with `ConsentRequired` when the server wants a further permission (`connectUrl` is where the person gives
   *   it); with LatchkeyError `grant.not_connected` · `grant.needs_reconnect` (`data.connectUrl`) · `connect.access_refused` ·
   *   `connect.consent_exhausted` · `grant.sign_in_needed` · `grant.url_refused`; as `vault.accessToken`; with `egress.*`
   */
  fetch(use: ToolServerUse): FetchWithToken;
  /**
   * The same as an `authProvider` of the official TypeScript client (`@modelcontextprotocol/client` 2.x). Prefer `fetch`: a
   * provider hands its token to the transport, which sends it wherever that was told to. For the same reason it has none
   * for `registration: key` and `provider` (`grant.token_bound`), nor for an open server (`connect.server_open`).
   */
  authProvider(use: ToolServerUse): AuthProvider;
  /** How this person stands with each tool server that they may use. No token is refreshed for it. */
  status(user: string): Promise<readonly ToolServerConnection[]>;
  /**
   * Where a person connects it: send their browser there.
   *
   * @param options.returnTo path on our origin to come back to @default the account page
   * @throws LatchkeyError `grant.connection_unknown`
   */
  connectUrl(connection: string, options?: { readonly returnTo?: string }): string;
}

export function createToolServersApi(ports: AuthProviderPorts): ToolServersApi {
  return {
    fetch: createToolFetch(ports),
    authProvider: createAuthProvider(ports),
    async status(user) {
      if (!isId(user)) throw new LatchkeyError("account.not_found", { data: { user: user.slice(0, 100) } });
      const date = (at: Instant | null) => (at === null ? null : toDate(at));
      return (await standings(ports, user as UserId)).map((one) => ({
        ...one,
        since: date(one.since),
        expiresAt: date(one.expiresAt),
        lastUsedAt: date(one.lastUsedAt),
      }));
    },
    connectUrl(connection, { returnTo } = {}) {
      const { connectUrl } = knownServer(ports, connection);
      return returnTo === undefined ? connectUrl : `${connectUrl}?${new URLSearchParams({ return_to: returnTo })}`;
    },
  };
}
