/** What the library is once it has started: its public shape, which the composition root fills in. */
import type { Assertion } from "./assertions/assertions.js";
import type { EndedSession } from "./sessions/ended.js";
import type { LiveSession, SignedInUser } from "./sessions/session.js";
import type { ToolServersApi } from "./tool-servers/tool-servers.js";
import type { Vault } from "./vault/vault.js";

/** Who opened the connection, where the caller knows it. */
export interface Peer {
  readonly address?: string | undefined;
}

/** Somebody, as they are now, and the session they came by. */
export interface SignedIn {
  readonly user: SignedInUser;
  readonly session: LiveSession;
}

/** One of the two: somebody may pass, or there is an answer to send instead. */
export type Admittance =
  | { readonly signedIn: SignedIn; readonly refusal?: undefined }
  | { readonly signedIn?: undefined; readonly refusal: Response };

/** Latchkey, running. */
export interface Latchkey {
  /**
   * Answers a request below `basePath`.
   *
   * @param peer `address`: the address of the connection, where the caller knows it. Without it there are no rate
   *   limits, and sessions show no address.
   */
  fetch(request: Request, peer?: Peer): Promise<Response>;
  /**
   * True for what `fetch` answers: everything below `basePath`, and callbacks that a provider's `redirectUri` puts
   * elsewhere on our origin.
   *
   * @param target a path as it was sent, with or without its query
   */
  handles(target: string): boolean;
  /**
   * Answers what clients look for at the root of our origin, outside `basePath` (`/.well-known/…`, RFC 8615), for an
   * app that mounts `fetch` below `basePath` alone: the metadata of what we sign, at
   * `/.well-known/oauth-authorization-server{basePath}` (RFC 8414 §3.1). Undefined for what is the app's own to answer.
   * Ask it first, and fall through.
   */
  wellKnown(request: Request): Promise<Response | undefined>;
  readonly sessions: {
    /**
     * Who is signed in, by cookie or `Authorization: Bearer`; null for nobody.
     *
     * @throws LatchkeyError `store.unavailable` · `store.busy` when it cannot know
     */
    authenticate(request: Request): Promise<SignedIn | null>;
    /**
     * Who is signed in, or the answer to send instead: browsers go to the sign-in page and come back, programs get
     * problem details (401, 403, 503), people who wait for approval the page that says so. A request that changes
     * something and is authenticated by a cookie must come from one of our origin's pages (SU-5). Never rejects.
     *
     * @param request its method, path and headers; the body is not read
     */
    require(request: Request, peer?: Peer): Promise<Admittance>;
    /**
     * A signed statement of who this request comes from, for an app behind this one (LO-11): a JWT that it checks with
     * the keys at `{base}/jwks.json`, good for `assertions.lifetime`. Null for nobody.
     *
     * @param options.audience the app that it is for, such as its URL; each checks that it is meant itself
     * @throws LatchkeyError `account.pending` · `server.bad_request` for an audience that is empty, too long or not plain
     *   ASCII · `store.unavailable` · `store.busy`
     */
    assertion(request: Request, options: { readonly audience: string }): Promise<Assertion | null>;
    /**
     * Tells which sessions just ended, whoever ended them and in whichever process of this database (LO-12): at once
     * when it was this one, else within 5 s. Sessions that run out by themselves are not told; see `expiresAt`.
     *
     * @returns takes the listener away again
     */
    onEnded(listener: (ended: EndedSession) => void): () => void;
  };
  /** People's tokens at their providers. */
  readonly vault: Vault;
  /** People's own connections to MCP servers (docs/tool-servers). */
  readonly toolServers: ToolServersApi;
  /** True while nobody has an account. */
  isEmpty(): Promise<boolean>;
  /** The one-time set-up link, where the first person needs one (AC-9); else null. Each call makes a new one. */
  setupUrl(): Promise<string | null>;
  /**
   * Stops background work and closes what was opened. Requests under way should be finished before; event streams of tool
   * servers that are open are cut after a second (`egress.failed` for whoever reads them).
   */
  close(): Promise<void>;
}
