/** SI-21: a person who signs in on one device after the other, and what becomes of the devices before. */
import { afterEach, expect, test, vi } from "vitest";
import type { UserId } from "../../src/kernel/ids.js";
import { minutes } from "../../src/kernel/time.js";
import type { Browser } from "../../src/testing/browser.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import type { WorldOptions } from "../../src/testing/world.js";
import { createSharedWorld, type SharedWorld } from "../support/shared-file.js";

let world: SharedWorld;
afterEach(() => world.close());
const start = async (options: WorldOptions = {}) => {
  world = await createSharedWorld(options);
  return world;
};

const capped = (most: number) => ({ config: { sessions: { maxPerUserAndProvider: most } } });
const signedIn = async (person = "ann-1", provider = "fake") => {
  const browser = world.browser();
  await world.signIn(browser, person, { provider });
  return browser;
};
const statusOf = async (browser: Browser) => (await world.session(browser)).status;
const userOf = async (browser: Browser) => (await world.session(browser)).body.user?.id as UserId;
const ended = async () =>
  (await world.store.audit.list({ limit: 200 }, { type: "session.ended" })).items.map(({ rule, target, actor }) => ({
    rule,
    session: target.id,
    actor: actor.id,
  }));

test("SI-21 [option:sessions.maxPerUserAndProvider] a sign-in beyond it ends the session that was used longest ago", async () => {
  const clock = createManualClock();
  await start({ ...capped(2), clock });
  const first = await signedIn();
  const user = await userOf(first);
  const firstSession = (await world.session(first)).body.session?.id;
  await clock.advance(minutes(2));
  const second = await signedIn();
  const secondSession = (await world.session(second)).body.session?.id;
  await clock.advance(minutes(2));
  // The first device is used again, so the second is now the one that was used longest ago.
  expect(await statusOf(first)).toBe(200);
  await vi.waitFor(async () =>
    expect((await world.store.sessions.ofUser(user)).find(({ id }) => id === firstSession)?.lastSeenAt).toBe(
      clock.now(),
    ),
  );
  const third = await signedIn();
  expect(await Promise.all([first, second, third].map(statusOf))).toEqual([200, 401, 200]);
  expect(await world.store.grants.ofUser(user)).toHaveLength(2);
  expect(await ended()).toEqual([{ rule: "too_many_sessions", session: secondSession, actor: user }]);
});

test("SI-21 ten by default, and another person has ten of their own", async () => {
  const people = ["ann", "bob"].map((name) => ({ sub: `${name}-1`, email: `${name}@example.com` }));
  await start({ provider: { people } });
  const browsers: Browser[] = [];
  for (let count = 0; count < 11; count++) browsers.push(await signedIn());
  const bob = await signedIn("bob-1");
  expect(await Promise.all(browsers.map(statusOf))).toEqual([401, ...Array.from({ length: 10 }, () => 200)]);
  expect(await statusOf(bob)).toBe(200);
});

test("SI-21 fifty sign-ins of one person at once leave as many as may be, and every cookie that is left works", async () => {
  await start();
  const browsers = Array.from({ length: 50 }, () => world.browser());
  const callbacks: string[] = [];
  for (const browser of browsers) callbacks.push(await world.approve(browser, "ann-1"));
  await Promise.all(
    browsers.map((browser, index) =>
      browser.get(callbacks[index] ?? "", { from: world.provider.issuer, follow: false }),
    ),
  );
  const statuses = await Promise.all(browsers.map(statusOf));
  expect(statuses.filter((status) => status === 200)).toHaveLength(10);
  expect(statuses.filter((status) => status === 401)).toHaveLength(40);
  const [user] = (await world.store.users.list({ limit: 10 })).items;
  expect(await world.store.sessions.ofUser(user?.id as UserId)).toHaveLength(10);
  expect(await world.store.grants.ofUser(user?.id as UserId)).toHaveLength(10);
  expect(await ended()).toHaveLength(40);
});

test("SI-21 LO-5 what goes is revoked where the operator wants it always, and never where it could hit the new sign-in", async () => {
  for (const [revokeOnSignOut, revoked] of [
    ["always", 1],
    ["auto", 0],
    ["never", 0],
  ] as const) {
    await start({ ...capped(1), providerConfig: { revokeOnSignOut } });
    await signedIn();
    const second = await signedIn();
    expect(await statusOf(second)).toBe(200);
    // Whatever was queued is still there, or has reached the provider already.
    const { rows } = await world.store.outbox.waiting();
    expect(rows + world.provider.requestsTo("revocation").length, revokeOnSignOut).toBe(revoked);
    if (revokeOnSignOut !== "never") await world.close();
  }
});
