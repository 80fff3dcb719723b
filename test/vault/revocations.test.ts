/** VA-14: what a grant leaves to be revoked, when the provider cannot be told at once. Sealed rows, tried for a day. */
import { expect, test } from "vitest";
import { hours, minutes, seconds } from "../../src/kernel/time.js";
import type { Latchkey } from "../../src/latchkey.js";
import { aVaultWorld, connection, offline, type VaultWorld } from "./setting.js";

const providerConfig = { scopes: offline, revokeOnSignOut: "never" } as const;
const told = (world: VaultWorld) => world.provider.requestsTo("revocation").length;
const waiting = async (world: VaultWorld) => (await world.store.outbox.waiting()).rows;

/** A configuration with another provider and nothing else, as a node has it that was not restarted yet. */
const withoutFake = { providers: [{ id: "other", issuer: "https://idp.other.test", clientId: "x" }] };

/** What this node says of its attempts, by outcome. */
async function tries(world: VaultWorld, node: Latchkey): Promise<readonly string[]> {
  const metrics = await (await node.fetch(new Request(world.url("/metrics")), { address: "127.0.0.1" })).text();
  const name = "latchkey_outbox_tries_total";
  const lines = metrics.split("\n").filter((line) => line.startsWith(`${name}{`));
  return lines.map((line) => line.slice(name.length)).filter((line) => !line.endsWith(" 0"));
}

/** Lets a round pass: what was due has been tried, or taken by somebody. */
async function pass(world: VaultWorld, length: Parameters<VaultWorld["clock"]["skip"]>[0]) {
  await world.clock.skip(length);
  await expect.poll(async () => (await world.store.outbox.due(world.clock.now(), 9)).length).toBe(0);
}

/** Ann has given up her connection while the provider takes no revocation. */
async function givenUp(): Promise<VaultWorld> {
  const world = await aVaultWorld({ providerConfig });
  world.provider.script({ revocation: { status: 503 } });
  await world.latchkey.vault.disconnect({ user: world.user, connection });
  await expect.poll(() => world.log.text()).toContain("a revocation failed and will be tried again");
  expect(told(world)).toBe(1);
  return world;
}

test("VA-14 a revocation that fails is tried for a day, at last once an hour, and then no more", async () => {
  const world = await givenUp();
  for (let gone = 0; gone < hours(24) - minutes(10); gone += minutes(10)) await pass(world, minutes(10));
  expect(await waiting(world)).toBe(1);
  const tries = told(world);
  // Each of the first rounds, while pauses are shorter than they are; then every half hour to hour.
  expect(tries).toBeGreaterThan(25);
  expect(tries).toBeLessThan(80);
  for (let gone = 0; gone < hours(2); gone += minutes(10)) await pass(world, minutes(10));
  await expect.poll(() => waiting(world)).toBe(0);
  expect(world.log.text()).toContain("a revocation was given up");
  expect(await world.store.outbox.countDead()).toBe(0);
  const last = told(world);
  expect(last - tries).toBeLessThanOrEqual(3);
  await pass(world, hours(3));
  expect(told(world)).toBe(last);
}, 60_000);

test("VA-14 one that a provider is slow to take is sent by one node alone, however many there are", async () => {
  const world = await aVaultWorld({ providerConfig: { ...providerConfig, timeout: "40s" } });
  const others = await Promise.all([world.node(), world.node()]);
  world.provider.script({ revocation: { raw: () => {} } });
  await world.latchkey.vault.disconnect({ user: world.user, connection });
  await expect.poll(() => told(world)).toBe(1);
  // Longer than the first pause, and than a claim that nobody makes longer.
  for (let gone = 0; gone < 38; gone++) await world.clock.advance(seconds(1));
  expect(world.log.text()).not.toContain("a revocation failed");
  expect(told(world)).toBe(1);
  world.provider.reset();
  await world.clock.advance(seconds(2));
  await expect.poll(() => world.log.text()).toContain("a revocation failed and will be tried again");
  // The pause begins now, and not when the provider was asked.
  for (let gone = 0; gone < 2; gone++) await world.clock.advance(seconds(1));
  expect(told(world)).toBe(1);
  for (let gone = 0; gone < 10; gone++) await world.clock.advance(seconds(1));
  await expect.poll(() => waiting(world)).toBe(0);
  // The one that hung, and both tokens at the second attempt.
  expect(told(world)).toBe(3);
  for (const node of others) await node.close();
});

test("VA-14 VA-4 one that no secret opens is kept and reported, and goes out when its secret is back", async () => {
  const world = await givenUp();
  await world.latchkey.close();
  world.provider.reset();
  const lost = await world.node({ secrets: ["another-secret-of-this-test-kX9f2LqP0sT7vZ"] });
  await pass(world, minutes(1));
  await expect.poll(() => world.log.text()).toContain("an outbox row cannot be opened");
  await lost.close();
  expect([told(world), await waiting(world)]).toEqual([1, 1]);
  await world.node();
  await pass(world, minutes(10));
  await expect.poll(() => waiting(world)).toBe(0);
  expect(told(world)).toBe(3);
});

