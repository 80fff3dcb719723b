/** TS-3, TS-10: what ends a connection is that its tool server names another authorization server, and nothing less. */
import { describe, expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import type { UserId } from "../../src/kernel/ids.js";
import { silentLog } from "../../src/kernel/log.js";
import { type Clock, hours, minutes, seconds, systemClock } from "../../src/kernel/time.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { createSharedWorld, type SharedWorld } from "../support/shared-file.js";
import {
  type ApartAuthorizationServer,
  type ApartToolServer,
  startApartToolServer,
  startAuthorizationServer,
} from "./apart-servers.js";
import { closeLater, errorOf } from "./connect-setting.js";

function operatorOf({ config, store }: SharedWorld, clock: Clock) {
  const resolved = resolveConfig(config);
  if (!resolved.ok) throw new Error("configuration");
  return openAdministration(resolved.value, { store, log: silentLog, clock });
}

/** Ann has connected a tool server that names these. */
async function connected(authorizationServers: readonly ApartAuthorizationServer[], entry: object = {}) {
  const tool = await startApartToolServer(authorizationServers.map(({ origin }) => origin));
  const clock = createManualClock();
  const toolServers = [{ id: "notes", url: tool.url, ...entry }];
  const world = await createSharedWorld({ clock, config: { roles: { default: "user" }, toolServers } });
  closeLater(() => world.close());
  const { browser, user } = await signsIn("ann-1");
  expect(errorOf(await browser.get(world.url("/connections/notes/start")))).toBeNull();

  async function signsIn(person: string) {
    const browser = world.browser();
    await world.signIn(browser, person);
    return { browser, user: (await world.session(browser)).body.user?.id ?? "" };
  }
  /** Ben begins to connect it. */
  async function benStarts() {
    const { browser } = await signsIn("ben-2");
    return browser.get(world.url("/connections/notes/start"), { follow: false });
  }
  const token = () =>
    world.latchkey.vault.accessToken({ user, connection: "tool:notes" }).then(
      () => "a token",
      (thrown: { code: string }) => thrown.code,
    );
  const grant = async () => {
    const all = await world.store.grants.ofUser(user as never);
    const { issuer, status, statusReason } = all.find(({ connection }) => connection === "tool:notes") ?? {};
    return { issuer, status, statusReason };
  };
  const ends = async (baseUrl = world.baseUrl) =>
    (await operatorOf({ ...world, config: { ...world.config, baseUrl } }, clock)).grants.revoke(
      user as UserId,
      "tool:notes",
    );
  /** Round by round: one takes real time. */
  const until = (seen: () => unknown) =>
    expect.poll(
      async () => {
        await clock.advance(seconds(6));
        return seen();
      },
      { timeout: 20_000 },
    );
  /** The same at another address of ours. */
  const movedTo = async (baseUrl: string) => {
    const node = await world.node({ baseUrl, toolServers });
    closeLater(() => node.close());
    return node;
  };
  return { ...world, tool, clock, user, signsIn, benStarts, token, grant, ends, until, movedTo };
}

const silences: readonly ApartToolServer["publishes"][] = ["nothing", "everybody"];

describe("TS-3 a tool server with two authorization servers", () => {
  test.each(["cimd", "dynamic"])(
    "TS-3 TS-6 (%s): an outage of the one in use ends nobody's connection, and sends nobody to the other",
    async (registration) => {
      const [one, other] = [await startAuthorizationServer(), await startAuthorizationServer()];
      const it = await connected([one, other], { registration });
      one.down = true;
      await it.clock.skip(hours(2));
      const started = await it.benStarts();
      expect(new URL(started.location ?? "").origin).toBe(one.origin);
      expect(await it.token()).toBe("a token");
      // Longer than what was found is good for.
      await it.clock.skip(hours(26));
      expect(await it.token()).toBe("grant.refresh_unavailable");
      expect(await it.grant()).toEqual({ issuer: one.origin, status: "active", statusReason: null });
      one.down = false;
      await it.clock.advance(minutes(2));
      expect(await it.token()).toBe("a token");
    },
  );

  test.each(["cimd", "dynamic"])(
    "TS-3 (%s): once the one in use is withdrawn, people connect at the other",
    async (registration) => {
      const [one, other] = [await startAuthorizationServer(), await startAuthorizationServer()];
      const it = await connected([one, other], { registration });
      one.withdrawn = true;
      await it.clock.skip(hours(2));
      const started = await it.benStarts();
      expect(started.location ?? errorOf(started)).toContain(other.origin);
      expect(await it.grant()).toMatchObject({ status: "needs_reconnect", statusReason: "issuer_changed" });
    },
  );

  test("TS-3 TS-10 the operator's client id goes to no other when the one in use is withdrawn, and nobody's connection ends", async () => {
    const [one, other] = [await startAuthorizationServer(), await startAuthorizationServer()];
    const it = await connected([one, other], { registration: "static", clientId: "ours", clientSecret: "of-ours" });
    one.withdrawn = true;
    await it.clock.skip(hours(2));
    const { browser } = await it.signsIn("ben-2");
    const started = await browser.get(it.url("/connections/notes/start"));
    expect(errorOf(started)).toBe("connect.metadata_refused");
    expect(await it.grant()).toEqual({ issuer: one.origin, status: "active", statusReason: null });
  });

  test("TS-3 before anybody has connected, an outage of the first sends people to the second, where they stay", async () => {
    const [one, other] = [await startAuthorizationServer(), await startAuthorizationServer()];
    one.down = true;
    const it = await connected([one, other], { registration: "cimd" });
    one.down = false;
    await it.clock.skip(hours(2));
    expect(await it.token()).toBe("a token");
    expect(await it.grant()).toEqual({ issuer: other.origin, status: "active", statusReason: null });
  });
});

test("TS-9 TS-11 when our address changes, tokens are refreshed and revoked as the client that had them", async () => {
  const as = await startAuthorizationServer();
  const it = await connected([as]);
  const { vault } = await it.movedTo("http://localhost:4000");
  await it.clock.skip(hours(2));
  await vault.accessToken({ user: it.user, connection: "tool:notes" });
  expect(await it.grant()).toMatchObject({ status: "active", statusReason: null });
  expect(new Set(as.clients)).toEqual(new Set(["client-1"]));
  expect(await it.ends("http://localhost:4000")).toMatchObject({ ended: 1, revoked: 1 });
  await it.until(() => as.revoked.length).toBe(2);
});

describe("TS-10 a tool server that names no authorization server for a while", () => {
  test.each(silences)(
    "TS-10 TS-2 (%s): a token is asked for again later, and nobody has to connect again",
    async (publishes) => {
      const as = await startAuthorizationServer();
      const it = await connected([as]);
      it.tool.publishes = publishes;
      await it.clock.skip(hours(2));
      expect(await it.token()).toBe("grant.refresh_unavailable");
      expect(await it.grant()).toEqual({ issuer: as.origin, status: "active", statusReason: null });
      it.tool.publishes = "metadata";
      await it.clock.advance(minutes(2));
      expect(await it.token()).toBe("a token");
    },
  );

  test.each(silences)(
    "TS-10 VA-14 (%s): what an operator ends meanwhile counts as revoked, and is revoked afterwards",
    async (publishes) => {
      const as = await startAuthorizationServer();
      const it = await connected([as]);
      it.tool.publishes = publishes;
      await it.clock.skip(hours(2));
      expect(await it.token()).toBe("grant.refresh_unavailable");
      expect(await it.ends()).toMatchObject({ ended: 1, revoked: 1 });
      await it.until(() => it.log.text()).toContain("a revocation failed and will be tried again");
      it.tool.publishes = "metadata";
      await it.until(() => as.revoked.length).toBe(2);
    },
  );

  test("TS-2 TS-10 while it answers everybody, whoever had connected it uses it without a token, as others do", async () => {
    const it = await connected([await startAuthorizationServer()]);
    const who = { user: it.user, connection: "tool:notes" };
    const use = () =>
      it.latchkey.toolServers
        .fetch(who)(it.tool.url, { method: "POST", body: "{}" })
        .then(
          ({ status }) => status,
          ({ code }: { code: string }) => code,
        );
    it.tool.publishes = "nothing";
    await it.clock.skip(hours(2));
    expect(await use()).toBe("grant.refresh_unavailable");
    it.tool.publishes = "everybody";
    await it.clock.skip(hours(2));
    expect([await use(), await use()]).toEqual([200, 200]);
    const provider = it.latchkey.toolServers.authProvider(who);
    await expect(provider.token()).rejects.toMatchObject({ code: "connect.server_open" });
    it.tool.publishes = "metadata";
    await it.clock.skip(hours(2));
    expect(await it.token()).toBe("a token");
    expect(await it.grant()).toMatchObject({ status: "active", statusReason: null });
  });

  test.each([
    ["needs no token", {}],
    ["has the operator's key", { registration: "key", key: "a-key-of-the-operator" }],
  ])("TS-9 TS-10 a registration is taken back where its server's id went to one that %s", async (_, entry) => {
    const as = await startAuthorizationServer();
    const [tool, another] = [await startApartToolServer([as.origin]), await startApartToolServer([])];
    another.publishes = "everybody";
    const clock = createManualClock(systemClock.now());
    const world = await createSharedWorld({ clock, config: { roles: { default: "user" }, toolServers: [] } });
    closeLater(() => world.close());
    const { toolServers, grants } = await operatorOf(world, clock);
    await toolServers.add("notes", { id: "notes", url: tool.url, registration: "dynamic" });
    const browser = world.browser();
    await world.signIn(browser, "ann-1");
    expect(errorOf(await browser.get(world.url("/connections/notes/start")))).toBeNull();
    const user = (await world.session(browser)).body.user?.id as UserId;
    await toolServers.remove("notes");
    await grants.revoke(user, "tool:notes");
    const until = (seen: () => unknown) =>
      expect.poll(
        async () => {
          await clock.advance(seconds(6));
          return seen();
        },
        { timeout: 20_000 },
      );
    await until(() => as.revoked.length).toBe(2);
    await toolServers.add("notes", { id: "notes", url: another.url, ...entry });
    await clock.advance(minutes(61));
    await until(() => as.takenBack).toEqual(["/register/client-1"]);
    expect(await world.store.registrations.ofConnection("tool:notes")).toEqual([]);
  });

  test.each(silences)(
    "TS-9 TS-10 (%s): a registration that is used again is not taken back meanwhile",
    async (publishes) => {
      const as = await startAuthorizationServer();
      const tool = await startApartToolServer([as.origin]);
      const clock = createManualClock(systemClock.now());
      const world = await createSharedWorld({ clock, config: { roles: { default: "user" }, toolServers: [] } });
      closeLater(() => world.close());
      const { toolServers } = await operatorOf(world, clock);
      const add = () => toolServers.add("notes", { id: "notes", url: tool.url });
      const connects = async (person: string) => {
        const browser = world.browser();
        await world.signIn(browser, person);
        expect(errorOf(await browser.get(world.url("/connections/notes/start")))).toBeNull();
      };
      await add();
      await connects("ann-1");
      await toolServers.remove("notes");
      await add();
      await connects("ben-2");
      tool.publishes = publishes;
      await clock.advance(minutes(61));
      const tried = /taking a registration back failed|a registration was taken back/;
      await expect.poll(() => world.log.text(), { timeout: 20_000 }).toMatch(tried);
      expect(as.takenBack).toEqual([]);
      tool.publishes = "metadata";
      await clock.advance(minutes(2));
      await expect.poll(() => world.log.text(), { timeout: 20_000 }).toContain("is in use again, and stays");
    },
  );

  test("TS-10 one that names another ends it all the same", async () => {
    const [as, other] = [await startAuthorizationServer(), await startAuthorizationServer()];
    const it = await connected([as]);
    it.tool.names = [other.origin];
    await it.clock.skip(hours(2));
    expect(await it.token()).toBe("grant.needs_reconnect");
    expect(await it.grant()).toMatchObject({ status: "needs_reconnect", statusReason: "issuer_changed" });
  });
});
