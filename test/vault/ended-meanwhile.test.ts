/** VA-14, LO-5: a grant ends while it is being refreshed. Whoever gave it up must not leave tokens behind that live on. */
import { describe, expect, test } from "vitest";
import { type Administration, openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import { LatchkeyError } from "../../src/kernel/errors.js";
import { silentLog } from "../../src/kernel/log.js";
import { minutes } from "../../src/kernel/time.js";
import type { Store } from "../../src/store/contract.js";
import { openGrant } from "../../src/vault/sealed-grant.js";
import { aVaultWorld, codeOf, connection, keyringOf, offline, type VaultWorld } from "./setting.js";

/** What a sign-out leaves alone, so that every revocation here comes of something else. */
const never = { scopes: offline, revokeOnSignOut: "never" } as const;

/** An operator's commands on a database where something happens between their look and their write, once for each round. */
function administration(world: VaultWorld, ...meanwhile: (() => Promise<unknown>)[]): Promise<Administration> {
  const resolved = resolveConfig(world.config);
  if (!resolved.ok) throw new Error("configuration");
  const left = [...meanwhile];
  const store: Store = {
    ...world.store,
    async transaction(work) {
      await left.shift()?.();
      return world.store.transaction(work);
    },
  };
  return openAdministration(resolved.value, { store, clock: world.clock, log: silentLog });
}

/** The tokens that the provider was told to revoke, once all that waits has been delivered. */
async function revoked(world: VaultWorld): Promise<(string | null)[]> {
  await expect
    .poll(async () => {
      await world.clock.advance(minutes(1));
      return (await world.store.outbox.waiting()).rows;
    })
    .toBe(0);
  return world.provider.requestsTo("revocation").map(({ form }) => form.get("token"));
}

/** What the one grant holds now. */
async function held(world: VaultWorld): Promise<(string | null)[]> {
  const grant = (await world.grants()).find(({ sessionId }) => sessionId === world.sessionId);
  const secrets = grant && openGrant(keyringOf(world), grant);
  return secrets ? [secrets.refreshToken, secrets.accessToken] : [];
}

describe("a refresh that is written while somebody ends its grant", () => {
  const refreshed = (world: VaultWorld, into: { tokens: (string | null)[] }) => async () => {
    await world.clock.advance(minutes(61));
    await world.latchkey.vault.accessToken(world.mine);
    into.tokens = await held(world);
  };

  test("VA-14 the tokens that it brought are revoked, and not those before them", async () => {
    const world = await aVaultWorld({ providerConfig: never });
    const before = await held(world);
    const now = { tokens: before };
    const operator = await administration(world, refreshed(world, now));
    await operator.grants.revoke(world.user as never, connection);
    expect(now.tokens).not.toEqual(before);
    expect(await world.grants()).toEqual([]);
    expect(await revoked(world)).toEqual(now.tokens);
  });

  test("VA-14 a database that fails in the next round is told as it is, and nothing has ended", async () => {
    const world = await aVaultWorld({ providerConfig: never });
    const fails = async () => {
      throw new LatchkeyError("store.unavailable");
    };
    const operator = await administration(world, refreshed(world, { tokens: [] }), fails);
    expect(await codeOf(operator.grants.revoke(world.user as never, connection))).toBe("store.unavailable");
    expect(await world.grants()).toMatchObject([{ status: "active" }]);
    expect(await revoked(world)).toEqual([]);
  });

  test("VA-14 the same when its person is deleted", async () => {
    const world = await aVaultWorld({ providerConfig: never });
    const now = { tokens: await held(world) };
    const operator = await administration(world, refreshed(world, now));
    await operator.deleteUser(world.user);
    expect(await revoked(world)).toEqual(now.tokens);
  });
});

test("VA-14 a grant that a sign-in brings while somebody ends the others ends too, and its tokens are revoked", async () => {
  const world = await aVaultWorld({ providerConfig: never });
  const operator = await administration(world, () => world.signsIn());
  expect(await operator.grants.revoke(world.user as never, connection)).toMatchObject({ ended: 2, revoked: 2 });
  expect(await world.grants()).toEqual([]);
  const tokens = await revoked(world);
  expect(tokens.filter((token) => token?.startsWith("refresh-"))).toHaveLength(2);
  expect(tokens.filter((token) => token?.startsWith("access-"))).toHaveLength(2);
});

describe("a person who is deleted", () => {
  test("VA-14 VA-4 goes although no key opens their grant; there is nothing to revoke then", async () => {
    const world = await aVaultWorld({ providerConfig: never });
    const secrets = ["another-secret-of-this-test-kX9f2LqP0sT7vZ"];
    const operator = await administration({ ...world, config: { ...world.config, secrets } });
    await operator.deleteUser(world.user);
    expect(await world.grants()).toEqual([]);
    expect(await revoked(world)).toEqual([]);
  });

  test.each(["never", "auto", "always"] as const)(
    "VA-14 leaves no token behind, of no session, whatever signing out does (%s)",
    async (revokeOnSignOut) => {
      const world = await aVaultWorld({ providerConfig: { scopes: offline, revokeOnSignOut } });
      await world.signsIn();
      const grants = await world.grants();
      expect(grants).toHaveLength(2);
      const operator = await administration(world);
      await operator.deleteUser(world.user);
      expect(await world.store.users.byId(world.user as never)).toBeUndefined();
      expect(await world.grants()).toEqual([]);
      const tokens = await revoked(world);
      expect(tokens.filter((token) => token?.startsWith("refresh-"))).toHaveLength(2);
      expect(tokens.filter((token) => token?.startsWith("access-"))).toHaveLength(2);
    },
  );
});

describe("an answer that comes when its grant is gone", () => {
  /** Ends something while the provider has answered and nobody has the answer yet. */
  async function while_(world: VaultWorld, act: () => Promise<unknown>): Promise<(string | null)[]> {
    const brought: (string | null)[] = [];
    world.provider.next("token", async (honest) => {
      const answer = await honest();
      const { refresh_token, access_token } = answer.json as Record<string, string>;
      brought.push(refresh_token ?? null, access_token ?? null);
      await act();
      return answer;
    });
    await world.clock.advance(minutes(61));
    await codeOf(world.latchkey.vault.accessToken(world.mine));
    expect(await world.grants()).toEqual([]);
    return brought;
  }

  test("VA-14 is revoked when its person disconnected", async () => {
    const world = await aVaultWorld({ providerConfig: never });
    const brought = await while_(world, () => world.latchkey.vault.disconnect({ user: world.user, connection }));
    expect(brought).toHaveLength(2);
    expect(await revoked(world)).toEqual(expect.arrayContaining(brought));
  });

  test("VA-14 is revoked when its person was deleted", async () => {
    const world = await aVaultWorld({ providerConfig: never });
    const operator = await administration(world);
    const brought = await while_(world, () => operator.deleteUser(world.user));
    expect(await revoked(world)).toEqual(expect.arrayContaining(brought));
  });

  test.each([
    ["never", false],
    ["always", true],
  ] as const)("LO-5 VA-14 with revokeOnSignOut %s its end at sign-out revokes it: %s", async (revokeOnSignOut, is) => {
    const world = await aVaultWorld({ providerConfig: { scopes: offline, revokeOnSignOut } });
    const operator = await administration(world);
    const brought = await while_(world, () => operator.signOutUser(world.user));
    const tokens = await revoked(world);
    expect(brought.map((token) => tokens.includes(token))).toEqual([is, is]);
  });
});
