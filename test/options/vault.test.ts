/** The keys under `vault`, and `refreshScope`: each test fails when its key is ignored. */
import { expect, test } from "vitest";
import { hours, minutes, seconds, toInstant } from "../../src/kernel/time.js";
import { aVaultWorld, codeOf, offline } from "../vault/setting.js";

const never = { raw: () => {} };

test("VA-6 [option:vault.refreshMargin] how long before its end a token is refreshed", async () => {
  const world = await aVaultWorld({ config: { roles: { default: "user" }, vault: { refreshMargin: "1m" } } });
  await world.clock.advance(minutes(58));
  await world.latchkey.vault.accessToken(world.mine);
  expect(world.refreshes()).toBe(0);
  await world.clock.advance(minutes(1));
  await world.latchkey.vault.accessToken(world.mine);
  expect(world.refreshes()).toBe(1);
});

test("VA-7 [option:vault.callerWait] a caller waits no longer, while the refresh goes on", async () => {
  const world = await aVaultWorld({ config: { roles: { default: "user" }, vault: { callerWait: "3s" } } });
  let go = () => {};
  const wait = new Promise<void>((resolve) => {
    go = resolve;
  });
  world.provider.next("token", async (honest) => {
    await wait;
    return honest();
  });
  await world.clock.advance(minutes(61));
  const failed = codeOf(world.latchkey.vault.accessToken(world.mine));
  await expect.poll(() => world.refreshes()).toBe(1);
  await world.clock.advance(seconds(3));
  expect(await failed).toBe("grant.refresh_unavailable");
  go();
  await expect.poll(async () => (await world.grants())[0]?.lastRefreshAt).not.toBeNull();
  expect(await codeOf(world.latchkey.vault.accessToken(world.mine))).toBeUndefined();
  expect(world.refreshes()).toBe(1);
});

test("VA-10 [option:vault.refreshTimeout] is the limit of the request, and not egress.timeout", async () => {
  const world = await aVaultWorld({
    config: { roles: { default: "user" }, vault: { refreshTimeout: "20s" }, egress: { timeout: "5s" } },
  });
  world.provider.script({ token: never });
  await world.clock.advance(minutes(61));
  const failed = codeOf(world.latchkey.vault.accessToken(world.mine));
  await expect.poll(() => world.refreshes()).toBe(1);
  await world.clock.advance(seconds(19));
  expect(world.log.text()).not.toContain("sent once more");
  await world.clock.advance(seconds(1));
  await expect.poll(() => world.log.text()).toContain("sent once more");
  await world.clock.advance(seconds(1));
  await expect.poll(() => world.refreshes()).toBe(2);
  await world.clock.advance(seconds(20));
  expect(await failed).toBe("grant.refresh_unavailable");
});

test("VA-7 VA-10 [option:vault.leaseTtl] a living holder renews its lease; of one that is gone others wait for the end, and half a lease more", async () => {
  const world = await aVaultWorld({ config: { roles: { default: "user" }, vault: { leaseTtl: "2m" } } });
  await world.clock.advance(minutes(61));
  const [grant] = await world.grants();
  if (!grant) throw new Error("no grant");
  const leaseEndsAt = toInstant(world.clock.now() + 60_000);
  const gone = { ...grant, version: grant.version + 1, leaseOwner: "a node that was killed", leaseEndsAt };
  await world.store.transaction((tx) => tx.grants.replace(gone, grant.version));
  world.provider.script({ token: never });
  void codeOf(world.latchkey.vault.accessToken(world.mine));
  await world.clock.advance(seconds(59));
  expect(world.refreshes()).toBe(0);
  // The end alone says little: clocks are set, and a database that stood still let nobody renew.
  await world.clock.advance(seconds(2));
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  await world.clock.advance(seconds(58));
  expect(world.refreshes()).toBe(0);
  await world.clock.advance(seconds(5));
  await expect.poll(() => world.refreshes()).toBe(1);
  const [held] = await world.grants();
  expect(held?.leaseEndsAt).toBe(world.clock.now() + 120_000);
  await world.clock.advance(seconds(40));
  await expect.poll(async () => (await world.grants())[0]?.leaseEndsAt).toBe(world.clock.now() + 120_000);
  // Lets the request end, so that the world can close.
  await world.clock.advance(seconds(130));
});

test.each([
  ["omit", null],
  ["requested", offline.join(" ")],
  ["granted", "openid email offline_access"],
] as const)("VA-11 [option:providers.refreshScope] %s", async (refreshScope, expected) => {
  const world = await aVaultWorld({ providerConfig: { scopes: offline, refreshScope } });
  world.provider.tweaks.tokenAnswer = (answer) => ({ ...answer, scope: "openid email offline_access" });
  const { session } = await world.signsIn();
  await world.clock.advance(minutes(56));
  await world.latchkey.vault.accessToken({ ...world.mine, session });
  expect(world.provider.requestsTo("token").at(-1)?.form.get("scope")).toBe(expected);
});

test.each([
  [undefined, 0],
  [{ enabled: true }, 2],
] as const)(
  "VA-12 [option:vault.refreshAhead.enabled] %o: whether tokens are refreshed though nobody asks",
  async (refreshAhead, expected) => {
    const world = await aVaultWorld({ config: { roles: { default: "user" }, vault: { refreshAhead } } });
    await world.clock.skip(minutes(57));
    if (expected > 0) await expect.poll(() => world.refreshes()).toBe(expected);
    await world.clock.advance(seconds(20));
    expect(world.refreshes()).toBe(expected);
  },
);

test("VA-12 [option:vault.refreshAhead.concurrencyPerIssuer] how many refreshes are out at once", async () => {
  const refreshAhead = { enabled: true, concurrencyPerIssuer: 2 };
  const world = await aVaultWorld({ config: { roles: { default: "user" }, vault: { refreshAhead } } });
  for (const _ of [1, 2, 3]) await world.signsIn();
  let answer = () => {};
  const go = new Promise<void>((resolve) => {
    answer = resolve;
  });
  world.provider.script({ token: (honest) => go.then(honest) });
  await world.clock.skip(minutes(57));
  await expect.poll(() => world.refreshes()).toBe(2);
  await world.clock.advance(seconds(5));
  expect(world.refreshes()).toBe(2);
  answer();
  await expect.poll(() => world.refreshes()).toBe(5);
});

test.each([
  [undefined, 0],
  ["10h", 3],
] as const)("VA-12 [option:vault.keepAlive] %s: refresh tokens that nobody uses", async (keepAlive, expected) => {
  const world = await aVaultWorld({
    config: { roles: { default: "user" }, vault: { keepAlive } },
    // No end is known: there is nothing that would have to be refreshed for its own sake.
    providerConfig: { scopes: offline },
  });
  world.provider.tweaks.tokenAnswer = ({ expires_in: _, ...answer }) => answer;
  const { session } = await world.signsIn();
  await world.clock.skip(hours(7));
  await world.clock.advance(seconds(5));
  expect(world.refreshes()).toBe(0);
  await world.clock.skip(hours(3));
  await expect.poll(() => world.refreshes()).toBe(expected);
  expect((await world.latchkey.vault.accessToken({ ...world.mine, session })).expiresAt).toBeNull();
});
