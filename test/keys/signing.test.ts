/** LO-11: the key that signs is changed while servers run, and no assertion is ever refused for it. */
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import { afterEach, expect, test } from "vitest";
import { createKeyring } from "../../src/crypto/keyring.js";
import { systemRandom } from "../../src/crypto/random.js";
import { cleanUp } from "../../src/jobs/clean-up.js";
import { silentLog } from "../../src/kernel/log.js";
import { secret } from "../../src/kernel/secret.js";
import { minutes, seconds } from "../../src/kernel/time.js";
import { createSigningKeys, rotateSigningKeys } from "../../src/keys/signing-keys.js";
import type { Latchkey } from "../../src/latchkey.js";
import { startNews } from "../../src/sessions/news.js";
import { createManualClock, type ManualClock } from "../../src/testing/manual-clock.js";
import { aCommandLine } from "../support/command-line.js";
import { createSharedWorld, type SharedWorld } from "../support/shared-file.js";

const audience = "https://chat.example.com";
let world: SharedWorld;
let clock: ManualClock;
let other: Latchkey;
let cookie: string;
afterEach(async () => {
  await world.close();
});

async function twoNodes(): Promise<void> {
  clock = createManualClock();
  world = await createSharedWorld({ clock });
  other = await world.node();
  const ann = world.browser();
  await world.signIn(ann, "ann-1");
  cookie = ann.cookies.header(world.url("/session")) ?? "";
}

const signedAt = async (node: Latchkey): Promise<string> => {
  const request = new Request(world.url("/session"), { headers: { cookie } });
  return (await node.sessions.assertion(request, { audience }))?.assertion ?? "";
};
const keySetOf = async (node: Latchkey): Promise<JSONWebKeySet> =>
  (await node.fetch(new Request(world.url("/jwks.json")))).json();
const kidOf = (assertion: string) => decodeProtectedHeader(assertion).kid;
const isGoodWith = (assertion: string, keys: JSONWebKeySet) =>
  jwtVerify(assertion, createLocalJWKSet(keys), { audience, currentDate: new Date(clock.now()) }).then(
    () => true,
    () => false,
  );
const ports = () => {
  const keyring = createKeyring({ secrets: world.config.secrets.map((one) => secret(one)), random: systemRandom });
  return { store: world.store, keyring, clock };
};

test("LO-11 a new key is known before it signs, an old one until its last assertion has ended, at every node", async () => {
  await twoNodes();
  const first = await signedAt(other);
  const copy = await keySetOf(world.latchkey);
  const rotation = await rotateSigningKeys(ports(), "EdDSA");
  expect(rotation).toMatchObject({ retiring: 1, signsFrom: clock.now() + minutes(5) });

  // Whoever keeps the key set for as long as it says can check whatever is signed meanwhile.
  await clock.advance(seconds(299));
  for (const node of [world.latchkey, other]) {
    const assertion = await signedAt(node);
    expect(kidOf(assertion)).toBe(kidOf(first));
    expect(await isGoodWith(assertion, copy)).toBe(true);
  }
  const lastOfTheOld = await signedAt(world.latchkey);
  await clock.advance(seconds(1));
  for (const node of [world.latchkey, other]) {
    const assertion = await signedAt(node);
    expect(kidOf(assertion)).toBe(rotation?.made);
    expect(await isGoodWith(assertion, await keySetOf(world.latchkey))).toBe(true);
  }
  await clock.advance(seconds(298));
  expect(await isGoodWith(lastOfTheOld, await keySetOf(other))).toBe(true);
  await clock.advance(seconds(122));
  expect((await keySetOf(other)).keys.map(({ kid }) => kid)).toEqual([rotation?.made]);
  await cleanUp({ store: world.store, clock });
  expect((await world.store.signingKeys.all("assertion")).map(({ id }) => id)).toEqual([rotation?.made]);
});

