/** Sessions this node has seen, by the hash of their value; forgotten when something is said against them (LO-3). */
import type { SessionId, UserId } from "../kernel/ids.js";
import type { Announcement, SessionRecord } from "../store/records.js";
import type { Authenticated, SessionCheck, SignedInUser } from "./session.js";

export interface CachedSession {
  record: SessionRecord;
  readonly user: SignedInUser;
  /** The answers that a check gives, made once: callers may know them again by identity. */
  answers: Partial<Record<Authenticated["via"], SessionCheck>>;
}

export interface SessionCache {
  get(tokenHash: string): CachedSession | undefined;
  set(tokenHash: string, entry: CachedSession): void;
  forget(announcement: Announcement): void;
  /** Whose a remembered session is. */
  userOf(id: SessionId): UserId | undefined;
}

/** @param capacity how many sessions are kept; the least recently used go first. */
export function createSessionCache(capacity = 50_000): SessionCache {
  const byHash = new Map<string, CachedSession>();
  const hashOfSession = new Map<SessionId, string>();
  const hashesOfUser = new Map<UserId, Set<string>>();

  function drop(tokenHash: string): void {
    const entry = byHash.get(tokenHash);
    if (!entry) return;
    byHash.delete(tokenHash);
    hashOfSession.delete(entry.record.id);
    const hashes = hashesOfUser.get(entry.record.userId);
    hashes?.delete(tokenHash);
    if (hashes?.size === 0) hashesOfUser.delete(entry.record.userId);
  }

  return {
    get(tokenHash) {
      const entry = byHash.get(tokenHash);
      if (entry) {
        // A Map keeps the order of insertion: taken out and put back, it is the youngest.
        byHash.delete(tokenHash);
        byHash.set(tokenHash, entry);
      }
      return entry;
    },
    set(tokenHash, entry) {
      drop(tokenHash);
      byHash.set(tokenHash, entry);
      hashOfSession.set(entry.record.id, tokenHash);
      const hashes = hashesOfUser.get(entry.record.userId) ?? new Set();
      hashesOfUser.set(entry.record.userId, hashes.add(tokenHash));
      const oldest = byHash.size > capacity ? byHash.keys().next().value : undefined;
      if (oldest !== undefined) drop(oldest);
    },
    forget({ kind, key }) {
      if (kind === "session") {
        const tokenHash = hashOfSession.get(key as SessionId);
        if (tokenHash) drop(tokenHash);
      } else if (kind === "user") {
        for (const tokenHash of [...(hashesOfUser.get(key as UserId) ?? [])]) drop(tokenHash);
      } else if (kind !== "grant") {
        // What became of a grant says nothing of sessions. Providers and settings change seldom and bear on everybody.
        for (const tokenHash of [...byHash.keys()]) drop(tokenHash);
      }
    },
    userOf: (id) => byHash.get(hashOfSession.get(id) ?? "")?.record.userId,
  };
}
