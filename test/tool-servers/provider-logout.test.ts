/** LO-8: what a provider's logout leaves alone, a connection that the person made to a tool server. */
import { expect, test } from "vitest";
import { logOut } from "../support/logout-setting.js";
import { aConnectWorld, textOf } from "./connect-setting.js";

test.each(["sid", "sub"] as const)(
  "LO-8 a tool server's grant stays when the provider signs its person out by %s",
  async (by) => {
    const world = await aConnectWorld();
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const connections = async () =>
      (await world.store.grants.ofUser(user as never)).map(({ connection }) => connection);
    expect((await connections()).sort()).toEqual(["provider:fake", "tool:notes"]);

    const token = world.provider.logoutToken(by === "sid" ? { sid: world.provider.sidOf("ann-1") } : { sub: "ann-1" });
    expect(await logOut(world, token)).toBe("200");
    expect((await world.session(browser)).status).toBe(401);
    expect(await connections()).toEqual(["tool:notes"]);
    // And it works: what acts for the person while they are away goes on.
    const client = await world.client(user);
    expect(textOf(await client.callTool({ name: "list-notes", arguments: {} }))).toBe("ann-there has no notes");
    expect(world.tools.authorizationServer.tokensOf("ann-there")).toBeGreaterThan(0);
  },
);
