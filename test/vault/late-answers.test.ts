/**
 * VA-8, AT-30: an answer that comes when the row holds something else. A process that was thought dead, or whose lease ran
 * out, wakes up with tokens in its hands; what others have written since must stay.
 */
import { expect, test } from "vitest";
import { systemRandom } from "../../src/crypto/random.js";
import { LatchkeyError } from "../../src/kernel/errors.js";
import { silentLog } from "../../src/kernel/log.js";
import { hours, minutes, systemClock } from "../../src/kernel/time.js";
import type { Store } from "../../src/store/contract.js";
import type { GrantRecord } from "../../src/store/records.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { createWorld } from "../../src/testing/world.js";
import { type GrantSecrets, openGrant, sealGrant } from "../../src/vault/sealed-grant.js";
import { aVaultWorld, codeOf, keyringOf, offline, type VaultWorld } from "./setting.js";

const annsGrant = async (world: VaultWorld): Promise<GrantRecord> => {
  const grant = (await world.grants()).find(({ sessionId }) => sessionId === world.sessionId);
  if (!grant) throw new Error("Ann has no grant");
  return grant;
};

/** Another node writes, as it would under a lease of its own. */
async function anotherNode(
  world: VaultWorld,
  change: (row: GrantRecord) => Partial<GrantRecord>,
): Promise<GrantRecord> {
  const row = await annsGrant(world);
  const next = { ...row, ...change(row), version: row.version + 1, updatedAt: world.clock.now() };
  expect(await world.store.transaction((tx) => tx.grants.replace(next, row.version))).toBe(true);
  return next;
}

/** Ann's token is due; while the provider's answer is on its way another node does something. */
async function refreshedMeanwhile(world: VaultWorld, act: () => Promise<unknown>, answer?: { status: number }) {
  world.provider.next("token", async (honest) => {
    const tokens = await honest();
    await act();
    return answer ?? tokens;
  });
  await world.clock.advance(minutes(56));
  return world.latchkey.vault.accessToken(world.mine);
}

const theirs = (world: VaultWorld, row: GrantRecord): Partial<GrantRecord> => {
  const keyring = keyringOf(world);
  const secrets: GrantSecrets = {
    ...(openGrant(keyring, row) as GrantSecrets),
    accessToken: "access-of-another-node",
    refreshToken: "refresh-of-another-node",
  };
  const now = world.clock.now();
  const expiresAt = (now + hours(1)) as GrantRecord["expiresAt"];
  return {
    sealed: sealGrant(keyring, row, secrets),
    issuedAt: now,
    expiresAt,
    lastRefreshAt: now,
    leaseOwner: null,
    leaseEndsAt: null,
  };
};

test("VA-8 AT-30 another node was faster: its tokens stay, and they are what the caller gets", async () => {
  const world = await aVaultWorld();
  const got = await refreshedMeanwhile(world, () => anotherNode(world, (row) => theirs(world, row)));
  expect(got.accessToken).toBe("access-of-another-node");
  const held = openGrant(keyringOf(world), await annsGrant(world));
  expect(held?.refreshToken).toBe("refresh-of-another-node");
});

test("VA-8 AT-30 a refusal that comes late ends nothing that another node has got since", async () => {
  const world = await aVaultWorld();
  world.provider.next("token", async () => {
    await anotherNode(world, (row) => theirs(world, row));
    return { status: 400, json: { error: "invalid_grant" } };
  });
  await world.clock.advance(minutes(56));
  expect((await world.latchkey.vault.accessToken(world.mine)).accessToken).toBe("access-of-another-node");
  expect((await annsGrant(world)).status).toBe("active");
});

test.each(["issuer_changed", "client_replaced", "server_changed", "registration_changed"])(
  "VA-8 TS-10 TS-11 what ended meanwhile for %s is not made good again by a late answer",
  async (statusReason) => {
    const world = await aVaultWorld();
    const ended = { status: "needs_reconnect", statusReason, leaseOwner: null, leaseEndsAt: null } as const;
    const asked = refreshedMeanwhile(world, () => anotherNode(world, () => ended));
    expect(await codeOf(asked)).toBe("grant.needs_reconnect");
    expect(await annsGrant(world)).toMatchObject({ status: "needs_reconnect", statusReason });
  },
);

