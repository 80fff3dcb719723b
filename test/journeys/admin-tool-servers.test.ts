/** TS-18: the admin page of tool servers over HTTP, at real tool servers, beside nodes that run. */
import { describe, expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import { silentLog } from "../../src/kernel/log.js";
import { hours, systemClock } from "../../src/kernel/time.js";
import type { Browser } from "../../src/testing/browser.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import type { WorldOptions } from "../../src/testing/world.js";
import { auditTrail, rowsOf } from "../support/shared-file.js";
import { expectSoon } from "../support/soon.js";
import { aConnectWorld, ann as annThere, type ConnectWorld, loseToolServer } from "../tool-servers/connect-setting.js";
import { startCrowdServer } from "../tool-servers/crowd-server.js";
import { aStranger, asMetadata } from "../tool-servers/setting.js";

/** Ann, an admin, and a world without tool servers. */
async function aSetting(options: WorldOptions = {}) {
  const world = await aConnectWorld({ world: { ...options, config: { toolServers: [], ...options.config } } });
  const { browser: ann, user } = await world.signsIn("ann-1");
  const opens = (path: string, browser = ann) => browser.get(world.url(path));
  const posts = async (path: string, form: Record<string, string>, browser = ann) => {
    await browser.get(world.url("/account"));
    return browser.post(world.url(`/admin/tool-servers${path}`), form);
  };
  const looks = (form: Record<string, string>, browser = ann) => posts("/look", form, browser);
  return { world, ann, user, opens, posts, looks };
}

const outOfReach = "http://127.0.0.1:9/mcp";

const draftIn = ({ text }: { text: string }): string => /name="draft" value="([^"]+)"/.exec(text)?.[1] ?? "";
const valueOf = ({ text }: { text: string }, name: string): string | undefined =>
  new RegExp(`<input[^>]*name="${name}"[^>]*value="([^"]*)"`).exec(text)?.[1];
const statusOf = async (world: ConnectWorld, user: string) =>
  (await world.latchkey.toolServers.status(user)).map(({ connection, status }) => [connection, status]);
const addedOf = async (world: ConnectWorld) =>
  (await world.store.toolServers.all()).filter(({ removedAt }) => removedAt === null).map(({ id }) => id);
/** What an operator at the command line would read. */
async function administering(world: ConnectWorld) {
  const resolved = resolveConfig(world.config);
  if (!resolved.ok) throw new Error("configuration");
  return openAdministration(resolved.value, { log: silentLog });
}

