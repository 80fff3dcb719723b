/** VA-6 to VA-9 through the library: one token asked for, one clock moved on, and what the provider saw. */
import { describe, expect, test } from "vitest";
import { minutes, seconds } from "../../src/kernel/time.js";
import { aVaultWorld, codeOf, connection } from "./setting.js";

test("VA-6 VA-13 a fresh token is answered as it is, without a request, and from memory the second time", async () => {
  const world = await aVaultWorld();
  const first = await world.latchkey.vault.accessToken(world.mine);
  expect(first).toMatchObject({ tokenType: "Bearer", scopes: ["openid", "email", "profile", "offline_access"] });
  expect(first.expiresAt?.getTime()).toBe(world.clock.now() - 1_000 + 3_600_000);
  expect(await world.latchkey.vault.accessToken(world.mine)).toEqual(first);
  expect(world.refreshes()).toBe(0);
});

test("VA-6 VA-8 within the margin it is refreshed first, once, and the row has the new token before anybody else", async () => {
  const world = await aVaultWorld();
  const first = await world.latchkey.vault.accessToken(world.mine);
  const [before] = await world.grants();
  await world.clock.advance(minutes(56));
  const [a, b] = await Promise.all([
    world.latchkey.vault.accessToken(world.mine),
    world.latchkey.vault.accessToken({ user: world.user, connection }),
  ]);
  expect(a.accessToken).not.toBe(first.accessToken);
  expect(b.accessToken).toBe(a.accessToken);
  expect(world.refreshes()).toBe(1);
  const [after] = await world.grants();
  expect(after?.sealed).not.toBe(before?.sealed);
  expect(after).toMatchObject({
    status: "active",
    leaseOwner: null,
    lastFailureCode: null,
    lastRefreshAt: world.clock.now(),
  });
  // Rotated: the next one goes with the new refresh token.
  await world.clock.advance(minutes(56));
  await world.latchkey.vault.accessToken(world.mine);
  expect(world.refreshes()).toBe(2);
});

describe("what a failed refresh means", () => {
  test("VA-9 AT-32 a provider that answers 503 ends nothing: the valid token is served, then 503 of our own", async () => {
    const world = await aVaultWorld();
    const first = await world.latchkey.vault.accessToken(world.mine);
    world.provider.script({ token: { status: 503, headers: { "Retry-After": "20" } } });
    await world.clock.advance(minutes(56));
    for (let call = 0; call < 5; call++) {
      expect((await world.latchkey.vault.accessToken(world.mine)).accessToken).toBe(first.accessToken);
    }
    expect(world.refreshes()).toBe(1);
    await world.clock.advance(seconds(19));
    await world.latchkey.vault.accessToken(world.mine);
    expect(world.refreshes()).toBe(1);
    await world.clock.advance(minutes(5));
    expect(await codeOf(world.latchkey.vault.accessToken(world.mine))).toBe("grant.refresh_unavailable");
    expect((await world.grants())[0]).toMatchObject({ status: "active", lastFailureCode: "status_503" });
    world.provider.reset();
    await world.clock.advance(minutes(6));
    expect((await world.latchkey.vault.accessToken(world.mine)).accessToken).not.toBe(first.accessToken);
  });
});
