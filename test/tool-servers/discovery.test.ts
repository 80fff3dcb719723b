/** What a tool server wants, found by asking it over real HTTP: TS-1 to TS-6. */
import { describe, expect, test, vi } from "vitest";
import { secret } from "../../src/kernel/secret.js";
import { hours, minutes, seconds } from "../../src/kernel/time.js";
import { type Answer, aDiscovery, aScripted, asMetadata, failureOf, settingsFor } from "./setting.js";

const prm = "/.well-known/oauth-protected-resource";
const metadata = "/.well-known/oauth-authorization-server";
const openid = "/.well-known/openid-configuration";

/** A server as 2026-07-28 wants it, with its authorization server at the same origin; `more` replaces routes. */
async function aToolServer(
  more: (origin: string) => Record<string, Parameters<typeof aScripted>[0][string]> = () => ({}),
) {
  const routes: Parameters<typeof aScripted>[0] = {};
  const server = await aScripted(routes);
  const { origin } = server;
  Object.assign(routes, {
    "/mcp": {
      status: 401,
      headers: { "www-authenticate": `Bearer resource_metadata="${origin}${prm}/mcp", scope="wiki:read"` },
    },
    [`${prm}/mcp`]: {
      json: {
        resource: `${origin}/mcp`,
        authorization_servers: [`${origin}/as`],
        scopes_supported: ["wiki:read", "wiki:write"],
      },
    },
    [`${metadata}/as`]: asMetadata(`${origin}/as`),
    ...more(origin),
  });
  return Object.assign(server, { routes, settings: settingsFor(`${origin}/mcp`) });
}

const unauthorized: Answer = { status: 401, headers: { "www-authenticate": "Bearer" } };
const method = (body: string): unknown => (JSON.parse(body) as { method?: unknown }).method;

describe("the challenge", () => {
  test("TS-1 a real initialize without a token is what is asked, and its challenge is kept", async () => {
    const server = await aToolServer();
    const { discovery } = await aDiscovery();
    const found = await discovery.find({ ...server.settings, headers: { "x-tenant": secret("blue") } });
    expect(found.status).toBe("protected");
    expect(found.challenge).toEqual({
      scheme: "Bearer",
      resourceMetadata: `${server.origin}${prm}/mcp`,
      scopes: ["wiki:read"],
      error: null,
    });
    const [asked] = server.requests;
    expect(JSON.parse(asked?.body ?? "")).toMatchObject({
      jsonrpc: "2.0",
      method: "initialize",
      params: { protocolVersion: "2025-11-25" },
    });
    expect(asked?.headers).toMatchObject({
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      "x-tenant": "blue",
    });
    expect(asked?.headers.authorization).toBeUndefined();
    // The operator's headers are for the tool server alone.
    expect(server.requests.slice(1).map(({ headers }) => headers["x-tenant"])).toEqual([undefined, undefined]);
  });

  test("TS-1 a server that greets anybody is asked for its tools, with the session it gave", async () => {
    const server = await aToolServer((origin) => ({
      "/mcp": ({ body, headers }) =>
        method(body) === "initialize"
          ? { json: { jsonrpc: "2.0", id: 1, result: {} }, headers: { "mcp-session-id": "s1" } }
          : headers["mcp-session-id"] === "s1"
            ? {
                status: 401,
                headers: { "www-authenticate": `Bearer resource_metadata="${origin}${prm}/mcp", scope="late"` },
              }
            : { status: 400 },
    }));
    const { discovery } = await aDiscovery();
    expect((await discovery.find(server.settings)).challenge?.scopes).toEqual(["late"]);
  });

  test("TS-1 a greeting that is a stream without an end is not waited for", async () => {
    const server = await aToolServer();
    server.server.removeAllListeners("request");
    server.server.on("request", (request, response) => {
      if (request.url !== "/mcp") return response.writeHead(404).end();
      response.writeHead(200, { "content-type": "text/event-stream" }).write("event: message\n");
      return response;
    });
    const { discovery } = await aDiscovery();
    expect((await discovery.find(server.settings)).status).toBe("open");
  });

  test("TS-1 a stateless server of 2026-07-28 is asked in its own form", async () => {
    const server = await aToolServer((origin) => ({
      "/mcp": ({ body, headers }) =>
        method(body) !== "initialize" &&
        headers["mcp-protocol-version"] === "2026-07-28" &&
        headers["mcp-method"] === "tools/list"
          ? {
              status: 401,
              headers: { "www-authenticate": `Bearer resource_metadata="${origin}${prm}/mcp", scope="modern"` },
            }
          : { status: 400, json: { error: "unsupported" } },
    }));
    const { discovery } = await aDiscovery();
    expect((await discovery.find(server.settings)).challenge?.scopes).toEqual(["modern"]);
    expect(JSON.parse(server.requests[1]?.body ?? "")).toMatchObject({
      method: "tools/list",
      params: { _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } },
    });
  });

  test("TS-1 an answer that is neither 200 nor 401 says nothing: the well-known places decide", async () => {
    for (const status of [403, 404, 406, 500]) {
      const server = await aToolServer(() => ({ "/mcp": { status } }));
      const { discovery } = await aDiscovery();
      expect(await discovery.find(server.settings)).toMatchObject({ status: "protected", challenge: null });
    }
    const page = await aToolServer(() => ({
      "/mcp": { headers: { "content-type": "text/html" }, text: "<h1>hello</h1>" },
      [`${prm}/mcp`]: { status: 404 },
    }));
    const { discovery } = await aDiscovery();
    expect(await failureOf(discovery.find(page.settings))).toBe("connect.metadata_refused not_a_tool_server");
  });

  test("TS-1 several challenges in several headers, ours in the middle", async () => {
    const server = await aToolServer((origin) => ({
      "/mcp": {
        status: 401,
        headers: {
          "www-authenticate": [
            'Basic realm="x, Bearer scope=stolen"',
            `Negotiate abc==, Bearer resource_metadata="${origin}${prm}/mcp"`,
            'Digest realm="d", scope="foreign"',
          ],
        },
      },
    }));
    const { discovery } = await aDiscovery();
    expect((await discovery.find(server.settings)).challenge).toMatchObject({
      scopes: null,
      resourceMetadata: `${server.origin}${prm}/mcp`,
    });
  });
});