test("VA-7 VA-8 a failure that comes late leaves the lease of another node and what it will write alone", async () => {
  const world = await aVaultWorld();
  const leaseEndsAt = (world.clock.now() + hours(2)) as GrantRecord["leaseEndsAt"];
  const asked = refreshedMeanwhile(world, () => anotherNode(world, () => ({ leaseOwner: "another", leaseEndsAt })), {
    status: 503,
  });
  await expect.poll(() => world.log.text(), { timeout: 20_000 }).toContain("a refresh failed and will be tried again");
  expect(await annsGrant(world)).toMatchObject({ leaseOwner: "another", leaseEndsAt, lastFailureCode: null });
  // That node comes with tokens, and whoever waited has them.
  await anotherNode(world, (row) => theirs(world, row));
  expect((await asked).accessToken).toBe("access-of-another-node");
});

test("VA-8 tokens that cannot be written at once are written a moment later, and nobody has them before", async () => {
  const file = await openSqliteStore({ path: ":memory:", clock: systemClock, random: systemRandom, log: silentLog });
  let failing = 0;
  const mayFail = async <T>(write: () => Promise<T>): Promise<T> => {
    if (failing === 0) return write();
    failing--;
    throw new LatchkeyError("store.busy");
  };
  const { replace, lease } = file.alone.grants;
  const store: Store = {
    ...file,
    transaction: (work) => mayFail(() => file.transaction(work)),
    alone: { grants: { lease, replace: (next, version) => mayFail(() => replace(next, version)) } },
  };
  const clock = createManualClock();
  const providerConfig = { scopes: offline };
  const world = await createWorld({ clock, providerConfig, ports: { store } });
  try {
    const browser = world.browser();
    await world.signIn(browser, "ann-1");
    const { body } = await world.session(browser);
    const mine = { user: body.user?.id ?? "", session: body.session?.id ?? "", connection: "provider:fake" };
    const before = await world.latchkey.vault.accessToken(mine);
    world.provider.next("token", async (honest) => {
      const answer = await honest();
      failing = 3;
      return answer;
    });
    await clock.skip(minutes(61));
    const after = await world.latchkey.vault.accessToken(mine);
    expect([failing, after.accessToken === before.accessToken]).toEqual([0, false]);
    const refreshes = world.provider
      .requestsTo("token")
      .filter(({ form }) => form.get("grant_type") === "refresh_token");
    expect(refreshes).toHaveLength(1);
    expect((await world.latchkey.vault.accessToken(mine)).accessToken).toBe(after.accessToken);
  } finally {
    await world.close();
  }
});

test("VA-8 tokens whose write succeeded and was never confirmed count as written, and are told once", async () => {
  const file = await openSqliteStore({ path: ":memory:", clock: systemClock, random: systemRandom, log: silentLog });
  let lost = 0;
  const { replace, lease } = file.alone.grants;
  const store: Store = {
    ...file,
    alone: {
      grants: {
        lease,
        async replace(next, version) {
          const answer = await replace(next, version);
          if (lost++ === 0) throw new LatchkeyError("store.unavailable");
          return answer;
        },
      },
    },
  };
  const clock = createManualClock();
  const world = await createWorld({ clock, providerConfig: { scopes: offline }, ports: { store } });
  try {
    const browser = world.browser();
    await world.signIn(browser, "ann-1");
    const { body } = await world.session(browser);
    const mine = { user: body.user?.id ?? "", session: body.session?.id ?? "", connection: "provider:fake" };
    await world.latchkey.vault.accessToken(mine);
    await clock.skip(minutes(61));
    await world.latchkey.vault.accessToken(mine);
    expect(lost).toBe(2);
    const metrics = await (await world.request("/metrics")).text();
    expect(metrics).toMatch(/latchkey_refreshes_total\{[^}]*outcome="refreshed"[^}]*\} 1\n/);
    expect(metrics).not.toMatch(/latchkey_refreshes_total\{[^}]*outcome="overtaken"[^}]*\} [1-9]/);
  } finally {
    await world.close();
  }
});
