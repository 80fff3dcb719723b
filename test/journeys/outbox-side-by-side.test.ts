/**
 * What waits in the outbox for a server that says nothing holds up nothing that is for another (VA-14, SI-23, AC-19).
 * Time stands still in each of these unless the test moves it, so that whoever says nothing is not given up meanwhile.
 */
import { afterEach, expect, test } from "vitest";
import { systemRandom } from "../../src/crypto/random.js";
import { seconds } from "../../src/kernel/time.js";
import { revocationRow } from "../../src/outbox/revocation.js";
import type { FakeProvider } from "../../src/testing/fake-provider.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { createTwoProviders } from "../support/two-providers.js";
import { aVaultWorld, connection, keyringOf, offline } from "../vault/setting.js";
import { aReceiver, aWebhookWorld, type Receiver, signingSecret, type WebhookWorld } from "../webhooks/setting.js";

// Of what hangs each test lets go before its world is closed, which waits for what is under way.
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const providerConfig = { scopes: offline, revokeOnSignOut: "never" } as const;
const eventually = { timeout: 20_000, interval: 20 };
const revoked = (provider: FakeProvider) => provider.requestsTo("revocation").length;

/** Something that is answered when the test is over. */
function aHold(): Promise<void> {
  return new Promise((letGo) => closing.push(letGo));
}
const hangsAtRevocation = (provider: FakeProvider) => {
  const held = aHold();
  provider.script({ revocation: (honest) => held.then(honest) });
};
function hangs(receiver: Receiver) {
  const held = aHold();
  receiver.answer = (_request, response) => void held.then(() => response.writeHead(204).end());
}
async function idOf(world: Pick<WebhookWorld, "browser" | "signIn" | "session">, person: string, provider = "fake") {
  const browser = world.browser();
  await world.signIn(browser, person, { provider });
  return (await world.session(browser)).body.user?.id ?? "";
}

test("VA-14 SI-23 a receiver of messages that never answers keeps no revocation waiting", async () => {
  const receiver = await aReceiver();
  const world = await aWebhookWorld([{ url: receiver.url, secret: signingSecret }], { providerConfig });
  hangs(receiver);
  const user = await idOf(world, "ann-1");
  await expect.poll(() => receiver.requests.length, eventually).toBe(1);
  expect(await world.latchkey.vault.disconnect({ user, connection })).toEqual({ ended: 1 });
  await expect.poll(() => revoked(world.provider), eventually).toBe(2);
  // The message, which is still out.
  await expect.poll(async () => (await world.store.outbox.waiting()).rows, eventually).toBe(1);
});

test("SI-23 VA-14 a provider that never answers a revocation keeps no message waiting", async () => {
  const receiver = await aReceiver();
  const world = await aWebhookWorld([{ url: receiver.url, secret: signingSecret }], { providerConfig });
  const user = await idOf(world, "ann-1");
  await expect.poll(() => receiver.requests.length, eventually).toBe(1);
  hangsAtRevocation(world.provider);
  await world.latchkey.vault.disconnect({ user, connection });
  await expect.poll(() => revoked(world.provider), eventually).toBe(1);
  await idOf(world, "ben-2");
  await expect.poll(() => receiver.requests.length, eventually).toBe(2);
  await expect.poll(async () => (await world.store.outbox.waiting()).rows, eventually).toBe(1);
});

test("AC-19 VA-14 a provider that never answers a revocation keeps no claims of a refresh waiting", async () => {
  const world = await aVaultWorld({
    config: { roles: { fromClaims: true, default: "user" } },
    provider: { claimsInIdToken: false, people: ["ann-1", "ben-2", "cleo-3"].map(aUser) },
    providerConfig: { ...providerConfig, timeout: "60s" },
  });
  const given = await world.signsIn("ben-2");
  const role = async () => (await world.store.users.byEmail("ann-1@example.com"))?.role;
  expect(await role()).toBe("user");
  world.provider.script({ userinfo: { status: 503 } });
  await world.clock.advance(seconds(3_500));
  await world.latchkey.vault.accessToken(world.mine);
  await expect.poll(async () => (await world.store.outbox.waiting()).rows, eventually).toBe(1);

  hangsAtRevocation(world.provider);
  await world.latchkey.vault.disconnect({ user: given.user, connection });
  await expect.poll(() => revoked(world.provider), eventually).toBe(1);
  world.provider.script({ userinfo: undefined });
  world.provider.tweaks.userinfo = (claims) => ({ ...claims, roles: ["admin"] });
  // They are due in a few seconds, and the revocation is given up after a minute.
  for (let gone = 0; gone < 50 && (await role()) === "user"; gone++) await world.clock.advance(seconds(1));
  await expect.poll(role, eventually).toBe("admin");
  expect(revoked(world.provider)).toBe(1);
});
const aUser = (sub: string) => ({ sub, email: `${sub}@example.com`, name: sub, claims: { roles: ["user"] } });