describe("resource metadata", () => {
  const at = (origin: string) => ({ resource: `${origin}/mcp`, authorization_servers: [`${origin}/as`] });

  test("TS-2 the place that the challenge names, then the path, then the root; each only when the one before has none", async () => {
    const places: [challenge: string | null, where: string, asked: string[]][] = [
      ["/odd/place", "/odd/place", ["/odd/place"]],
      ["/odd/place", `${prm}/mcp`, ["/odd/place", `${prm}/mcp`]],
      [null, `${prm}/mcp`, [`${prm}/mcp`]],
      [null, prm, [`${prm}/mcp`, prm]],
    ];
    for (const [challenge, where, asked] of places) {
      const server = await aToolServer((origin) => ({
        "/mcp":
          challenge === null
            ? unauthorized
            : { status: 401, headers: { "www-authenticate": `Bearer resource_metadata="${origin}${challenge}"` } },
        [`${prm}/mcp`]: { status: 404 },
        [where]: { json: at(origin) },
      }));
      const { discovery } = await aDiscovery();
      expect((await discovery.find(server.settings)).resource?.url).toBe(`${server.origin}${where}`);
      expect(server.asked.slice(1, -1)).toEqual(asked.map((path) => `GET ${path}`));
    }
  });

  test("TS-2 a page instead of the document is `not here`", async () => {
    const server = await aToolServer((origin) => ({
      [`${prm}/mcp`]: { headers: { "content-type": "text/html; charset=utf-8" }, text: "<html>" },
      [prm]: { json: { ...at(origin), resource: origin } },
    }));
    const { discovery } = await aDiscovery();
    // The identifier is kept to the byte: no slash is added to it.
    expect((await discovery.find(server.settings)).resource?.resource).toBe(server.origin);
  });

  test.each<[why: string, answer: Answer, failure: string]>([
    ["500", { status: 500 }, "connect.server_unreachable status_500"],
    ["429", { status: 429 }, "connect.server_unreachable status_429"],
    ["408", { status: 408 }, "connect.server_unreachable status_408"],
    ["425", { status: 425 }, "connect.server_unreachable status_425"],
    [
      "broken JSON",
      { headers: { "content-type": "application/json" }, text: '{"resource":' },
      "connect.metadata_refused not_a_json_object",
    ],
    ["plain text", { headers: { "content-type": "text/plain" }, text: "hello" }, "connect.metadata_refused media_type"],
    [
      "a redirect inside",
      { status: 302, headers: { location: "http://10.0.0.1/" } },
      "connect.metadata_refused egress.url_refused",
    ],
    ["no resource", { json: {} }, "connect.metadata_refused resource_missing"],
  ])("TS-2 %s is an error to show, and never `no metadata`", async (_why, answer, failure) => {
    const server = await aToolServer((origin) => ({
      [`${prm}/mcp`]: answer,
      [prm]: { json: at(origin) },
      [metadata]: asMetadata(origin),
    }));
    const { discovery } = await aDiscovery();
    expect(await failureOf(discovery.find(server.settings))).toBe(failure);
    expect(server.asked.some((one) => one.includes("authorization-server"))).toBe(false);
  });

  test("TS-2 a time-out is an error to show", async () => {
    const server = await aToolServer(() => ({ [`${prm}/mcp`]: { hangs: true } }));
    const { discovery, clock } = await aDiscovery();
    const work = failureOf(discovery.find(server.settings));
    await vi.waitFor(() => expect(server.asked).toContain(`GET ${prm}/mcp`));
    await clock.advance(seconds(20));
    expect(await work).toBe("connect.server_unreachable egress.timeout");
  });

  test("TS-2 a prefix is taken with a warning, unless the operator forbids it", async () => {
    const server = await aToolServer((origin) => ({ [`${prm}/mcp`]: { json: { ...at(origin), resource: origin } } }));
    const { discovery } = await aDiscovery();
    expect((await discovery.find(server.settings)).warnings).toEqual([
      { code: "resource_prefix", detail: server.origin },
    ]);
    const strict = { ...server.settings, resource: { pinned: null, allowPrefix: false } };
    expect(await failureOf(discovery.find(strict))).toBe("connect.metadata_refused resource_prefix_forbidden");
    const pinned = { ...server.settings, resource: { pinned: server.origin, allowPrefix: false } };
    expect((await discovery.find(pinned)).warnings).toEqual([]);
  });

  test("TS-2 without any, the server may be its own authorization server: its path before its origin", async () => {
    const server = await aToolServer((origin) => ({
      "/mcp": unauthorized,
      [`${prm}/mcp`]: { status: 404 },
      [openid]: asMetadata(origin),
    }));
    const { discovery } = await aDiscovery();
    const found = await discovery.find(server.settings);
    expect([found.resource, found.authorizationServer?.issuer, found.authorizationServerFrom]).toEqual([
      null,
      server.origin,
      "metadata",
    ]);
    expect(server.asked.slice(3)).toEqual([
      `GET ${metadata}/mcp`,
      `GET ${openid}/mcp`,
      `GET /mcp${openid}`,
      `GET ${metadata}`,
      `GET ${openid}`,
    ]);
    server.routes[`${metadata}/mcp`] = asMetadata(`${server.origin}/mcp`);
    const own = await aDiscovery();
    expect((await own.discovery.find(server.settings)).authorizationServer?.issuer).toBe(`${server.origin}/mcp`);
  });

  test("TS-2 metadata that names no authorization server sends us to the server's own", async () => {
    const server = await aToolServer((origin) => ({
      [`${prm}/mcp`]: { json: { resource: `${origin}/mcp` } },
      [metadata]: asMetadata(origin),
    }));
    const { discovery } = await aDiscovery();
    const found = await discovery.find(server.settings);
    expect([found.resource?.resource, found.authorizationServer?.issuer]).toEqual([
      `${server.origin}/mcp`,
      server.origin,
    ]);
  });

  test("TS-2 a 401 with nothing anywhere: the fixed paths of 2025-03-26; one that answers everybody is open", async () => {
    const bare = await aScripted({ "/mcp": unauthorized });
    const { discovery } = await aDiscovery();
    expect(await discovery.find(settingsFor(`${bare.origin}/mcp`))).toMatchObject({
      status: "protected",
      authorizationServerFrom: "fallback",
      authorizationServer: {
        issuer: bare.origin,
        authorization_endpoint: `${bare.origin}/authorize`,
        token_endpoint: `${bare.origin}/token`,
        registration_endpoint: `${bare.origin}/register`,
      },
    });
    const open = await aScripted({ "/mcp": { json: { jsonrpc: "2.0", id: 1, result: {} } } });
    expect(await discovery.find(settingsFor(`${open.origin}/mcp`, { id: "open" }))).toMatchObject({
      status: "open",
      authorizationServer: null,
    });
  });

  test("TS-2 a server that answers everybody and has metadata is protected all the same", async () => {
    const server = await aToolServer(() => ({ "/mcp": { json: { jsonrpc: "2.0", id: 1, result: {} } } }));
    const { discovery } = await aDiscovery();
    expect(await discovery.find(server.settings)).toMatchObject({ status: "protected", challenge: null });
  });

  test("TS-2 an outage of the server's own metadata is no reason for the fixed paths", async () => {
    const server = await aToolServer(() => ({
      "/mcp": unauthorized,
      [`${prm}/mcp`]: { status: 404 },
      [metadata]: { status: 503 },
    }));
    const { discovery } = await aDiscovery();
    expect(await failureOf(discovery.find(server.settings))).toBe("connect.server_unreachable status_503");
  });
});

