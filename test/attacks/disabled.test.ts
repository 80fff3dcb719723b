/** AT-14: who was switched off stays out: at the door, on the way back from the provider, and with an old session. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import type { UserId } from "../../src/kernel/ids.js";
import { silentLog } from "../../src/kernel/log.js";
import type { Latchkey } from "../../src/latchkey.js";
import type { Store } from "../../src/store/contract.js";
import { auditTrail, createSharedWorld, type SharedWorld } from "../support/shared-file.js";

let world: SharedWorld;
beforeEach(async () => {
  world = await createSharedWorld();
  // Ann is the admin; Ben is the one who will be switched off.
  await world.signIn(world.browser(), "ann-1");
});
afterEach(() => world.close());

const errorOf = (url: string | undefined) => new URL(url ?? "http://none/").searchParams.get("error");
/** As another process does it: through a store of its own on the same file. */
function administration() {
  const resolved = resolveConfig(world.config);
  if (!resolved.ok) throw new Error("configuration");
  return openAdministration(resolved.value, { store: world.store, clock: world.clock, log: silentLog });
}
const disable = async (id: string, disabled = true) => (await administration()).setDisabled(id, disabled);
const benSignsIn = async () => {
  const browser = world.browser();
  await world.signIn(browser, "ben-2");
  const { body } = await world.session(browser);
  return { browser, id: body.user?.id ?? "" };
};

describe("AT-14 a disabled user", () => {
  test("AT-14 LO-6 who signs in at the very moment keeps no session, also when they are switched on again", async () => {
    const { id } = await benSignsIn();
    const late = world.browser();
    const store: Store = {
      ...world.store,
      // The operator's command has read Ben's sessions, and has not written yet.
      async transaction(work) {
        if (late.cookies.header(world.url("/session")) === undefined) await world.signIn(late, "ben-2");
        return world.store.transaction(work);
      },
    };
    const resolved = resolveConfig(world.config);
    if (!resolved.ok) throw new Error("configuration");
    const operator = await openAdministration(resolved.value, { store, clock: world.clock, log: silentLog });
    await operator.setDisabled(id, true);
    expect(late.cookies.header(world.url("/session"))).toBeDefined();
    await disable(id, false);
    expect((await world.session(late)).status).toBe(401);
    expect(await world.store.sessions.ofUser(id as UserId)).toEqual([]);
  });

  test("AT-14 AC-8 LO-6 is out with the next request on every node, and does not come back in", async () => {
    const second = await world.node();
    const { browser, id } = await benSignsIn();
    const elsewhere = world.browserAt(() => second);
    await world.signIn(elsewhere, "ben-2");
    const cookie = browser.cookies.header(world.url("/session")) ?? "";
    const bearer = cookie.split("=")[1] ?? "";
    expect((await elsewhere.get(world.url("/session"))).status).toBe(200);

    await disable(id);
    expect((await world.session(browser)).status).toBe(401);
    expect((await elsewhere.get(world.url("/session"))).status).toBe(401);
    const asBearer = await world.request("/session", { headers: { Authorization: `Bearer ${bearer}` } });
    expect(asBearer.status).toBe(401);
    const request = new Request(world.baseUrl, { headers: { Cookie: cookie } });
    expect([await world.latchkey.sessions.authenticate(request), await second.sessions.authenticate(request)]).toEqual([
      null,
      null,
    ]);
    expect((await browser.get(world.url("/account"))).url).toContain("/sign-in?");
    const page = await world.signIn(world.browser(), "ben-2");
    expect(errorOf(page.url)).toBe("account.disabled");
    expect(await world.store.sessions.ofUser(id as UserId)).toEqual([]);

    // Switched on again, a sign-in works; the sessions of before do not come back.
    await disable(id, false);
    const replay = await world.request("/session", { headers: { Cookie: cookie } });
    expect(replay.status).toBe(401);
    expect((await benSignsIn()).id).toBe(id);
  });

  test("AT-14 AC-8 AC-6 is refused when the callback is already under way, also while the code is being exchanged", async () => {
    const { id } = await benSignsIn();
    const before = await world.store.users.byId(id as UserId);
    const waiting = world.browser();
    const callback = await world.approve(waiting, "ben-2");
    await disable(id);
    const landed = await waiting.get(callback, { from: world.provider.issuer });
    expect(errorOf(landed.url)).toBe("account.disabled");
    await disable(id, false);

    // While the code is being exchanged.
    const late = world.browser();
    const second = await world.approve(late, "ben-2");
    world.provider.next("token", async (honest) => {
      await disable(id);
      return honest();
    });
    expect(errorOf((await late.get(second, { from: world.provider.issuer })).url)).toBe("account.disabled");
    expect((await world.session(late)).status).toBe(401);
    expect(await world.store.sessions.ofUser(id as UserId)).toEqual([]);
    expect(await world.store.grants.ofUser(id as UserId)).toEqual([]);
    expect((await world.store.users.byId(id as UserId))?.lastSignInAt).toBe(before?.lastSignInAt);
    const refused = (await auditTrail(world.store)).filter(({ type }) => type === "sign_in.refused");
    expect(refused.map(({ code, target }) => [code, target.id])).toEqual([
      ["account.disabled", id],
      ["account.disabled", id],
    ]);
  });

  test("AT-14 AC-8 is refused when it happens between looking and writing", async () => {
    const { browser, id } = await benSignsIn();
    const waiting = world.browser();
    const callback = await world.approve(waiting, "ben-2");
    world.overtake(`update users set disabled_at = 1, version = version + 1 where id = '${id}'`);
    expect(errorOf((await waiting.get(callback, { from: world.provider.issuer })).url)).toBe("account.disabled");
    expect((await world.session(waiting)).status).toBe(401);
    expect(await world.store.sessions.ofUser(id as UserId)).toHaveLength(1);
    expect(browser.cookies.all()).toHaveLength(1);
  });

  test("AT-14 AC-3 is not reached by a second provider account with the same verified address either", async () => {
    const { id } = await benSignsIn();
    const second = await world.node({ signIn: { signUp: true, linking: "verified-email" } });
    world.provider.people.set("ben-new", { sub: "ben-new", email: "ben@example.com" });
    await disable(id);
    const browser = world.browserAt(() => second);
    const page = await world.signIn(browser, "ben-new");
    expect(errorOf(page.url)).toMatch(/^(account\.disabled|link\.issuer_taken)$/);
    expect((await browser.get(world.url("/session"))).status).toBe(401);
  });

  test("AT-14 LO-6 nor does a deleted one live on in a session", async () => {
    const { browser, id } = await benSignsIn();
    await (await administration()).deleteUser(id);
    expect((await world.session(browser)).status).toBe(401);
    const again = await benSignsIn();
    expect(again.id).not.toBe(id);
  });
});

