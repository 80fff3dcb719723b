/** Grants that are refreshed though nobody asks (VA-12), on a clock that the test moves. */
import { expect, test } from "vitest";
import { minutes, seconds, toInstant } from "../../src/kernel/time.js";
import { defaultClient } from "../../src/testing/fake-provider.js";
import type { WorldOptions } from "../../src/testing/world.js";
import { fillGrants } from "./many-grants.js";
import { aVaultWorld, keyringOf, offline, type VaultWorld } from "./setting.js";

const ahead = { enabled: true, concurrencyPerIssuer: 4 };
const config = { roles: { default: "user" }, vault: { refreshAhead: ahead } };
const world = (options: WorldOptions = {}) => aVaultWorld({ config, ...options });

/** Moves on in steps of the job; after each, whatever was begun has time to end. */
async function goOn(at: VaultWorld, length: number, after: () => Promise<unknown> = async () => {}): Promise<void> {
  for (let gone = 0; gone < length; gone += 5_000) {
    await at.clock.advance(seconds(5));
    await quiet(at);
    await after();
  }
}
/** Waits until no refresh is under way: nothing holds a lease. */
async function quiet(at: VaultWorld): Promise<void> {
  for (;;) {
    const before = at.provider.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 5));
    const leased = (await at.grants()).some(({ leaseOwner }) => leaseOwner !== null);
    if (!leased && at.provider.requests.length === before) return;
  }
}

test("VA-12 a token is refreshed before anybody needs it, and an ask finds it fresh", async () => {
  const at = await world();
  await at.clock.skip(minutes(43));
  await goOn(at, minutes(1));
  expect(at.refreshes()).toBe(0);
  await goOn(at, minutes(11));
  // Ann's, and that of the person who signed in before her.
  expect(at.refreshes()).toBe(2);
  const [grant] = await at.grants();
  expect(grant?.expiresAt).toBeGreaterThan(at.clock.now() + minutes(45));
  // Nobody has used it.
  expect(grant?.lastUsedAt).toBeNull();
  expect((await at.latchkey.vault.accessToken(at.mine)).accessToken).toMatch(/^access-/);
  expect(at.refreshes()).toBe(2);
});

test("VA-12 AC-8 AT-14 nothing is refreshed for people who are disabled, for connections that are, or after a session", async () => {
  const at = await world();
  const user = await at.store.users.byId(at.user as never);
  if (!user) throw new Error("no Ann");
  await at.store.transaction(async (tx) => {
    await tx.users.update({ ...user, disabledAt: at.clock.now(), version: user.version + 1 }, user.version);
    await tx.announcements.append("user", user.id, at.clock.now());
  });
  await at.clock.skip(minutes(43));
  await goOn(at, minutes(18));
  expect(at.refreshes()).toBe(1);

  const off = await at.node({}, { enabled: false });
  await at.latchkey.close();
  await at.clock.skip(minutes(43));
  await goOn(at, minutes(18));
  expect(at.refreshes()).toBe(1);
  await off.close();
});

test("VA-12 a grant without a refresh token costs no request, and is not ended for it", async () => {
  const at = await world({ providerConfig: { scopes: ["openid", "email", "profile"] } });
  await at.clock.skip(minutes(43));
  await goOn(at, minutes(20));
  expect(at.refreshes()).toBe(0);
  expect(await at.grants()).toMatchObject([{ status: "active" }]);
});

test("VA-7 VA-12 two nodes refresh ahead, and each grant is refreshed once", async () => {
  const at = await world();
  await at.node();
  await fillGrants(at.store, keyringOf(at), at.provider.issuer, 60, () => ({
    issuedAt: at.clock.now(),
    expiresAt: toInstant(at.clock.now() + minutes(60)),
  }));
  at.provider.script({ token: answering });
  const asked = () => at.provider.requestsTo("token").flatMap(({ form }) => form.get("refresh_token") ?? []);
  await at.clock.skip(minutes(43));
  await goOn(at, minutes(13));
  expect(asked().filter((token) => token.startsWith("filled-"))).toHaveLength(60);
  expect(new Set(asked()).size).toBe(asked().length);
}, 60_000);

test("VA-9 VA-12 Retry-After holds for all of an issuer's grants, and the next look after it goes on", async () => {
  const at = await world();
  await fillGrants(at.store, keyringOf(at), at.provider.issuer, 50, () => ({
    issuedAt: at.clock.now(),
    expiresAt: toInstant(at.clock.now() + minutes(60)),
  }));
  at.provider.script({ token: { status: 429, headers: { "Retry-After": "600" }, body: "slow down" } });
  await at.clock.skip(minutes(43));
  await goOn(at, minutes(9));
  const first = at.refreshes();
  expect(first).toBeGreaterThan(0);
  // Those that were out together, once in ten minutes; and not each of the fifty, nor every five seconds.
  expect(first).toBeLessThanOrEqual(4);
  at.provider.script({ token: answering });
  await goOn(at, minutes(10));
  expect(at.refreshes() - first).toBeGreaterThanOrEqual(48);
}, 60_000);

