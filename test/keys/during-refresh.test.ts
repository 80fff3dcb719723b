/** VA-4 beside VA-8: a rotation that passes by while a refresh is out must not cost the answer. */
import { expect, test } from "vitest";
import { createKeyring } from "../../src/crypto/keyring.js";
import { systemRandom } from "../../src/crypto/random.js";
import { minutes, systemClock } from "../../src/kernel/time.js";
import { rotateKeys } from "../../src/keys/rotate-keys.js";
import { aVaultWorld } from "../vault/setting.js";
import { aSecret } from "./filling.js";

test("VA-4 VA-8 a grant that is sealed anew while its refresh is out takes the new tokens, and none is lost", async () => {
  // As in the middle of a change: this node still seals with the old secret, and opens both.
  const [old, newest] = [aSecret(), aSecret()];
  const world = await aVaultWorld({ config: { secrets: [old.reveal(), newest.reveal()] } });
  const keyring = createKeyring({ secrets: [newest, old], random: systemRandom });
  const [before] = await world.grants();
  await world.clock.skip(minutes(59));

  world.provider.next("token", async (honest) => {
    const rotation = await rotateKeys({ store: world.store, keyring, clock: systemClock }, { batch: 100 });
    expect(rotation).toMatchObject({ end: "done", unopened: 0 });
    return honest();
  });
  const { accessToken } = await world.latchkey.vault.accessToken(world.mine);
  expect(world.refreshes()).toBe(1);
  const [after] = await world.grants();
  expect([after?.status, after?.leaseOwner, after?.sealed === before?.sealed]).toEqual(["active", null, false]);
  // What is stored is what was handed out.
  expect(await world.latchkey.vault.accessToken(world.mine)).toMatchObject({ accessToken });
  expect(world.refreshes()).toBe(1);
});
