/** Each key of a tool server changes what its authorization server hears, what the server gets, or who may use it. */
import { exportPKCS8, generateKeyPair } from "jose";
import { expect, test } from "vitest";
import { minutes } from "../../src/kernel/time.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { aConnectWorld, type ConnectWorld, errorOf } from "../tool-servers/connect-setting.js";
import { aScripted, asMetadata } from "../tool-servers/setting.js";

type Entry = NonNullable<Parameters<typeof aConnectWorld>[0]>["entry"];

/** The authorization request that a start leads to; our own page with an error otherwise. */
async function started(entry: Entry): Promise<{ world: ConnectWorld; url: URL; asked: URLSearchParams }> {
  const world = await aConnectWorld({ ...(entry ? { entry } : {}) });
  const { browser } = await world.signsIn();
  const page = await browser.get(world.url("/connections/notes/start"), { follow: false });
  const url = new URL(page.location ?? page.url);
  return { world, url, asked: url.searchParams };
}

test("TS-17 [option:toolServers.url] [option:toolServers.name] are where it is, and what people read", async () => {
  const { asked, world } = await started({ name: "My notes" });
  expect(asked.get("resource")).toBe(world.tools.url);
  const { browser } = await world.signsIn();
  expect((await browser.get(world.url("/account"))).text).toContain("My notes");
  await world.tools.stop();
  const elsewhere = await started({ url: world.tools.url });
  expect(elsewhere.url.searchParams.get("error")).toBe("connect.server_unreachable");
});

test("TS-7 [option:toolServers.registration] chooses the way, whatever the server offers", async () => {
  const dynamic = await started({ registration: "dynamic" });
  expect(dynamic.world.tools.authorizationServer.registered()).toEqual([dynamic.asked.get("client_id")]);
  const document = await started({ registration: "cimd" });
  expect(document.asked.get("client_id")).toBe(document.world.url("/client-metadata/notes.json"));
  expect(document.world.tools.authorizationServer.registered()).toEqual([]);
});

test("TS-8 [option:toolServers.clientMetadata] [option:toolServers.clientMetadataUrl] say which document is our id", async () => {
  const all = await started({ registration: "cimd", clientMetadata: "installation" });
  expect(all.asked.get("client_id")).toBe(all.world.url("/client-metadata.json"));
  const clientMetadataUrl = "https://docs.example.com/client.json";
  // It lies where strangers can fetch it, so it is chosen without being asked for.
  expect((await started({ clientMetadataUrl })).asked.get("client_id")).toBe(clientMetadataUrl);
});

test("TS-7 [option:toolServers.clientId] [option:toolServers.clientSecret] are used, and prove us at the token endpoint", async () => {
  const world = await aConnectWorld({ entry: { clientId: "given", clientSecret: "its secret" } });
  world.tools.authorizationServer.setClients([
    {
      clientId: "given",
      clientSecret: "its secret",
      redirectUris: [world.url("/connections/notes/callback")],
      native: true,
    },
  ]);
  const { browser, user } = await world.signsIn();
  expect((await world.connects(browser)).url).toBe(world.url("/account?done=connected"));
  expect((await world.latchkey.toolServers.status(user))[0]?.status).toBe("connected");
  const wrong = await world.node({
    toolServers: [{ id: "notes", url: world.tools.url, clientId: "given", clientSecret: "another" }],
  });
  const other = world.browserAt(() => wrong);
  await world.signIn(other, "ann-1");
  expect(errorOf(await world.connects(other))).toBe("connect.client_rejected");
});

test("TS-7 [option:toolServers.clientKey] signs a client assertion in place of a secret", async () => {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const world = await aConnectWorld({ entry: { clientId: "given", clientKey: await exportPKCS8(privateKey) } });
  world.tools.authorizationServer.setClients([
    {
      clientId: "given",
      clientSecret: "unused",
      redirectUris: [world.url("/connections/notes/callback")],
      native: true,
    },
  ]);
  const { browser } = await world.signsIn();
  await world.connects(browser);
  const exchange = world.tools.authorizationServer.asked.find(({ form }) => form.has("code"));
  expect(exchange?.form.get("client_assertion_type")).toMatch(/jwt-bearer$/);
});

test("TS-12 [option:toolServers.scopes] [option:toolServers.authorizeParams] are asked for; a prompt of the operator's stays", async () => {
  const { asked } = await started({ scopes: ["notes:write"], authorizeParams: { prompt: "login", ui: "small" } });
  expect(asked.get("scope")).toBe("notes:write offline_access");
  expect([asked.get("prompt"), asked.get("ui")]).toEqual(["login", "small"]);
});

test("TS-12 [option:toolServers.resource] leaves the resource out where the operator says so", async () => {
  expect((await started({ resource: "omit" })).asked.has("resource")).toBe(false);
  expect((await started({ resource: "include" })).asked.has("resource")).toBe(true);
});

test("VA-11 [option:toolServers.refreshScope] says which scopes a refresh names", async () => {
  for (const [refreshScope, expected] of [
    ["omit", null],
    ["requested", "notes:read offline_access"],
    ["granted", "notes:read"],
  ] as const) {
    const clock = createManualClock();
    const world = await aConnectWorld({ entry: { refreshScope }, world: { clock } });
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    await clock.advance(minutes(61));
    await world.latchkey.vault.accessToken({ user, connection: "tool:notes" }).catch(() => {});
    const refresh = world.tools.authorizationServer.asked.find(({ form }) => form.has("refresh_token"));
    expect(refresh?.form.get("scope") ?? null, refreshScope).toBe(expected);
  }
});