test("VA-9 VA-12 an issuer that gives no answer is left alone for all of its grants, with growing pauses", async () => {
  const at = await world();
  await fillGrants(at.store, keyringOf(at), at.provider.issuer, 40, () => ({
    issuedAt: toInstant(at.clock.now() - minutes(55)),
    expiresAt: toInstant(at.clock.now() + minutes(5)),
  }));
  at.provider.script({ token: { raw: (request) => void request.socket.destroy() } });
  // In steps of a second, since each is sent once more after one.
  for (let second = 0; second < 60; second++) {
    await at.clock.advance(seconds(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const asked = new Set(at.provider.requestsTo("token").map(({ form }) => form.get("refresh_token")));
  // Four at a time, at seconds 5 and then after pauses of 2, 4, 8, 16 and 32 at most; without them all forty went in this minute.
  expect(asked.size).toBeGreaterThanOrEqual(4);
  expect(asked.size).toBeLessThanOrEqual(28);
  at.provider.script({ token: answering });
  await goOn(at, minutes(5));
  const active = (await at.store.grants.list({ limit: 100 }, { status: "active" })).items;
  expect(active.filter(({ lastRefreshAt }) => lastRefreshAt !== null)).toHaveLength(40);
}, 60_000);

test("VA-9 VA-12 a client that is refused is left alone for its connection, and another client of that issuer is not", async () => {
  const second = { id: "second", clientId: "second", clientSecret: "another secret of this test" };
  const clients = [defaultClient, second];
  const at = await world({ provider: { clients } });
  const grants = (connection: string, clientId: string) =>
    fillGrants(at.store, keyringOf(at), at.provider.issuer, 20, () => ({
      connection,
      clientId,
      issuedAt: toInstant(at.clock.now() - minutes(55)),
      expiresAt: toInstant(at.clock.now() + minutes(5)),
    }));
  await grants("provider:fake", "latchkey");
  await grants("provider:second", "second");
  await at.latchkey.close();
  const providers = [...at.config.providers, { ...at.config.providers[0], ...second, displayName: "Second" }];
  const node = await at.node({ providers: providers as never });
  const clientOf = (authorization: string | undefined) =>
    Buffer.from(authorization?.replace("Basic ", "") ?? "", "base64")
      .toString()
      .split(":")[0];
  const asked = (client: string) =>
    at.provider
      .requestsTo("token")
      .filter(({ form, headers }) => form.has("refresh_token") && clientOf(headers["authorization"]) === client).length;
  at.provider.script({
    token: (_honest, request) =>
      clientOf(request.headers["authorization"]) === "second"
        ? answering()
        : { status: 401, json: { error: "invalid_client" } },
  });
  await goOn(at, minutes(1));
  expect(asked("second")).toBe(20);
  // Those that were out together, and nobody after them.
  expect(asked("latchkey")).toBeGreaterThan(0);
  expect(asked("latchkey")).toBeLessThanOrEqual(4);
  await node.close();
}, 60_000);

test("VA-12 closing lets nothing more go, and waits for what is out", async () => {
  const at = await world();
  await fillGrants(at.store, keyringOf(at), at.provider.issuer, 30, () => ({
    issuedAt: toInstant(at.clock.now() - minutes(55)),
    expiresAt: toInstant(at.clock.now() + minutes(5)),
  }));
  let answer = () => {};
  const go = new Promise<void>((resolve) => {
    answer = resolve;
  });
  at.provider.script({ token: () => go.then(answering) });
  await at.clock.advance(seconds(5));
  await expect.poll(() => at.refreshes()).toBe(4);
  const closed = at.latchkey.close();
  answer();
  await closed;
  expect(at.refreshes()).toBe(4);
  const span = { now: at.clock.now(), limit: 100, from: toInstant(0), until: toInstant(at.clock.now() + minutes(6)) };
  expect(await at.store.grants.ending(span)).toHaveLength(26);
});

let answered = 0;
const answering = () => ({
  json: {
    access_token: `access-${++answered}`,
    refresh_token: `next-${answered}`,
    token_type: "Bearer",
    expires_in: 3_600,
    scope: offline.join(" "),
  },
});
