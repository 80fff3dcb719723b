/** What the admin pages may call. Every one of them is asked only after the route has seen that an admin asks. */
import type { UserDetails } from "../administer-users.js";
import type { ClaimsExplanation } from "../explain-claims.js";
import type { JsonObject } from "../kernel/json.js";
import type { QueuedMessage } from "../outbox/administer-webhooks.js";
import type { Authenticated } from "../sessions/session.js";
import type { Page, PageRequest } from "../store/contract.js";
import type { UserRecord } from "../store/records.js";
import type { AdminRequest } from "./admin-request.js";
import type { AdminToolServers } from "./admin-tool-servers.js";

/** What needs somebody's attention (AC-20, SI-23). */
export interface Attention {
  readonly waiting: number;
  /** There are more than were counted. */
  readonly waitingMore: boolean;
  /** Messages to webhooks that were given up. */
  readonly dead: number;
}

/** `id` as it came; each throws LatchkeyError `account.not_found` when it is nobody's. */
export interface AdminFeatures {
  /** The roles that exist, least first. */
  readonly roles: readonly string[];
  attention(): Promise<Attention>;
  /** @throws LatchkeyError `server.bad_request` for a cursor that no list gave */
  users(page: PageRequest, filter: { search?: string; role?: string }): Promise<Page<UserRecord>>;
  user(id: string): Promise<UserDetails>;
  /** @throws LatchkeyError `account.role_unknown` · `account.last_admin` */
  setRole(admin: Authenticated, id: string, role: string, request: AdminRequest): Promise<UserRecord>;
  /** @throws LatchkeyError `account.last_admin` */
  setDisabled(admin: Authenticated, id: string, disabled: boolean, request: AdminRequest): Promise<UserRecord>;
  signOutUser(admin: Authenticated, id: string, request: AdminRequest): Promise<number>;
  /** @throws LatchkeyError `session.not_found` when it is not a session of this person */
  endSessionOfUser(admin: Authenticated, id: string, session: string, request: AdminRequest): Promise<void>;
  /**
   * SI-19: by the decision that signs people in; nobody is signed in and nothing is written.
   *
   * @throws LatchkeyError `signin.provider_unknown` · `account.not_found` · `signin.userinfo_invalid`
   */
  explain(input: {
    readonly provider: string;
    readonly claims: JsonObject;
    readonly user: string | undefined;
  }): Promise<{
    readonly told: ClaimsExplanation /** A sign-in with them would succeed. */;
    readonly signsIn: boolean;
  }>;
  /** Messages to webhooks that wait or are dead, oldest first. */
  messages(page: PageRequest): Promise<Page<QueuedMessage>>;
  /** False when it is no dead message. */
  retry(id: string): Promise<boolean>;
  retryAll(): Promise<number>;
  readonly toolServers: AdminToolServers;
}
