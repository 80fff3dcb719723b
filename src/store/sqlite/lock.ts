/**
 * The file's write lock, which processes take in turns.
 *
 * SQLite gives it to whoever asks at the right moment, and a process with much to write asks again at once: measured
 * with four writers, one of them had three quarters of all commits. So a process that committed last, and knows that
 * others write too, waits as long as those others pause between two attempts before it asks again. Then all have the
 * same chance. A process alone never waits.
 */
import { milliseconds } from "../../kernel/time.js";
import type { SqliteConnection } from "./connection.js";
import { translating } from "./failures.js";
import { aPause, type LockPorts, whenFree } from "./when-free.js";

/** For so many milliseconds after another process was noticed, it is taken to be still writing. */
const othersRemembered = 1_000;

export interface Lock {
  /** Begins a transaction that holds the lock. @throws LatchkeyError `store.busy` `patience` after `startedAt` */
  begin(startedAt: number): Promise<void>;
  /** Runs one statement that is a transaction by itself; it must not await anything. @throws as `begin` */
  once<T>(startedAt: number, statement: () => T): Promise<T>;
  /** Commits it. @throws LatchkeyError as the store does */
  commit(): void;
}

export function createLock(ports: LockPorts, { raw, prepared }: SqliteConnection): Lock {
  const now = () => ports.clock.monotonic();
  // It moves when another connection committed.
  const dataVersion = raw.prepare<[], number>("pragma data_version").pluck();
  let version = dataVersion.get();
  let othersSeenAt = Number.NEGATIVE_INFINITY;
  let committedAt = Number.NEGATIVE_INFINITY;
  /** True while nobody else has committed since we did. */
  let committedLast = false;

  async function acquire<T>(startedAt: number, act: () => T): Promise<T> {
    if (committedLast && now() - othersSeenAt < othersRemembered) {
      const rest = committedAt + aPause(ports) - now();
      if (rest > 0) await ports.clock.sleep(milliseconds(rest));
    }
    const refused = () => {
      othersSeenAt = now();
    };
    const result = await whenFree(ports, startedAt, act, refused);
    const current = translating(() => dataVersion.get());
    if (current !== version) {
      version = current;
      committedLast = false;
      othersSeenAt = now();
    }
    return result;
  }
  function committed(): void {
    committedLast = true;
    committedAt = now();
  }

  return {
    async begin(startedAt) {
      await acquire(startedAt, () => prepared("begin immediate").run());
    },
    async once(startedAt, statement) {
      const result = await acquire(startedAt, statement);
      committed();
      return result;
    },
    commit() {
      translating(() => prepared("commit").run());
      committed();
    },
  };
}