describe("several authorization servers", () => {
  const two = (origin: string) => ({
    [`${prm}/mcp`]: { json: { resource: `${origin}/mcp`, authorization_servers: [`${origin}/a`, `${origin}/b`] } },
    [`${metadata}/a`]: asMetadata(`${origin}/a`, { registration_endpoint: undefined }),
    [`${metadata}/b`]: asMetadata(`${origin}/b`),
  });
  const issuerOf = async (setting: Awaited<ReturnType<typeof aDiscovery>>, settings: ReturnType<typeof settingsFor>) =>
    new URL((await setting.discovery.find(settings)).authorizationServer?.issuer ?? "").pathname;

  test("TS-3 the one that offers a way in we can use, else the first", async () => {
    const server = await aToolServer(two);
    expect(await issuerOf(await aDiscovery(), server.settings)).toBe("/b");
    expect(
      await issuerOf(await aDiscovery({ registrations: { canRegister: async () => false } }), server.settings),
    ).toBe("/a");
  });

  test("TS-3 whoever names a hundred is asked about four", async () => {
    const named = (origin: string) => Array.from({ length: 100 }, (_, at) => `${origin}/as${at}`);
    const server = await aToolServer((origin) => ({
      [`${prm}/mcp`]: { json: { resource: `${origin}/mcp`, authorization_servers: named(origin) } },
    }));
    const { discovery } = await aDiscovery();
    expect(await failureOf(discovery.find(server.settings))).toContain("authorization_server_metadata_missing");
    const asked = new Set(server.asked.flatMap((one) => /as\d+/.exec(one) ?? []));
    expect([...asked]).toEqual(["as0", "as1", "as2", "as3"]);
  });

  test("TS-4 EG-2 a place that leads to an address we do not go to is told, and no next place covers it", async () => {
    const server = await aToolServer((origin) => ({
      [`${metadata}/as`]: { status: 302, headers: { location: "http://10.0.0.1/" } },
      [`${openid}/as`]: asMetadata(`${origin}/as`),
    }));
    const { discovery } = await aDiscovery();
    expect(await failureOf(discovery.find(server.settings))).toMatch(/^connect\.metadata_refused egress\./);
  });

  test("TS-3 the one that we are registered at comes before all, and the others are not asked", async () => {
    const server = await aToolServer(two);
    const registrations = { known: async () => ({ inUse: [], registered: [`${server.origin}/a`] }) };
    expect(await issuerOf(await aDiscovery({ registrations }), server.settings)).toBe("/a");
    expect(server.asked.filter((one) => one.includes(metadata))).toEqual([`GET ${metadata}/a`]);
  });

  test("TS-3 the one that people hold grants of comes before one that we were registered at once", async () => {
    const server = await aToolServer(two);
    const known = { inUse: [`${server.origin}/b`], registered: [`${server.origin}/a`] };
    expect(await issuerOf(await aDiscovery({ registrations: { known: async () => known } }), server.settings)).toBe(
      "/b",
    );
  });

  test("TS-3 the operator's pin decides, and one that the server does not name stops", async () => {
    const server = await aToolServer(two);
    const registrations = { known: async () => ({ inUse: [`${server.origin}/a`], registered: [] }) };
    const setting = await aDiscovery({ registrations });
    expect(await issuerOf(setting, { ...server.settings, authorizationServer: `${server.origin}/b` })).toBe("/b");
    const elsewhere = { ...server.settings, authorizationServer: `${server.origin}/c` };
    expect(await failureOf(setting.discovery.find(elsewhere))).toBe(
      "connect.metadata_refused authorization_server_not_the_pinned_one",
    );
  });

  test("TS-3 the pin names it where no metadata does", async () => {
    const server = await aToolServer((origin) => ({
      [`${prm}/mcp`]: { status: 404 },
      [`${metadata}/b`]: asMetadata(`${origin}/b`),
    }));
    expect(await issuerOf(await aDiscovery(), { ...server.settings, authorizationServer: `${server.origin}/b` })).toBe(
      "/b",
    );
  });

  test("TS-3 one that is out of order does not stop the next", async () => {
    const server = await aToolServer((origin) => ({ ...two(origin), [`${metadata}/a`]: { status: 503 } }));
    expect(await issuerOf(await aDiscovery(), server.settings)).toBe("/b");
  });
});

