/** TS-18: `latchkey tool-server add | list | test | remove` beside servers that run, and real tool servers. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openAdministration } from "../src/administration.js";
import { idOf } from "../src/cli/new-tool-server.js";
import { loadConfig } from "../src/config/load.js";
import { silentLog } from "../src/kernel/log.js";
import { after, hours, minutes, systemClock } from "../src/kernel/time.js";
import { createManualClock } from "../src/testing/manual-clock.js";
import { startOidcProvider } from "./provider/oidc-provider.js";
import { aCommandLine, type CommandLine } from "./support/command-line.js";
import {
  aConnectWorld,
  ann,
  ben,
  type ConnectWorld,
  closeLater,
  loseToolServer,
  textOf,
} from "./tool-servers/connect-setting.js";
import { type Answer, aStranger, asMetadata } from "./tool-servers/setting.js";

/** The command line of whoever operates this world. */
const operating = (world: ConnectWorld): Promise<CommandLine> => aCommandLine({ ...world.config });

const configOf = async ({ database }: CommandLine) =>
  (await loadConfig({ file: join(database, "..", "latchkey.json"), cwd: join(database, ".."), env: {} })).config;

const withoutAny = () => aConnectWorld({ world: { config: { toolServers: [], roles: { default: "user" } } } });

const statusOf = async (world: ConnectWorld, user: string) =>
  (await world.latchkey.toolServers.status(user)).map(({ connection, status }) => [connection, status]);

/** Why what somebody connected at a server that is there is revoked nowhere. */
const foreign = "its authorization server, or our client there, is another now";

const beside = { egress: { allow: ["127.0.0.1"], allowHttp: ["127.0.0.1"] } };

