/** TS-9: a registration that we made goes with its tool server, at a real authorization server, while one that is used again stays. */
import { describe, expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import type { UserId } from "../../src/kernel/ids.js";
import { silentLog } from "../../src/kernel/log.js";
import { hours, minutes, seconds, systemClock } from "../../src/kernel/time.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { aConnectWorld } from "./connect-setting.js";

/** Somebody has connected an added server, and the operator removes it. */
async function removed() {
  const clock = createManualClock(systemClock.now());
  const world = await aConnectWorld({ world: { clock, config: { toolServers: [], roles: { default: "user" } } } });
  const resolved = resolveConfig(world.config);
  if (!resolved.ok) throw new Error("configuration");
  const { toolServers, grants } = await openAdministration(resolved.value, {
    store: world.store,
    log: silentLog,
    clock,
  });
  const input = { id: "notes", name: "Notes", url: world.tools.url, registration: "dynamic" };
  await toolServers.add("notes", input);
  const { browser, user } = await world.signsIn();
  await world.connects(browser);
  const there = world.tools.authorizationServer;
  expect(there.registered()).toHaveLength(1);
  await toolServers.remove("notes");
  await grants.revoke(user as UserId, "tool:notes");
  const again = () => toolServers.add("notes", input);
  const rows = () => world.store.registrations.ofConnection("tool:notes");
  /** Round by round: one takes real time where the database is another process. */
  const until = (seen: () => unknown) =>
    expect.poll(async () => {
      await clock.advance(seconds(6));
      return seen();
    });
  return { ...world, clock, there, again, rows, until };
}

describe("TS-9 a registration and the end of its tool server", () => {
  test("TS-9 VA-14 tokens are revoked as the client that had them, and then the client is taken back", async () => {
    const { clock, there, rows, store, until } = await removed();
    await until(() => there.tokensOf("ann-there")).toBe(0);
    await clock.advance(minutes(11));
    expect(there.registered()).toHaveLength(1);
    // It waits on purpose: whoever watches the outbox sees nothing that is late.
    await expect.poll(async () => (await store.outbox.waiting()).rows).toBe(1);
    expect((await store.outbox.waiting()).oldest).toBeGreaterThan(clock.now());
    await clock.skip(hours(1));
    await until(() => there.registered()).toEqual([]);
    expect(await rows()).toEqual([]);
  });

  test("TS-9 a server that is away is asked again, and nobody waits for it", async () => {
    const { clock, there, log, until } = await removed();
    await until(() => there.tokensOf("ann-there")).toBe(0);
    await there.stop();
    await clock.skip(hours(1));
    await until(() => log.text()).toContain("taking a registration back failed and will be tried again");
    expect(there.registered()).toHaveLength(1);
    await there.start();
    await until(() => there.registered()).toEqual([]);
  });

  test("TS-9 TS-18 one that is added again within the hour is who we are there, and stays", async () => {
    const { clock, there, again, rows, signsIn, connects, log, until } = await removed();
    await again();
    const { browser } = await signsIn("ben-2");
    await connects(browser);
    await clock.skip(hours(2));
    await until(() => log.text()).toContain("a registration is in use again, and stays");
    expect(there.registered()).toHaveLength(1);
    expect(await rows()).toHaveLength(1);
  });
});
