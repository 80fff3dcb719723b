/**
 * How a person stands with each tool server (TS-17). Answered from what is stored: no token is refreshed for it, and a
 * server that has to be looked at first is waited for only for a moment.
 */
import { asLatchkeyError } from "../kernel/errors.js";
import type { UserId } from "../kernel/ids.js";
import { type Instant, seconds } from "../kernel/time.js";
import type { ChallengeRecord, GrantRecord, UserRecord } from "../store/records.js";
import { endOfToken, type GrantSecrets, openGrant } from "../vault/sealed-grant.js";
import { isAdmitted } from "./admission.js";
import { isStepUp } from "./policy/scopes.js";
import { unattendedWay } from "./policy/without-person.js";
import type { ConnectPorts } from "./ports.js";
import type { ToolServer } from "./tool-server.js";

/** How a person stands with a tool server (TS-17). */
export type ToolServerStatus =
  | "not_connected"
  | "connected"
  | "needs_consent"
  | "needs_reconnect"
  | "unreachable"
  | "open";

/** One tool server, as one person may see it. No token, and nothing that leads to one. */
export interface ToolServerStanding {
  /** `tool:<id>` */
  readonly connection: string;
  readonly name: string;
  readonly status: ToolServerStatus;
  /** Why, where there is more to say: the reason a grant ended, or an error code. */
  readonly reason: string | null;
  /** When it was connected; null while it is not. */
  readonly since: Instant | null;
  readonly scopes: readonly string[];
  readonly expiresAt: Instant | null;
  readonly lastUsedAt: Instant | null;
  readonly connectUrl: string;
}

/** Whoever looks at a page does not wait longer for a server that was never asked. */
const longestLook = seconds(2);

/** Those that this person may use, and those that they hold a grant for, in the order of the configuration. */
export async function standings(ports: ConnectPorts, userId: UserId): Promise<readonly ToolServerStanding[]> {
  const user = await ports.store.users.byId(userId);
  if (!user) return [];
  const grants = await ports.store.grants.ofUser(userId);
  await ports.servers.refresh();
  const all = ports.servers.all().map((server) => standing(ports, user, server, grants));
  return (await Promise.all(all)).filter((one) => one !== undefined);
}

async function standing(
  ports: ConnectPorts,
  user: UserRecord,
  server: ToolServer,
  grants: readonly GrantRecord[],
): Promise<ToolServerStanding | undefined> {
  const grant = grants.findLast(({ connection }) => connection === server.connection);
  const mayUse = server.enabled && (await isAdmitted(ports.store, user, server));
  if (!grant && !mayUse) return undefined;
  const { connection, name, connectUrl } = server;
  if (!grant) {
    const nothing = { since: null, scopes: [], expiresAt: null, lastUsedAt: null };
    const stands = isSentAnyway(server, grants) ? usedAsItIs : await withoutGrant(ports, server);
    return { connection, name, connectUrl, ...nothing, ...stands };
  }
  const { scopes, lastUsedAt } = grant;
  const known = await ports.store.challenges.of(user.id, connection);
  const held = standingOf(server, grant, openGrant(ports.keyring, grant), known, ports.clock.now());
  const since = held.status === "not_connected" ? null : grant.createdAt;
  return { connection, name, connectUrl, since, scopes, expiresAt: endOfToken(grant), lastUsedAt, ...held };
}

const usedAsItIs = { status: "connected", reason: null } as const;

/** The operator's key, and what a provider that the person signed in with is asked for when it is used (TS-21). */
function isSentAnyway(server: ToolServer, grants: readonly GrantRecord[]): boolean {
  if (server.registration !== "provider") return server.registration === "key";
  const isOfIt = (connection: string) =>
    server.provider === null ? connection.startsWith("provider:") : connection === `provider:${server.provider}`;
  return grants.some(({ connection, status }) => isOfIt(connection) && status === "active");
}

/** Pure. */
function standingOf(
  server: ToolServer,
  grant: GrantRecord,
  secrets: GrantSecrets | undefined,
  known: ChallengeRecord | undefined,
  now: Instant,
): Pick<ToolServerStanding, "status" | "reason"> {
  if (grant.status !== "active") return { status: "needs_reconnect", reason: grant.statusReason };
  if (secrets && secrets.asked?.server !== server.url) return { status: "needs_reconnect", reason: "server_changed" };
  const way = unattendedWay(server);
  if (secrets && (secrets.asked?.withoutPerson ?? null) !== way) {
    const reason = "registration_changed";
    return { status: way === null ? "needs_reconnect" : "not_connected", reason };
  }
  // It has no token yet, or its last one is over: the next use gets one.
  if (secrets?.asked?.withoutPerson !== undefined) {
    const had = grant.lastRefreshAt !== null;
    return { status: had ? "connected" : "not_connected", reason: grant.lastFailureCode };
  }
  const over = grant.expiresAt !== null && grant.expiresAt <= now;
  if (over && secrets?.refreshToken === null) return { status: "needs_reconnect", reason: "no_refresh_token" };
  if (known && isStepUp(known.challenge)) return { status: "needs_consent", reason: "insufficient_scope" };
  return { status: "connected", reason: grant.lastFailureCode };
}

async function withoutGrant(
  ports: ConnectPorts,
  server: ToolServer,
): Promise<Pick<ToolServerStanding, "status" | "reason">> {
  const looked = ports.find(server).then(
    ({ status }) => ({ status: status === "open" ? status : "not_connected", reason: null }) as const,
    (thrown: unknown) => {
      const { code } = asLatchkeyError(thrown);
      // Only what was found, or not found, out there says how it stands; anything else is a failure of ours.
      if (!code.startsWith("connect.") && !code.startsWith("egress.")) throw thrown;
      return { status: code === "connect.server_unreachable" ? "unreachable" : "not_connected", reason: code } as const;
    },
  );
  const moment = ports.waitingClock.sleep(longestLook).then(() => ({ status: "not_connected", reason: null }) as const);
  return Promise.race([looked, moment]);
}
