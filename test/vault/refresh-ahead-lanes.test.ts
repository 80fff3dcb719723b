/**
 * VA-12, VA-9: whom the loop leaves alone, for how long, and whom it never does. The loop and the store are real; what a
 * refresh comes to is said by the test, for each of these ends costs a server of its own to bring about.
 */
import { afterEach, expect, test } from "vitest";
import { createKeyring } from "../../src/crypto/keyring.js";
import { systemRandom } from "../../src/crypto/random.js";
import { LatchkeyError } from "../../src/kernel/errors.js";
import type { GrantId } from "../../src/kernel/ids.js";
import { secret } from "../../src/kernel/secret.js";
import { type Duration, days, milliseconds, minutes, systemClock, toInstant } from "../../src/kernel/time.js";
import type { GrantRecord } from "../../src/store/records.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { createCapturedLog } from "../../src/testing/captured-log.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import type { RefreshEnd } from "../../src/vault/attempt-refresh.js";
import type { RefreshNeed } from "../../src/vault/refresh.js";
import { createRefreshAhead } from "../../src/vault/refresh-ahead.js";
import { fillGrants } from "./many-grants.js";

const issuer = "https://id.example.test";
const look: RefreshEnd = { kind: "look" };
const held = (code: string, more: Partial<Extract<RefreshEnd, { kind: "held" }>> = {}): RefreshEnd => ({
  kind: "held",
  code: code as never,
  retryAfter: null,
  reason: code,
  asked: { retryAfter: null },
  ...more,
});
const broken = held("grant.refresh_unavailable");

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Grants that are due now, each of its own person, and a refresher that does what the test says. */
async function aLoop(
  due: readonly Partial<GrantRecord>[],
  { keepAlive = false, atOnce = 1 }: { keepAlive?: false | Duration; atOnce?: number } = {},
) {
  const clock = createManualClock();
  const log = createCapturedLog();
  const store = await openSqliteStore({ path: ":memory:", clock: systemClock, random: systemRandom, log });
  closing.push(() => store.close());
  const keyring = createKeyring({ secrets: [secret("a-secret-of-this-test-kX9f2LqP0sT7vZ")], random: systemRandom });
  const grants = await fillGrants(store, keyring, issuer, due.length, (number) => ({
    issuedAt: toInstant(clock.now() - minutes(55)),
    expiresAt: toInstant(clock.now() + minutes(5)),
    ...due[number],
  }));
  const asked: GrantId[] = [];
  const needs: RefreshNeed[] = [];
  const loop = { says: async (_: GrantRecord): Promise<RefreshEnd> => look, switchedOff: "" };
  const refresher = {
    async refresh(id: GrantId, need: RefreshNeed) {
      asked.push(id);
      needs.push(need);
      const grant = grants.find((one) => one.id === id);
      if (!grant) throw new Error("not one of these");
      return loop.says(grant);
    },
  };
  const options = {
    refreshMargin: minutes(5),
    refreshAhead: { enabled: keepAlive === false, concurrencyPerIssuer: atOnce },
    keepAlive,
  };
  // Every pause is as long as it can be, and every grant is put at the end of its lane.
  const random = { bytes: (count: number) => new Uint8Array(count).fill(255) };
  const ahead = createRefreshAhead({ store, clock, random, log, options }, refresher, async (name) => {
    if (name === loop.switchedOff) throw new LatchkeyError("grant.connection_disabled");
    return { name: "Fake", enabled: true, issuers: [issuer, "https://other.example.test"], connectUrl: "" };
  });
  /** What is out ends, and what that lets go. */
  async function settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  /** One look after so long, and all that it lets go; how many were asked. */
  async function round(length = 0): Promise<number> {
    await clock.skip(milliseconds(length));
    const before = asked.length;
    await ahead.look();
    await settle();
    return asked.length - before;
  }
  /** Nothing is answered until the test says so. */
  function hold(end: (number: number) => RefreshEnd = () => look): () => Promise<void> {
    let answer = () => {};
    const answering = new Promise<void>((resolve) => {
      answer = resolve;
    });
    loop.says = () => {
      const number = asked.length;
      return answering.then(() => end(number));
    };
    return () => {
      answer();
      return settle();
    };
  }
  return Object.assign(loop, { clock, grants, asked, needs, ahead, round, hold });
}

