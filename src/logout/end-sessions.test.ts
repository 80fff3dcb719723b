/** Ending many sessions at once, and what that costs the database. */
import { afterEach, expect, test } from "vitest";
import { systemRandom } from "../crypto/random.js";
import type { GrantId, SessionId, UserId } from "../kernel/ids.js";
import { newId } from "../kernel/ids.js";
import { silentLog } from "../kernel/log.js";
import { after, days, systemClock } from "../kernel/time.js";
import type { Store } from "../store/contract.js";
import { openSqliteStore } from "../store/sqlite.js";
import { createWorld, type World, type WorldOptions } from "../testing/world.js";

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

/** A world whose store counts the grants that were read. */
async function counting(options: WorldOptions = {}) {
  const store = await openSqliteStore({ path: ":memory:", clock: systemClock, random: systemRandom, log: silentLog });
  const read = { grants: 0 };
  const counted =
    <Key>(ask: (key: Key) => ReturnType<Store["grants"]["ofUser"]>) =>
    async (key: Key) => {
      const found = await ask(key);
      read.grants += found.length;
      return found;
    };
  const grants = { ...store.grants, ofUser: counted(store.grants.ofUser), ofSession: counted(store.grants.ofSession) };
  const world = await createWorld({ ...options, ports: { store: { ...store, grants } } });
  worlds.push(world);
  return { world, store, read };
}

/** Ann, with `count` sessions, each with a grant. */
async function annWith(count: number, { world, store }: Awaited<ReturnType<typeof counting>>) {
  const browser = world.browser();
  await world.signIn(browser, "ann-1");
  const id = (await world.session(browser)).body.user?.id as UserId;
  const [[session], [grant]] = await Promise.all([store.sessions.ofUser(id), store.grants.ofUser(id)]);
  if (!session || !grant) throw new Error("Ann has no session");
  await store.transaction(async (tx) => {
    for (let i = 1; i < count; i++) {
      const sessionId = newId<SessionId>(session.createdAt, systemRandom);
      await tx.sessions.insert({ ...session, id: sessionId, tokenHash: `hash-${i}` });
      await tx.grants.insert({ ...grant, id: newId<GrantId>(grant.createdAt, systemRandom), sessionId });
    }
  });
  return { id, browser };
}

test.each(["auto", "always", "never"] as const)(
  "LO-6 [option:providers.revokeOnSignOut] %s: ending all of a person's sessions reads each grant once at most",
  async (revokeOnSignOut) => {
    const setting = await counting({ providerConfig: { revokeOnSignOut, logout: "local" } });
    const { id, browser } = await annWith(40, setting);
    await browser.get(setting.world.url("/account"));
    // The page lists connections, and reads for that.
    setting.read.grants = 0;
    await browser.post(setting.world.url("/account/sessions/end-all"));
    expect(await setting.store.sessions.ofUser(id)).toEqual([]);
    expect(setting.read.grants).toBeLessThanOrEqual(40);
    const revoked = () => setting.world.provider.requestsTo("revocation").length;
    if (revokeOnSignOut === "always") await expect.poll(revoked).toBeGreaterThan(0);
    else expect(await setting.store.outbox.due(after(systemClock.now(), days(1)), 100)).toEqual([]);
  },
);
