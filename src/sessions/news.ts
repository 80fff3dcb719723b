/**
 * What ended or changed elsewhere (LO-3). A node keeps sessions in memory and must hear what has been said against
 * them: announcements are rows written with the change, and this reader hands the new ones to its listeners in order.
 *
 * Rows are kept for days, not for ever: a node that slept through them sees the gap and forgets everything it knew.
 * On SQLite the database itself says when any process committed (`PRAGMA data_version`, microseconds), so the memory
 * is never older than the request that asks. A database without such a number needs the bus: while its heartbeat comes
 * back, silence means that there is nothing to read; otherwise every question goes to the database, many with one read.
 */
import type { Log } from "../kernel/log.js";
import type { Store } from "../store/contract.js";
import type { Announcement } from "../store/records.js";

export interface News {
  /** Resolves when everything committed before this call has been applied. Throws when that cannot be known. */
  catchUp(): Promise<void>;
  /** True when nothing was committed anywhere since the last `catchUp`: the fast path, without I/O. */
  isCurrent(): boolean;
  /** Goes up whenever announcements were applied; a slow reader uses it to see that it was overtaken. */
  readonly generation: number;
  subscribe(listener: (announcement: Announcement) => void): void;
  /** From now on silence of this bus counts; it is told here of what this node itself committed, too. */
  listenTo(bus: NewsBus): void;
  /** The newest announcement that was read. */
  readonly sequence: number;
}

/** What is asked of a bus. */
export interface NewsBus {
  onNews(listener: () => void): void;
  isAlive(): boolean;
}

export async function startNews(ports: {
  store: Pick<Store, "announcements" | "changeCounter">;
  log: Log;
}): Promise<News> {
  const { store } = ports;
  const listeners: ((announcement: Announcement) => void)[] = [];
  let counter = store.changeCounter();
  let sequence = await store.announcements.latest();
  let generation = 0;
  /** The read under way, and the one that begins when it ends. */
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let bus: NewsBus | undefined;
  /** Goes up with every message; what was read when it was lower may be old. */
  let messages = 0;
  let messagesRead = -1;

  async function read(): Promise<void> {
    // Taken before the rows are read: a commit in between moves it again, and the next call reads again.
    const seen = store.changeCounter();
    const heard = messages;
    for (;;) {
      const fresh = await store.announcements.after(sequence);
      for (const announcement of fresh) {
        // A number was left out: rows were cleaned up before this node came to read them, and nobody can say whom they
        // were about. A change of settings is what bears on everybody.
        if (announcement.sequence > sequence + 1) {
          for (const listener of listeners) listener({ ...announcement, kind: "settings", key: "announcements" });
        }
        sequence = announcement.sequence;
        for (const listener of listeners) listener(announcement);
      }
      if (fresh.length > 0) generation++;
      if (fresh.length < 1_000) break;
    }
    counter = seen;
    messagesRead = heard;
  }

  async function start(): Promise<void> {
    if (counter !== undefined && store.changeCounter() === counter) return;
    running = read().finally(() => {
      running = undefined;
    });
    await running;
  }

  function startNext(before: Promise<void>): Promise<void> {
    // The failure of the one before is told to those it was for.
    next = before
      .catch(() => {})
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  }

  const isCurrent = (): boolean =>
    counter === undefined
      ? bus !== undefined && messagesRead === messages && bus.isAlive()
      : store.changeCounter() === counter;

  return {
    isCurrent,
    // One that is under way may have begun before the caller's commit: all who come meanwhile share the one after it, and
    // its failure. There must never be two at once, so one that is about to begin comes first.
    catchUp: () => next ?? (running === undefined ? start() : startNext(running)),
    get generation() {
      return generation;
    },
    get sequence() {
      return sequence;
    },
    subscribe: (listener) => void listeners.push(listener),
    listenTo(told) {
      bus = told;
      told.onNews(() => {
        messages++;
      });
    },
  };
}