test("VA-9 VA-12 an issuer that is out of order is asked with growing pauses, and after a success they begin anew", async () => {
  const loop = await aLoop([{}]);
  loop.says = async () => broken;
  // Of two seconds, of four, of eight.
  for (const pause of [2_000, 4_000, 8_000]) {
    expect(await loop.round()).toBe(1);
    expect(await loop.round(pause - 100)).toBe(0);
    await loop.clock.skip(milliseconds(100));
  }
  loop.says = async () => look;
  expect(await loop.round()).toBe(1);
  loop.says = async () => broken;
  expect(await loop.round()).toBe(1);
  expect(await loop.round(1_900)).toBe(0);
  expect(await loop.round(100)).toBe(1);
});

test("VA-9 VA-12 the same of a client that was refused", async () => {
  const loop = await aLoop([{}]);
  const refused = held("grant.client_rejected");
  loop.says = async () => refused;
  expect(await loop.round()).toBe(1);
  expect(await loop.round(2_000)).toBe(1);
  loop.says = async () => look;
  expect(await loop.round(4_000)).toBe(1);
  loop.says = async () => refused;
  expect(await loop.round()).toBe(1);
  expect(await loop.round(1_900)).toBe(0);
  expect(await loop.round(100)).toBe(1);
});

test("VA-9 VA-12 a client is left alone for as long as its server says", async () => {
  const loop = await aLoop([{}]);
  loop.says = async () => held("grant.client_rejected", { retryAfter: minutes(5) });
  expect(await loop.round()).toBe(1);
  expect(await loop.round(299_000)).toBe(0);
  expect(await loop.round(1_000)).toBe(1);
});

test.each<[why: string, end: () => Promise<RefreshEnd>]>([
  ["is refused for what was asked", async () => held("grant.provider_refused")],
  ["waits for its own time, and nothing was asked", async () => held("grant.refresh_unavailable", { asked: null })],
  ["has no refresh token", async () => held("grant.needs_reconnect", { reason: "no_refresh_token", asked: null })],
  ["waits for its person", async () => held("grant.sign_in_needed")],
  [
    "cannot be opened",
    async () => {
      throw new LatchkeyError("grant.unreadable");
    },
  ],
])("VA-9 VA-12 a grant that %s holds up no other of its issuer", async (_why, end) => {
  const loop = await aLoop([{}, {}, {}]);
  loop.says = async ({ id }) => (id === loop.asked[0] ? end() : look);
  expect(await loop.round()).toBe(3);
});

test.each<[why: string, end: () => Promise<RefreshEnd>]>([
  ["has no refresh token", async () => held("grant.needs_reconnect", { reason: "no_refresh_token", asked: null })],
  ["waits for its person", async () => held("grant.sign_in_needed", { asked: null })],
  [
    "cannot be opened",
    async () => {
      throw new LatchkeyError("grant.unreadable");
    },
  ],
])("VA-12 a grant that %s is looked at once, and not every five seconds", async (_why, end) => {
  const loop = await aLoop([{}]);
  loop.says = end;
  expect(await loop.round()).toBe(1);
  for (let time = 0; time < 3; time++) expect(await loop.round(5_000)).toBe(0);
});

test("VA-9 VA-12 a database that cannot be written holds up all of an issuer's, who would find it so one by one", async () => {
  const loop = await aLoop([{}, {}, {}]);
  loop.says = async () => {
    throw new LatchkeyError("store.unavailable");
  };
  expect(await loop.round()).toBe(1);
  loop.says = async () => look;
  expect(await loop.round(1_900)).toBe(0);
  expect(await loop.round(100)).toBe(3);
});

test("VA-12 AC-8 AT-10 a connection that is switched off, or another issuer's now, holds up nobody and is not refreshed", async () => {
  const elsewhere = { connection: "provider:off" };
  const loop = await aLoop([elsewhere, { issuer: "https://before.example.test" }, {}]);
  loop.switchedOff = elsewhere.connection;
  expect(await loop.round()).toBe(1);
  expect(loop.asked).toEqual([loop.grants[2]?.id]);
});