test("LO-11 [option:assertions.alg] changed: the new kind of key is published before it signs, and the old one signs until then", async () => {
  await twoNodes();
  const first = await signedAt(world.latchkey);
  const copy = await keySetOf(world.latchkey);
  const restarted = await world.node({ assertions: { alg: "ES256" } });
  const early = await signedAt(restarted);
  // An app that has the key set from before the change takes what is signed after it.
  expect(kidOf(early)).toBe(kidOf(first));
  expect(await isGoodWith(early, copy)).toBe(true);
  const both = await keySetOf(restarted);
  expect(both.keys.map(({ alg }) => alg).sort()).toEqual(["ES256", "EdDSA"]);

  await clock.advance(seconds(299));
  expect(kidOf(await signedAt(restarted))).toBe(kidOf(first));
  await clock.advance(seconds(1));
  const late = await signedAt(restarted);
  expect(decodeProtectedHeader(late).alg).toBe("ES256");
  expect(await isGoodWith(late, both)).toBe(true);
  // A node that was not restarted yet goes on as it is, and makes no third key.
  expect(kidOf(await signedAt(other))).toBe(kidOf(first));
  expect((await keySetOf(other)).keys).toHaveLength(2);
});

test("LO-11 a second rotation before the new key's time adds none", async () => {
  await twoNodes();
  await signedAt(other);
  const { made } = (await rotateSigningKeys(ports(), "EdDSA")) ?? {};
  expect(await rotateSigningKeys(ports(), "EdDSA")).toMatchObject({ made: null });
  expect((await keySetOf(other)).keys).toHaveLength(2);
  expect((await keySetOf(other)).keys.map(({ kid }) => kid)).toContain(made);
});

test("LO-11 VA-4 a key whose secret is gone signs no more, another takes its place, and what it signed stays good", async () => {
  await twoNodes();
  const before = await signedAt(world.latchkey);
  const restarted = await world.node({ secrets: ["another secret that is long enough: kX9f2LqP0sT7vZ"] });
  const after = await signedAt(restarted);
  expect(kidOf(after)).not.toBe(kidOf(before));
  for (const node of [restarted, world.latchkey])
    for (const assertion of [before, after]) expect(await isGoodWith(assertion, await keySetOf(node))).toBe(true);
});

test("AT-54 LO-11 the database holds no private half that can be read, and none opens in another row", async () => {
  await twoNodes();
  await signedAt(world.latchkey);
  const [key] = await world.store.signingKeys.all("assertion");
  if (!key) throw new Error("no key");
  expect(JSON.stringify(key)).not.toMatch(/"d"/);
  // Put into another key's row it would have its owner sign with a key that somebody else knows the place of.
  const thief = { ...key, id: "thief", publicKey: { ...key.publicKey, kid: "thief" } };
  await world.store.transaction(async (tx) => {
    await tx.signingKeys.retire(key.id, clock.now());
    await tx.signingKeys.insert(thief);
  });
  const news = await startNews({ store: world.store, log: silentLog });
  const keys = createSigningKeys({ ...ports(), news, log: silentLog }, "EdDSA");
  const signed = await (await keys.signer()).sign("x", {});
  expect([key.id, "thief"]).not.toContain(kidOf(signed));
});

test("LO-11 SU-11 `keys rotate` has a new key sign, once something was signed, and `keys status` shows which", async () => {
  await twoNodes();
  const line = await aCommandLine({ secrets: world.config.secrets });
  expect((await line.run("keys", "rotate", "--json")).json()).toMatchObject({ signing: null });
  const keyring = createKeyring({ secrets: world.config.secrets.map((one) => secret(one)), random: systemRandom });
  const news = await startNews({ store: line.store, log: silentLog });
  const real = { ...clock, now: () => Date.now() as ReturnType<ManualClock["now"]> };
  await createSigningKeys({ store: line.store, keyring, clock: real, news, log: silentLog }, "EdDSA").signer();
  const [first] = await line.store.signingKeys.all("assertion");

  const rotated = (await line.run("keys", "rotate", "--json")).json().signing;
  expect(rotated).toMatchObject({ made: expect.any(String), retiring: 1 });
  expect((await line.run("keys", "rotate")).out).toContain(`waits for its time already: ${rotated.signsFrom}`);
  const { signing, keys: secrets } = (await line.run("keys", "status", "--json")).json();
  expect(signing).toEqual([
    { id: first?.id, alg: "EdDSA", state: "signs", signsFrom: expect.any(String), retiresAt: rotated.retiresAt },
    { id: rotated.made, alg: "EdDSA", state: "waits", signsFrom: rotated.signsFrom, retiresAt: null },
  ]);
  expect(secrets[0].rows.signing_keys).toBe(2);
  const text = (await line.run("keys", "status")).out;
  expect(text).toContain(`signs, leaves the key set at ${rotated.retiresAt}`);
  expect(text).toContain(`signs from ${rotated.signsFrom}`);
});