/** Two providers, of which the first is waited for as long as a provider can be. */
async function aPatientWorld() {
  const clock = createManualClock();
  const world = await createTwoProviders({
    clock,
    providerConfig: { ...providerConfig, timeout: "60s" },
    otherConfig: providerConfig,
  });
  closing.push(() => world.close());
  return { clock, world };
}

test("VA-14 a provider that never answers revocations keeps those of another provider waiting for seconds", async () => {
  const { clock, world } = await aPatientWorld();
  const user = await idOf(world, "ann-1");
  await world.signIn(world.browser(), "ann-1");
  const elsewhere = await idOf(world, "ben-2", "other");
  hangsAtRevocation(world.provider);
  expect(await world.latchkey.vault.disconnect({ user, connection })).toEqual({ ended: 2 });
  await expect.poll(() => revoked(world.provider), eventually).toBe(1);
  expect(await world.latchkey.vault.disconnect({ user: elsewhere, connection: "provider:other" })).toEqual({
    ended: 1,
  });
  await clock.advance(seconds(6));
  await expect.poll(() => revoked(world.other), eventually).toBe(2);
  // One at a time goes to a provider, so its second one waits for the first.
  expect(revoked(world.provider)).toBe(1);
  await expect.poll(async () => (await world.store.outbox.waiting()).rows, eventually).toBe(2);
});

test("VA-14 nor do hundreds of them", async () => {
  const { clock, world } = await aPatientWorld();
  const user = await idOf(world, "ben-2", "other");
  hangsAtRevocation(world.provider);
  const { issuer, client } = world.provider;
  const revocation = {
    provider: "fake",
    issuer,
    clientId: client.clientId,
    refreshToken: null,
    accessToken: "one of many",
  };
  const ports = { keyring: keyringOf(world), random: systemRandom };
  const rows = Array.from({ length: 450 }, () => revocationRow(ports, revocation, clock.now()));
  await world.store.transaction(async (tx) => {
    for (const row of rows) await tx.outbox.insert(row);
  });
  await clock.advance(seconds(6));
  await expect.poll(() => revoked(world.provider), eventually).toBe(1);
  await world.latchkey.vault.disconnect({ user, connection: "provider:other" });
  await clock.advance(seconds(6));
  await expect.poll(() => revoked(world.other), eventually).toBe(2);
  expect(revoked(world.provider)).toBe(1);
});

test("SI-23 messages to a receiver that never answers keep those to another waiting for seconds, however many they are", async () => {
  const [silent, well] = [await aReceiver(), await aReceiver()];
  const world = await aWebhookWorld([
    { id: "silent", url: silent.url, secret: signingSecret },
    { id: "well", url: well.url, secret: signingSecret },
  ]);
  hangs(silent);
  const people = [1, 2, 3, 4, 5, 6, 7].map((n) => `person-${n}`);
  for (const sub of people) world.provider.people.set(sub, aUser(sub));
  await idOf(world, "person-1");
  await expect.poll(() => [silent, well].map(({ requests }) => requests.length), eventually).toEqual([1, 1]);
  for (const sub of people.slice(1)) await idOf(world, sub);
  await world.clock.advance(seconds(6));
  await expect.poll(() => well.requests.length, eventually).toBe(7);
});

test("VA-14 a try that breaks off half way is told in the log and made again, and what is for others has gone out", async () => {
  const receiver = await aReceiver();
  let breaks = false;
  // The end of an attempt; what follows it is written into the database.
  const faults = {
    point(number: number) {
      if (number !== 15 || !breaks) return;
      breaks = false;
      throw new Error("broken off here");
    },
  };
  const options = { providerConfig, ports: { faults } };
  const world = await aWebhookWorld([{ url: receiver.url, secret: signingSecret }], options);
  const user = await idOf(world, "ann-1");
  await expect.poll(async () => (await world.store.outbox.waiting()).rows, eventually).toBe(0);
  breaks = true;
  await world.latchkey.vault.disconnect({ user, connection });
  await expect.poll(() => world.log.text(), eventually).toContain("broken off here");
  expect(world.log.text()).toContain("a background job failed and will run again");
  await idOf(world, "ben-2");
  await expect.poll(() => receiver.requests.length, eventually).toBe(2);
  await expect.poll(async () => (await world.store.outbox.waiting()).rows, eventually).toBe(1);
  // Its claim has to end first, and the job to look again.
  const waiting = async () => {
    await world.clock.advance(seconds(6));
    return (await world.store.outbox.waiting()).rows;
  };
  await expect.poll(waiting, eventually).toBe(0);
  expect(revoked(world.provider)).toBe(4);
});
