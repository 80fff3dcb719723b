/** How a process waits for SQLite's lock: outside SQLite, for a bounded time, and fairly. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { type Clock, type Duration, seconds, toInstant } from "../../src/kernel/time.js";
import type { Store } from "../../src/store/contract.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { ports } from "./children/ports.js";

/**
 * A clock on which only the store's own waiting passes time, `speed` times as fast as it asks for; `asleep` is told at
 * every pause.
 */
function waitingClock(asleep: (pauses: readonly number[]) => void, speed = 1): Clock & { readonly pauses: number[] } {
  const pauses: number[] = [];
  let now = 0;
  return {
    pauses,
    now: () => toInstant(now),
    monotonic: () => now,
    after: () => () => {},
    async sleep(length: Duration) {
      now += length * speed;
      pauses.push(length);
      asleep(pauses);
    },
  };
}

const folder = mkdtempSync(join(tmpdir(), "latchkey-lock-"));
let other: Database.Database;
let path = "";
let files = 0;
let opened: Store[] = [];
const openWith = async (clock: Clock): Promise<Store> => {
  const store = await openSqliteStore({ path, migrate: true, ...ports, clock });
  opened.push(store);
  return store;
};
beforeEach(async () => {
  path = join(folder, `${files++}.db`);
  await (await openSqliteStore({ path, migrate: true, ...ports })).close();
  other = new Database(path);
});
afterEach(async () => {
  other.close();
  for (const store of opened) await store.close();
  opened = [];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const announce = (store: Store, key: string) =>
  store.transaction((tx) => tx.announcements.append("user", key, toInstant(1)));

test("QU-21 while another process holds the lock, it is waited for outside SQLite, in short uneven pauses", async () => {
  const clock = waitingClock((pauses) => {
    if (pauses.length === 6) other.exec("commit");
  });
  const store = await openWith(clock);
  other.exec("begin immediate");
  await announce(store, "mine");
  expect(clock.pauses.length).toBeGreaterThanOrEqual(6);
  expect(Math.max(...clock.pauses)).toBeLessThanOrEqual(8);
  expect(Math.min(...clock.pauses)).toBeGreaterThanOrEqual(1);
  expect(new Set(clock.pauses).size).toBeGreaterThan(1);
});

test("QU-21 a lock that is not had within five seconds is store.busy, nothing was done, and later it works", async () => {
  const clock = waitingClock(() => {}, 50);
  const store = await openWith(clock);
  const startedAt = clock.monotonic();
  other.exec("begin immediate");
  let began = false;
  const transaction = store.transaction(async () => {
    began = true;
  });
  await expect(transaction).rejects.toMatchObject({ code: "store.busy" });
  const waited = clock.monotonic() - startedAt;
  expect(waited).toBeGreaterThanOrEqual(5_000);
  expect(waited).toBeLessThanOrEqual(5_000 + 8 * 50);
  expect(began).toBe(false);
  expect(await store.announcements.latest()).toBe(0);
  other.exec("rollback");
  await announce(store, "later");
  expect(await store.announcements.latest()).toBe(1);
});

test("QU-21 reads go on while another process holds the lock", async () => {
  const clock = waitingClock(() => {});
  const store = await openWith(clock);
  other.exec("begin immediate; insert into announcements (kind, key, at) values ('user', 'theirs', 1)");
  expect(await store.announcements.latest()).toBe(0);
  other.exec("commit");
  expect(await store.announcements.latest()).toBe(1);
  expect(clock.pauses).toEqual([]);
});

test("QU-21 a transaction that hangs makes those behind it busy after five seconds, in this process too", async () => {
  const clock = createManualClock();
  const store = await openWith(clock);
  let finish = (): void => {};
  const hangs = store.transaction(
    () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
  );
  const behind = [announce(store, "a"), announce(store, "b")].map((one) =>
    one.then(
      () => "done",
      (error) => error.code,
    ),
  );
  await clock.advance(seconds(4));
  const later = announce(store, "c");
  await clock.advance(seconds(1));
  expect(await Promise.all(behind)).toEqual(["store.busy", "store.busy"]);
  finish();
  await hangs;
  await later;
  expect((await store.announcements.after(0)).map(({ key }) => key)).toEqual(["c"]);
});

test("QU-21 a process alone never pauses; one that others write beside lets them go first", async () => {
  const clock = waitingClock(() => {});
  const store = await openWith(clock);
  for (let index = 0; index < 20; index++) await announce(store, `${index}`);
  expect(clock.pauses).toEqual([]);
  other.exec("insert into announcements (kind, key, at) values ('user', 'theirs', 1)");
  await announce(store, "after theirs: nothing to make way for");
  expect(clock.pauses).toEqual([]);
  await announce(store, "the last commit was mine");
  expect(clock.pauses).toHaveLength(1);
});

/** A transaction that has begun and appends `key` once it is told to. */
async function started(store: Store, key: string) {
  let begun = (): void => {};
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  let finish = (): void => {};
  const mayFinish = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const running = store.transaction(async (tx) => {
    begun();
    await mayFinish;
    await tx.announcements.append("user", key, toInstant(1));
  });
  await hasBegun;
  return { running, finish: () => finish() };
}
const codeOf = (running: Promise<unknown>): Promise<string> =>
  running.then(
    () => "committed",
    (error: { code: string }) => error.code,
  );

test("QU-21 closing waits for the transaction that runs and refuses those behind it", async () => {
  const store = await openSqliteStore({ path, ...ports });
  const { running, finish } = await started(store, "finished");
  const behind = codeOf(announce(store, "behind"));
  const closing = store.close();
  expect(await behind).toBe("store.unavailable");
  expect(await codeOf(announce(store, "later"))).toBe("store.unavailable");
  finish();
  expect(await codeOf(running)).toBe("committed");
  await closing;
  const again = await openWith(ports.clock);
  expect((await again.announcements.after(0)).map(({ key }) => key)).toEqual(["finished"]);
});

test("QU-21 closing gives up a transaction that hangs, and rolls it back", async () => {
  const clock = createManualClock();
  const store = await openSqliteStore({ path, ...ports, clock });
  const { running, finish } = await started(store, "hung");
  const closing = store.close();
  await clock.advance(seconds(5));
  await closing;
  finish();
  expect(await codeOf(running)).toBe("store.unavailable");
  const again = await openWith(ports.clock);
  expect(await again.announcements.latest()).toBe(0);
});