describe("tool-server add", () => {
  test("TS-18 shows what was found and what will be used and why, and every node offers it from its next request on", async () => {
    const world = await withoutAny();
    const other = await world.node();
    const line = await operating(world);
    const { user, browser } = await world.signsIn();
    expect(await statusOf(world, user)).toEqual([]);
    const added = await line.run("tool-server", "add", world.tools.url, "--id", "notes", "--name", "Notes", "--yes");
    expect([added.code, added.err]).toEqual([0, ""]);
    for (const told of [world.tools.url, world.tools.authorizationServer.issuer, "dynamic registration (RFC 7591)"])
      expect(added.out).toContain(told);
    expect(added.out).toContain("since baseUrl is not public");
    expect(added.out).toContain(world.url("/connections/notes/callback"));
    expect(await statusOf(world, user)).toEqual([["tool:notes", "not_connected"]]);
    expect((await other.toolServers.status(user)).map(({ connection }) => connection)).toEqual(["tool:notes"]);
    // It is as good as one of the file: connected in a browser, and used with the official client.
    await world.connects(browser);
    const client = await world.client(user);
    const tools = await client.listTools();
    expect(tools.tools.length).toBeGreaterThan(0);
    expect(textOf(await client.callTool({ name: "list-notes" }))).toBeTypeOf("string");
    const trail = (await world.store.audit.list({ limit: 9 }, { type: "tool_server.added" })).items;
    expect(trail.map(({ actor, target }) => [actor.kind, target.id])).toEqual([["operator", "notes"]]);
  });

  test("TS-18 VA-5 credentials are sealed, and no command shows them", async () => {
    const stranger = await aStranger();
    const line = await aCommandLine(beside);
    await line.write("secret", "canary-client-secret\n");
    const words = ["--client-id", "their-id", "--client-secret-file", "secret", "--id", "wiki", "--yes", "--json"];
    const added = await line.run("tool-server", "add", `${stranger.origin}/mcp`, ...words);
    expect(added.json()).toMatchObject({
      added: true,
      report: { id: "wiki", uses: { registration: "static", clientId: "their-id", scopes: ["read"] } },
    });
    const listed = await line.run("tool-server", "list", "--json");
    const printed = [added.out, listed.out, (await line.run("tool-server", "list")).out].join();
    expect(printed).not.toContain("canary");
    for (const one of [line.database, `${line.database}-wal`])
      expect((await readFile(one)).includes("canary-client-secret")).toBe(false);
    expect(listed.json().items).toMatchObject([{ id: "wiki", source: "stored", registration: "auto" }]);
  });

  test("TS-18 --dry-run shows all of it and adds nothing; where nobody can be asked, --yes is needed", async () => {
    const stranger = await aStranger();
    const line = await aCommandLine(beside);
    const looked = await line.run(
      "tool-server",
      "add",
      `${stranger.origin}/mcp`,
      "--id",
      "wiki",
      "--dry-run",
      "--json",
    );
    expect([looked.code, looked.json().added, looked.json().report.issuer]).toEqual([0, false, stranger.origin]);
    const unasked = await line.run("tool-server", "add", `${stranger.origin}/mcp`, "--id", "wiki");
    expect([unasked.code, unasked.err]).toEqual([2, expect.stringContaining("--yes")]);
    expect(await line.store.toolServers.all()).toEqual([]);
  });

  test.each<[string, number, string, (origin: string) => Record<string, Answer>]>([
    [
      "names another resource",
      1,
      "connect.metadata_refused",
      (origin) => ({
        "/.well-known/oauth-protected-resource/mcp": {
          json: { resource: "https://bank.example", authorization_servers: [origin] },
        },
      }),
    ],
    [
      "does not do S256",
      1,
      "connect.pkce_unsupported",
      (origin) => ({
        "/.well-known/oauth-authorization-server": asMetadata(origin, { code_challenge_methods_supported: ["plain"] }),
      }),
    ],
    [
      "is in trouble",
      4,
      "connect.server_unreachable",
      () => ({ "/.well-known/oauth-protected-resource/mcp": { status: 503, text: "later" } }),
    ],
  ])("TS-18 one that %s is not added: exit %i, %s, and what it said", async (_what, code, error, over) => {
    const stranger = await aStranger(over);
    const line = await aCommandLine(beside);
    const words = ["tool-server", "add", `${stranger.origin}/mcp`, "--id", "wiki", "--yes"];
    const refused = await line.run(...words, "--json");
    expect([refused.code, refused.json().error.code]).toEqual([code, error]);
    const told = await line.run(...words);
    expect(told.err).toContain(error);
    expect(told.err).toContain("Nothing was added.");
    expect(await line.store.toolServers.all()).toEqual([]);
  });

  test.each([
    ["http://10.0.0.1/mcp", "egress.url_refused", "plain_http"],
    ["https://10.0.0.1/mcp", "egress.address_refused", "private"],
    ["https://127.0.0.2/mcp", "egress.address_refused", "loopback"],
    ["https://93.184.215.14:22/mcp", "egress.url_refused", "port"],
  ])(
    "TS-18 EG-1 %s, which our own rule refuses, is told as that: %s, %s, once, and what allows it",
    async (url, reason, refused) => {
      const line = await aCommandLine();
      const words = ["tool-server", "add", url, "--id", "wiki", "--yes"];
      const { code, err } = await line.run(...words);
      expect(code).toBe(1);
      expect(err).toMatch(new RegExp(`^  refused +${refused}$`, "m"));
      expect(err).toContain("Use https and a public address, or see egress.allowHttp and egress.allow.");
      expect(err.match(new RegExp(`${reason}$`, "gm"))).toHaveLength(1);
      expect((await line.run(...words, "--json")).json().error).toMatchObject({
        code: "connect.metadata_refused",
        operator: expect.stringContaining("egress.allowHttp and egress.allow"),
        data: { reason, refused, at: "server" },
      });
    },
  );

  test("TS-18 SU-2 an id is taken once, by the file or by one that was added; the file hides an added one", async () => {
    const stranger = await aStranger();
    const url = `${stranger.origin}/mcp`;
    const line = await aCommandLine({ ...beside, toolServers: [{ id: "filed", url }] });
    for (const id of ["filed", "wiki", "wiki"]) await line.run("tool-server", "add", url, "--id", id, "--yes");
    const again = await line.run("tool-server", "add", url, "--id", "wiki", "--yes", "--json");
    expect(again.json().error?.code ?? again.out).toBe("connect.server_exists");
    const file = join(line.database, "..", "latchkey.json");
    const config = JSON.parse(await readFile(file, "utf8")) as { toolServers: unknown[] };
    config.toolServers.push({ id: "wiki", url: "https://mcp.example/mcp" });
    await writeFile(file, JSON.stringify(config));
    const { items } = (await line.run("tool-server", "list", "--json")).json();
    expect(items.map(({ id, source }: { id: string; source: string }) => [id, source])).toEqual([
      ["filed", "file"],
      ["wiki", "file"],
      ["wiki", "hidden"],
    ]);
  });

  test("TS-18 what could not stand in the file is refused with every problem, before anything is asked", async () => {
    const line = await aCommandLine();
    const wrong = ["--set", "dpop=perhaps", "--set", "acces.roles=[]", "--role", "emperor", "--yes"];
    const refused = await line.run("tool-server", "add", "http://tools.example/mcp#x", ...wrong);
    expect(refused.code).toBe(2);
    for (const told of ["url", "dpop", "acces", "emperor"]) expect(refused.err).toContain(told);
    const proto = await line.run("tool-server", "add", "https://tools.example/mcp", "--set", "__proto__.x=1", "--yes");
    expect([proto.code, ({} as { x?: unknown }).x]).toEqual([2, undefined]);
    expect((await line.run("tool-server", "add", "nonsense", "--yes")).code).toBe(2);
  });

  test("TS-18 any other key is set by its name, and holds", async () => {
    const stranger = await aStranger((origin) => ({
      "/.well-known/oauth-authorization-server": asMetadata(origin, { code_challenge_methods_supported: undefined }),
    }));
    const line = await aCommandLine(beside);
    const words = ["--id", "wiki", "--set", "allowMissingPkceMetadata=true", "--set", "resource=omit", "--yes"];
    const added = await line.run("tool-server", "add", `${stranger.origin}/mcp`, ...words);
    expect(added.out).toContain("allowMissingPkceMetadata goes on anyway");
    expect(added.out).toContain("left out");
    const tested = await line.run("tool-server", "test", "wiki", "--json");
    expect(tested.json().report?.uses?.resource ?? null).toBeNull();
  });

  test("TS-18 VA-5 a secret that cannot be one is refused without being shown", async () => {
    const line = await aCommandLine();
    const wrong = [
      "--set",
      "clientSecret=90210424242",
      "--set",
      "key=\u00fcber-canary",
      "--set",
      "headers.x-key=canary\u00fc",
    ];
    const refused = await line.run("tool-server", "add", "https://tools.example/mcp", ...wrong, "--yes");
    expect(refused.code).toBe(2);
    for (const told of ["clientSecret", "key"]) expect(refused.err).toContain(told);
    for (const hidden of ["90210424242", "canary"]) expect(refused.err + refused.out).not.toContain(hidden);
  });

  test("TS-18 TS-21 one that needs no person says so, may name a provider of the file, and registers nobody when tested", async () => {
    const stranger = await aStranger();
    const line = await aCommandLine(beside);
    const words = ["--id", "wiki", "--set", "registration=key", "--set", "key=abc", "--yes", "--json"];
    const added = await line.run("tool-server", "add", `${stranger.origin}/mcp`, ...words);
    expect(added.json().report.uses).toMatchObject({ registration: "key", why: "registration is key" });
    expect((await line.run("tool-server", "test", "wiki")).code).toBe(0);
    expect(stranger.asked.filter((one) => one.startsWith("POST /register"))).toEqual([]);
    const named = ["--id", "own", "--set", "registration=provider", "--set", "provider=corp", "--yes"];
    expect((await line.run("tool-server", "add", `${stranger.origin}/mcp`, ...named)).code).toBe(0);
    const nobodys = ["--id", "other", "--set", "registration=provider", "--set", "provider=nobody", "--yes"];
    expect((await line.run("tool-server", "add", `${stranger.origin}/mcp`, ...nobodys)).err).toContain(
      "is no provider",
    );
  });

  test.each([
    ["https://mcp.linear.app/mcp", "linear"],
    ["https://api.githubcopilot.com/mcp/", "githubcopilot"],
    ["https://mcp.atlassian.com/v1/sse", "atlassian"],
    ["https://tools.intern.example.com/mcp", "tools"],
    ["https://wiki/mcp", "wiki"],
  ])("TS-18 without --id %s is %s", (url, id) => {
    expect(idOf(url)).toBe(id);
  });
  test.each(["https://10.0.0.1/mcp", "https://[::1]/mcp", "https://mcp.com"])(
    "TS-18 %s says nothing an id could be made of",
    (url) => {
      expect(() => idOf(url)).toThrow(/--id/);
    },
  );
});

