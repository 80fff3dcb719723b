/** TS-13, TS-18, VA-14: what ends while somebody connects, or while a first token is got, leaves nothing behind. */
import { expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import { silentLog } from "../../src/kernel/log.js";
import { createSharedWorld } from "../support/shared-file.js";
import { closeLater, errorOf } from "./connect-setting.js";
import { startCrowdServer } from "./crowd-server.js";

async function anAddedServer(input: object = {}) {
  const server = await startCrowdServer("s0", 600);
  const world = await createSharedWorld({ config: { roles: { default: "user" }, toolServers: [] } });
  closeLater(() => world.close());
  const resolved = resolveConfig(world.config);
  if (!resolved.ok) throw new Error("configuration");
  const { toolServers, grants } = await openAdministration(resolved.value, { store: world.store, log: silentLog });
  await toolServers.add("s0", { id: "s0", url: server.url, ...input });
  const browser = world.browser();
  await world.signIn(browser, "ann-1");
  const user = (await world.session(browser)).body.user?.id ?? "";
  let answers = () => {};
  const answering = new Promise<void>((resolve) => {
    answers = resolve;
  });
  return {
    server,
    world,
    browser,
    user,
    holds: (held: string) => {
      server.hold = async (path) => path === held && answering;
    },
    answers: () => answers(),
    async removes() {
      await toolServers.remove("s0");
      for (const one of await grants.holders("tool:s0")) await grants.revoke(one, "tool:s0");
    },
    left: async () => (await world.store.grants.ofUser(user as never)).filter((one) => one.connection === "tool:s0"),
  };
}

test("TS-13 TS-18 VA-14 a connect that comes back after its server was removed stores nothing, and its tokens are revoked", async () => {
  const { server, world, browser, holds, answers, removes, left } = await anAddedServer();
  browser.cookies.set(`${server.origin}/`, "who-s0=ann; Path=/");
  holds("/token");
  const connecting = browser.get(world.url("/connections/s0/start"));
  await expect.poll(() => server.counts.get("code")).toBe(1);
  await removes();
  answers();
  expect(errorOf(await connecting)).toBe("connect.server_unknown");
  expect(await left()).toEqual([]);
  await expect
    .poll(() => server.revoked, { timeout: 15_000 })
    .toEqual([expect.stringMatching(/^refresh-/), expect.stringMatching(/^s0\.ann\./)]);
});

test.each([
  ["their session ended", "connect.session_changed"],
  ["they were switched off", "connect.access_refused"],
])("TS-13 TS-19 AT-43 while the code was redeemed %s: nothing is stored", async (what, code) => {
  const { server, world, user, browser, holds, answers, left } = await anAddedServer();
  holds("/token");
  const connecting = browser.get(world.url("/connections/s0/start"));
  await expect.poll(() => server.counts.get("code")).toBe(1);
  const [session] = await world.store.sessions.ofUser(user as never);
  const person = await world.store.users.byId(user as never);
  if (!session || !person) throw new Error("nobody is signed in");
  await world.store.transaction((tx) =>
    code === "connect.session_changed"
      ? tx.sessions.delete(session.id)
      : tx.users.update({ ...person, disabledAt: world.clock.now() }, person.version),
  );
  answers();
  const page = await connecting;
  expect([what, page.text + page.url]).toEqual([what, expect.stringContaining(code)]);
  expect(await left()).toEqual([]);
});

test("TS-15 TS-18 VA-14 a first use without a person makes no row for a server that was removed meanwhile", async () => {
  const credentials = { registration: "client-credentials", clientId: "us", clientSecret: "its-secret" };
  const { server, world, user, holds, answers, removes, left } = await anAddedServer(credentials);
  holds("/.well-known/oauth-authorization-server");
  const using = world.latchkey.vault.accessToken({ user, connection: "tool:s0" }).then(
    () => "a token",
    (thrown: { code: string }) => thrown.code,
  );
  await expect.poll(() => server.counts.get("probe")).toBe(1);
  await removes();
  answers();
  expect(await using).toBe("connect.server_unknown");
  expect(await left()).toEqual([]);
  expect(server.counts.get("refresh")).toBeUndefined();
});

test("TS-15 VA-4 a row that another node makes meanwhile, with a secret that is not ours, is reported and stays", async () => {
  const server = await startCrowdServer("s0", 600);
  const credentials = { registration: "client-credentials", clientId: "us", clientSecret: "its-secret" } as const;
  const toolServers = [{ id: "s0", url: server.url, ...credentials }];
  const world = await createSharedWorld({ config: { roles: { default: "user" } } });
  closeLater(() => world.close());
  const browser = world.browser();
  await world.signIn(browser, "ann-1");
  const user = (await world.session(browser)).body.user?.id ?? "";
  // After the sign-in, whose page looks at every server: these two have seen nothing of it yet.
  const node = await world.node({ toolServers });
  const other = await world.node({ toolServers, secrets: ["another-secret-of-this-test-kX9f2LqP0sT7vZ"] });
  const ask = (at: typeof node) =>
    at.vault.accessToken({ user, connection: "tool:s0" }).then(
      () => "a token",
      (thrown: { code: string }) => thrown.code,
    );
  const rows = async () =>
    (await world.store.grants.ofUser(user as never)).flatMap(({ id, connection }) =>
      connection === "tool:s0" ? [id] : [],
    );
  let answers = () => {};
  const answering = new Promise<void>((resolve) => {
    answers = resolve;
  });
  let held = 0;
  server.hold = async (path) => path === "/.well-known/oauth-authorization-server" && held++ === 0 && answering;
  const asking = ask(node);
  await expect.poll(() => held).toBe(1);
  await ask(other);
  const theirs = await rows();
  expect(theirs).toHaveLength(1);
  answers();
  expect(await asking).toBe("grant.unreadable");
  expect(await rows()).toEqual(theirs);
});

test("TS-9 TS-18 a registration that is made while its server is removed is taken back at once", async () => {
  const { server, world, browser, holds, answers, removes } = await anAddedServer();
  holds("/register");
  const connecting = browser.get(world.url("/connections/s0/start"));
  await expect.poll(() => server.counts.get("document")).toBe(2);
  await removes();
  answers();
  expect(errorOf(await connecting)).toBe("connect.server_unknown");
  expect(await world.store.registrations.ofConnection("tool:s0")).toMatchObject([{ clientId: null }]);
  await expect.poll(() => server.revoked, { timeout: 15_000 }).toEqual(["Bearer manages-client-1"]);
});
