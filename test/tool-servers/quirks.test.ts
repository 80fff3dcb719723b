/** Servers as they are met: each with one habit that is known of real ones, from the start to the refresh. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { minutes } from "../../src/kernel/time.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { scriptedLookup } from "../egress/loopback.js";
import { createSharedWorld } from "../support/shared-file.js";
import { aConnectWorld, closeLater, errorOf } from "./connect-setting.js";
import { aScripted, asMetadata } from "./setting.js";

interface Habit {
  /** Host of the authorization server. @default 127.0.0.1 */
  readonly host?: string;
  /** Path of its issuer. */
  readonly path?: string;
  /** Where the resource metadata lies, and what the challenge says. */
  readonly metadataAt?: string;
  readonly challenge?: (where: string) => string;
  /** The answer to an anonymous `initialize`. @default a 401 with the challenge */
  readonly greets?: boolean;
  /** Refuses a request at authorize or token endpoint; its error. */
  readonly refuses?: (parameters: URLSearchParams) => string | undefined;
  readonly resource?: (url: string) => string;
  /** What its metadata calls it. @default the issuer that the resource metadata names */
  readonly calledInMetadata?: (issuer: string) => string;
  /** The `iss` of its callbacks. @default none */
  readonly iss?: (issuer: string) => string;
  readonly entry?: Record<string, unknown>;
  /** The same, where it depends on the issuer. */
  readonly allowing?: (issuer: string) => Record<string, unknown>;
}