describe("tool-server test", () => {
  test("TS-18 TS-11 registers where that is the way, asks the authorization endpoint, and says what it said", async () => {
    const world = await aConnectWorld();
    const line = await operating(world);
    const tested = await line.run("tool-server", "test", "notes");
    expect([tested.code, tested.err]).toEqual([0, ""]);
    expect(tested.out).toMatch(/Its authorization endpoint (takes our request|answers)/);
    expect(await world.store.registrations.ofConnection("tool:notes")).toMatchObject([{ kind: "dynamic" }]);
  });

  test("TS-18 what the server answered to a registration that failed is shown to the operator", async () => {
    const stranger = await aStranger(() => ({
      "/register": {
        status: 400,
        json: { error: "invalid_client_metadata", error_description: "client_name must be on our list of friends" },
      },
    }));
    const line = await aCommandLine({ ...beside, toolServers: [{ id: "wiki", url: `${stranger.origin}/mcp` }] });
    const tested = await line.run("tool-server", "test", "wiki");
    expect(tested.code).toBe(1);
    expect(tested.err).toContain("connect.registration_refused");
    expect(tested.err).toContain("client_name must be on our list of friends");
    expect(tested.err).not.toContain("Nothing was added");
  });

  test("TS-18 TS-7 where nothing registers us, it says what the operator has to do, with the redirect URI, and is exit 1", async () => {
    const stranger = await aStranger((origin) => ({
      "/.well-known/oauth-authorization-server": asMetadata(origin, { registration_endpoint: undefined }),
    }));
    const line = await aCommandLine({ ...beside, toolServers: [{ id: "wiki", url: `${stranger.origin}/mcp` }] });
    const tested = await line.run("tool-server", "test", "wiki");
    expect(tested.code).toBe(1);
    expect(tested.out).toContain("set clientId");
    expect(tested.out).toContain("http://localhost:3000/auth/connections/wiki/callback");
  });

  test("TS-18 TS-11 an authorization endpoint that only browsers reach is no failure", async () => {
    const stranger = await aStranger((origin) => ({
      "/.well-known/oauth-authorization-server": asMetadata(origin, {
        authorization_endpoint: "https://10.255.255.1/authorize",
      }),
    }));
    const line = await aCommandLine({
      ...beside,
      toolServers: [{ id: "wiki", url: `${stranger.origin}/mcp`, clientId: "x" }],
    });
    const tested = await line.run("tool-server", "test", "wiki", "--json");
    expect([tested.code, tested.json().authorize]).toEqual([
      0,
      { kind: "unclear", by: expect.stringContaining("could not be reached from here (egress.") },
    ]);
  });

  test("TS-18 an authorization endpoint that refuses our request is exit 1", async () => {
    const stranger = await aStranger((origin) => ({
      "/.well-known/oauth-authorization-server": asMetadata(origin, { authorization_endpoint: `${origin}/refuses` }),
    }));
    const line = await aCommandLine({
      ...beside,
      toolServers: [{ id: "wiki", url: `${stranger.origin}/mcp`, clientId: "x" }],
    });
    const tested = await line.run("tool-server", "test", "wiki", "--json");
    expect([tested.code, tested.json().authorize.kind]).toEqual([1, "refused"]);
    expect((await line.run("tool-server", "test", "nobody", "--json")).json().error.code).toBe(
      "connect.server_unknown",
    );
  });
});

