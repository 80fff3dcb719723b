/** TS-13: what somebody consented to for one tool server is not kept for another that has its id by the time they come back. */
import { expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import { silentLog } from "../../src/kernel/log.js";
import type { Latchkey } from "../../src/latchkey.js";
import { createSharedWorld, type SharedWorld } from "../support/shared-file.js";
import { closeLater, errorOf } from "./connect-setting.js";
import { type CrowdServer, startCrowdServer } from "./crowd-server.js";

/** Somebody is on the consent page of `s0` while it becomes another one; then they come back. */
async function comesBack(
  setting: { server: CrowdServer; world: SharedWorld; at?: () => Latchkey },
  meanwhile: () => Promise<unknown>,
) {
  const { server, world, at = () => world.latchkey } = setting;
  const browser = world.browserAt(at);
  await world.signIn(browser, "ann-1");
  const user = (await world.session(browser)).body.user?.id ?? "";
  browser.cookies.set(`${server.origin}/`, "who-s0=ann; Path=/");
  const started = await browser.get(world.url("/connections/s0/start"), { follow: false });
  const stopBefore = (url: string) => !url.startsWith(server.origin);
  const back = await browser.get(started.location ?? "", { stopBefore });
  await meanwhile();
  const page = await browser.get(back.location ?? "");
  const kept = (await world.store.grants.ofUser(user as never)).filter((one) => one.connection === "tool:s0");
  const called = await at()
    .toolServers.fetch({ user, connection: "tool:s0" })(server.otherUrl)
    .then(
      ({ status }) => status,
      (thrown: { code: string }) => thrown.code,
    );
  return { error: errorOf(page), kept: kept.length, called, tool: server.counts.get("tool"), browser };
}

const nothing = { error: "connect.state_unknown", kept: 0, called: "grant.not_connected", tool: undefined };

test("TS-13 TS-18 AT-18 who consented for a server that was removed and added again elsewhere meanwhile has to connect that one", async () => {
  const server = await startCrowdServer("s0", 600);
  const world = await createSharedWorld({ config: { roles: { default: "user" }, toolServers: [] } });
  closeLater(() => world.close());
  const resolved = resolveConfig(world.config);
  if (!resolved.ok) throw new Error("configuration");
  const { toolServers } = await openAdministration(resolved.value, { store: world.store, log: silentLog });
  await toolServers.add("s0", { id: "s0", url: server.url });
  const { browser, ...ended } = await comesBack({ server, world }, async () => {
    await toolServers.remove("s0");
    await toolServers.add("s0", { id: "s0", url: server.otherUrl });
  });
  expect(ended).toEqual(nothing);
  // The code was shown to nobody, and connecting anew works.
  expect(server.counts.get("code")).toBeUndefined();
  expect(errorOf(await browser.get(world.url("/connections/s0/start")))).toBeNull();
  expect(server.counts.get("code")).toBe(1);
});

test("TS-13 who consented for a server whose url was changed in the file meanwhile has to connect that one", async () => {
  const server = await startCrowdServer("s0", 600);
  const toolServers = [{ id: "s0", url: server.url }];
  const world = await createSharedWorld({ config: { roles: { default: "user" }, toolServers } });
  closeLater(() => world.close());
  let at = world.latchkey;
  const { browser, ...ended } = await comesBack({ server, world, at: () => at }, async () => {
    at = await world.node({ toolServers: [{ id: "s0", url: server.otherUrl }] });
  });
  expect(ended).toEqual(nothing);
});