test("VA-12 what nobody has asked for in the hour since its end is left to whoever asks, and what is not due yet waits", async () => {
  const now = createManualClock().now();
  const loop = await aLoop([-3_601_000, -3_599_000, 3_600_000].map((left) => ({ expiresAt: toInstant(now + left) })));
  expect(await loop.round()).toBe(1);
  expect(loop.asked).toEqual([loop.grants[1]?.id]);
});

test("VA-12 [option:vault.keepAlive] an idle refresh token is used, one of yesterday is not, and they are looked for now and then", async () => {
  const now = createManualClock().now();
  const issued = (ago: number) => ({ issuedAt: toInstant(now - ago), expiresAt: null });
  // After 80 to 90 % of the time, each at its own moment: this one's is the last.
  const id = "019b76da-a800-7000-8000-0000ffffffff" as GrantId;
  const notYet = { ...issued(days(9) - minutes(5)), id };
  // That its access token ends is nobody's business where refreshing ahead is off.
  const loop = await aLoop([issued(days(10)), issued(days(1)), notYet, {}], { keepAlive: days(10) });
  expect(await loop.round()).toBe(1);
  expect(loop.asked).toEqual([loop.grants[0]?.id]);
  // However long its access token is good for: that it was issued so long ago is the reason.
  const since = loop.needs[0]?.ahead?.idleSince ?? 0;
  expect([since >= now - days(9), since <= now - days(8)]).toEqual([true, true]);
  expect(await loop.round(minutes(59))).toBe(0);
  expect(await loop.round(minutes(1))).toBe(2);
});

test("VA-12 nothing goes once it was stopped", async () => {
  const loop = await aLoop([{}, {}, {}]);
  const answer = loop.hold();
  expect(await loop.round()).toBe(1);
  loop.ahead.stop();
  await answer();
  await loop.round(5_000);
  expect(loop.asked).toHaveLength(1);
});

test("VA-12 a grant that is out or waits is not put in line again", async () => {
  const loop = await aLoop([{}, {}]);
  const answer = loop.hold();
  expect(await loop.round()).toBe(1);
  expect(await loop.round(5_000)).toBe(0);
  await answer();
  expect(loop.asked).toHaveLength(2);
});

test("VA-12 of very many of one issuer a thousand are in line, and the others wait where they are", async () => {
  const loop = await aLoop(Array.from({ length: 1_200 }, () => ({})));
  const answer = loop.hold();
  expect(await loop.round()).toBe(1);
  await answer();
  await expect.poll(() => loop.asked.length).toBe(1_001);
});

test("VA-9 VA-12 those that are out together fail together: it is one failure, but a pause that the server asks for holds", async () => {
  const loop = await aLoop([{}, {}, {}, {}], { atOnce: 4 });
  const patient = held("grant.refresh_unavailable", { asked: { retryAfter: minutes(4) } });
  const first = loop.hold(() => broken);
  expect(await loop.round()).toBe(4);
  await first();
  expect(await loop.round(1_900)).toBe(0);
  const second = loop.hold((number) => (number === 8 ? patient : broken));
  expect(await loop.round(100)).toBe(4);
  await second();
  expect(await loop.round(239_900)).toBe(0);
  expect(await loop.round(100)).toBeGreaterThan(0);
});

test("VA-12 an issuer that said when to come back is left alone until then, whatever came of the others that were out", async () => {
  const loop = await aLoop([{}, {}, {}, {}], { atOnce: 4 });
  const said = (length: number) =>
    held("grant.refresh_unavailable", { asked: { retryAfter: milliseconds(length * 1_000) } });
  const ends = [said(600), look, said(5), broken];
  const answer = loop.hold((number) => ends[number - 1] ?? look);
  expect(await loop.round()).toBe(4);
  await answer();
  expect(await loop.round(599_900)).toBe(0);
  loop.says = async () => look;
  expect(await loop.round(100)).toBe(4);
});

test("VA-9 VA-12 a success that was out beside a failure does not let the next pause begin anew", async () => {
  const loop = await aLoop([{}, {}], { atOnce: 2 });
  for (const [round, pause] of [2_000, 4_000, 8_000].entries()) {
    const answer = loop.hold((number) => (number === 2 * round + 1 ? broken : look));
    expect(await loop.round()).toBe(2);
    await answer();
    expect(await loop.round(pause - 100)).toBe(0);
    await loop.clock.skip(milliseconds(100));
  }
});