describe("authorization server metadata", () => {
  test("TS-4 three places for an issuer with a path, in order, and never its origin", async () => {
    const server = await aToolServer((origin) => ({
      [`${metadata}/as`]: { status: 404 },
      [`/as${openid}`]: asMetadata(`${origin}/as`),
      [metadata]: asMetadata(`${origin}/as`),
    }));
    const { discovery } = await aDiscovery();
    await discovery.find(server.settings);
    expect(server.asked.slice(2)).toEqual([`GET ${metadata}/as`, `GET ${openid}/as`, `GET /as${openid}`]);
    server.routes[`/as${openid}`] = { status: 404 };
    const again = await aDiscovery();
    server.forget();
    expect(await failureOf(again.discovery.find(server.settings))).toBe(
      "connect.metadata_refused authorization_server_metadata_missing",
    );
    expect(server.asked).not.toContain(`GET ${metadata}`);
  });

  test("TS-4 what is no JSON object, and another's issuer, are passed over; an outage is told as one", async () => {
    const server = await aToolServer((origin) => ({
      [`${metadata}/as`]: { headers: { "content-type": "application/json" }, text: "[]" },
      [`${openid}/as`]: asMetadata(`${origin}/other`),
      [`/as${openid}`]: asMetadata(`${origin}/as`),
    }));
    expect((await (await aDiscovery()).discovery.find(server.settings)).authorizationServer?.issuer).toBe(
      `${server.origin}/as`,
    );
    server.routes[`/as${openid}`] = { status: 404 };
    expect(await failureOf((await aDiscovery()).discovery.find(server.settings))).toBe(
      "connect.metadata_refused issuer_mismatch",
    );
    server.routes[`${metadata}/as`] = { status: 502 };
    expect(await failureOf((await aDiscovery()).discovery.find(server.settings))).toBe(
      "connect.server_unreachable status_502",
    );
  });

  test("TS-4 the issuer is compared to the byte; the operator may name the one exception, which is written down", async () => {
    for (const told of ["/as/", "/AS", "/as%20", "/"]) {
      const server = await aToolServer((origin) => ({ [`${metadata}/as`]: asMetadata(`${origin}${told}`) }));
      const { discovery, store } = await aDiscovery();
      expect(await failureOf(discovery.find(server.settings))).toBe("connect.metadata_refused issuer_mismatch");
      const allowed = { ...server.settings, allowIssuerMismatch: `${server.origin}${told}` };
      const found = await discovery.find(allowed);
      // The exception is for the document: who it is stays what the resource named, and so does what a callback must say.
      expect(found.authorizationServer?.issuer).toBe(`${server.origin}/as`);
      expect(found.warnings).toEqual([{ code: "issuer_mismatch", detail: `${server.origin}${told}` }]);
      const { items } = await store.audit.list({ limit: 10 });
      expect(items.map(({ type, target }) => [type, target.id])).toEqual([
        ["tool_server.issuer_mismatch_allowed", "wiki"],
      ]);
    }
  });

  test("TS-4 an issuer with a slash at its end is asked without it and compared with it", async () => {
    const server = await aToolServer((origin) => ({
      [`${prm}/mcp`]: { json: { resource: `${origin}/mcp`, authorization_servers: [`${origin}/as/`] } },
      [`${metadata}/as`]: {
        ...asMetadata(`${origin}/as`),
        json: { ...(asMetadata(`${origin}/as`).json as object), issuer: `${origin}/as/` },
      },
    }));
    expect((await (await aDiscovery()).discovery.find(server.settings)).authorizationServer?.issuer).toBe(
      `${server.origin}/as/`,
    );
  });
});

