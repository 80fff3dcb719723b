/**
 * VA-7, VA-10: a provider that takes longer than a lease. Its holder lives and renews, whatever happens to the row or to
 * an answer of the database meanwhile; another node that waits must not send the same refresh token beside it, for
 * which a strict provider takes everything back.
 */
import { expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.js";
import { createLatchkey } from "../../src/create-latchkey.js";
import { createKeyring } from "../../src/crypto/keyring.js";
import { systemRandom } from "../../src/crypto/random.js";
import { LatchkeyError } from "../../src/kernel/errors.js";
import { silentLog } from "../../src/kernel/log.js";
import { minutes, seconds, systemClock } from "../../src/kernel/time.js";
import { rotateKeys } from "../../src/keys/rotate-keys.js";
import type { Latchkey } from "../../src/latchkey.js";
import type { Store } from "../../src/store/contract.js";
import { openStore } from "../../src/store/open.js";
import type { GrantRecord } from "../../src/store/records.js";
import { openGrant, sealGrant } from "../../src/vault/sealed-grant.js";
import { aSecret } from "../keys/filling.js";
import { logOut } from "../support/logout-setting.js";
import { aVaultWorld, codeOf, connection, keyringOf, offline, type VaultWorld } from "./setting.js";

const [old, newest] = [aSecret(), aSecret()];
const keyring = createKeyring({ secrets: [newest, old], random: systemRandom });
const vault = { leaseTtl: "30s", refreshTimeout: "5m", callerWait: "10m" };

interface SlowWorld extends VaultWorld {
  /** The node whose request is out; the world's own waits for it. */
  readonly holder: Latchkey;
  /** The next renewal is written, and the holder never hears of it. */
  loseRenewal(): void;
  /** Time goes by, and the node that waits has looked at the row after every few seconds of it. */
  passes(length: number): Promise<void>;
  /** Lets the provider answer. */
  answer(): void;
}

/** Ann's token is due. One node has asked the provider, which takes its time; the other waits for it. */
async function aSlowWorld(): Promise<SlowWorld & { readonly tokens: Promise<string[]> }> {
  const seen = { looks: 0, lost: 0 };
  const openAgain = async (config: VaultWorld["config"]): Promise<Store> => {
    const resolved = resolveConfig(config);
    if (!resolved.ok) throw new Error("configuration");
    return openStore(resolved.value.database, { clock: systemClock, random: systemRandom, log: silentLog });
  };
  const world = await aVaultWorld({
    config: { roles: { default: "user" }, vault, secrets: [old.reveal(), newest.reveal()] },
    providerConfig: { scopes: offline, keepOfflineGrants: true },
  });
  const { clock, log } = world;
  const started = async (store: Store) => createLatchkey({ ...world.config, ports: { clock, log, store } });
  const lossy = await openAgain(world.config);
  const { lease } = lossy.alone.grants;
  const holder = await started({
    ...lossy,
    alone: {
      grants: {
        ...lossy.alone.grants,
        async lease(...change) {
          const applied = await lease(...change);
          if (seen.lost === 0) return applied;
          seen.lost--;
          throw new LatchkeyError("store.unavailable");
        },
      },
    },
  });
  const counting = await openAgain(world.config);
  const waiter = await started({
    ...counting,
    grants: {
      ...counting.grants,
      async byId(id) {
        const found = await counting.grants.byId(id);
        seen.looks++;
        return found;
      },
    },
  });

  let answer = (): void => {};
  const answering = new Promise<void>((resolve) => {
    answer = resolve;
  });
  world.provider.next("token", (honest) => answering.then(honest));
  await clock.advance(minutes(56));
  const mine = { user: world.user, connection };
  const first = holder.vault.accessToken(mine);
  await expect.poll(() => world.refreshes()).toBe(1);
  const second = waiter.vault.accessToken(mine);
  const tokens = Promise.all([first, second]).then((all) => all.map(({ accessToken }) => accessToken));
  // Where a test fails before it waits for them.
  tokens.catch(() => {});
  /** It looks when anything is committed. The second look says that whatever the one before it led to has been done. */
  async function waiterLooks(): Promise<void> {
    const before = seen.looks;
    const hasLooked = async () => {
      await world.store.transaction((tx) => tx.announcements.append("user", "somebody else", clock.now()));
      return seen.looks >= before + 2 || world.refreshes() > 1;
    };
    await expect.poll(hasLooked, { interval: 5 }).toBe(true);
  }
  await waiterLooks();
  return {
    ...world,
    holder,
    tokens,
    loseRenewal() {
      seen.lost = 1;
    },
    async passes(length) {
      for (let gone = 0; gone < length; gone += 5_000) {
        await clock.advance(seconds(5));
        await waiterLooks();
      }
    },
    answer: () => answer(),
    async close() {
      answer();
      await Promise.all([holder.close(), waiter.close()]);
      await world.close();
    },
  };
}

const annsRow = async (world: VaultWorld): Promise<GrantRecord> => {
  const [grant] = await world.grants();
  if (!grant) throw new Error("Ann has no grant");
  return grant;
};

const losesAnAnswer = (world: SlowWorld) => world.loseRenewal();
async function signsOutAtTheProvider(world: SlowWorld): Promise<void> {
  expect(await logOut(world, world.provider.logoutToken({ sub: "ann-1" }))).toBe("200");
}
async function sealsAnew(world: SlowWorld): Promise<void> {
  const rotation = await rotateKeys({ store: world.store, keyring, clock: systemClock }, { batch: 100 });
  expect(rotation).toMatchObject({ end: "done", unopened: 0 });
}

test.each<[what: string, happens: readonly ((world: SlowWorld) => unknown)[]]>([
  ["nothing happens", []],
  ["the answer to a renewal of its lease is lost", [losesAnAnswer]],
  ["the answer to a renewal is lost, and all is sealed anew", [losesAnAnswer, sealsAnew]],
  ["the provider signs the person out, whose grant is kept", [signsOutAtTheProvider]],
])("VA-7 VA-10 one request goes out however long it takes, when %s meanwhile", async (_what, happens) => {
  const world = await aSlowWorld();
  try {
    const before = await annsRow(world);
    for (const happen of happens) await happen(world);
    await world.passes(90_000);
    expect(world.refreshes()).toBe(1);
    world.answer();
    const [first, second] = await world.tokens;
    expect(second).toBe(first);
    expect(world.refreshes()).toBe(1);
    expect(world.provider.familyRevocations).toBe(0);
    const after = await annsRow(world);
    expect(after).toMatchObject({ status: "active", leaseOwner: null, lastFailureCode: null });
    expect(after.sealed).not.toBe(before.sealed);
    expect(openGrant(keyring, after)?.accessToken).toBe(first);
    if (happens.includes(signsOutAtTheProvider)) expect(after.sessionId).toBeNull();
  } finally {
    await world.close();
  }
});

test.each<[what: string, change: (row: GrantRecord, world: VaultWorld) => Partial<GrantRecord>]>([
  ["another node has taken it", () => ({ leaseOwner: "another node" })],
  ["nobody has it any more", () => ({ leaseOwner: null, leaseEndsAt: null })],
  [
    "the row holds other tokens",
    (row, world) => {
      const secrets = openGrant(keyring, row);
      if (!secrets) throw new Error("no tokens");
      return { sealed: sealGrant(keyringOf(world), row, { ...secrets, refreshToken: "another one" }) };
    },
  ],
])("VA-7 VA-8 a lease is renewed no more once %s", async (_what, change) => {
  const world = await aVaultWorld({ config: { roles: { default: "user" }, vault, secrets: [newest.reveal()] } });
  let answer = (): void => {};
  const answering = new Promise<void>((resolve) => {
    answer = resolve;
  });
  world.provider.next("token", (honest) => answering.then(honest));
  await world.clock.advance(minutes(56));
  const asked = world.latchkey.vault.accessToken(world.mine);
  await expect.poll(() => world.refreshes()).toBe(1);
  const row = await annsRow(world);
  const taken = { ...row, ...change(row, world), version: row.version + 1 };
  expect(await world.store.transaction((tx) => tx.grants.replace(taken, row.version))).toBe(true);
  for (let gone = 0; gone < 25; gone++) await world.clock.advance(seconds(1));
  expect(await annsRow(world)).toEqual(taken);
  answer();
  await codeOf(asked);
});
