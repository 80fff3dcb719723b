/** TS-12 to TS-17: a person connects a real MCP server and uses it through the official client. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { describe, expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import { silentLog } from "../../src/kernel/log.js";
import { after, hours, minutes, seconds } from "../../src/kernel/time.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { createFind } from "../../src/tool-servers/find.js";
import type { FoundToolServer } from "../../src/tool-servers/found.js";
import type { ToolServer } from "../../src/tool-servers/tool-server.js";
import { ConsentRequired } from "../../src/vault/consent-required.js";
import { auditTrail } from "../support/shared-file.js";
import { aConnectWorld, ben, type ConnectWorld, closeLater, errorOf, textOf } from "./connect-setting.js";

const list = { name: "list-notes", arguments: {} };
const add = (note: string) => ({ name: "add-note", arguments: { note } });
const tokenRequests = (world: ConnectWorld, grantType: string) =>
  world.tools.authorizationServer.asked.filter(
    ({ path, form }) => path === "/token" && form.get("grant_type") === grantType,
  );
const outbound = (world: ConnectWorld) => world.log.text().split("outbound request").length - 1;
const statusOf = async (world: ConnectWorld, user: string) => (await world.latchkey.toolServers.status(user))[0];

/** The error that a call of the client ended with; the client may have wrapped it. */
async function failureOf(work: Promise<unknown>): Promise<{ code?: string; cause?: unknown }> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  for (let at = thrown as { cause?: unknown } | undefined; at; at = at.cause as typeof at) {
    if (
      typeof (at as { code?: unknown }).code === "string" &&
      /^(?:grant|connect)\./.test(String((at as { code: string }).code))
    )
      return at;
  }
  throw new Error(`no failure of ours: ${String(thrown)}`);
}