describe("adding", () => {
  test("TS-18 what was found and what will be used is shown before anything is added; then every node offers it", async () => {
    const { world, user, opens, looks, posts } = await aSetting();
    const other = await world.node();
    expect((await opens("/admin/tool-servers")).text).toContain("There is none yet.");
    expect((await opens("/admin/tool-servers/add")).text).toContain('name="url"');
    const preview = await looks({ url: world.tools.url, id: "notes", name: "Notes" });
    for (const told of [
      world.tools.url,
      world.tools.authorizationServer.issuer,
      "dynamic registration (RFC 7591)",
      "since baseUrl is not public",
      world.url("/connections/notes/callback"),
    ])
      expect(preview.text).toContain(told);
    expect(world.tools.authorizationServer.registered()).toEqual([]);
    expect([await addedOf(world), await statusOf(world, user)]).toEqual([[], []]);

    const added = await posts("/add", { draft: draftIn(preview) });
    expect(new URL(added.url).search).toBe("?done=server-added");
    expect(added.text).toContain("added here");
    expect(await statusOf(world, user)).toEqual([["tool:notes", "not_connected"]]);
    await expectSoon(
      async () => (await other.toolServers.status(user)).map(({ connection }) => connection),
      ["tool:notes"],
    );
    const [event] = (await auditTrail(world.store)).filter(({ type }) => type === "tool_server.added");
    expect(event).toMatchObject({ actor: { kind: "user", id: user }, target: { id: "notes" }, address: "127.0.0.1" });
    const { browser: ben } = await world.signsIn("ben-2");
    expect((await world.connects(ben, annThere)).text).toContain("The tool server is connected.");
  });

  test("TS-18 VA-5 a client secret that was typed is on no page, sealed on its way, and what is used in the end", async () => {
    const stranger = await aStranger((origin) => ({
      "/.well-known/oauth-authorization-server": asMetadata(origin, { registration_endpoint: undefined }),
    }));
    const { world, looks, posts } = await aSetting();
    const typed = {
      url: `${stranger.origin}/mcp`,
      id: "wiki",
      roles: "user",
      scopes: "a  b",
      groups: "staff\r\nfriends",
    };
    const secret = { clientId: "their-id", clientSecret: "canary-client-secret" };
    // A form that is not right comes back without it, and keeps it.
    const wrong = await looks({ ...typed, ...secret, url: "nonsense" });
    const preview = await looks({ ...typed, clientId: "their-id", clientSecret: "", draft: draftIn(wrong) });
    const again = await posts("/change", { draft: draftIn(preview) });
    const kept = ["url", "id", "scopes", "clientId", "clientSecret"].map((name) => valueOf(again, name));
    expect(kept).toEqual([typed.url, "wiki", "a  b", "their-id", ""]);
    expect(again.text).toContain("staff\nfriends");
    expect(again.text).toContain("The one that you typed is kept");
    const refused = await looks({ ...typed, ...secret, url: outOfReach });
    const second = await looks({ ...typed, clientId: "their-id", clientSecret: "", draft: draftIn(refused) });
    const added = await posts("/add", { draft: draftIn(second) });
    const tested = await posts("/wiki/test", {});
    for (const page of [wrong, preview, again, refused, second, added, tested]) {
      expect(page.status).toBe(200);
      expect(page.text + page.url).not.toContain("canary");
    }
    for (const table of ["tool_servers", "audit_events"])
      expect(JSON.stringify(await rowsOf(world, table))).not.toContain("canary");
    const administration = await administering(world);
    const server = await administration.toolServers.get("wiki");
    await administration.close();
    expect([server.clientId, server.clientSecret?.reveal()]).toEqual(["their-id", "canary-client-secret"]);
    expect([server.scopes, server.access]).toEqual([
      ["a", "b"],
      { roles: ["user"], groups: ["staff", "friends"], users: [] },
    ]);
  });

  test("TS-18 AT-19 AT-52 a draft adds nothing for another admin, in another session, an hour later, or when it was not shown", async () => {
    const clock = createManualClock(systemClock.now());
    const { world, ann, looks, posts } = await aSetting({ clock, config: { roles: { default: "admin" } } });
    const stranger = await aStranger();
    const url = `${stranger.origin}/mcp`;
    const preview = await looks({ url, id: "wiki", clientId: "theirs", clientSecret: "canary-secret" });
    const unseen = await looks({ url: outOfReach, id: "wiki" });
    const draft = draftIn(preview);
    const { browser: ben } = await world.signsIn("ben-2");
    const elsewhere = world.browser();
    await world.signIn(elsewhere, "ann-1");
    const refusedIn = async (form: Record<string, string>, browser: Browser) => {
      const page = await posts("/add", form, browser);
      expect(page.text).toContain("connect.preview_expired");
      expect(await addedOf(world)).toEqual([]);
      return page;
    };
    for (const browser of [ben, elsewhere]) {
      await refusedIn({ draft }, browser);
      // Nor is its secret taken over into what they look at.
      const theirs = await looks({ url, id: "wiki", clientId: "theirs", draft }, browser);
      expect((await posts("/change", { draft: draftIn(theirs) }, browser)).text).not.toContain("is kept");
    }
    const cookie = ann.cookies.header(world.url("/admin")) ?? "";
    for (const form of [{ draft: draftIn(unseen) }, { draft: `${draft}x` }, { draft: "" }, { draft: cookie }, {}])
      await refusedIn(form as Record<string, string>, ann);
    await clock.skip(hours(1));
    const late = await refusedIn({ draft }, ann);
    expect([valueOf(late, "url"), valueOf(late, "clientId"), late.text.includes("is kept")]).toEqual([
      url,
      "theirs",
      false,
    ]);
    const fresh = await looks({ url, id: "wiki" });
    await posts("/add", { draft: draftIn(fresh) });
    expect(await addedOf(world)).toEqual(["wiki"]);
  });

  test("TS-18 TS-10 AT-39 credentials go to the authorization server that the page showed, and to no other", async () => {
    const { world, looks, posts } = await aSetting();
    const secret = { clientId: "given", clientSecret: "canary-secret" };
    const preview = await looks({ url: world.tools.url, id: "notes", ...secret });
    await posts("/add", { draft: draftIn(preview) });
    const thief = await aStranger();
    world.tools.moveTo(thief.origin);
    const tested = await posts("/notes/test", {});
    expect(tested.text).toContain("connect.issuer_changed");
    expect(thief.asked.filter((asked) => asked.includes("authorize"))).toEqual([]);
  });

  test("TS-18 a form that lay open until its secret was forgotten is not looked at without it: it asks for the secret again", async () => {
    const clock = createManualClock(systemClock.now());
    const { world, ann, looks, posts } = await aSetting({ clock });
    const stranger = await aStranger();
    const typed = { url: `${stranger.origin}/mcp`, id: "wiki", clientId: "theirs" };
    const preview = await looks({ ...typed, clientSecret: "canary-secret" });
    const open = await posts("/change", { draft: draftIn(preview) });
    expect(open.text).toContain("The one that you typed is kept");
    await clock.skip(hours(1));
    await world.signIn(ann, "ann-1");
    // Of another session nobody can tell whether there was one; and a form that was altered says nothing.
    for (const draft of [draftIn(open), `${draftIn(open)}x`]) {
      const late = await looks({ ...typed, clientSecret: "", draft });
      expect(late.text).toContain("connect.preview_expired");
      expect(late.text).toContain("type the client secret again");
      expect([valueOf(late, "url"), valueOf(late, "clientId")]).toEqual([typed.url, "theirs"]);
      await posts("/add", { draft: draftIn(late) });
      expect(await addedOf(world)).toEqual([]);
      // Said once: a client without a secret is one as well.
      expect((await looks({ ...typed, clientSecret: "", draft: draftIn(late) })).text).toContain("Add it as wiki");
    }
  });

  test("TS-18 whoever takes the client id out again is rid of its secret as well", async () => {
    const { looks, posts } = await aSetting();
    const stranger = await aStranger();
    const typed = { url: `${stranger.origin}/mcp`, id: "wiki" };
    const preview = await looks({ ...typed, clientId: "theirs", clientSecret: "canary-secret" });
    const changed = await looks({ ...typed, clientId: " ", clientSecret: "", draft: draftIn(preview) });
    expect(changed.text).toContain("Add it as wiki");
    expect((await posts("/change", { draft: draftIn(changed) })).text).not.toContain("is kept");
  });

  test.each([
    ["nonsense", { url: "nonsense" }, ["url"]],
    ["a fragment", { url: "https://mcp.example/mcp#x" }, ["url"]],
    ["a host that names nobody", { url: "https://10.0.0.1/mcp" }, ["id"]],
    [
      "an id, scopes and a role that cannot be",
      { url: "https://mcp.wiki.example/mcp", id: "Wiki!", scopes: 'a"b', roles: "emperor" },
      ["id", "scopes", "roles"],
    ],
    ["a secret without a client", { url: "https://mcp.wiki.example/mcp", clientSecret: "canary" }, ["clientId"]],
  ])("TS-18 %s is told beside its field, and nobody is asked", async (_what, form, fields) => {
    const { looks } = await aSetting();
    const page = await looks(form);
    expect(page.text).toContain("Some of it cannot be used");
    const told = [...page.text.matchAll(/id="(\w+)-note"><strong/g)].map(([, name]) => name);
    expect(told.sort()).toEqual([...fields].sort());
    expect(valueOf(page, "url")).toBe(form.url);
    expect(page.text).not.toContain("canary");
  });

  test("TS-18 one that cannot be used is not added: the page says what the server said, in the words of who asks", async () => {
    const stranger = await aStranger(() => ({
      "/.well-known/oauth-protected-resource/mcp": {
        json: { resource: "https://bank.example", authorization_servers: ["https://bank.example"] },
      },
    }));
    const { world, looks, ann } = await aSetting();
    const form = { url: `${stranger.origin}/mcp`, id: "wiki" };
    const refused = await looks(form);
    expect(refused.text).toContain("connect.metadata_refused");
    expect(refused.text).toContain("https://bank.example");
    expect(valueOf(refused, "url")).toBe(form.url);
    const cookie = ann.cookies.header(world.url("/admin")) ?? "";
    const asks = (accept: string) =>
      world.request("/admin/tool-servers/look", {
        method: "POST",
        headers: { cookie, accept, "accept-language": "de", origin: world.baseUrl },
        body: new URLSearchParams(form),
      });
    expect(await (await asks("text/html")).text()).toContain("Was er veröffentlicht, lässt sich nicht verwenden");
    const program = await asks("application/json");
    expect([program.status, ((await program.json()) as { code: string }).code]).toEqual([
      502,
      "connect.metadata_refused",
    ]);
    expect(await addedOf(world)).toEqual([]);
  });

  test("TS-18 SU-2 an id is taken once; what stands in the file says so, and is not removed here", async () => {
    const stranger = await aStranger();
    const url = `${stranger.origin}/mcp`;
    const { world, looks, posts, opens } = await aSetting({ config: { toolServers: [{ id: "filed", url }] } });
    expect((await looks({ url, id: "filed" })).text).toContain("connect.server_exists");
    const [one, two] = [await looks({ url, id: "wiki" }), await looks({ url, id: "wiki" })];
    await posts("/add", { draft: draftIn(one) });
    const second = await posts("/add", { draft: draftIn(two) });
    expect(second.text).toContain("connect.server_exists");
    expect(valueOf(second, "url")).toBe(url);
    const list = await opens("/admin/tool-servers");
    expect(list.text).toContain("set in the file");
    expect(list.text).not.toContain("/admin/tool-servers/filed/remove");
    expect((await opens("/admin/tool-servers/filed/remove")).status).toBe(404);
    expect((await posts("/filed/remove", {})).status).toBe(404);
    expect((await posts("/nobody/test", {})).status).toBe(404);
    expect(await addedOf(world)).toEqual(["wiki"]);
  });
});

