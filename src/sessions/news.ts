/**
 * What ended or changed elsewhere (LO-3). A node keeps sessions in memory and must hear what has been said against
 * them: announcements are rows written with the change, and this reader hands the new ones to its listeners in order.
 *
 * Rows are kept for days, not for ever: a node that slept through them sees the gap and forgets everything it knew.
 * On SQLite the database itself says when any process committed (`PRAGMA data_version`, microseconds), so the memory
 * is never older than the request that asks. A database without such a number will need the bus and its heartbeat.
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
  let running: Promise<void> | undefined;

  async function read(): Promise<void> {
    // Taken before the rows are read: a commit in between moves it again, and the next call reads again.
    const seen = store.changeCounter();
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
  }

  return {
    isCurrent: () => counter !== undefined && store.changeCounter() === counter,
    async catchUp() {
      // One that is under way may have begun before the caller's commit, so it is waited for and then asked again.
      // Its failure is told to whoever began it; this caller tries for itself.
      while (running !== undefined) await running.catch(() => {});
      if (counter !== undefined && store.changeCounter() === counter) return;
      running = read().finally(() => {
        running = undefined;
      });
      await running;
    },
    get generation() {
      return generation;
    },
    subscribe: (listener) => void listeners.push(listener),
  };
}