describe("connecting a protected MCP server", () => {
  test("TS-12 TS-13 TS-16 a person connects it, and the official client calls its tools as them", async () => {
    const world = await aConnectWorld();
    const { browser, user } = await world.signsIn();
    const page = await world.connects(browser);
    expect([page.url, page.status]).toEqual([world.url("/account?done=connected"), 200]);
    const client = await world.client(user);
    expect(textOf(await client.callTool(list))).toBe("ann-there has no notes");
    expect(new Set(world.tools.seen.map(({ person }) => person))).toEqual(new Set(["ann-there"]));
    const [grant] = (await world.store.grants.ofUser(user as never)).filter(
      ({ connection }) => connection === "tool:notes",
    );
    expect(grant).toMatchObject({
      issuer: world.tools.authorizationServer.issuer,
      sessionId: null,
      status: "active",
      clientId: world.tools.authorizationServer.registered()[0],
    });
    const connected = (await auditTrail(world.store)).filter(({ type }) => type === "grant.connected");
    expect(connected).toMatchObject([{ actor: { kind: "user", id: user }, connection: "tool:notes" }]);
    expect(connected[0]?.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("TS-12 resource is the metadata's text on authorize, token and refresh, and scopes those of the challenge", async () => {
    const clock = createManualClock();
    const world = await aConnectWorld({ world: { clock } });
    const { browser, user } = await world.signsIn();
    const started = await browser.get(world.url("/connections/notes/start"), { follow: false });
    const asked = new URL(started.location ?? "").searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      resource: world.tools.url,
      scope: "notes:read offline_access",
      prompt: "consent",
      code_challenge_method: "S256",
      redirect_uri: world.url("/connections/notes/callback"),
    });
    await world.connects(browser);
    await clock.advance(minutes(61));
    await world.latchkey.vault.accessToken({ user, connection: "tool:notes" });
    for (const type of ["authorization_code", "refresh_token"]) {
      const [request] = tokenRequests(world, type);
      expect(request?.form.getAll("resource"), type).toEqual([world.tools.url]);
    }
  });

  test("TS-6 QU-15 the second person reaches the consent page without a single outbound request", async () => {
    const world = await aConnectWorld();
    const first = await world.signsIn();
    await world.connects(first.browser);
    const second = await world.signsIn("ben-2");
    const before = outbound(world);
    const started = await second.browser.get(world.url("/connections/notes/start"), { follow: false });
    expect(new URL(started.location ?? "").origin).toBe(new URL(world.tools.authorizationServer.issuer).origin);
    expect(outbound(world) - before).toBe(0);
    expect(world.tools.authorizationServer.registered()).toHaveLength(1);
  });

  test("TS-16 AT-44 each of two people has their own connection: nobody sees the other's notes", async () => {
    const world = await aConnectWorld();
    const one = await world.signsIn();
    const two = await world.signsIn("ben-2");
    await world.connects(one.browser);
    expect((await failureOf(world.client(two.user))).code).toBe("grant.not_connected");
    await world.connects(two.browser, ben);
    const [mine, theirs] = [await world.client(one.user), await world.client(two.user)];
    expect(textOf(await mine.callTool(list))).toContain("ann-there");
    expect(textOf(await theirs.callTool(list))).toContain("ben-there");
    const tokens = new Map(world.tools.seen.map(({ token, person }) => [token, person]));
    expect([...tokens.values()].sort()).toEqual(["ann-there", "ben-there"]);
  });

  test("TS-13 connecting again puts the new grant in the place of the old; a cancelled one leaves it", async () => {
    const world = await aConnectWorld();
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const held = async () =>
      (await world.store.grants.ofUser(user as never)).filter(({ connection }) => connection === "tool:notes");
    const [before] = await held();
    const callback = new URL(await world.approves(browser));
    callback.searchParams.delete("code");
    callback.searchParams.set("error", "access_denied");
    const denied = await browser.get(callback.href);
    expect(new URL(denied.url).searchParams.get("error")).toBe("connect.denied");
    expect(await held()).toEqual([before]);
    await world.connects(browser);
    const [after, ...more] = await held();
    expect(more).toEqual([]);
    expect(after).toMatchObject({ id: before?.id, status: "active" });
    expect(after?.sealed).not.toBe(before?.sealed);
    expect((await world.client(user)).getServerVersion()?.name).toBe("notes");
  });

  test("TS-12 the person comes back to where they started, if that is here", async () => {
    const world = await aConnectWorld();
    const { browser } = await world.signsIn();
    expect((await world.connects(browser, undefined, "?return_to=/auth/account?tab=tools")).url).toBe(
      world.url("/account?tab=tools"),
    );
    expect((await world.connects(browser, undefined, "?return_to=//evil.example")).url).toBe(
      world.url("/account?done=connected"),
    );
  });
});

describe("using it", () => {
  test("VA-7 TS-16 twenty calls of the client at the expiry make one refresh, and rotation ends nothing", async () => {
    const clock = createManualClock();
    const world = await aConnectWorld({ world: { clock } });
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const client = await world.client(user);
    for (const round of [1, 2, 3]) {
      await clock.advance(minutes(61));
      const answers = await Promise.all(Array.from({ length: 20 }, () => client.callTool(list)));
      expect(new Set(answers.map(textOf))).toEqual(new Set(["ann-there has no notes"]));
      expect(tokenRequests(world, "refresh_token")).toHaveLength(round);
    }
  });

  test("TS-16 a 401 makes one refresh and one retry; one that stays has the server looked at anew, and is told", async () => {
    const clock = createManualClock();
    const world = await aConnectWorld({ world: { clock } });
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const client = await world.client(user);
    await clock.advance(seconds(30));
    world.tools.refuseAll = true;
    const probes = world.tools.refused.filter((token) => token === "none").length;
    await expect(client.callTool(list)).rejects.toThrow();
    expect(tokenRequests(world, "refresh_token")).toHaveLength(1);
    expect(world.tools.refused.filter((token) => token === "none").length).toBe(probes + 1);
    world.tools.refuseAll = false;
    expect(textOf(await client.callTool(list))).toContain("ann-there");
  });

  test("TS-14 a tool that needs more is a question to the person; answered, the same tool works", async () => {
    const world = await aConnectWorld();
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const client = await world.client(user);
    const failure = await failureOf(client.callTool(add("buy milk")));
    expect(failure).toBeInstanceOf(ConsentRequired);
    const { scopes, connectUrl } = failure as ConsentRequired;
    expect([scopes, connectUrl]).toEqual([["notes:write"], world.url("/connections/notes/start")]);
    expect(tokenRequests(world, "refresh_token")).toHaveLength(0);
    expect(await statusOf(world, user)).toMatchObject({ status: "needs_consent" });

    const started = await browser.get(connectUrl, { follow: false });
    // What was asked for before comes along: consent to less would take it away.
    expect(new URL(started.location ?? "").searchParams.get("scope")?.split(" ").sort()).toEqual([
      "notes:read",
      "notes:write",
      "offline_access",
    ]);
    await world.connects(browser);
    expect(textOf(await client.callTool(add("buy milk")))).toBe("ann-there has 1 note(s)");
    expect(await statusOf(world, user)).toMatchObject({ status: "connected" });
  });

  test("TS-14 VA-14 what was asked before goes with a disconnect: who connects anew is asked for what anybody is", async () => {
    const world = await aConnectWorld();
    const { browser, user } = await world.signsIn();
    const scopeAsked = async () => {
      const started = await browser.get(world.url("/connections/notes/start"), { follow: false });
      return new URL(started.location ?? "").searchParams.get("scope");
    };
    const atFirst = await scopeAsked();
    await world.connects(browser);
    await failureOf((await world.client(user)).callTool(add("x")));
    await world.latchkey.vault.disconnect({ user, connection: "tool:notes" });
    expect(await scopeAsked()).toBe(atFirst);
  });

  test("TS-10 TS-4 a guess ends no grant: documents that are away for a while say nothing of another server", async () => {
    const world = await aConnectWorld();
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const { store, clock } = world;
    const find = createFind({ store, clock, log: silentLog }, async () => ({
      ...({} as FoundToolServer),
      status: "protected",
      authorizationServer: { issuer: "https://guessed.example" },
      authorizationServerFrom: "fallback",
    }));
    await find({ id: "notes", connection: "tool:notes" } as ToolServer);
    const grants = await store.grants.ofUser(user as never);
    expect(grants.find(({ connection }) => connection === "tool:notes")).toMatchObject({ status: "active" });
  });

  test("VA-14 a person who is deleted leaves no token alive at a tool server", async () => {
    const world = await aConnectWorld();
    await world.signsIn("ben-2");
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const resolved = resolveConfig(world.config);
    if (!resolved.ok) throw new Error("configuration");
    const administration = await openAdministration(resolved.value, { store: world.store, log: silentLog });
    await administration.deleteUser(user);
    const events = await auditTrail(world.store);
    expect(events.find(({ type }) => type === "grant.disconnected")).toMatchObject({
      connection: "tool:notes",
      rule: "user_deleted",
    });
    // The command ends; the server that runs takes the row from there.
    expect((await world.store.outbox.due(after(world.clock.now(), hours(1)), 10, "revoke")).length).toBeGreaterThan(0);
  });

  test("TS-14 the scopes of a step-up are kept here: what a link says in its query changes nothing", async () => {
    const world = await aConnectWorld();
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    await failureOf((await world.client(user)).callTool(add("x")));
    const started = await browser.get(world.url("/connections/notes/start?scope=admin&resource=https://evil.example"), {
      follow: false,
    });
    const asked = new URL(started.location ?? "").searchParams;
    expect(asked.get("scope")).not.toContain("admin");
    expect(asked.getAll("resource")).toEqual([world.tools.url]);
  });

  test("TS-14 a server that is never content is told so after three requests, the first included", async () => {
    const world = await aConnectWorld();
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const client = await world.client(user);
    for (const _ of [2, 3]) {
      expect((await failureOf(client.callTool(add("x")))).code).toBe("grant.consent_required");
      // The person is sent there, and comes back with nothing new.
      await browser.get(world.url("/connections/notes/start"), { follow: false });
    }
    expect((await failureOf(client.callTool(add("x")))).code).toBe("connect.consent_exhausted");
    const page = await browser.get(world.url("/connections/notes/start"));
    expect(new URL(page.url).searchParams.get("error")).toBe("connect.consent_exhausted");
  });

  test("TS-16 the official client takes authProvider, too: refresh after a 401, and the question as an error", async () => {
    const clock = createManualClock();
    const world = await aConnectWorld({ world: { clock } });
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const authProvider = world.latchkey.toolServers.authProvider({ user, connection: "tool:notes" });
    const client = new Client({ name: "test", version: "1.0.0" });
    await client.connect(new StreamableHTTPClientTransport(new URL(world.tools.url), { authProvider }));
    closeLater(() => client.close());
    expect(textOf(await client.callTool(list))).toContain("ann-there");
    await clock.advance(seconds(30));
    world.tools.refuseAll = true;
    await expect(client.callTool(list)).rejects.toThrow();
    expect(tokenRequests(world, "refresh_token")).toHaveLength(1);
  });

  test("TS-17 status says where a person stands, without a refresh", async () => {
    const clock = createManualClock();
    const world = await aConnectWorld({ world: { clock } });
    const { browser, user } = await world.signsIn();
    expect(await statusOf(world, user)).toMatchObject({
      connection: "tool:notes",
      name: "Notes",
      status: "not_connected",
      since: null,
    });
    await world.connects(browser);
    await clock.advance(minutes(61));
    expect(await statusOf(world, user)).toMatchObject({
      status: "connected",
      scopes: ["notes:read"],
    });
    expect(tokenRequests(world, "refresh_token")).toHaveLength(0);
    await world.latchkey.vault.disconnect({ user, connection: "tool:notes" });
    expect(await statusOf(world, user)).toMatchObject({ status: "not_connected" });
    await world.tools.stop();
    const fresh = await aConnectWorld({ entry: { url: world.tools.url } });
    expect(await statusOf(fresh, (await fresh.signsIn()).user)).toMatchObject({ status: "unreachable" });
  });

  test("VA-14 TS-17 disconnecting takes it away here at once, and at its authorization server", async () => {
    const world = await aConnectWorld();
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const { tools } = world;
    expect(tools.authorizationServer.tokensOf("ann-there")).toBeGreaterThan(0);
    const account = await browser.get(world.url("/account"));
    const form = account.forms.findIndex(({ action }) => action.endsWith("/disconnect"));
    const page = await browser.submit(account, {}, { form });
    expect(page.url).toBe(world.url("/account?done=disconnected"));
    expect(await statusOf(world, user)).toMatchObject({ status: "not_connected" });
    await expect.poll(() => tools.authorizationServer.tokensOf("ann-there"), { timeout: 10_000 }).toBe(0);
  });

  test("VA-14 what a node that does not know the server is told to end is left to the nodes that do", async () => {
    const world = await aConnectWorld();
    const { browser, user } = await world.signsIn();
    await world.connects(browser);
    const before = await world.node({ toolServers: [] });
    await before.vault.disconnect({ user, connection: "tool:notes" });
    await before.close();
    await expect.poll(() => world.tools.authorizationServer.tokensOf("ann-there"), { timeout: 20_000 }).toBe(0);
  });

  test("TS-17 SU-17 the API lists and ends connections", async () => {
    const world = await aConnectWorld();
    const { browser } = await world.signsIn();
    await world.connects(browser);
    const listed = (await browser.get(world.url("/api/connections"))).json() as {
      items: Record<string, unknown>[];
      next: null;
    };
    expect(listed.next).toBeNull();
    expect(listed.items.map(({ connection, status }) => [connection, status])).toEqual([
      ["tool:notes", "connected"],
      ["provider:fake", "connected"],
    ]);
    expect(JSON.stringify(listed)).not.toContain(world.tools.seen[0]?.token ?? "no token");
    const cookie = browser.cookies.header(world.url("/api/connections")) ?? "";
    const headers = { cookie, origin: world.baseUrl };
    const ended = await world.request("/api/connections/tool:notes", { method: "DELETE", headers });
    expect(ended.status).toBe(204);
    expect((await world.request("/api/connections/tool:notes", { method: "DELETE", headers })).status).toBe(404);
  });
});

test("AC-20 TS-19 who waits for approval connects nothing, and their token is not handed out: account.pending", async () => {
  const world = await aConnectWorld();
  await world.signsIn("cleo-3");
  const { browser, user } = await world.signsIn();
  await world.connects(browser);
  const callback = await world.approves(browser);
  const asked = world.tools.authorizationServer.asked.length;
  const record = await world.store.users.byId(user as never);
  if (!record) throw new Error("nobody");
  await world.store.transaction(async (tx) => {
    await tx.users.update({ ...record, role: "pending", version: record.version + 1 }, record.version);
    await tx.announcements.append("user", record.id, world.clock.now());
  });
  const start = world.url("/connections/notes/start");
  expect(errorOf(await browser.get(start))).toBe("account.pending");
  const program = await browser.get(start, { headers: { accept: "application/json" } });
  expect([program.status, program.json()]).toMatchObject([403, { code: "account.pending" }]);
  expect(errorOf(await browser.get(callback))).toBe("account.pending");
  const token = world.latchkey.vault.accessToken({ user, connection: "tool:notes" });
  await expect(token).rejects.toThrow("account.pending");
  const used = world.latchkey.toolServers.fetch({ user, connection: "tool:notes" })(world.tools.url);
  await expect(used).rejects.toThrow("account.pending");
  expect(world.tools.authorizationServer.asked).toHaveLength(asked);
});
