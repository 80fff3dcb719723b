/** Ending many sessions at once, and what that costs the database. */
import { afterEach, expect, test } from "vitest";
import { createKeyring } from "../crypto/keyring.js";
import { systemRandom } from "../crypto/random.js";
import type { GrantId, SessionId, UserId } from "../kernel/ids.js";
import { newId } from "../kernel/ids.js";
import { silentLog } from "../kernel/log.js";
import { secret } from "../kernel/secret.js";
import { after, days, systemClock } from "../kernel/time.js";
import { openRevocation } from "../outbox/revocation.js";
import type { Store } from "../store/contract.js";
import type { GrantRecord } from "../store/records.js";
import { openSqliteStore } from "../store/sqlite.js";
import { aGrant, anIdentity, aSession, aUser } from "../testing/store-suite/samples.js";
import { createWorld, type World, type WorldOptions } from "../testing/world.js";
import { sealGrant } from "../vault/sealed-grant.js";
import { prepareEnd } from "./end-sessions.js";

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

/** A world whose store counts the grants that were read. */
async function counting(options: WorldOptions = {}) {
  const store = await openSqliteStore({ path: ":memory:", clock: systemClock, random: systemRandom, log: silentLog });
  const read = { grants: 0 };
  const counted =
    <Key>(ask: (key: Key) => ReturnType<Store["grants"]["ofUser"]>) =>
    async (key: Key) => {
      const found = await ask(key);
      read.grants += found.length;
      return found;
    };
  const grants = { ...store.grants, ofUser: counted(store.grants.ofUser), ofSession: counted(store.grants.ofSession) };
  const world = await createWorld({ ...options, ports: { store: { ...store, grants } } });
  worlds.push(world);
  return { world, store, read };
}

/** Ann, with `count` sessions, each with a grant. */
async function annWith(count: number, { world, store }: Awaited<ReturnType<typeof counting>>) {
  const browser = world.browser();
  await world.signIn(browser, "ann-1");
  const id = (await world.session(browser)).body.user?.id as UserId;
  const [[session], [grant]] = await Promise.all([store.sessions.ofUser(id), store.grants.ofUser(id)]);
  if (!session || !grant) throw new Error("Ann has no session");
  await store.transaction(async (tx) => {
    for (let i = 1; i < count; i++) {
      const sessionId = newId<SessionId>(session.createdAt, systemRandom);
      await tx.sessions.insert({ ...session, id: sessionId, tokenHash: `hash-${i}` });
      await tx.grants.insert({ ...grant, id: newId<GrantId>(grant.createdAt, systemRandom), sessionId });
    }
  });
  return { id, browser };
}

test.each(["auto", "always", "never"] as const)(
  "LO-6 [option:providers.revokeOnSignOut] %s: ending all of a person's sessions reads each grant once at most",
  async (revokeOnSignOut) => {
    const setting = await counting({ providerConfig: { revokeOnSignOut, logout: "local" } });
    const { id, browser } = await annWith(40, setting);
    await browser.get(setting.world.url("/account"));
    // The page lists connections, and reads for that.
    setting.read.grants = 0;
    await browser.post(setting.world.url("/account/sessions/end-all"));
    expect(await setting.store.sessions.ofUser(id)).toEqual([]);
    expect(setting.read.grants).toBeLessThanOrEqual(40);
    const revoked = () => setting.world.provider.requestsTo("revocation").length;
    if (revokeOnSignOut === "always") await expect.poll(revoked).toBeGreaterThan(0);
    else expect(await setting.store.outbox.due(after(systemClock.now(), days(1)), 100)).toEqual([]);
  },
);

/** No preset of today knows it of its provider, so no sign-out gets here; the rule is LO-5's all the same. */
test.each<[revoked: number, sibling: string, on: Partial<GrantRecord> | undefined]>([
  [1, "there is no other grant", undefined],
  [0, "another live grant of this user and client is there", {}],
  [1, "the other grant is another client's", { clientId: "another-client" }],
  [1, "the other grant is over", { status: "needs_reconnect" }],
])(
  "LO-5 [option:providers.revokeOnSignOut] auto, where revoking ends this token alone: %i when %s",
  async (revoked, _why, on) => {
    const keyring = createKeyring({ secrets: [secret("a-secret-of-this-test-kX9f2LqP0sT7vZ")], random: systemRandom });
    const user = aUser();
    const session = aSession(anIdentity(user));
    const tokens = { accessToken: "access-1", refreshToken: "refresh-1", idToken: null, tokenType: "Bearer" } as const;
    const grantOf = (more: Partial<GrantRecord> = {}): GrantRecord => {
      const row = aGrant(user, session, more);
      return { ...row, sealed: sealGrant(keyring, row, tokens) };
    };
    const [own, others] = [grantOf(), on === undefined ? [] : [grantOf({ sessionId: null, ...on })]];
    const ports = {
      keyring,
      random: systemRandom,
      providers: { byId: () => ({ revokeOnSignOut: "auto", revocationEndsOneToken: true }) } as never,
      store: { grants: { ofSession: async () => [own], ofUser: async () => [own, ...others] } as never },
    };
    const { revocations } = await prepareEnd(ports, session, systemClock.now());
    expect(revocations.map((row) => openRevocation(keyring, row)?.refreshToken)).toEqual(
      Array(revoked).fill("refresh-1"),
    );
  },
);
