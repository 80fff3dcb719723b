/** What a person holds: the list without tokens, ending it, and hearing that it ended (VA-14). */
import { LatchkeyError } from "../kernel/errors.js";
import { type AuditEventId, isId, newId, type UserId } from "../kernel/ids.js";
import { type StandardDate, toDate } from "../kernel/time.js";
import type { GrantRecord } from "../store/records.js";
import { endGrants } from "./end-grants.js";
import { readGrantNews } from "./grant-cache.js";
import { selectGrant } from "./policy/select-grant.js";
import type { VaultPorts } from "./ports.js";
import { endOfToken } from "./sealed-grant.js";

/** One connection of one person, without any token (VA-5). */
export interface HeldConnection {
  /** `provider:<id>` */
  readonly connection: string;
  /** Shown to people; the connection's id where it is not configured any more. */
  readonly name: string;
  readonly status: "connected" | "needs_reconnect";
  /** Why, where it needs to be connected again: an error code of the provider, `ambiguous_refresh`, `no_refresh_token`. */
  readonly reason: string | null;
  readonly accountLabel: string | null;
  /** When it was connected. */
  readonly since: StandardDate;
  readonly scopes: readonly string[];
  /** The end of the access token; null: unknown. It is refreshed when it is needed. */
  readonly expiresAt: StandardDate | null;
  /** When a token was last made for it; null: never since it was connected. */
  readonly lastRefreshAt: StandardDate | null;
}

/** What became of one person's connection. */
export interface ConnectionChange {
  readonly user: string;
  readonly connection: string;
  readonly status: HeldConnection["status"] | "not_connected";
  readonly reason: string | null;
}

/** Whose connection is to end, and who says so. */
export interface DisconnectRequest {
  readonly user: string;
  readonly connection: string;
  /** Only the grant of this session. @default all grants that the user holds for this connection */
  readonly session?: string | undefined;
  /** For the audit trail. @default the user */
  readonly actor?: { readonly kind: string; readonly id: string | null } | undefined;
}

export interface HeldConnections {
  list(user: string): Promise<readonly HeldConnection[]>;
  disconnect(request: DisconnectRequest): Promise<{ readonly ended: number }>;
  subscribe(listener: (change: ConnectionChange) => unknown): () => void;
}

export function createHeldConnections(ports: VaultPorts): HeldConnections {
  const { store, log } = ports;
  const listeners = new Set<{ readonly tell: (change: ConnectionChange) => unknown }>();

  ports.news.subscribe(({ kind, key }) => {
    if (kind === "grant" && listeners.size > 0) void announce(readGrantNews(key));
  });

  async function announce({ user, connection }: { user: UserId; connection: string }): Promise<void> {
    try {
      const grants = (await store.grants.ofUser(user)).filter((grant) => grant.connection === connection);
      const [held] = await summaries(grants);
      const change = {
        user,
        connection,
        status: held?.status ?? "not_connected",
        reason: held?.reason ?? null,
      } as const;
      for (const { tell } of [...listeners]) await tell(change);
    } catch (thrown) {
      const err = thrown instanceof Error ? thrown : undefined;
      log.error({ user, connection, err }, "a listener of connections failed");
    }
  }

  const summaries = (grants: readonly GrantRecord[]): Promise<HeldConnection[]> =>
    Promise.all([...new Set(grants.map(({ connection }) => connection))].map((name) => summary(name, grants)));

  async function summary(connection: string, all: readonly GrantRecord[]): Promise<HeldConnection> {
    const grants = all.filter((grant) => grant.connection === connection);
    const grant = selectGrant(grants, undefined) ?? (grants.at(-1) as GrantRecord);
    const info = await ports.connections.find(connection);
    const active = grant.status === "active";
    const expiresAt = endOfToken(grant);
    return {
      connection,
      name: info?.name ?? connection,
      status: active ? "connected" : "needs_reconnect",
      reason: active ? null : grant.statusReason,
      accountLabel: grant.accountLabel,
      since: toDate(grant.createdAt),
      scopes: grant.scopes,
      expiresAt: expiresAt === null ? null : toDate(expiresAt),
      lastRefreshAt: grant.lastRefreshAt === null ? null : toDate(grant.lastRefreshAt),
    };
  }

  return {
    list: async (user) => (isId(user) ? summaries(await store.grants.ofUser(user as UserId)) : []),

    async disconnect({ user, connection, session, actor = { kind: "user", id: user } }) {
      const now = ports.clock.now();
      const isMeant = (grant: GrantRecord) =>
        grant.connection === connection && (session === undefined || grant.sessionId === session);
      const audit = { requestId: newId<AuditEventId>(now, ports.random), address: null };
      const revocation: typeof ports.connections.revocation = (...of) => ports.connections.revocation(...of);
      const of = { user: user as UserId, isMeant };
      const done = isId(user) ? await endGrants({ ...ports, revocation }, of, { actor, audit, now }) : undefined;
      const ended = done?.ended ?? 0;
      if (ended === 0) throw new LatchkeyError("grant.not_connected", { data: { connection, user } });
      ports.onQueued();
      await ports.news.catchUp();
      return { ended };
    },

    subscribe(tell) {
      const listener = { tell };
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
