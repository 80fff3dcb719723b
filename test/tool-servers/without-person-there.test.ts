/** TS-15: the same at a real authorization server and a real tool server, over three refreshes, and to its end. */
import { expect, test } from "vitest";
import { aConnectWorld, textOf } from "./connect-setting.js";

test("TS-15 VA-7 VA-14 a program that connects as itself at oidc-provider: three refreshes, two nodes, and revoked at the end", async () => {
  const world = await aConnectWorld({
    entry: {
      registration: "client-credentials",
      clientId: "us",
      clientSecret: "its secret",
      scopes: ["notes:read", "notes:write"],
    },
    // Seconds: each token is refreshed after nine tenths of that at the latest.
    tools: { accessTokenLifetime: 2 },
  });
  const there = world.tools.authorizationServer;
  there.setClients([
    { clientId: "us", clientSecret: "its secret", redirectUris: [], grantTypes: ["client_credentials"] },
  ]);
  const { user } = await world.signsIn();
  const other = await world.node();
  const client = await world.client(user);
  const tokens = new Set<string>();
  for (let round = 0; round < 4; round++) {
    const answer = await client.callTool({ name: "add-note", arguments: { note: `note ${round}` } });
    expect(textOf(answer)).toBe(`us has ${round + 1} note(s)`);
    const held = [world.latchkey, other].map((node) => node.vault.accessToken({ user, connection: "tool:notes" }));
    const [one, two] = await Promise.all(held);
    expect(one?.accessToken).toBe(two?.accessToken);
    tokens.add(one?.accessToken ?? "");
    await new Promise((done) => setTimeout(done, 2_100));
  }
  expect(tokens.size).toBe(4);
  const asked = there.asked.filter(({ path }) => path === "/token");
  expect(asked.map(({ form }) => form.get("grant_type"))).toEqual(Array(asked.length).fill("client_credentials"));
  for (const { form } of asked) expect(form.getAll("resource")).toEqual([world.tools.url]);
  const { accessToken } = await world.latchkey.vault.accessToken({ user, connection: "tool:notes" });
  await world.latchkey.vault.disconnect({ user, connection: "tool:notes" });
  const revoked = () => there.asked.filter(({ path }) => path === "/revocation").map(({ form }) => form.get("token"));
  await expect.poll(revoked).toEqual([accessToken]);
});
