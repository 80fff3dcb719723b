/**
 * Grants that this node has opened, by what was asked for; forgotten when something is said against them. What another
 * node refreshed in between only makes this copy older: its token stays valid until its end, and is then read anew.
 */
import type { UserId } from "../kernel/ids.js";
import type { Instant } from "../kernel/time.js";
import type { Announcement, GrantRecord } from "../store/records.js";
import type { OpenedGrant } from "./sealed-grant.js";

/** A grant that may be used now. */
export interface HeldGrant extends OpenedGrant {
  /** Until when it may be used without another look: its session's end, or a moment where another grant may be newer. */
  readonly until: Instant;
}

/** Who asks for what; `session` only where the caller named one. */
export interface GrantKey {
  readonly user: string;
  readonly session?: string | undefined;
  readonly connection: string;
}

export interface GrantCache {
  get(key: GrantKey): HeldGrant | undefined;
  set(key: GrantKey, held: HeldGrant): void;
  drop(key: GrantKey): void;
  forget(announcement: Pick<Announcement, "kind" | "key">): void;
}

/** No part of it can hold a line break: ids are ids, and connections are names of the configuration. */
export const keyText = ({ user, session, connection }: GrantKey): string => `${user}\n${session ?? ""}\n${connection}`;

interface Kept {
  readonly held: HeldGrant;
  readonly user: string;
  readonly sessions: readonly string[];
}

/** @param capacity how many are kept; the least recently used go first */
export function createGrantCache(capacity = 20_000): GrantCache {
  const entries = new Map<string, Kept>();
  const ofUser = new Map<string, Set<string>>();
  const ofSession = new Map<string, Set<string>>();

  const index = (map: Map<string, Set<string>>, name: string, text: string): void => {
    const set = map.get(name) ?? new Set();
    map.set(name, set.add(text));
  };
  const unindex = (map: Map<string, Set<string>>, name: string, text: string): void => {
    const set = map.get(name);
    set?.delete(text);
    if (set?.size === 0) map.delete(name);
  };

  function remove(text: string): void {
    const kept = entries.get(text);
    if (!kept) return;
    entries.delete(text);
    unindex(ofUser, kept.user, text);
    for (const session of kept.sessions) unindex(ofSession, session, text);
  }
  const removeAll = (texts: Iterable<string> | undefined): void => {
    for (const text of [...(texts ?? [])]) remove(text);
  };

  return {
    get(key) {
      const text = keyText(key);
      const kept = entries.get(text);
      if (kept === undefined) return undefined;
      // A Map keeps the order of insertion: taken out and put back, it is the youngest.
      entries.delete(text);
      entries.set(text, kept);
      return kept.held;
    },
    set(key, held) {
      const text = keyText(key);
      remove(text);
      const sessions = [key.session, held.grant.sessionId].filter((one): one is NonNullable<typeof one> => one != null);
      entries.set(text, { held, user: key.user, sessions });
      index(ofUser, key.user, text);
      for (const session of sessions) index(ofSession, session, text);
      const oldest = entries.size > capacity ? entries.keys().next().value : undefined;
      if (oldest !== undefined) remove(oldest);
    },
    drop: (key) => remove(keyText(key)),
    forget({ kind, key }) {
      if (kind === "session") removeAll(ofSession.get(key));
      else if (kind === "user") removeAll(ofUser.get(key));
      else if (kind === "grant") removeAll(ofUser.get(readGrantNews(key).user));
      // Providers, tool servers and settings change seldom and bear on everybody.
      else removeAll(entries.keys());
    },
  };
}

/** The key of an announcement about grants: whose, and of which connection. Not which row, nor what became of it. */
export const grantNews = (grant: Pick<GrantRecord, "userId" | "connection">): string =>
  `${grant.userId}/${grant.connection}`;

/** The same, read. */
export function readGrantNews(key: string): { readonly user: UserId; readonly connection: string } {
  const slash = key.indexOf("/");
  return { user: key.slice(0, slash) as UserId, connection: key.slice(slash + 1) };
}
