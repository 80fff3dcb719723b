/** That people come back by the hundred is one write, or few, and none of them is forgotten (LO-2). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { systemRandom } from "../crypto/random.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { UserId } from "../kernel/ids.js";
import { silentLog } from "../kernel/log.js";
import { minutes, systemClock } from "../kernel/time.js";
import { openSqliteStore } from "../store/sqlite.js";
import type { Browser } from "../testing/browser.js";
import { createManualClock } from "../testing/manual-clock.js";
import { createWorld } from "../testing/world.js";

const closings: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) await close();
});

/** Ann at `count` devices, each with a session, and a database that tells how often it was written to, and can refuse. */
async function annAt(count: number) {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-last-seen-"));
  closings.push(() => rmSync(folder, { recursive: true }));
  const open = (migrate: boolean) =>
    openSqliteStore({ path: join(folder, "l.db"), migrate, clock: systemClock, random: systemRandom, log: silentLog });
  const opened = await open(true);
  const writes = { count: 0, refused: false };
  const store: typeof opened = {
    ...opened,
    async transaction(work) {
      writes.count++;
      if (writes.refused) throw new LatchkeyError("store.busy");
      return opened.transaction(work);
    },
  };
  const clock = createManualClock();
  const world = await createWorld({ clock, config: { sessions: { maxPerUserAndProvider: 1_000 } }, ports: { store } });
  let isClosed = false;
  const close = async () => {
    if (!isClosed) await world.close();
    isClosed = true;
  };
  closings.unshift(close);
  const browsers: Browser[] = [];
  for (let number = 0; number < count; number++) {
    const browser = world.browser();
    await world.signIn(browser, "ann-1");
    browsers.push(browser);
  }
  const { user } = (await world.session(browsers[0] ?? world.browser())).body;
  const each = browsers.map((browser) => async () => expect((await world.session(browser)).status).toBe(200));
  const comeBack = () => Promise.all(each.map((comesBack) => comesBack()));
  const lastSeen = async (from = store) =>
    (await from.sessions.ofUser(user?.id as UserId)).map(({ lastSeenAt }) => lastSeenAt);
  return { world, clock, writes, each, comeBack, lastSeen, close, reopen: () => open(false) };
}

test("LO-2 thirty devices that come back at once are written in few transactions, and all of them", async () => {
  const { clock, writes, comeBack, lastSeen } = await annAt(30);
  await clock.skip(minutes(2));
  writes.count = 0;
  await comeBack();
  const now = clock.now();
  await expect.poll(lastSeen).toEqual(Array.from({ length: 30 }, () => now));
  // Whoever came first, and all the others; a slow machine needs some more.
  const written = writes.count;
  expect(written).toBeLessThan(10);
  await comeBack();
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(writes.count).toBe(written);
});

test("LO-2 devices that come back one after the other, each in a turn of its own, are written together too", async () => {
  const { clock, writes, each, lastSeen } = await annAt(40);
  await clock.skip(minutes(2));
  writes.count = 0;
  const began = performance.now();
  for (const comesBack of each) {
    await comesBack();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const now = clock.now();
  await expect.poll(lastSeen).toEqual(Array.from({ length: 40 }, () => now));
  // No more than there are tenths of a second in it, one at its beginning and one at its end.
  expect(writes.count).toBeLessThanOrEqual((performance.now() - began) / 100 + 2);
});

test("LO-2 what is gathered when the process closes is written before it has closed", async () => {
  const { clock, comeBack, lastSeen, close, reopen } = await annAt(5);
  await clock.skip(minutes(2));
  await comeBack();
  const now = clock.now();
  await close();
  const again = await reopen();
  closings.unshift(() => again.close());
  expect(await lastSeen(again)).toEqual([now, now, now, now, now]);
});

test("LO-2 while last-seen cannot be written everybody is let in, the log says so, and the next time it is written", async () => {
  const { world, clock, writes, comeBack, lastSeen } = await annAt(5);
  const before = await lastSeen();
  await clock.skip(minutes(2));
  writes.refused = true;
  await comeBack();
  const said = () => world.log.lines.filter(({ message }) => message === "last-seen could not be written");
  await expect.poll(() => said().reduce((sum, { fields }) => sum + Number(fields["sessions"]), 0)).toBe(5);
  expect(await lastSeen()).toEqual(before);
  writes.refused = false;
  await comeBack();
  const now = clock.now();
  await expect.poll(lastSeen).toEqual([now, now, now, now, now]);
});