test("TS-16 [option:toolServers.headers] go along with every request to the tool server, and nowhere else", async () => {
  const world = await aConnectWorld({ entry: { headers: { "X-Workspace": "canary-workspace" } } });
  const { browser, user } = await world.signsIn();
  await world.connects(browser);
  await world.client(user);
  expect(world.tools.headers.length).toBeGreaterThan(1);
  for (const headers of world.tools.headers) expect(headers["x-workspace"]).toBe("canary-workspace");
  expect(JSON.stringify(world.tools.authorizationServer.asked.map(({ form }) => [...form]))).not.toContain("canary");
});

test("TS-19 [option:toolServers.access.roles] [option:toolServers.access.groups] [option:toolServers.access.users] say who may use it", async () => {
  const world = await aConnectWorld();
  const { user } = await world.signsIn();
  const mayUse = async (access: object) => {
    const node = await world.node({ toolServers: [{ id: "notes", url: world.tools.url, access }] });
    return (await node.toolServers.status(user)).length === 1;
  };
  const { role = "" } = (await world.store.users.byId(user as never)) ?? {};
  expect(await mayUse({})).toBe(true);
  expect(await mayUse({ roles: [role] })).toBe(true);
  expect(await mayUse({ roles: [role === "admin" ? "user" : "admin"] })).toBe(false);
  expect(await mayUse({ groups: ["ops"] })).toBe(false);
  expect(await mayUse({ groups: ["ops"], users: [user] })).toBe(true);
});

/** Where a start leads, at a server that names two authorization servers, whose metadata a test may change. */
async function ledTo(
  entry: NonNullable<Entry>,
  change: (origin: string) => Record<string, unknown> = () => ({}),
  said: { readonly resource?: string } = {},
) {
  const routes: Parameters<typeof aScripted>[0] = {};
  const { origin } = await aScripted(routes);
  const prm = "/.well-known/oauth-protected-resource/mcp";
  const resource = (said.resource ?? "ORIGIN/mcp").replace("ORIGIN", origin);
  Object.assign(routes, {
    "/mcp": { status: 401, headers: { "www-authenticate": `Bearer resource_metadata="${origin}${prm}"` } },
    [prm]: { json: { resource, authorization_servers: [`${origin}/a`, `${origin}/b`] } },
    "/.well-known/oauth-authorization-server/a": asMetadata(`${origin}/a`, change(origin)),
    "/.well-known/oauth-authorization-server/b": asMetadata(`${origin}/b`, change(origin)),
  });
  const named = Object.entries(entry).map(([key, value]) => [key, String(value).replace("ORIGIN", origin)] as const);
  const own = Object.fromEntries(named.map(([key, value]) => [key, value === "true" ? true : value]));
  const { url } = await started({ url: `${origin}/mcp`, clientId: "given", ...own });
  return url.searchParams.get("error") ?? url.pathname;
}

test("TS-3 [option:toolServers.authorizationServer] pins which of a server's authorization servers is asked", async () => {
  expect(await ledTo({})).toBe("/a/authorize");
  expect(await ledTo({ authorizationServer: "ORIGIN/b" })).toBe("/b/authorize");
  expect(await ledTo({ authorizationServer: "ORIGIN/c" })).toBe("connect.metadata_refused");
});

test("TS-2 AT-39 [option:toolServers.resourceIdentifier] forbids a resource that covers more, or pins one", async () => {
  const wide = { resource: "ORIGIN/" };
  expect(await ledTo({}, undefined, wide)).toBe("/a/authorize");
  expect(await ledTo({ resourceIdentifier: "exact" }, undefined, wide)).toBe("connect.metadata_refused");
  expect(await ledTo({ resourceIdentifier: "ORIGIN/" }, undefined, wide)).toBe("/a/authorize");
  expect(await ledTo({ resourceIdentifier: "ORIGIN/mcp" }, undefined, wide)).toBe("connect.metadata_refused");
  expect(await ledTo({ resourceIdentifier: "ORIGIN" }, undefined, wide)).toBe("connect.metadata_refused");
  const foreign = { resource: "https://elsewhere.example/" };
  expect(await ledTo({ resourceIdentifier: foreign.resource }, undefined, foreign)).toBe("connect.metadata_refused");
});

test("TS-4 [option:toolServers.allowIssuerMismatch] is the one other issuer that metadata may name", async () => {
  const mismatch = (origin: string) => ({ issuer: `${origin}/a/` });
  expect(await ledTo({ authorizationServer: "ORIGIN/a" }, mismatch)).toBe("connect.metadata_refused");
  const allowed = { authorizationServer: "ORIGIN/a", allowIssuerMismatch: "ORIGIN/a/" };
  expect(await ledTo(allowed, mismatch)).toBe("/a/authorize");
});

test("TS-5 [option:toolServers.allowMissingPkceMetadata] lets a server do that does not announce S256", async () => {
  const silent = () => ({ code_challenge_methods_supported: undefined });
  expect(await ledTo({}, silent)).toBe("connect.pkce_unsupported");
  expect(await ledTo({ allowMissingPkceMetadata: true }, silent)).toBe("/a/authorize");
});
