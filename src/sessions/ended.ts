/**
 * Tells an embedding app which sessions just ended, so that it can close what hangs on them: sockets, streams, work
 * under way (LO-12). What ends a session is an announcement, so every process of one database hears of it.
 *
 * On SQLite no bus says that another process has committed: while somebody listens, `PRAGMA data_version` is looked at
 * twenty times a second, which costs microseconds, so that a socket closes as soon there as it does with a bus.
 *
 * Not here: sessions that run out by themselves. Nothing happens at that moment and nobody announces it; who holds a
 * connection open for long looks at `session.expiresAt`, or asks `authenticate` again.
 */
import type { SessionId, UserId } from "../kernel/ids.js";
import type { Log } from "../kernel/log.js";
import { type Clock, milliseconds } from "../kernel/time.js";
import type { News } from "./news.js";

const lookEvery = milliseconds(50);

/** A session that is over, whoever ended it: its person, an operator, another device, another process. */
export interface EndedSession {
  readonly id: SessionId;
  /** Whose it was; null when this process has not seen the session since it started, or not lately. */
  readonly userId: UserId | null;
}

export interface EndedSessions {
  /** @returns takes the listener away again */
  onEnded(listener: (ended: EndedSession) => void): () => void;
  /** True when somebody listens and something was committed that has not been read. */
  isBehind(): boolean;
  /** Looks no more. */
  stop(): void;
}

/** Made before the cache of sessions, which forgets whose an ended session was as soon as it hears of it. */
export function createEndedSessions(ports: {
  readonly news: News;
  readonly log: Log;
  readonly userOf: (id: SessionId) => UserId | undefined;
  /** What looks for news by itself, where asking whether there are any is cheap; else a bus says so. */
  readonly watch?: { readonly clock: Clock; readonly onNews: () => void } | undefined;
}): EndedSessions {
  const { news, log, watch } = ports;
  let stopLooking: (() => void) | undefined;
  const listeners = new Set<{ readonly tell: (ended: EndedSession) => void }>();

  news.subscribe(({ kind, key }) => {
    // A user's own announcement ends nothing: whatever disables or deletes one announces each session as well.
    if (kind !== "session") return;
    const id = key as SessionId;
    const ended = { id, userId: ports.userOf(id) ?? null };
    for (const { tell } of [...listeners]) void inform(tell, ended);
  });

  /** One listener that fails keeps nobody else from hearing, and stops no reading of news. */
  async function inform(tell: (ended: EndedSession) => unknown, ended: EndedSession): Promise<void> {
    try {
      await tell(ended);
    } catch (thrown) {
      const err = thrown instanceof Error ? thrown : undefined;
      log.error({ session: ended.id, err }, "a listener of ended sessions failed");
    }
  }

  const isBehind = (): boolean => listeners.size > 0 && !news.isCurrent();

  function look(): void {
    stopLooking = undefined;
    if (watch === undefined || listeners.size === 0) return;
    try {
      if (isBehind()) watch.onNews();
    } catch (thrown) {
      // A database that is closing or out of order: whoever asks it for something says so, and here it comes twenty times
      // a second.
      const err = thrown instanceof Error ? thrown : undefined;
      log.debug({ err }, "whether sessions ended could not be looked up; it is tried again");
    }
    stopLooking = watch.clock.after(lookEvery, look);
  }

  return {
    onEnded(tell) {
      const listener = { tell };
      listeners.add(listener);
      if (stopLooking === undefined) look();
      return () => void listeners.delete(listener);
    },
    isBehind,
    stop: () => stopLooking?.(),
  };
}