describe("a test", () => {
  test("TS-18 TS-11 registers where that is the way, and says what the authorization endpoint made of it", async () => {
    const { world, looks, posts } = await aSetting();
    await posts("/add", { draft: draftIn(await looks({ url: world.tools.url, id: "notes" })) });
    const tested = await posts("/notes/test", {});
    expect(tested.text).toMatch(/Its authorization endpoint (takes our request|answers)/);
    expect(await world.store.registrations.ofConnection("tool:notes")).toMatchObject([{ kind: "dynamic" }]);
  });

  test("TS-18 what the server answered to a registration that failed is shown, as text", async () => {
    const stranger = await aStranger(() => ({
      "/register": {
        status: 400,
        json: { error: "invalid_client_metadata", error_description: "not on our list of <b>friends</b>" },
      },
    }));
    const toolServers = [{ id: "wiki", url: `${stranger.origin}/mcp` }];
    const { posts } = await aSetting({ config: { toolServers } });
    const tested = await posts("/wiki/test", {});
    expect(tested.text).toContain("connect.registration_refused");
    expect(tested.text).toContain("not on our list of &lt;b&gt;friends");
  });

  test("TS-18 TS-7 where nothing registers us, it says what to do, with the redirect URI", async () => {
    const stranger = await aStranger((origin) => ({
      "/.well-known/oauth-authorization-server": asMetadata(origin, { registration_endpoint: undefined }),
    }));
    const { world, looks } = await aSetting();
    const preview = await looks({ url: `${stranger.origin}/mcp`, id: "wiki" });
    expect(preview.text).toContain("Nobody could connect it yet");
    expect(preview.text).toContain(world.url("/connections/wiki/callback"));
  });

  test("TS-9 TS-18 a test whose server is removed meanwhile leaves no registration behind, here or there", async () => {
    const { world, looks, posts } = await aSetting();
    const server = await startCrowdServer("s0", 600);
    await posts("/add", { draft: draftIn(await looks({ url: server.url, id: "s0" })) });
    let answers = () => {};
    const answering = new Promise<void>((resolve) => {
      answers = resolve;
    });
    const held: string[] = [];
    server.hold = async (path) => {
      if (path !== "/register") return;
      held.push(path);
      await answering;
    };
    const testing = posts("/s0/test", {});
    await expect.poll(() => held).toEqual(["/register"]);
    await posts("/s0/remove", {});
    answers();
    expect((await testing).text).toContain("connect.server_unknown");
    expect(await world.store.registrations.ofConnection("tool:s0")).toMatchObject([{ clientId: null }]);
    await expect.poll(() => server.revoked, { timeout: 15_000 }).toEqual(["Bearer manages-client-1"]);
  });
});

