/**
 * Is somebody signed in? The hottest path of the product (LO-3, LO-4): no I/O when this node has seen the session and
 * nothing has been said against it. When the store cannot be asked the answer is an error, never a yes and never a no.
 */
import { sha256Base64Url } from "../crypto/digest.js";
import type { SessionId, UserId } from "../kernel/ids.js";
import { after, type Clock, type Duration, type Instant, minutes, toInstant } from "../kernel/time.js";
import type { ProviderRegistry } from "../providers/provider.js";
import type { Store } from "../store/contract.js";
import type { SessionRecord, UserRecord } from "../store/records.js";
import type { LastSeen } from "./last-seen.js";
import type { News } from "./news.js";
import type { Authenticated, LiveSession, SessionCheck } from "./session.js";
import { type CachedSession, createSessionCache } from "./session-cache.js";
import type { SessionCookie } from "./session-cookie.js";

/** Last-seen is written at most this often per session, or as often as a tenth of a shorter idle time asks for (LO-2). */
const touchInterval = (idle: Duration): number => Math.min(minutes(1), idle / 10);

export interface CheckSessionPorts {
  readonly store: Store;
  readonly news: News;
  readonly clock: Clock;
  readonly lastSeen: Pick<LastSeen, "note">;
  readonly cookie: SessionCookie;
  readonly providers: ProviderRegistry;
  readonly idle: Duration;
  /** Where we serve the picture of somebody (SI-22). */
  readonly pictureOf: (user: UserRecord) => Promise<string | null>;
  /** Reads which issuer a tenant's name stands for, where another node was told (SI-2). */
  readonly learnIssuer?: ((unresolved: string) => Promise<unknown>) | undefined;
}

export interface SessionChecker {
  /** @throws LatchkeyError `store.unavailable` · `store.busy` when it cannot know. */
  check(headers: { get(name: string): string | null }): Promise<SessionCheck>;
  /** The same for a session that is known by its id: who is signed in by it now, or undefined. */
  byId(id: SessionId): Promise<Authenticated | undefined>;
  /** Whose a session is that this process has seen and still remembers; no I/O. */
  userOf(id: SessionId): UserId | undefined;
}

/** How often rows are read again because something was announced meanwhile. */
const mostRounds = 3;

export function createSessionChecker(ports: CheckSessionPorts): SessionChecker {
  const { store, news, clock, providers } = ports;
  const cache = createSessionCache();
  const untilTouched = touchInterval(ports.idle);
  news.subscribe((announcement) => cache.forget(announcement));

  async function load(tokenHash: string, rounds = mostRounds): Promise<CachedSession | undefined> {
    const generation = news.generation;
    const record = await store.sessions.byTokenHash(tokenHash);
    const user = record && (await store.users.byId(record.userId));
    if (!record || !user || user.disabledAt !== null) return undefined;
    const provider = providers.byId(record.provider);
    if (provider?.unresolvedIssuer !== undefined && provider.issuers.length === 0) {
      await ports.learnIssuer?.(provider.unresolvedIssuer);
    }
    const memberships = await store.groups.ofUser(user.id);
    const picture = await ports.pictureOf(user);
    const { id, email, emailVerified, name, role } = user;
    const groups = [...new Set(memberships.map(({ group }) => group.name))].sort();
    const entry = { record, user: { id, email, emailVerified, name, picture, role, groups }, answers: {} };
    // If announcements were applied while these rows were read, one of them may have been about this session.
    await news.catchUp();
    if (news.generation !== generation && rounds > 1) return load(tokenHash, rounds - 1);
    // Where something is announced all the time this one is answered, since it was read after it was asked for, and not kept.
    if (news.generation === generation) cache.set(tokenHash, entry);
    return entry;
  }

  async function find(tokenHash: string, now: Instant): Promise<CachedSession | undefined> {
    if (!news.isCurrent()) await news.catchUp();
    const cached = cache.get(tokenHash);
    // Another node may have moved the idle end: only the database can say that it has passed.
    const entry = cached && cached.record.idleEndsAt > now ? cached : await load(tokenHash);
    return entry && isLive(entry.record, now) ? entry : undefined;
  }

  /** AC-8, AT-10: the provider must still be there, switched on, and the issuer that the session came from. */
  function isLive(record: SessionRecord, now: Instant): boolean {
    if (record.idleEndsAt <= now || record.endsAt <= now) return false;
    const provider = providers.byId(record.provider);
    return provider?.enabled === true && provider.issuers.includes(record.issuer);
  }

  function touch(entry: CachedSession, now: Instant): void {
    if (now - entry.record.lastSeenAt < untilTouched) return;
    ports.lastSeen.note({
      id: entry.record.id,
      at: now,
      idleEndsAt: after(now, ports.idle),
      written(lastSeenAt, idleEndsAt) {
        entry.record = { ...entry.record, lastSeenAt, idleEndsAt };
        entry.answers = {};
      },
    });
  }

  return {
    async check(headers) {
      const presented = ports.cookie.read(headers);
      if (presented.kind === "none") return { kind: "none" };
      if (presented.kind === "conflict") return { kind: "invalid", code: "session.conflict", clearCookie: false };
      if (presented.kind === "malformed") return invalid(presented.via);
      const now = clock.now();
      const tokenHash = sha256Base64Url(presented.value);
      const entry = await find(tokenHash, now);
      if (!entry) return invalid(presented.via);
      touch(entry, now);
      return answerFor(entry, presented.via);
    },
    async byId(id) {
      const record = await store.sessions.byId(id);
      const entry = record && (await find(record.tokenHash, clock.now()));
      const answer = entry && answerFor(entry, "bearer");
      return answer?.kind === "signed-in" ? answer : undefined;
    },
    userOf: (id) => cache.userOf(id),
  };
}

function answerFor(entry: CachedSession, via: Authenticated["via"]): SessionCheck {
  const made = entry.answers[via];
  if (made) return made;
  const answer: SessionCheck = { kind: "signed-in", user: entry.user, session: liveSession(entry.record), via };
  entry.answers[via] = answer;
  return answer;
}

const invalid = (via: Authenticated["via"]): SessionCheck => ({
  kind: "invalid",
  code: "session.invalid",
  clearCookie: via === "cookie",
});

export const liveSession = (record: SessionRecord): LiveSession => ({
  id: record.id,
  provider: record.provider,
  createdAt: record.createdAt,
  lastSeenAt: record.lastSeenAt,
  expiresAt: toInstant(Math.min(record.idleEndsAt, record.endsAt)),
});
