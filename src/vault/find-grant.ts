/**
 * Finds the grant that a caller means and may use now (VA-16), and opens it. From memory where nothing has been said
 * against it; else from the store, with everything that can forbid it: a person who is disabled or waits for approval
 * (AC-8, AC-20), a connection that is switched off or points to another issuer, a session that is over.
 */
import { LatchkeyError } from "../kernel/errors.js";
import { isId, type SessionId, type UserId } from "../kernel/ids.js";
import { after, type Instant, seconds, toInstant } from "../kernel/time.js";
import type { GrantRecord, SessionRecord } from "../store/records.js";
import { createGrantCache, type GrantCache, type GrantKey, type HeldGrant, keyText } from "./grant-cache.js";
import { selectGrant } from "./policy/select-grant.js";
import type { ConnectionInfo, VaultPorts } from "./ports.js";
import { type OpenedGrant, openGrant } from "./sealed-grant.js";
import { makeUnattended } from "./unattended-grant.js";

/** Where no session is named, a sign-in elsewhere may bring a newer grant, and nobody announces it. */
const lookAgainAfter = seconds(5);

/** How often rows are read again because something was announced meanwhile. */
const mostRounds = 3;

export interface GrantFinder {
  /** The remembered one, or undefined: no I/O. Throws when the store is closed. */
  remembered(key: GrantKey, now: Instant): HeldGrant | undefined;
  /**
   * @throws LatchkeyError `account.not_found` · `account.disabled` · `account.pending` · `grant.connection_unknown` ·
   *   `grant.connection_disabled` · `grant.not_connected` · `grant.needs_reconnect` · `grant.unreadable` · `store.*`
   */
  find(key: GrantKey): Promise<HeldGrant>;
  /**
   * The next `find` has `current` for `held`, which it is the newer state of, unless something was said meanwhile against
   * what `held` was found by; else it reads the store.
   */
  renew(key: GrantKey, held: HeldGrant, current: OpenedGrant): Promise<void>;
  /** The next `find` reads the store. */
  drop(key: GrantKey): void;
  /** @throws LatchkeyError `grant.connection_unknown` · `grant.connection_disabled` */
  usableConnection(connection: string): Promise<ConnectionInfo>;
}

export function createGrantFinder(ports: VaultPorts): GrantFinder {
  const { store, news, clock } = ports;
  const cache: GrantCache = createGrantCache();
  /** A thousand callers who ask for one grant at once read it once; who asks after something was announced, with those who asked then. */
  const loading = new Map<string, { readonly generation: number; readonly end: Promise<HeldGrant> }>();
  news.subscribe((announcement) => cache.forget(announcement));

  async function usableConnection(connection: string): Promise<ConnectionInfo> {
    const info = await ports.connections.find(connection);
    const data = { connection: connection.slice(0, 100) };
    if (!info) throw new LatchkeyError("grant.connection_unknown", { data });
    if (!info.enabled) throw new LatchkeyError("grant.connection_disabled", { data });
    return info;
  }

  async function mustBeAdmitted(user: string, connection: string): Promise<UserId> {
    const record = isId(user) ? await store.users.byId(user as UserId) : undefined;
    if (!record) throw new LatchkeyError("account.not_found", { data: { user: user.slice(0, 100) } });
    if (record.disabledAt !== null) throw new LatchkeyError("account.disabled", { data: { user } });
    if (record.role === "pending") throw new LatchkeyError("account.pending", { data: { user } });
    await ports.connections.mustAdmit(connection, record);
    return record.id;
  }

  async function load(key: GrantKey, rounds = mostRounds): Promise<HeldGrant> {
    const generation = news.generation;
    const info = await usableConnection(key.connection);
    const userId = await mustBeAdmitted(key.user, key.connection);
    const rows = await store.grants.ofUser(userId);
    const ofConnection = rows.filter(
      ({ connection, issuer }) =>
        connection === key.connection && (info.issuers === null || info.issuers.includes(issuer)),
    );
    const sessions = new Map((await store.sessions.ofUser(userId)).map((session) => [session.id, session]));
    const now = clock.now();
    const living = ofConnection.filter(({ sessionId }) => sessionId === null || lives(sessions.get(sessionId), now));
    const grant = selectGrant(living, key.session);
    if (!grant) {
      if (await makeUnattended(ports, userId, key.connection)) return load(key);
      throw none(living, key);
    }
    const secrets = openGrant(ports.keyring, grant);
    if (!secrets)
      throw new LatchkeyError("grant.unreadable", { data: { grant: grant.id, connection: key.connection } });
    const reason = ports.connections.foreign(grant, secrets);
    if (reason !== null) {
      if (await makeUnattended(ports, userId, key.connection)) return load(key);
      throw new LatchkeyError("grant.needs_reconnect", { data: { connection: key.connection, reason } });
    }
    const held = { grant, secrets, until: until(grant, sessions, key, now) };
    // If announcements were applied while these rows were read, one of them may have been about this grant.
    await news.catchUp();
    if (news.generation !== generation && rounds > 1) return load(key, rounds - 1);
    // Where something is announced all the time this one is answered, since it was read after it was asked for, and not kept.
    if (news.generation === generation) cache.set(key, held);
    return held;
  }

  function find(key: GrantKey): Promise<HeldGrant> {
    const text = keyText(key);
    const running = loading.get(text);
    if (running?.generation === news.generation) return running.end;
    const end = load(key).finally(() => {
      if (loading.get(text)?.end === end) loading.delete(text);
    });
    loading.set(text, { generation: news.generation, end });
    return end;
  }

  function remembered(key: GrantKey, now: Instant): HeldGrant | undefined {
    if (!news.isCurrent()) return undefined;
    const held = cache.get(key);
    return held && held.until > now ? held : undefined;
  }

  return {
    remembered,
    async find(key) {
      if (!news.isCurrent()) await news.catchUp();
      return remembered(key, clock.now()) ?? find(key);
    },
    async renew(key, held, current) {
      if (!news.isCurrent()) await news.catchUp();
      const known = cache.get(key);
      // Another caller was quicker, or it was read anew since.
      if (known !== undefined && known !== held) return;
      const stands = known === held && held.until > clock.now();
      if (stands && ports.connections.foreign(current.grant, current.secrets) === null) {
        cache.set(key, { ...current, until: held.until });
      } else cache.drop(key);
    },
    drop: (key) => cache.drop(key),
    usableConnection,
  };
}

const lives = (session: SessionRecord | undefined, now: Instant): boolean =>
  session !== undefined && session.idleEndsAt > now && session.endsAt > now;

function until(
  grant: GrantRecord,
  sessions: ReadonlyMap<SessionId, SessionRecord>,
  key: GrantKey,
  now: Instant,
): Instant {
  const session = grant.sessionId === null ? undefined : sessions.get(grant.sessionId);
  const end = session ? Math.min(session.idleEndsAt, session.endsAt) : Number.MAX_SAFE_INTEGER;
  const asked = key.session !== undefined && key.session === grant.sessionId;
  return toInstant(asked ? end : Math.min(end, after(now, lookAgainAfter)));
}

function none(grants: readonly GrantRecord[], key: GrantKey): LatchkeyError {
  const { connection } = key;
  const ended = grants.filter(({ status }) => status === "needs_reconnect");
  const own = ended.find(({ sessionId }) => sessionId === key.session) ?? ended.at(-1);
  if (!own) return new LatchkeyError("grant.not_connected", { data: { connection } });
  return new LatchkeyError("grant.needs_reconnect", { data: { connection, reason: own.statusReason } });
}