test("VA-14 AT-10 what was another client's is not shown to the provider by this one, and counts as given up", async () => {
  const world = await givenUp();
  await world.latchkey.close();
  world.provider.reset();
  const node = await world.node({}, { clientId: "another" });
  await pass(world, minutes(1));
  await expect.poll(() => world.log.text()).toContain("server_changed");
  expect(world.log.text()).toContain("a revocation was given up");
  await expect.poll(() => waiting(world)).toBe(0);
  expect(told(world)).toBe(1);
  expect(await tries(world, node)).toEqual(['{outcome="given_up"} 1']);
});

test("VA-14 one of a provider that a node does not know is left to the nodes that do", async () => {
  const world = await givenUp();
  await world.latchkey.close();
  world.provider.reset();
  const before = await world.node(withoutFake);
  await pass(world, minutes(1));
  await expect.poll(() => world.log.text()).toContain("not_configured");
  await before.close();
  expect([told(world), await waiting(world)]).toEqual([1, 1]);
  const after = await world.node();
  await pass(world, minutes(10));
  await expect.poll(() => waiting(world)).toBe(0);
  expect(told(world)).toBe(3);
  expect(await tries(world, after)).toEqual(['{outcome="delivered"} 1']);
});

test("VA-14 one of a provider that no node knows is given up when its day is over", async () => {
  const world = await givenUp();
  await world.latchkey.close();
  const node = await world.node(withoutFake);
  await pass(world, minutes(1));
  await expect.poll(async () => (await tries(world, node)).join()).toMatch(/^{outcome="failed"} \d+$/);
  expect(await waiting(world)).toBe(1);
  await pass(world, hours(25));
  await expect.poll(() => waiting(world)).toBe(0);
  expect(world.log.text()).toContain("a revocation was given up");
  expect(await tries(world, node)).toContain('{outcome="given_up"} 1');
});

test("VA-14 a provider that has no revocation is asked for none, and nothing waits for it", async () => {
  const world = await aVaultWorld({ providerConfig });
  await world.latchkey.close();
  world.provider.tweaks.metadata = ({ revocation_endpoint: _, ...metadata }) => metadata;
  // The copy of its metadata is too old by then.
  await world.clock.skip(hours(25));
  const node = await world.node();
  expect(await node.vault.disconnect({ user: world.user, connection })).toEqual({ ended: 1 });
  await expect.poll(() => waiting(world)).toBe(0);
  expect(world.log.text()).not.toContain("a revocation failed");
  expect(told(world)).toBe(0);
});

test("VA-14 EG-3 [option:providers.timeout] is how long a provider may take for it", async () => {
  const world = await aVaultWorld({ providerConfig: { ...providerConfig, timeout: "4s" } });
  world.provider.script({ revocation: { raw: () => {} } });
  await world.latchkey.vault.disconnect({ user: world.user, connection });
  await expect.poll(() => told(world)).toBe(1);
  await world.clock.advance(seconds(3));
  expect(world.log.text()).not.toContain("a revocation failed");
  await world.clock.advance(seconds(2));
  await expect.poll(() => world.log.text()).toContain("a revocation failed and will be tried again");
});

/** Ann has two to give up; the provider takes the first, and says nothing to it until it is told to. */
async function oneIsOut(beside = false): Promise<{ world: VaultWorld; answer: () => void }> {
  const world = await aVaultWorld({ providerConfig });
  await world.signsIn();
  // Another node, which looks at the outbox a second after that.
  if (beside) await world.node();
  if (beside) await world.clock.advance(seconds(4));
  let answer = () => {};
  const answering = new Promise<void>((resolve) => {
    answer = resolve;
  });
  world.provider.next("revocation", (honest) => answering.then(honest));
  expect(await world.latchkey.vault.disconnect({ user: world.user, connection })).toEqual({ ended: 2 });
  await expect.poll(() => told(world)).toBe(1);
  return { world, answer: () => answer() };
}

test("VA-14 what another node has sent meanwhile is not sent again", async () => {
  const { world, answer } = await oneIsOut(true);
  await pass(world, seconds(1));
  await expect.poll(() => told(world)).toBe(3);
  await expect.poll(() => waiting(world)).toBe(1);
  answer();
  await expect.poll(() => waiting(world)).toBe(0);
  await world.latchkey.close();
  expect(told(world)).toBe(4);
});

test("VA-14 a shutdown waits for the one that is out, and leaves the others to the next start", async () => {
  const { world, answer } = await oneIsOut();
  const closed = world.latchkey.close();
  answer();
  await closed;
  expect([told(world), await waiting(world)]).toEqual([2, 1]);
  await world.node();
  await pass(world, minutes(1));
  await expect.poll(() => waiting(world)).toBe(0);
  expect(told(world)).toBe(4);
});