describe("removing", () => {
  test("TS-18 VA-14 says how many people it concerns, ends what they connected, and has it revoked", async () => {
    const { world, user, ann, looks, opens, posts } = await aSetting();
    await posts("/add", { draft: draftIn(await looks({ url: world.tools.url, id: "notes", name: "Notes" })) });
    await world.connects(ann);
    expect(await statusOf(world, user)).toEqual([["tool:notes", "connected"]]);
    const asked = await opens("/admin/tool-servers/notes/remove");
    expect(asked.text).toContain("Remove Notes?");
    expect(asked.text).toContain("People who have connected it: 1.");
    expect(await statusOf(world, user)).toEqual([["tool:notes", "connected"]]);
    const removed = await posts("/notes/remove", {});
    expect(new URL(removed.url).search).toBe("?done=server-removed");
    expect(await statusOf(world, user)).toEqual([]);
    await expect(world.latchkey.vault.accessToken({ user, connection: "tool:notes" })).rejects.toMatchObject({
      code: "grant.connection_unknown",
    });
    const left = () => world.tools.authorizationServer.tokensOf("ann-there");
    await expect.poll(left, { timeout: 20_000 }).toBe(0);
    const events = (await auditTrail(world.store)).filter(({ type }) => /removed|revoked|disconnected/.test(type));
    expect(events.map(({ actor }) => actor)).toEqual(events.map(() => ({ kind: "user", id: user })));
    expect(events.map(({ type }) => type)).toContain("tool_server.removed");
    expect((await opens("/admin/tool-servers/notes/remove")).status).toBe(404);
  });

  test("TS-18 VA-14 SU-9 a removal that was cut off stands in the list with its state and the way to finish it, in either language", async () => {
    const { world, ann, looks, opens, posts } = await aSetting();
    const form = { url: world.tools.url, id: "notes", name: "Notes" };
    await posts("/add", { draft: draftIn(await looks(form)) });
    await world.connects(ann);
    const { toolServers, close } = await administering(world);
    await toolServers.remove("notes");
    await close();
    const list = await opens("/admin/tool-servers");
    const link = /<a [^>]*href="([^"]*\/admin\/tool-servers\/notes\/remove)"[^>]*>([^<]*)</.exec(list.text);
    expect(link?.[2]).toBe("Finish removing");
    for (const told of ["Notes", world.tools.url, "removal cut off", "Connections of people are still there."])
      expect(list.text).toContain(told);
    // Nobody can use it, and there is nothing to test.
    for (const not of ["notes/test", "switched off"]) expect(list.text).not.toContain(not);
    const headers = { cookie: ann.cookies.header(world.url("/admin")) ?? "", "accept-language": "de" };
    const german = await (await world.request("/admin/tool-servers", { headers })).text();
    for (const told of ["Entfernen abgebrochen", "Verbindungen von Personen sind noch da.", "Entfernen abschließen"])
      expect(german).toContain(told);
    // Its id is free all the same.
    expect((await looks(form)).text).toContain("Add it as notes");

    const asked = await opens("/admin/tool-servers/notes/remove");
    expect(asked.text).toContain("People who have connected it: 1.");
    await posts("/notes/remove", {});
    expect(await world.store.grants.count("tool:notes")).toBe(0);
    expect((await opens("/admin/tool-servers")).text).toContain("There is none yet.");
  });

  test("TS-18 VA-14 of one that is nowhere any more it says beforehand that nothing can be revoked, and ends it here", async () => {
    const { world, ann, looks, opens, posts } = await aSetting();
    await posts("/add", { draft: draftIn(await looks({ url: world.tools.url, id: "notes", name: "Notes" })) });
    await world.connects(ann);
    await loseToolServer(world, "notes");
    const list = await opens("/admin/tool-servers");
    expect(list.text).toContain("left over");
    expect(list.text).toContain(`href="${new URL(world.url("/admin/tool-servers/notes/remove")).pathname}"`);
    const asked = await opens("/admin/tool-servers/notes/remove");
    expect(asked.text).toContain("Remove notes?");
    expect(asked.text).toContain(
      "People who have connected it: 1. Their connections end at once, and cannot be revoked",
    );
    expect(new URL((await posts("/notes/remove", {})).url).search).toBe("?done=server-removed");
    expect(await world.store.grants.count("tool:notes")).toBe(0);
    expect((await opens("/admin/tool-servers/notes/remove")).status).toBe(404);
  });

  test("TS-18 SU-2 one that the file hides goes, and what people connected at the file's own stays", async () => {
    const { world, user, ann, opens, posts, looks } = await aSetting();
    await posts("/add", { draft: draftIn(await looks({ url: world.tools.url, id: "notes" })) });
    await world.connects(ann);
    const filed = await world.node({ toolServers: [{ id: "notes", url: world.tools.url }] });
    const there = world.browserAt(() => filed);
    await world.signIn(there, "ann-1");
    const cookie = ann.cookies.header(world.url("/admin")) ?? "";
    const asks = (path: string, init: RequestInit = {}) =>
      filed.fetch(
        new Request(world.url(path), { ...init, headers: { cookie, accept: "text/html", origin: world.baseUrl } }),
      );
    expect(await (await asks("/admin/tool-servers")).text()).toContain("hidden by the file");
    expect(await (await asks("/admin/tool-servers/notes/remove")).text()).toContain("That one stays");
    expect((await asks("/admin/tool-servers/notes/remove", { method: "POST" })).status).toBe(303);
    expect((await filed.toolServers.status(user)).map(({ status }) => status)).toEqual(["connected"]);
    // What is left is the file's, whoever has connected it.
    expect((await asks("/admin/tool-servers/notes/remove")).status).toBe(404);
    expect(await (await asks("/admin/tool-servers")).text()).not.toContain("/admin/tool-servers/notes/remove");
    // A node whose file does not have it knows of no other place that has, and says whose file it means.
    expect((await opens("/admin/tool-servers")).text).toContain("not in the file of this node");
  });
});
