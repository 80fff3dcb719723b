/** TS-2: a server that answers everybody needs no connection, and is used without one. */
import { expect, test } from "vitest";
import { aServer } from "../egress/loopback.js";
import { createSharedWorld } from "../support/shared-file.js";
import { closeLater } from "./connect-setting.js";
import { asMetadata } from "./setting.js";
import { codeOf } from "./unattended-setting.js";

/** A server that answers everybody, until it begins to want tokens. */
async function anOpenServer(entry: object = {}) {
  const state = { closed: false };
  const shown: (string | undefined)[] = [];
  const server = await aServer((request, response) => {
    const json = (value: object) =>
      void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    const origin = `http://${request.headers.host}`;
    if (request.url === "/mcp") {
      shown.push(request.headers.authorization);
      if (!state.closed) return json({ jsonrpc: "2.0", id: 1, result: {} });
      return void response.writeHead(401, { "www-authenticate": "Bearer" }).end();
    }
    if (state.closed && request.url === "/.well-known/oauth-protected-resource/mcp")
      return json({ resource: `${origin}/mcp`, authorization_servers: [origin] });
    if (state.closed && request.url === "/.well-known/oauth-authorization-server")
      return json(asMetadata(origin).json as object);
    response.writeHead(404).end();
  });
  const url = `http://127.0.0.1:${server.port}/mcp`;
  const toolServers = [{ id: "o", url, ...entry }];
  const world = await createSharedWorld({ config: { roles: { default: "user" }, toolServers } });
  closeLater(() => world.close());
  const browser = world.browser();
  await world.signIn(browser, "ann-1");
  const user = (await world.session(browser)).body.user?.id ?? "";
  const { toolServers: ours } = world.latchkey;
  const use = () => ours.fetch({ user, connection: "tool:o" })(url, { method: "POST", body: "{}" });
  return { world, user, state, shown, use };
}

test("TS-2 TS-16 an open server is used without a token, and not for somebody who is switched off", async () => {
  const { world, user, shown, use } = await anOpenServer();
  expect((await use()).status).toBe(200);
  expect(new Set(shown)).toEqual(new Set([undefined]));
  const [standing] = await world.latchkey.toolServers.status(user);
  expect(standing).toMatchObject({ status: "open" });
  const person = await world.store.users.byId(user as never);
  if (!person) throw new Error("nobody is signed in");
  await world.store.transaction((tx) => tx.users.update({ ...person, disabledAt: world.clock.now() }, person.version));
  expect(await codeOf(use())).toBe("account.disabled");
});

test("TS-2 TS-19 an open server is used by nobody who may not", async () => {
  const { use } = await anOpenServer({ access: { groups: ["nobody is in it"] } });
  expect(await codeOf(use())).toBe("connect.access_refused");
});

test("TS-2 TS-6 an open server that begins to want tokens has its people connect it", async () => {
  const { world, state, use } = await anOpenServer();
  expect((await use()).status).toBe(200);
  state.closed = true;
  const failure = await use().catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject({
    code: "grant.not_connected",
    data: { connectUrl: world.url("/connections/o/start") },
  });
});

test("TS-2 whoever wants the token of an open server is told that it needs none", async () => {
  const { world, user } = await anOpenServer();
  const provider = world.latchkey.toolServers.authProvider({ user, connection: "tool:o" });
  expect(await codeOf(provider.token())).toBe("connect.server_open");
});