describe("tool-server remove", () => {
  test("TS-18 VA-14 nobody can use it from the next request on, and what people had there is revoked at the server", async () => {
    const world = await withoutAny();
    const line = await operating(world);
    await line.run("tool-server", "add", world.tools.url, "--id", "notes", "--yes");
    const { user, browser } = await world.signsIn();
    await world.connects(browser);
    expect(await statusOf(world, user)).toEqual([["tool:notes", "connected"]]);
    expect(world.tools.authorizationServer.tokensOf("ann-there")).toBeGreaterThan(0);
    const unasked = await line.run("tool-server", "remove", "notes");
    expect([unasked.code, unasked.err]).toEqual([2, expect.stringContaining("--yes")]);
    const removed = await line.run("tool-server", "remove", "notes", "--yes", "--json");
    expect(removed.json()).toEqual({ removed: "notes", already: false, ended: 1, revoked: 1, revocable: true });
    expect(await statusOf(world, user)).toEqual([]);
    await expect(world.latchkey.vault.accessToken({ user, connection: "tool:notes" })).rejects.toMatchObject({
      code: "grant.connection_unknown",
    });
    // The running node delivers the revocation: it still knows where, and as whom.
    const left = () => world.tools.authorizationServer.tokensOf("ann-there");
    await expect.poll(left, { timeout: 20_000 }).toBe(0);
    expect((await line.run("tool-server", "list", "--json")).json().items).toEqual([]);
    expect((await line.run("tool-server", "remove", "filed", "--yes")).code).toBe(1);
    // The name is free again.
    expect((await line.run("tool-server", "add", world.tools.url, "--id", "notes", "--yes")).code).toBe(0);
  });

  test("TS-18 SU-2 one that the file hides goes without what people connected at the file's own", async () => {
    const world = await aConnectWorld();
    const line = await operating(world);
    const { user, browser } = await world.signsIn();
    await world.connects(browser);
    const hiding = await aCommandLine({ ...world.config, toolServers: [] });
    expect((await hiding.run("tool-server", "add", world.tools.url, "--id", "notes", "--yes")).code).toBe(0);
    const removed = await line.run("tool-server", "remove", "notes", "--yes", "--json");
    expect(removed.json()).toMatchObject({ removed: "notes", already: false, ended: 0 });
    expect(await statusOf(world, user)).toEqual([["tool:notes", "connected"]]);
    expect((await line.run("tool-server", "remove", "notes", "--yes", "--json")).json().error.code).toBe(
      "connect.server_unknown",
    );
  });

  test("TS-18 one that was removed before is said to be gone already, and one that nobody ever added is none", async () => {
    const stranger = await aStranger();
    const line = await aCommandLine(beside);
    await line.run("tool-server", "add", `${stranger.origin}/mcp`, "--id", "wiki", "--yes");
    const remove = (id: string, ...more: string[]) => line.run("tool-server", "remove", id, "--yes", ...more);
    expect((await remove("wiki")).out).toBe("wiki was removed; 0 connections ended.\n");
    const again = await remove("wiki");
    expect([again.code, again.out]).toEqual([0, "wiki was removed before; nothing was left of it.\n"]);
    expect((await remove("wiki", "--json")).json()).toMatchObject({ removed: "wiki", already: true, ended: 0 });
    expect((await remove("never", "--json")).json().error.code).toBe("connect.server_unknown");
  });

  /** Ann has connected a server that is in no place any more. */
  async function left() {
    const world = await withoutAny();
    const line = await operating(world);
    const add = () => line.run("tool-server", "add", world.tools.url, "--id", "notes", "--yes");
    await add();
    const { user, browser } = await world.signsIn();
    await world.connects(browser);
    const there = world.tools.authorizationServer;
    expect(there.registered()).toHaveLength(1);
    await loseToolServer(world, "notes");
    expect(await statusOf(world, user)).toEqual([]);
    const grants = () => world.store.grants.count("tool:notes");
    expect(await grants()).toBe(1);
    return { world, line, add, there, grants };
  }

  test("TS-18 TS-9 VA-14 what is left of one that was taken out of the file ends, its registration is taken back, and nothing is said to be revoked", async () => {
    const { world, line, there, grants } = await left();
    expect(await line.asked("tool-server", "remove", "notes")).toBe(
      "Remove notes, and what 1 person connected there, which cannot be revoked: where, and as which client, is not known any more?",
    );
    expect(await grants()).toBe(1);
    const listed = async () => (await line.run("tool-server", "list", "--json")).json().items;
    expect(await listed()).toMatchObject([{ id: "notes", source: "left", name: "notes", url: null, createdAt: null }]);
    const removed = await line.run("tool-server", "remove", "notes", "--yes");
    expect(await listed()).toEqual([]);
    expect([removed.code, removed.out]).toEqual([0, "notes was removed; 1 connection ended.\n"]);
    expect(removed.err).toBe("Its tokens cannot be revoked: where, and as which client, is not known any more.\n");
    expect(await grants()).toBe(0);
    expect(await world.store.registrations.all()).toEqual([]);
    await expect.poll(() => there.registered(), { timeout: 20_000 }).toEqual([]);
    const again = await line.run("tool-server", "remove", "notes", "--yes", "--json");
    expect([again.code, again.json().error.code]).toEqual([1, "connect.server_unknown"]);
    const trail = (await world.store.audit.list({ limit: 9 }, { type: "tool_server.removed" })).items;
    expect(trail.map(({ target }) => target.id)).toEqual(["notes"]);
  });

  test("TS-18 VA-14 a removal of such a one that is cut off is finished by the next one", async () => {
    const { world, line, grants } = await left();
    const { toolServers, close } = await openAdministration(await configOf(line), { log: silentLog });
    expect(await toolServers.remove("notes")).toEqual({ inUse: true, revocable: false, already: false });
    await close();
    expect(await grants()).toBe(1);
    const removed = await line.run("tool-server", "remove", "notes", "--yes", "--json");
    expect(removed.json()).toEqual({ removed: "notes", already: false, ended: 1, revoked: 0, revocable: false });
    expect(await grants()).toBe(0);
    // Nothing waits a day for a server that nobody knows.
    expect(await world.store.outbox.due(after(systemClock.now(), hours(1)), 9, "revoke")).toEqual([]);
  });

  test("TS-18 VA-14 a removal that was cut off is in the list until it is finished", async () => {
    const world = await withoutAny();
    const line = await operating(world);
    await line.run("tool-server", "add", world.tools.url, "--id", "notes", "--yes");
    await world.connects((await world.signsIn()).browser);
    const { toolServers, close } = await openAdministration(await configOf(line), { log: silentLog });
    await toolServers.remove("notes");
    await close();
    const listed = (await line.run("tool-server", "list", "--json")).json().items;
    expect(listed).toMatchObject([{ id: "notes", source: "removing", url: world.tools.url }]);
    expect((await line.run("tool-server", "list")).out).toMatch(/^notes +removing/m);
    await line.run("tool-server", "remove", "notes", "--yes");
    expect((await line.run("tool-server", "list", "--json")).json().items).toEqual([]);
  });

  test("TS-18 VA-14 one that is added once more before it is removed is revoked as any other", async () => {
    const { line, add, there, grants } = await left();
    expect((await add()).code).toBe(0);
    const removed = await line.run("tool-server", "remove", "notes", "--yes");
    expect(removed.out).toBe("notes was removed; 1 connection ended and will be revoked.\n");
    expect(await grants()).toBe(0);
    await expect.poll(() => there.tokensOf("ann-there"), { timeout: 20_000 }).toBe(0);
  });

  test("TS-18 TS-10 VA-14 what was got as another client than the server has now is said to end here alone", async () => {
    const { world, line, there, grants } = await left();
    const words = ["--id", "notes", "--client-id", "another", "--yes"];
    expect((await line.run("tool-server", "add", world.tools.url, ...words)).code).toBe(0);
    const removed = await line.run("tool-server", "remove", "notes", "--yes");
    expect([removed.code, removed.out]).toEqual([0, "notes was removed; 1 connection ended.\n"]);
    expect(removed.err).toBe(`It was deleted here and could not be revoked there: ${foreign}.\n`);
    expect(await grants()).toBe(0);
    await expect.poll(() => world.log.text(), { timeout: 20_000 }).toContain("a revocation was given up");
    expect(there.tokensOf("ann-there")).toBeGreaterThan(0);
  });

  test("TS-18 TS-10 VA-14 what another authorization server gave than the server names now is told apart", async () => {
    const clock = createManualClock(systemClock.now());
    const world = await aConnectWorld({ world: { clock, config: { toolServers: [], roles: { default: "user" } } } });
    const line = await operating(world);
    await line.run("tool-server", "add", world.tools.url, "--id", "notes", "--yes");
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const other = await startOidcProvider({
      people: [ann, ben],
      toolServer: { resource: world.tools.url, scopes: ["notes:read"] },
    });
    closeLater(() => other.stop());
    world.tools.moveTo(other.issuer);
    world.tools.refuseAll = true;
    await clock.advance(minutes(1));
    await world.latchkey.toolServers.fetch({ user, connection: "tool:notes" })(world.tools.url, { method: "POST" });
    world.tools.refuseAll = false;
    const removed = await line.run("tool-server", "remove", "notes", "--yes", "--json");
    expect([removed.code, removed.json()]).toEqual([
      0,
      { removed: "notes", already: false, ended: 1, revoked: 0, revocable: true },
    ]);
  });

  test("TS-18 TS-10 a name is free for another server with credentials of its own", async () => {
    const [one, other] = [await aStranger(), await aStranger()];
    const line = await aCommandLine(beside);
    const add = (origin: string) =>
      line.run("tool-server", "add", `${origin}/mcp`, "--id", "wiki", "--client-id", "same", "--yes");
    expect((await add(one.origin)).code).toBe(0);
    await line.run("tool-server", "test", "wiki");
    await line.run("tool-server", "remove", "wiki", "--yes");
    expect((await add(other.origin)).code).toBe(0);
    expect((await line.run("tool-server", "test", "wiki")).err).not.toContain("connect.issuer_changed");
  });
});
