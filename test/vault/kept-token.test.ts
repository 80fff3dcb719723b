/**
 * VA-9 beside VA-13 and LO-3: a token that is still valid is served where no new one is to be had. What was read before
 * the wait says nothing about who may have it afterwards.
 */
import { afterEach, expect, test } from "vitest";
import { type Administration, openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import { createLatchkey } from "../../src/create-latchkey.js";
import { systemRandom } from "../../src/crypto/random.js";
import { LatchkeyError } from "../../src/kernel/errors.js";
import { silentLog } from "../../src/kernel/log.js";
import { hours, minutes, seconds, systemClock, toInstant } from "../../src/kernel/time.js";
import type { Latchkey } from "../../src/latchkey.js";
import type { Store } from "../../src/store/contract.js";
import { openStore } from "../../src/store/open.js";
import { openGrant, sealGrant } from "../../src/vault/sealed-grant.js";
import { aVaultWorld, codeOf, connection, keyringOf, type VaultWorld } from "./setting.js";

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

interface WaitingWorld extends VaultWorld {
  readonly operator: Administration;
  /** Ann's token before anything went wrong. */
  readonly token: string;
  /** What her caller, who waits for the provider, is given in the end: a token, or a code. */
  readonly asked: Promise<string | undefined>;
  /** The provider answers, with a failure. */
  fails(): void;
}

const given = (node: Latchkey, mine: VaultWorld["mine"]): Promise<string | undefined> =>
  node.vault.accessToken(mine).then(
    ({ accessToken }) => accessToken,
    (thrown) => codeOf(Promise.reject(thrown)),
  );

const configOf = (world: VaultWorld) => {
  const resolved = resolveConfig(world.config);
  if (!resolved.ok) throw new Error("configuration");
  return resolved.value;
};

/** Ann's token is stale and valid, and the provider takes its time to give another. @param node who is asked for it */
async function aWaitingWorld(
  nodeOf: (world: VaultWorld) => Promise<Latchkey> = async ({ latchkey }) => latchkey,
): Promise<WaitingWorld> {
  const world = await aVaultWorld({ config: { roles: { default: "user" }, vault: { callerWait: "3s" } } });
  const { store, clock } = world;
  const operator = await openAdministration(configOf(world), { store, clock, log: silentLog });
  const node = await nodeOf(world);
  const { accessToken: token } = await node.vault.accessToken(world.mine);
  let fails = (): void => {};
  const failing = new Promise<void>((resolve) => {
    fails = resolve;
  });
  // Or what is out would keep the node from closing.
  ending.push(fails);
  world.provider.script({ token: () => failing.then(() => ({ status: 503 })) });
  await clock.advance(minutes(56));
  const asked = given(node, world.mine);
  await expect.poll(() => world.refreshes()).toBe(1);
  return { ...world, operator, token, asked, fails };
}

const isDisabled = ({ operator, user }: WaitingWorld) => operator.setDisabled(user, true);
const waitsForApproval = ({ operator, user }: WaitingWorld) => operator.setRole(user, "pending");
const disconnects = ({ latchkey, user }: WaitingWorld) => latchkey.vault.disconnect({ user, connection });
const isSignedOut = ({ operator, user }: WaitingWorld) => operator.signOutUser(user);
const timeIsOver = ({ clock }: WaitingWorld) => clock.advance(seconds(3));
const providerFails = (world: WaitingWorld) => world.fails();

test.each<[what: string, act: (world: WaitingWorld) => unknown, code: string]>([
  ["is disabled", isDisabled, "account.disabled"],
  ["has to be approved again", waitsForApproval, "account.pending"],
  ["disconnects", disconnects, "grant.not_connected"],
  ["is signed out", isSignedOut, "grant.not_connected"],
])(
  "VA-13 AC-8 LO-3 who %s while somebody waits for their token is given none at the end of the wait",
  async (_what, act, code) => {
    for (const waitEnds of [timeIsOver, providerFails]) {
      const world = await aWaitingWorld();
      await act(world);
      await waitEnds(world);
      expect(await world.asked).toBe(code);
      expect(await given(world.latchkey, world.mine)).toBe(code);
      world.fails();
    }
  },
);

test("VA-7 VA-9 where nothing was said meanwhile, the token that is still valid is what the caller gets", async () => {
  for (const waitEnds of [timeIsOver, providerFails]) {
    const world = await aWaitingWorld();
    await waitEnds(world);
    expect(await world.asked).toBe(world.token);
  }
});

test("VA-7 what another node has got meanwhile is what the caller gets at the end of the wait", async () => {
  const world = await aWaitingWorld();
  const [row] = await world.grants();
  const keyring = keyringOf(world);
  const secrets = row && openGrant(keyring, row);
  if (!secrets) throw new Error("Ann has no grant");
  const now = world.clock.now();
  const next = {
    ...row,
    sealed: sealGrant(keyring, row, { ...secrets, accessToken: "access-of-another-node" }),
    issuedAt: now,
    expiresAt: toInstant(now + hours(1)),
    lastRefreshAt: now,
    leaseOwner: null,
    leaseEndsAt: null,
    version: row.version + 1,
  };
  expect(await world.store.transaction((tx) => tx.grants.replace(next, row.version))).toBe(true);
  await timeIsOver(world);
  expect(await world.asked).toBe("access-of-another-node");
});

test("VA-13 LO-3 a database that cannot be asked at the end of the wait is told as it is: nobody knows who may have the token", async () => {
  let failing = false;
  const world = await aWaitingWorld(async ({ config, clock, log, ...of }) => {
    const file = await openStore(configOf({ config, clock, log, ...of }).database, {
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
    });
    const store: Store = {
      ...file,
      grants: {
        ...file.grants,
        async ofUser(user) {
          if (failing) throw new LatchkeyError("store.unavailable");
          return file.grants.ofUser(user);
        },
      },
    };
    const node = await createLatchkey({ ...config, ports: { clock, log, store } });
    ending.push(() => node.close());
    return node;
  });
  failing = true;
  await timeIsOver(world);
  expect(await world.asked).toBe("store.unavailable");
});