describe("S256", () => {
  test.each<[methods: unknown, detail: string]>([
    [undefined, "not said"],
    [["plain"], "plain"],
    [[], ""],
    ["S256", "not said"],
    [["s256"], "s256"],
  ])("TS-5 metadata with %j is refused by name, unless the operator knows better", async (methods, detail) => {
    const server = await aToolServer((origin) => ({
      [`${metadata}/as`]: asMetadata(`${origin}/as`, { code_challenge_methods_supported: methods }),
    }));
    const { discovery } = await aDiscovery();
    expect(await failureOf(discovery.find(server.settings))).toBe("connect.pkce_unsupported no_s256");
    const found = await discovery.find({ ...server.settings, allowMissingPkceMetadata: true });
    expect(found.warnings).toEqual([{ code: "pkce_not_announced", detail }]);
  });

  test("TS-5 a connection without a person needs neither S256 nor a page to send anybody to", async () => {
    const server = await aToolServer((origin) => ({
      [`${metadata}/as`]: asMetadata(`${origin}/as`, {
        code_challenge_methods_supported: undefined,
        authorization_endpoint: undefined,
      }),
    }));
    const { discovery } = await aDiscovery();
    const found = await discovery.find({ ...server.settings, needsPerson: false });
    expect([found.authorizationServer?.token_endpoint, found.warnings]).toEqual([`${server.origin}/as/token`, []]);
    expect(await failureOf(discovery.find(server.settings))).toBe("connect.metadata_refused endpoints");
  });
});

