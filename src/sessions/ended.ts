/**
 * Tells an embedding app which sessions just ended, so that it can close what hangs on them: sockets, streams, work
 * under way (LO-12). What ends a session is an announcement, so every process of one database hears of it.
 *
 * Not here: sessions that run out by themselves. Nothing happens at that moment and nobody announces it; who holds a
 * connection open for long looks at `session.expiresAt`, or asks `authenticate` again.
 */
import type { SessionId, UserId } from "../kernel/ids.js";
import type { Log } from "../kernel/log.js";
import type { News } from "./news.js";

/** A session that is over, whoever ended it: its person, an operator, another device, another process. */
export interface EndedSession {
  readonly id: SessionId;
  /** Whose it was; null when this process has not seen the session since it started, or not lately. */
  readonly userId: UserId | null;
}

export interface EndedSessions {
  /** @returns takes the listener away again */
  onEnded(listener: (ended: EndedSession) => void): () => void;
  /** Reads what other processes have said; does nothing while nobody listens. */
  listen(): Promise<void>;
  /** True when somebody listens and something was committed that has not been read. */
  isBehind(): boolean;
}

/** Made before the cache of sessions, which forgets whose an ended session was as soon as it hears of it. */
export function createEndedSessions(ports: {
  readonly news: News;
  readonly log: Log;
  readonly userOf: (id: SessionId) => UserId | undefined;
}): EndedSessions {
  const { news, log } = ports;
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

  return {
    onEnded(tell) {
      const listener = { tell };
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async listen() {
      if (listeners.size > 0) await news.catchUp();
    },
    isBehind: () => listeners.size > 0 && !news.isCurrent(),
  };
}