describe("AT-14 a disabled provider", () => {
  test("AT-14 AC-8 [option:providers.enabled] lets nobody start, finish, or go on with an old session", async () => {
    let at: Latchkey = world.latchkey;
    const signedIn = world.browserAt(() => at);
    await world.signIn(signedIn, "ben-2");
    const cookie = signedIn.cookies.header(world.url("/session")) ?? "";
    const waiting = world.browserAt(() => at);
    const callback = await world.approve(waiting, "ben-2");
    const exchanged = world.provider.requestsTo("token").length;

    const withHeader = (node: Latchkey) =>
      node.fetch(new Request(world.url("/session"), { headers: { Cookie: cookie } }));
    at = await world.node({}, { enabled: false });
    expect((await withHeader(at)).status).toBe(401);
    const started = await world.browserAt(() => at).get(world.url("/providers/fake/start"));
    expect(errorOf(started.url)).toBe("signin.provider_disabled");
    const landed = await waiting.get(callback, { from: world.provider.issuer });
    expect(errorOf(landed.url)).toBe("signin.provider_disabled");
    expect(world.provider.requestsTo("token")).toHaveLength(exchanged);
    const { items } = (await (await at.fetch(new Request(world.url("/api/providers")))).json()) as { items: unknown[] };
    expect(items).toEqual([]);

    // The same when its entry is gone: another provider has its place.
    const other = {
      id: "another",
      issuer: world.provider.issuer,
      clientId: "latchkey",
      clientSecret: world.provider.client.clientSecret ?? null,
    };
    const without = await world.node({ providers: [other] });
    expect((await withHeader(without)).status).toBe(401);
    at = without;
    expect(errorOf((await world.browserAt(() => at).get(world.url("/providers/fake/start"))).url)).toBe(
      "signin.provider_unknown",
    );
  });
});