describe("what was found", () => {
  test("TS-6 QU-15 three requests the first time; none for the next person, on this node or another", async () => {
    const server = await aToolServer();
    const { discovery, anotherNode } = await aDiscovery();
    const found = await discovery.find(server.settings);
    expect(server.requests.length).toBe(3);
    expect(await discovery.find(server.settings)).toEqual(found);
    const other = await anotherNode();
    expect(await other.find(server.settings)).toEqual(found);
    expect(server.requests.length).toBe(3);
  });

  test("TS-6 a copy from the future is not trusted for longer: after a clock was put right it is found anew", async () => {
    const server = await aToolServer();
    const { discovery, clock } = await aDiscovery();
    const now = clock.now();
    await clock.skip(hours(2_000));
    await discovery.find(server.settings);
    await clock.set(now);
    await discovery.find(server.settings);
    expect(server.requests.length).toBe(6);
  });

  test("TS-6 ten people at once ask once", async () => {
    const server = await aToolServer();
    const { discovery } = await aDiscovery();
    await Promise.all(Array.from({ length: 10 }, () => discovery.find(server.settings)));
    expect(server.requests.length).toBe(3);
  });

  test("TS-6 it lives as long as the shorter of its documents says, and is found anew then", async () => {
    const short = { headers: { "cache-control": "max-age=600" } };
    const server = await aToolServer((origin) => ({
      [`${prm}/mcp`]: { ...short, json: { resource: `${origin}/mcp`, authorization_servers: [`${origin}/as`] } },
    }));
    const { discovery, clock } = await aDiscovery();
    await discovery.find(server.settings);
    await clock.advance(minutes(9));
    await discovery.find(server.settings);
    expect(server.requests.length).toBe(3);
    await clock.advance(minutes(2));
    await discovery.find(server.settings);
    expect(server.requests.length).toBe(6);
  });

  test("TS-6 while the server is out of reach the old copy serves for a day; what it newly says is never covered by it", async () => {
    const server = await aToolServer();
    const { discovery, clock } = await aDiscovery();
    const found = await discovery.find(server.settings);
    const honest = server.routes[`${prm}/mcp`] as Answer;
    server.routes[`${prm}/mcp`] = { status: 503 };
    await clock.skip(hours(20));
    expect(await discovery.find(server.settings)).toEqual(found);
    await clock.skip(hours(6));
    expect(await failureOf(discovery.find(server.settings))).toBe("connect.server_unreachable status_503");
    await clock.skip(minutes(1));
    server.routes[`${prm}/mcp`] = honest;
    await discovery.find(server.settings);
    server.routes[`${prm}/mcp`] = { json: { ...(honest.json as object), resource: "https://other.example/mcp" } };
    await clock.skip(hours(2));
    expect(await failureOf(discovery.find(server.settings))).toBe(
      "connect.metadata_refused resource_of_another_server",
    );
  });

  test("TS-6 a failure is remembered for five seconds, so that nine of ten people wait for nothing", async () => {
    const server = await aToolServer(() => ({ [`${prm}/mcp`]: { status: 503 } }));
    const { discovery, clock } = await aDiscovery();
    for (let person = 0; person < 10; person++) {
      expect(await failureOf(discovery.find(server.settings))).toBe("connect.server_unreachable status_503");
    }
    expect(server.requests.length).toBe(2);
    await clock.advance(seconds(6));
    await failureOf(discovery.find(server.settings));
    expect(server.requests.length).toBe(4);
  });

  test("TS-6 a 401 in use reads past the copy; the change reaches the other node, and a flood of them asks once", async () => {
    const server = await aToolServer((origin) => ({ [`${metadata}/new`]: asMetadata(`${origin}/new`) }));
    const { discovery, anotherNode } = await aDiscovery();
    const other = await anotherNode();
    await discovery.find(server.settings);
    await other.find(server.settings);
    server.routes[`${prm}/mcp`] = {
      json: { resource: `${server.origin}/mcp`, authorization_servers: [`${server.origin}/new`] },
    };
    expect((await discovery.find(server.settings)).authorizationServer?.issuer).toBe(`${server.origin}/as`);
    server.forget();
    const found = await discovery.find(server.settings, { refetch: true });
    expect(found.authorizationServer?.issuer).toBe(`${server.origin}/new`);
    for (let call = 0; call < 20; call++) await discovery.find(server.settings, { refetch: true });
    expect((await other.find(server.settings)).authorizationServer?.issuer).toBe(`${server.origin}/new`);
    expect(server.asked.length).toBe(3);
  });

  test("TS-6 other settings never use what was found with these", async () => {
    const server = await aToolServer((origin) => ({
      "/other": unauthorized,
      [`${prm}/other`]: { json: { resource: `${origin}/other`, authorization_servers: [`${origin}/as`] } },
    }));
    const { discovery } = await aDiscovery();
    await discovery.find(server.settings);
    const found = await discovery.find({ ...server.settings, url: `${server.origin}/other` });
    expect(found.resource?.resource).toBe(`${server.origin}/other`);
  });
});
