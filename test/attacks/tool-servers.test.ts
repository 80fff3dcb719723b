/** AT-18, AT-28, AT-39 to AT-44 on the routes of tool servers: each test is the attacker. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { hours, minutes, systemClock } from "../../src/kernel/time.js";
import type { Browser } from "../../src/testing/browser.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { startOidcProvider } from "../provider/oidc-provider.js";
import { aCommandLine } from "../support/command-line.js";
import { expectSoon } from "../support/soon.js";
import { aConnectWorld, ann, ben, type ConnectWorld, closeLater, errorOf } from "../tool-servers/connect-setting.js";
import { aScripted, asMetadata } from "../tool-servers/setting.js";

const codesSent = (world: ConnectWorld) =>
  world.tools.authorizationServer.asked.filter(({ form }) => form.get("grant_type") === "authorization_code").length;
const held = async (world: ConnectWorld, user: string) =>
  (await world.store.grants.ofUser(user as never)).filter(({ connection }) => connection === "tool:notes");

/** A server of the attacker's that keeps everything it is sent. */
async function aThief() {
  const stolen: string[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    stolen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ""} ${body}`);
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  closeLater(() => new Promise((resolve) => server.close(resolve)));
  return { stolen, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** The URL of a tool server whose authorization server's metadata says what it is told to. */
async function anAuthorizationServer(metadata: Record<string, unknown>): Promise<string> {
  const routes: Parameters<typeof aScripted>[0] = {};
  const { origin } = await aScripted(routes);
  const prm = "/.well-known/oauth-protected-resource/mcp";
  Object.assign(routes, {
    "/mcp": { status: 401, headers: { "www-authenticate": `Bearer resource_metadata="${origin}${prm}"` } },
    [prm]: { json: { resource: `${origin}/mcp`, authorization_servers: [`${origin}/as`] } },
    "/.well-known/oauth-authorization-server/as": asMetadata(`${origin}/as`, metadata),
  });
  return `${origin}/mcp`;
}

describe("AT-43 a connect flow that ends in another browser or session", () => {
  test("AT-43 TS-13 begun by the attacker and finished by the victim it stores nothing with anybody", async () => {
    const world = await aConnectWorld();
    const attacker = await world.signsIn("ben-2");
    const victim = await world.signsIn("ann-1");
    // The victim approves at the tool server what the attacker's browser began.
    const callback = await world.approves(attacker.browser, ann);
    // A browser without the flow's cookie gets one more chance from our own page, and is refused then.
    const page = await victim.browser.submit(await victim.browser.get(callback));
    expect(errorOf(page)).toBe("connect.state_unknown");
    expect(await held(world, victim.user)).toEqual([]);
    expect(await held(world, attacker.user)).toEqual([]);
    expect(codesSent(world)).toBe(0);
  });

  test("AT-43 TS-13 the attacker's own flow cookie, planted with the victim, belongs to the attacker's session", async () => {
    const world = await aConnectWorld();
    const attacker = await world.signsIn("ben-2");
    const victim = await world.signsIn("ann-1");
    const callback = await world.approves(attacker.browser, ben);
    const theirs = attacker.browser.cookies.header(callback) ?? "";
    const flow = theirs
      .split("; ")
      .filter((one) => one.startsWith("latchkey-flow-"))
      .join("; ");
    const session = (victim.browser.cookies.header(callback) ?? "")
      .split("; ")
      .find((one) => one.startsWith("latchkey="));
    const headers = { cookie: `${flow}; ${session}`, accept: "application/json" };
    const answer = await world.fetch(new Request(callback, { headers }));
    expect((await answer.json()) as object).toMatchObject({ code: "connect.session_changed", status: 403 });
    expect([await held(world, victim.user), codesSent(world)]).toEqual([[], 0]);
  });

  test("AT-43 a session that ended meanwhile, and a new one of the same person, finish nothing", async () => {
    const world = await aConnectWorld();
    const { browser, user } = await world.signsIn();
    const callback = await world.approves(browser);
    await world.signIn(browser, "ann-1");
    expect(errorOf(await browser.get(callback))).toBe("connect.session_changed");
    expect([await held(world, user), codesSent(world)]).toEqual([[], 0]);
  });

  test("AT-43 TS-12 a link on another site shows a page that names the server, and redirects nobody", async () => {
    const world = await aConnectWorld();
    const { browser } = await world.signsIn();
    for (const site of ["cross-site", "same-site"]) {
      const page = await browser.get(world.url("/connections/notes/start"), {
        follow: false,
        headers: { "sec-fetch-site": site },
      });
      expect([page.status, page.location]).toEqual([200, undefined]);
      expect(page.text).toContain("Connect Notes?");
      expect(page.headers.getSetCookie().filter((one) => one.includes("flow"))).toEqual([]);
    }
    const page = await browser.get(world.url("/connections/notes/start"), {
      headers: { "sec-fetch-site": "cross-site" },
    });
    const going = await browser.submit(page, {}, { follow: false });
    // The button is ours, so the next page goes on to the authorization server.
    expect([going.status, going.location]).toEqual([
      200,
      expect.stringContaining(world.tools.authorizationServer.issuer),
    ]);
  });

  test("AT-53 connecting and disconnecting by a form of another site is refused", async () => {
    const world = await aConnectWorld();
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const cookie = browser.cookies.header(world.url("/account")) ?? "";
    for (const what of ["connect", "disconnect"]) {
      const headers = { cookie, origin: "https://evil.example", "content-type": "application/x-www-form-urlencoded" };
      const answer = await world.request(`/account/connections/tool:notes/${what}`, {
        method: "POST",
        headers,
        body: "",
      });
      expect(answer.status, what).toBe(403);
    }
    expect(await held(world, user)).toHaveLength(1);
  });
});

describe("answers that are not the asked server's", () => {
  test.each<[what: string, change: (callback: URL, world: ConnectWorld) => void, code: string]>([
    ["another issuer", (url) => url.searchParams.set("iss", "https://evil.example"), "connect.issuer_rejected"],
    [
      "an issuer that differs by a slash",
      (url, world) => url.searchParams.set("iss", `${world.tools.authorizationServer.issuer}/`),
      "connect.issuer_rejected",
    ],
    ["no issuer, although one was promised", (url) => url.searchParams.delete("iss"), "connect.issuer_rejected"],
    [
      "another issuer beside an error",
      (url) => {
        url.searchParams.delete("code");
        url.searchParams.set("error", "access_denied");
        url.searchParams.set("iss", "https://evil.example");
      },
      "connect.issuer_rejected",
    ],
    ["a state of nobody's", (url) => url.searchParams.set("state", "x".repeat(43)), "connect.state_unknown"],
    ["a code twice", (url) => url.searchParams.append("code", "other"), "connect.parameter_invalid"],
    ["no code", (url) => url.searchParams.delete("code"), "connect.parameter_invalid"],
  ])("AT-28 AT-4 TS-13 %s: the code goes nowhere", async (_what, change, code) => {
    const world = await aConnectWorld();
    const { browser, user } = await world.signsIn();
    const callback = new URL(await world.approves(browser));
    change(callback, world);
    let page = await browser.get(callback.href);
    if (page.text.includes("data-send")) page = await browser.submit(page);
    expect(errorOf(page)).toBe(code);
    expect([await held(world, user), codesSent(world)]).toEqual([[], 0]);
  });

  test.each<[what: string, client: { clientId?: string; clientSecret?: string }]>([
    ["with clients of their own", {}],
    ["with one client of the operator's at one authorization server", { clientId: "given", clientSecret: "shared" }],
  ])(
    "AT-18 TS-13 a flow of one tool server is unknown at another's callback, and at a provider's: %s",
    async (_what, client) => {
      const world = await aConnectWorld();
      const two = ["notes", "other"].map((id) => ({ id, url: world.tools.url, ...client }));
      if (client.clientId !== undefined && client.clientSecret !== undefined)
        world.tools.authorizationServer.setClients([
          {
            clientId: client.clientId,
            clientSecret: client.clientSecret,
            redirectUris: two.map(({ id }) => world.url(`/connections/${id}/callback`)),
            native: true,
          },
        ]);
      const node = await world.node({ toolServers: two });
      const browser = world.browserAt(() => node);
      await world.signIn(browser, "ann-1");
      const callback = await world.approves(browser);
      const other = await browser.get(callback.replace("/connections/notes/", "/connections/other/"));
      expect(errorOf(other)).toBe("connect.state_unknown");
      const second = await world.approves(browser);
      const provider = await browser.get(second.replace("/connections/notes/", "/providers/fake/"));
      expect(provider.url).toContain("signin.state_unknown");
      expect(codesSent(world)).toBe(0);
    },
  );

  test("AT-20 TS-13 a callback that is replayed, or sent twice at once, redeems its code once", async () => {
    const world = await aConnectWorld();
    const { browser, user } = await world.signsIn();
    const callback = await world.approves(browser);
    const cookie = browser.cookies.header(callback) ?? "";
    const send = () => world.fetch(new Request(callback, { headers: { cookie, accept: "application/json" } }));
    const answers = await Promise.all([send(), send(), send()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 400, 400]);
    expect((await send()).status).toBe(400);
    expect([(await held(world, user)).length, codesSent(world)]).toEqual([1, 1]);
  });

  test("AT-24 what the authorization server says in an error is on no page of ours", async () => {
    const world = await aConnectWorld();
    const { browser } = await world.signsIn();
    const callback = new URL(await world.approves(browser));
    callback.searchParams.delete("code");
    callback.searchParams.set("error", "server_error");
    callback.searchParams.set("error_description", "Call +1 555 CANARY <script>");
    const page = await browser.get(callback.href);
    expect(page.text + page.url).not.toContain("CANARY");
    expect(errorOf(page)).toBe("connect.server_unreachable");
  });
});

describe("where tokens go", () => {
  test("AT-37 EG-2 the token goes to the server's URL and below, and is not made for anything else", async () => {
    const clock = createManualClock();
    const world = await aConnectWorld({ world: { clock } });
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const thief = await aThief();
    await clock.advance(minutes(61));
    const fetchIt = world.latchkey.toolServers.fetch({ user, connection: "tool:notes" });
    const origin = new URL(world.tools.url).origin;
    for (const url of [
      `${thief.origin}/mcp`,
      `${origin}/`,
      `${origin}/mcp2`,
      `${origin}/mcp/../admin`,
      `${origin}/mcp/%2e%2e/admin`,
      `${origin}/mcp/..%2fadmin`,
      `${origin}/mcp/..%5cadmin`,
      `${world.tools.authorizationServer.issuer}/token`,
    ])
      await expect(fetchIt(url), url).rejects.toMatchObject({ code: "grant.url_refused" });
    expect(thief.stolen).toEqual([]);
    expect(world.tools.authorizationServer.asked.some(({ form }) => form.get("grant_type") === "refresh_token")).toBe(
      false,
    );
    expect((await fetchIt(`${world.tools.url}/`)).status).toBe(404);
  });

  test("AT-44 another person's id, connection or a provider's name opens nothing", async () => {
    const world = await aConnectWorld();
    const one = await world.signsIn();
    const two = await world.signsIn("ben-2");
    await world.connects(one.browser);
    const { toolServers, vault } = world.latchkey;
    await expect(vault.accessToken({ user: two.user, connection: "tool:notes" })).rejects.toMatchObject({
      code: "grant.not_connected",
    });
    await expect(
      vault.accessToken({ user: one.user, session: two.session, connection: "tool:other" }),
    ).rejects.toMatchObject({
      code: "grant.connection_unknown",
    });
    for (const connection of ["provider:fake", "notes", "tool:", "tool:NOTES"])
      expect(() => toolServers.connectUrl(connection), connection).toThrow("grant.connection_unknown");
    await expect(
      toolServers.fetch({ user: two.user, connection: "tool:notes" })(world.tools.url),
    ).rejects.toMatchObject({
      code: "grant.not_connected",
    });
  });

  test("AT-39 TS-10 a server that names another authorization server gets neither its tokens nor its clients there", async () => {
    const clock = createManualClock();
    const world = await aConnectWorld({ world: { clock } });
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const [before] = await held(world, user);
    const thief = await startOidcProvider({
      people: [ann],
      toolServer: { resource: world.tools.url, scopes: ["notes:read"] },
    });
    closeLater(() => thief.stop());
    world.tools.moveTo(thief.issuer);
    world.tools.refuseAll = true;
    // In use: the refusal has the server looked at anew, and what is found there ends the old grant.
    const fetchIt = world.latchkey.toolServers.fetch({ user, connection: "tool:notes" });
    await clock.advance(minutes(1));
    expect((await fetchIt(world.tools.url, { method: "POST", body: "{}" })).status).toBe(401);
    const [after] = await held(world, user);
    expect(after).toMatchObject({ id: before?.id, status: "needs_reconnect", statusReason: "issuer_changed" });
    await expect(fetchIt(world.tools.url)).rejects.toMatchObject({ code: "grant.needs_reconnect" });
    const sent = JSON.stringify(thief.asked.map(({ path, form }) => [path, [...form]]));
    expect(sent).not.toContain(before?.clientId);
    expect(thief.asked.filter(({ form }) => form.has("refresh_token"))).toEqual([]);
    // Who connects again does so there, as a client of its own.
    const started = await browser.get(world.url("/connections/notes/start"), { follow: false });
    expect(started.location).toContain(thief.issuer);
    expect(new URL(started.location ?? "").searchParams.get("client_id")).not.toBe(before?.clientId);
  });

  test("TS-10 AT-39 the operator's credentials are not shown to another issuer", async () => {
    const world = await aConnectWorld({ entry: { clientId: "given", clientSecret: "canary-secret" } });
    const { browser } = await world.signsIn();
    expect((await browser.get(world.url("/connections/notes/start"), { follow: false })).location).toContain(
      "client_id=given",
    );
    const thief = await startOidcProvider({ people: [ann], toolServer: { resource: world.tools.url, scopes: [] } });
    closeLater(() => thief.stop());
    world.tools.moveTo(thief.issuer);
    const node = await world.node({
      toolServers: [
        {
          id: "notes",
          url: `${world.tools.url}`,
          clientId: "given",
          clientSecret: "canary-secret",
          headers: { "x-other": "1" },
        },
      ],
    });
    const other = world.browserAt(() => node);
    await world.signIn(other, "ann-1");
    expect(errorOf(await other.get(world.url("/connections/notes/start")))).toBe("connect.issuer_changed");
    expect(JSON.stringify(thief.asked.map(({ form }) => [...form]))).not.toContain("canary");
  });

  test("TS-10 AT-39 credentials of an added server belong to the issuer that was shown, also before anybody used them", async () => {
    const world = await aConnectWorld({ world: { config: { toolServers: [], roles: { default: "user" } } } });
    const line = await aCommandLine({ ...world.config });
    await line.write("secret", "canary-secret");
    const words = ["--client-id", "given", "--client-secret-file", "secret", "--yes"];
    expect((await line.run("tool-server", "add", world.tools.url, "--id", "notes", ...words)).code).toBe(0);
    const thief = await startOidcProvider({ people: [ann], toolServer: { resource: world.tools.url, scopes: [] } });
    closeLater(() => thief.stop());
    world.tools.moveTo(thief.issuer);
    const { browser } = await world.signsIn();
    const started = await browser.get(world.url("/connections/notes/start"));
    expect(started.url).not.toContain(thief.issuer);
    expect(errorOf(started)).toBe("connect.issuer_changed");
    expect(JSON.stringify(thief.asked.map(({ form }) => [...form]))).not.toContain("canary");
    // The operator goes on with the new one by adding it anew, having seen its name.
    await line.run("tool-server", "remove", "notes", "--yes");
    const anew = await line.run("tool-server", "add", world.tools.url, "--id", "notes", ...words);
    expect([anew.code, anew.out.includes(thief.issuer)]).toEqual([0, true]);
    await expectSoon(async () => {
      const { location } = await browser.get(world.url("/connections/notes/start"), { follow: false });
      return location?.includes(thief.issuer);
    }, true);
  });

  test("TS-10 AT-39 a server that is added again is found anew: its new credentials do not go where the old ones went", async () => {
    const world = await aConnectWorld({ world: { config: { toolServers: [], roles: { default: "user" } } } });
    const line = await aCommandLine({ ...world.config });
    const adds = (clientId: string) =>
      line.run("tool-server", "add", world.tools.url, "--id", "notes", "--client-id", clientId, "--yes");
    await adds("old");
    const { browser } = await world.signsIn();
    const startsAt = async () =>
      (await browser.get(world.url("/connections/notes/start"), { follow: false })).location ?? "";
    expect(await startsAt()).toContain(world.tools.authorizationServer.issuer);
    const other = await startOidcProvider({ people: [ann], toolServer: { resource: world.tools.url, scopes: [] } });
    closeLater(() => other.stop());
    world.tools.moveTo(other.issuer);
    await line.run("tool-server", "remove", "notes", "--yes");
    expect((await adds("new")).out).toContain(other.issuer);
    await expectSoon(async () => {
      const location = await startsAt();
      return [location.includes(other.issuer), location.includes("client_id=new")];
    }, [true, true]);
  });

  test("AT-39 TS-10 a refresh that is the first to see the move sends neither token nor credentials there", async () => {
    const clock = createManualClock(systemClock.now());
    const world = await aConnectWorld({
      world: { clock },
      entry: { clientId: "given", clientSecret: "canary-secret" },
    });
    const redirectUris = [world.url("/connections/notes/callback")];
    const given = { clientId: "given", clientSecret: "canary-secret", redirectUris, native: true };
    world.tools.authorizationServer.setClients([given]);
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const toolServer = { resource: world.tools.url, scopes: ["notes:read"] };
    const thief = await startOidcProvider({ people: [ann], clients: [given], toolServer });
    closeLater(() => thief.stop());
    world.tools.moveTo(thief.issuer);
    // Both are over: the token, and what was found.
    await clock.skip(hours(2));
    const asked = world.latchkey.vault.accessToken({ user, connection: "tool:notes" });
    await expect(asked).rejects.toMatchObject({ code: "grant.needs_reconnect", data: { reason: "issuer_changed" } });
    expect(thief.asked).toEqual([]);
  });

  test("TS-10 an operator who pins the new authorization server gives it the credentials themselves", async () => {
    const entry = { id: "notes", clientId: "given", clientSecret: "a-secret" };
    const world = await aConnectWorld({ entry });
    const { browser } = await world.signsIn();
    await browser.get(world.url("/connections/notes/start"), { follow: false });
    const next = await startOidcProvider({ people: [ann], toolServer: { resource: world.tools.url, scopes: [] } });
    closeLater(() => next.stop());
    world.tools.moveTo(next.issuer);
    const node = await world.node({
      toolServers: [{ ...entry, url: world.tools.url, authorizationServer: next.issuer }],
    });
    const other = world.browserAt(() => node);
    await world.signIn(other, "ann-1");
    const started = new URL((await other.get(world.url("/connections/notes/start"), { follow: false })).location ?? "");
    expect([`${started.origin}`, started.searchParams.get("client_id")]).toEqual([next.issuer, "given"]);
  });

  test("AT-10 a tool server's id that is pointed elsewhere inherits nobody's tokens", async () => {
    const world = await aConnectWorld();
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const thief = await aThief();
    const node = await world.node({ toolServers: [{ id: "notes", url: `${thief.origin}/mcp` }] });
    await expect(node.vault.accessToken({ user, connection: "tool:notes" })).rejects.toMatchObject({
      code: "grant.needs_reconnect",
    });
    await expect(
      node.toolServers.fetch({ user, connection: "tool:notes" })(`${thief.origin}/mcp`),
    ).rejects.toMatchObject({
      code: "grant.needs_reconnect",
    });
    expect(thief.stolen.join()).not.toContain("Bearer");
  });
});

describe("what metadata would have us do to a browser, or to PKCE", () => {
  const leads = [
    "javascript:alert(document.cookie)//authorize",
    "data:text/html,<script>alert(1)</script>",
    "file:///etc/passwd",
    "http://evil.example/authorize",
  ];
  const silent: [what: string, methods: readonly string[] | undefined][] = [
    ["nothing", undefined],
    ["plain", ["plain"]],
  ];
  /** Where a start leads: an origin, and what its query says. */
  async function led(world: ConnectWorld, browser: Browser, path: string) {
    const page = await browser.get(world.url(path), { follow: false });
    const url = new URL(page.location ?? page.url);
    return { origin: url.origin, asked: url.searchParams, page };
  }
  const connecting = async (metadata: Record<string, unknown>, entry: object = {}) => {
    const url = await anAuthorizationServer(metadata);
    const world = await aConnectWorld({ entry: { url, clientId: "given", ...entry } });
    const { browser } = await world.signsIn();
    return { world, ...(await led(world, browser, "/connections/notes/start")) };
  };
  const signingIn = async (over: Record<string, unknown>) => {
    const world = await aConnectWorld();
    world.provider.tweaks.metadata = (metadata) => ({ ...metadata, ...over });
    return { world, ...(await led(world, world.browser(), "/providers/fake/start")) };
  };

  test.each(leads)("AT-40 TS-4 no browser is sent to %s to connect a tool server", async (lead) => {
    const { world, origin, asked, page } = await connecting({ authorization_endpoint: lead });
    expect([origin, asked.get("error")]).toEqual([new URL(world.url("/")).origin, "connect.metadata_refused"]);
    expect(`${page.location} ${page.text}`).not.toContain(lead);
  });

  test.each(leads)("AT-40 SI-2 no browser is sent to %s to sign in", async (lead) => {
    const { world, origin, asked, page } = await signingIn({ authorization_endpoint: lead });
    expect([origin, asked.get("error")]).toEqual([new URL(world.url("/")).origin, "signin.provider_misconfigured"]);
    expect(`${page.location} ${page.text}`).not.toContain(lead);
  });

  const isS256 = (asked: URLSearchParams) => {
    expect(asked.get("code_challenge_method")).toBe("S256");
    expect(Buffer.from(asked.get("code_challenge") ?? "", "base64url")).toHaveLength(32);
  };

  test.each(silent)(
    "AT-42 TS-5 a tool server that says %s of PKCE is refused, and gets S256 where the operator allows it",
    async (_, methods) => {
      const metadata = { code_challenge_methods_supported: methods };
      expect((await connecting(metadata)).asked.get("error")).toBe("connect.pkce_unsupported");
      isS256((await connecting(metadata, { allowMissingPkceMetadata: true })).asked);
    },
  );

  test.each(silent)("AT-42 SI-5 a provider that says %s of PKCE gets S256 all the same", async (_, methods) => {
    isS256((await signingIn({ code_challenge_methods_supported: methods })).asked);
  });
});

describe("AT-41 the registration that everybody shares", () => {
  test.each([
    ["takes documents alone", { registration_endpoint: undefined }, "https://docs.example.com/client.json"],
    ["registers clients as well", {}, "registered-instead"],
  ])(
    "AT-41 TS-7 a browser that says that our document is refused shuts nobody out: a server that %s",
    async (_what, says, next) => {
      const routes: Parameters<typeof aScripted>[0] = {};
      const { origin } = await aScripted(routes);
      Object.assign(routes, {
        "/mcp": { status: 401, headers: { "www-authenticate": "Bearer" } },
        "/.well-known/oauth-protected-resource/mcp": {
          json: { resource: `${origin}/mcp`, authorization_servers: [origin] },
        },
        "/.well-known/oauth-authorization-server": asMetadata(origin, {
          client_id_metadata_document_supported: true,
          ...says,
        }),
        "/register": ({ body }: { body: string }) => ({
          status: 201,
          json: { ...JSON.parse(body), client_id: "registered-instead", token_endpoint_auth_method: "none" },
        }),
      });
      const clientMetadataUrl = "https://docs.example.com/client.json";
      const world = await aConnectWorld({ entry: { url: `${origin}/mcp`, clientMetadataUrl } });
      const { browser } = await world.signsIn();
      const start = async () => {
        const page = await browser.get(world.url("/connections/notes/start"), { follow: false });
        return new URL(page.location ?? "", world.baseUrl).searchParams;
      };
      const asked = await start();
      expect(asked.get("client_id")).toBe(clientMetadataUrl);
      const callback = new URL(asked.get("redirect_uri") ?? "");
      callback.search = String(new URLSearchParams({ state: asked.get("state") ?? "", error: "invalid_client" }));
      expect(errorOf(await browser.get(callback.href))).toBe("connect.client_rejected");
      expect((await start()).get("client_id")).toBe(next);
    },
  );

  test("AT-41 TS-11 a callback that says invalid_client, and a person who starts again and again, make no new one", async () => {
    const world = await aConnectWorld();
    const { browser } = await world.signsIn();
    await world.connects(browser);
    for (const error of ["invalid_client", "unauthorized_client"]) {
      const callback = new URL(await world.approves(browser));
      callback.searchParams.delete("code");
      callback.searchParams.set("error", error);
      expect(errorOf(await browser.get(callback.href))).toBe("connect.client_rejected");
    }
    for (let click = 0; click < 5; click++) await browser.get(world.url("/connections/notes/start"), { follow: false });
    expect(world.tools.authorizationServer.registered()).toHaveLength(1);
  });

  test("TS-11 when the server has lost its clients one new one is made, and people are asked to connect again", async () => {
    const clock = createManualClock();
    const world = await aConnectWorld({ world: { clock } });
    const one = await world.signsIn();
    const two = await world.signsIn("ben-2");
    await world.connects(one.browser);
    await world.connects(two.browser, ben);
    const [lost] = world.tools.authorizationServer.registered();
    world.tools.authorizationServer.loseRegistrations();
    await clock.advance(minutes(61));
    await expect(world.latchkey.vault.accessToken({ user: one.user, connection: "tool:notes" })).rejects.toMatchObject({
      code: "grant.needs_reconnect",
    });
    expect(await held(world, two.user)).toMatchObject([{ status: "needs_reconnect", statusReason: "client_replaced" }]);
    const registered = world.tools.authorizationServer.registered();
    expect(registered).toHaveLength(1);
    expect(registered[0]).not.toBe(lost);
    expect((await world.connects(one.browser)).url).toBe(world.url("/account?done=connected"));
    expect(await held(world, one.user)).toMatchObject([{ status: "active", clientId: registered[0] }]);
  });
});

describe("TS-19 who may use it", () => {
  test("TS-19 is asked at the start, at the callback and at every use", async () => {
    const world = await aConnectWorld();
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const closed = { id: "notes", url: world.tools.url, access: { roles: [], groups: ["ops"] } };
    const node = await world.node({ toolServers: [closed] });
    const callback = await world.approves(browser);
    const cookie = browser.cookies.header(callback) ?? "";
    const headers = { cookie, accept: "application/json" };
    const late = await node.fetch(new Request(callback, { headers }));
    expect(await late.json()).toMatchObject({ code: "connect.access_refused" });
    const start = await node.fetch(new Request(world.url("/connections/notes/start"), { headers }));
    expect(await start.json()).toMatchObject({ code: "connect.access_refused", status: 403 });
    for (const use of [
      node.vault.accessToken({ user, connection: "tool:notes" }),
      node.toolServers.fetch({ user, connection: "tool:notes" })(world.tools.url),
    ])
      await expect(use).rejects.toMatchObject({ code: "connect.access_refused" });
    expect(codesSent(world)).toBe(1);
  });
});
