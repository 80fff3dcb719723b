/**
 * VA-12's promise about very many grants at once. The loop and the store are real; a refresh itself, which is proven
 * elsewhere, is only counted here and written, for ten thousand requests would say no more and take minutes.
 */
import { expect, test } from "vitest";
import { createKeyring } from "../../src/crypto/keyring.js";
import { systemRandom } from "../../src/crypto/random.js";
import { secret } from "../../src/kernel/secret.js";
import { after, hours, milliseconds, minutes, seconds, systemClock, toInstant } from "../../src/kernel/time.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { createCapturedLog } from "../../src/testing/captured-log.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { createRefreshAhead } from "../../src/vault/refresh-ahead.js";
import { fillGrants } from "./many-grants.js";
import { connection } from "./setting.js";

test("VA-12 ten thousand grants that end in one minute do not become a burst", async () => {
  const people = 10_000;
  const issuer = "https://id.example.test";
  const clock = createManualClock();
  const log = createCapturedLog();
  const store = await openSqliteStore({ path: ":memory:", clock: systemClock, random: systemRandom, log });
  const keyring = createKeyring({
    secrets: [secret("a-secret-of-this-test-alone-kX9f2LqP0sT7vZ")],
    random: systemRandom,
  });
  const issuedAt = clock.now();
  const end = after(issuedAt, hours(1));
  await fillGrants(store, keyring, issuer, people, (number) => ({
    issuedAt,
    expiresAt: toInstant(end + (number % 60) * 1_000),
  }));

  let underWay = 0;
  let most = 0;
  const perStep = new Map<number, number>();
  const count = new Map<string, number>();
  let latest = Number.NEGATIVE_INFINITY;
  const refresher = {
    async refresh(id: Parameters<typeof store.grants.byId>[0]) {
      most = Math.max(most, ++underWay);
      perStep.set(clock.now(), (perStep.get(clock.now()) ?? 0) + 1);
      count.set(id, (count.get(id) ?? 0) + 1);
      const grant = await store.grants.byId(id);
      if (!grant) throw new Error("a grant is gone");
      latest = Math.max(latest, clock.now() - ((grant.expiresAt ?? 0) - minutes(5)));
      const expiresAt = after(clock.now(), hours(1));
      const next = { ...grant, issuedAt: clock.now(), expiresAt, version: grant.version + 1 };
      await store.transaction((tx) => tx.grants.replace(next, grant.version));
      underWay--;
      return { kind: "look" } as const;
    },
  };
  const options = {
    refreshMargin: minutes(5),
    refreshAhead: { enabled: true, concurrencyPerIssuer: 4 },
    keepAlive: false,
  } as const;
  const info = { name: "Fake", enabled: true, issuers: [issuer], connectUrl: "" };
  const ahead = createRefreshAhead({ store, clock, random: systemRandom, log, options }, refresher, async (name) => {
    expect(name).toBe(connection);
    return info;
  });

  await clock.skip(milliseconds(minutes(44)));
  for (let step = 0; step < (13 * 60) / 5; step++) {
    await ahead.look();
    // Time stands still until what was due has been done.
    while (underWay > 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.skip(seconds(5));
  }
  expect(count.size).toBe(people);
  expect([...count.values()].every((times) => times === 1)).toBe(true);
  expect(most).toBe(4);
  // All at once would be 10,000 in five seconds, by their ends alone 833; spread over their nine minutes it is about 90.
  expect(Math.max(...perStep.values())).toBeLessThan(200);
  // Every one before callers would have had to wait for it.
  expect(latest).toBeLessThan(0);
  await store.close();
}, 120_000);