async function met(habit: Habit) {
  const asked: { path: string; parameters: URLSearchParams }[] = [];
  let made = 0;
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", origin);
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const json = (status: number, value: object, headers = {}): void =>
      void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
    if (pathname === metadataAt) return json(200, { resource, authorization_servers: [issuer] });
    const suffix = habit.path ?? "";
    if (pathname === `/.well-known/oauth-authorization-server${suffix.replace(/\/$/, "")}`) {
      return json(200, {
        issuer: habit.calledInMetadata?.(issuer) ?? issuer,
        // Browsers are sent nowhere but to https and loopback.
        authorization_endpoint: habit.host === undefined ? `${origin}/authorize` : `https://${habit.host}/authorize`,
        token_endpoint: `${issuerOrigin}/token`,
        code_challenge_methods_supported: ["S256"],
      });
    }
    if (pathname === "/authorize" || pathname === "/token") {
      const parameters = pathname === "/token" ? new URLSearchParams(body) : searchParams;
      asked.push({ path: pathname, parameters });
      const error = habit.refuses?.(parameters);
      if (pathname === "/authorize") {
        const back = new URL(searchParams.get("redirect_uri") ?? "");
        back.searchParams.set(error === undefined ? "code" : "error", error ?? "the-code");
        back.searchParams.set("state", searchParams.get("state") ?? "");
        if (habit.iss) back.searchParams.set("iss", habit.iss(issuer));
        return void response.writeHead(302, { location: back.href }).end();
      }
      if (error !== undefined) return json(400, { error, error_description: "AADSTS901002: resource" });
      const access = `token-${++made}`;
      return json(200, { access_token: access, refresh_token: `r-${made}`, token_type: "Bearer", expires_in: 600 });
    }
    if (pathname !== "/mcp") return void response.writeHead(404).end();
    if (request.headers.authorization !== undefined) return json(200, { token: request.headers.authorization });
    if (habit.greets && body.includes('"initialize"')) return json(200, { result: {} });
    const where = `${origin}${metadataAt}`;
    const challenge = habit.challenge?.(where) ?? `Bearer resource_metadata="${where}"`;
    return void response.writeHead(401, { "www-authenticate": challenge }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  closeLater(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const issuerOrigin = `http://${habit.host ?? "127.0.0.1"}:${port}`;
  const issuer = `${issuerOrigin}${habit.path ?? ""}`;
  const url = `${origin}/mcp`;
  const metadataAt = habit.metadataAt ?? "/.well-known/oauth-protected-resource/mcp";
  const resource = habit.resource?.(url) ?? url;

  const clock = createManualClock();
  const hosts = habit.host === undefined ? [] : [habit.host];
  const world = await createSharedWorld({
    clock,
    ports: { lookup: scriptedLookup(Object.fromEntries(hosts.map((host) => [host, ["127.0.0.1"]]))) },
    config: {
      roles: { default: "user" },
      egress: {
        allow: ["127.0.0.0/8", "localhost", ...hosts],
        allowHttp: ["127.0.0.1", "localhost", ...hosts],
      },
      toolServers: [
        { id: "notes", url, clientId: "us", clientSecret: "its-secret", ...habit.entry, ...habit.allowing?.(issuer) },
      ],
    },
  });
  closeLater(() => world.close());
  const browser = world.browser();
  await world.signIn(browser, "ann-1");
  const user = (await world.session(browser)).body.user?.id ?? "";
  return {
    asked,
    resource,
    /** Connects, by whatever name the server calls itself: the browser knows loopback alone. */
    async connect() {
      const started = await browser.get(world.url("/connections/notes/start"), { follow: false });
      const there = new URL(started.location ?? started.url);
      if (there.pathname !== "/authorize") return there.searchParams.get("error") ?? "no error";
      return errorOf(await browser.get(`${origin}/authorize${there.search}`, { from: started.url }));
    },
    async use() {
      const answer = await world.latchkey.toolServers.fetch({ user, connection: "tool:notes" })(url, {
        method: "POST",
      });
      return ((await answer.json()) as { token: string }).token;
    },
    later: () => clock.advance(minutes(11)),
  };
}

const refusesResource = (parameters: URLSearchParams) => (parameters.has("resource") ? "invalid_target" : undefined);

test("TS-12 Entra refuses `resource`: it is left out at its hosts by itself, on authorize, token and refresh", async () => {
  const it = await met({ host: "login.microsoftonline.com", path: "/tenant/v2.0", refuses: refusesResource });
  expect(await it.connect()).toBeNull();
  expect(await it.use()).toBe("Bearer token-1");
  await it.later();
  expect(await it.use()).toBe("Bearer token-2");
  expect(it.asked.map(({ path }) => path)).toEqual(["/authorize", "/token", "/token"]);
});

test("TS-12 another server that refuses it: the person is told, and the operator's `resource: omit` helps", async () => {
  const refusing = await met({ refuses: refusesResource });
  expect(await refusing.connect()).toBe("connect.server_refused");
  const omitting = await met({ refuses: refusesResource, entry: { resource: "omit" } });
  expect(await omitting.connect()).toBeNull();
  await omitting.later();
  expect(await omitting.use()).toBe("Bearer token-2");
});

test("TS-4 TS-13 an issuer that its metadata spells without the slash: by the operator's word for the metadata, and never in the callback's iss", async () => {
  const withoutSlash = (issuer: string) => issuer.replace(/\/$/, "");
  const google = { path: "/", calledInMetadata: withoutSlash };
  const allowing = (issuer: string) => ({ allowIssuerMismatch: withoutSlash(issuer) });
  expect(await (await met(google)).connect()).toBe("connect.metadata_refused");
  expect(await (await met({ ...google, allowing })).connect()).toBeNull();
  const { asked, connect } = await met({ ...google, allowing, iss: withoutSlash });
  expect(await connect()).toBe("connect.issuer_rejected");
  expect(asked.map(({ path }) => path)).toEqual(["/authorize"]);
});

test("TS-4 TS-12 slashes at the end of issuer and resource stay where they are, from the first request to the refresh", async () => {
  for (const resource of [(url: string) => `${url}/`, (url: string) => `${new URL(url).origin}/`]) {
    const it = await met({ path: "/tenant/", resource });
    expect(await it.connect()).toBeNull();
    await it.later();
    expect(await it.use()).toBe("Bearer token-2");
    for (const { parameters } of it.asked) expect(parameters.getAll("resource")).toEqual([it.resource]);
    expect(it.resource.endsWith("/")).toBe(true);
    expect(it.asked).toHaveLength(3);
  }
});

test.each<[what: string, habit: Habit]>([
  ["metadata on an odd path", { metadataAt: "/v1/about/this-resource.json" }],
  ["anybody greeted, and only what is behind is guarded", { greets: true }],
  [
    "several challenges in one header, ours unquoted and last",
    {
      challenge: (where) =>
        `Basic realm="old, with a comma", Negotiate, Bearer error=invalid_token, resource_metadata=${where}`,
    },
  ],
  [
    "another scheme that has a metadata of its own",
    { challenge: (where) => `Custom resource_metadata="https://evil.example/", bearer resource_metadata="${where}"` },
  ],
])("TS-1 TS-2 %s: it is connected, and the token refreshed", async (_, habit) => {
  const it = await met(habit);
  expect(await it.connect()).toBeNull();
  expect(await it.use()).toBe("Bearer token-1");
  await it.later();
  expect(await it.use()).toBe("Bearer token-2");
});

test("TS-3 TS-7 one that refused our document, and registers nobody, gives way to the next that offers a way in", async () => {
  const routes: Parameters<typeof aScripted>[0] = {};
  const { origin } = await aScripted(routes);
  const par = {
    pushed_authorization_request_endpoint: `${origin}/a/par`,
    require_pushed_authorization_requests: true,
    registration_endpoint: undefined,
  };
  Object.assign(routes, {
    "/mcp": { status: 401, headers: { "www-authenticate": "Bearer" } },
    "/.well-known/oauth-protected-resource/mcp": {
      json: { resource: `${origin}/mcp`, authorization_servers: [`${origin}/a`, `${origin}/b`] },
    },
    "/.well-known/oauth-authorization-server/a": asMetadata(`${origin}/a`, {
      ...par,
      client_id_metadata_document_supported: true,
    }),
    "/.well-known/oauth-authorization-server/b": asMetadata(`${origin}/b`),
    "/a/par": { status: 401, json: { error: "invalid_client" } },
    "/b/register": ({ body }: { body: string }) => ({
      status: 201,
      json: { ...JSON.parse(body), client_id: "registered-at-b", token_endpoint_auth_method: "none" },
    }),
  });
  const entry = { url: `${origin}/mcp`, clientMetadataUrl: "https://docs.example.com/client.json" };
  const world = await aConnectWorld({ entry });
  const { browser } = await world.signsIn();
  const start = () => browser.get(world.url("/connections/notes/start"), { follow: false });
  const first = await start();
  expect(new URL(first.location ?? "", world.baseUrl).searchParams.get("error")).toBe("connect.client_rejected");
  const second = new URL((await start()).location ?? "", world.baseUrl);
  expect([second.pathname, second.searchParams.get("client_id")]).toEqual(["/b/authorize", "registered-at-b"]);
});
