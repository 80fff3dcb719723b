/** The admin pages over HTTP: what an admin sees and does takes effect for the person at once (SU-8, SI-19, AC-13, AC-20). */
import { afterEach, describe, expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import type { ConfigInput } from "../../src/config/schema.js";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import type { Browser } from "../../src/testing/browser.js";
import type { WorldOptions } from "../../src/testing/world.js";
import { auditTrail, createSharedWorld, type SharedWorld } from "../support/shared-file.js";

const worlds: SharedWorld[] = [];
afterEach(async () => {
  for (const one of worlds.splice(0)) await one.close();
});

/** Ann, who is an admin, and Ben, who waits. */
async function aSetting(options: WorldOptions = {}) {
  const world = await createSharedWorld(options);
  worlds.push(world);
  const [ann, ben] = [world.browser(), world.browser()];
  await world.signIn(ann, "ann-1");
  await world.signIn(ben, "ben-2");
  const idOf = async (browser: Browser) => (await world.session(browser)).body.user?.id ?? "";
  const [annId, benId] = [await idOf(ann), await idOf(ben)];
  const opens = (path: string, browser = ann) => browser.get(world.url(path));
  const posts = async (path: string, form: Record<string, string> = {}, browser = ann) => {
    await browser.get(world.url("/account"));
    return browser.post(world.url(path), form);
  };
  const sees = async (browser: Browser) => (await world.session(browser)).body.user?.role;
  return { world, ann, ben, annId, benId, opens, posts, sees };
}

describe("people", () => {
  test("AC-20 SU-8 an admin sees how many wait, finds them, and lets one in: it holds in the session that is open", async () => {
    const { world, ben, benId, annId, opens, posts, sees } = await aSetting();
    expect((await opens("/account", ben)).text).toContain("Waiting for approval");
    expect((await opens("/account")).text).toContain('href="/auth/admin/users"');
    const list = await opens("/admin");
    expect(new URL(list.url).pathname).toBe("/auth/admin/users");
    expect(list.text).toContain("People who wait to be let in: 1");
    expect(list.text).toContain("ann@example.com");
    const pending = await opens("/admin/users?role=pending");
    expect(pending.text).toContain(`/auth/admin/users/${benId}`);
    expect(pending.text).not.toContain(`/auth/admin/users/${annId}`);
    expect((await opens("/admin/users?search=NOBODY")).text).toContain("Nobody fits this search.");

    const done = await posts(`/admin/users/${benId}/role`, { role: "user" });
    expect(new URL(done.url).search).toBe("?done=role-set");
    expect(await sees(ben)).toBe("user");
    expect((await opens("/account", ben)).text).not.toContain("Waiting for approval");
    expect((await opens("/admin/users")).text).not.toContain("wait to be let in");
    const changed = (await auditTrail(world.store)).find(({ type }) => type === "role.changed");
    expect(changed).toMatchObject({
      actor: { kind: "user", id: annId },
      target: { kind: "user", id: benId },
      rule: "manual",
      address: "127.0.0.1",
      data: { from: "pending", to: "user" },
    });
  });

  test("AC-8 LO-6 SU-8 switching off ends every session at once; on again, the person has to sign in", async () => {
    const { world, ben, benId, opens, posts } = await aSetting({ config: { roles: { default: "user" } } });
    expect((await opens(`/admin/users/${benId}`)).text).toContain("Open sessions: 1");
    await posts(`/admin/users/${benId}/disable`);
    expect((await world.session(ben)).status).toBe(401);
    expect((await opens(`/admin/users/${benId}`)).text).toContain("Switched off");
    const refused = await world.signIn(ben, "ben-2");
    expect(new URL(refused.url).searchParams.get("error")).toBe("account.disabled");
    await posts(`/admin/users/${benId}/enable`);
    expect((await world.session(ben)).status).toBe(401);
    await world.signIn(ben, "ben-2");
    expect((await world.session(ben)).status).toBe(200);
    const out = await posts(`/admin/users/${benId}/sign-out`);
    expect(out.text).toContain("Every session of this person has ended.");
    expect((await world.session(ben)).status).toBe(401);
  });

  test("LO-6 SU-8 an admin sees where somebody is signed in, and ends one of their sessions; another's is not theirs", async () => {
    const { world, ann, ben, annId, benId, opens, posts } = await aSetting({ config: { roles: { default: "user" } } });
    const phone = world.browser();
    await world.signIn(phone, "ben-2");
    const idOf = async (browser: Browser) => (await world.session(browser)).body.session?.id ?? "";
    const [mine, there, theirs] = [await idOf(ann), await idOf(ben), await idOf(phone)];
    const page = await opens(`/admin/users/${benId}`);
    for (const id of [there, theirs]) expect(page.text).toContain(`/admin/users/${benId}/sessions/${id}/end`);
    expect(page.text).toContain("Chrome on Linux");

    const strange = await posts(`/admin/users/${benId}/sessions/${mine}/end`);
    expect(new URL(strange.url).searchParams.get("error")).toBe("session.not_found");
    expect(strange.text).toContain("There is no such session.");
    const done = await posts(`/admin/users/${benId}/sessions/${theirs}/end`);
    expect([done.url, done.text.includes("The session has ended.")]).toEqual([
      world.url(`/admin/users/${benId}?done=session-ended`),
      true,
    ]);
    const status = async (browser: Browser) => (await world.session(browser)).status;
    expect([await status(ann), await status(ben), await status(phone)]).toEqual([200, 200, 401]);
    const [event] = await auditTrail(world.store);
    expect(event).toMatchObject({
      type: "session.ended",
      rule: "ended_by_operator",
      actor: { kind: "user", id: annId },
      target: { kind: "session", id: theirs },
    });
    const again = await posts(`/admin/users/${benId}/sessions/${theirs}/end`);
    expect(new URL(again.url).searchParams.get("error")).toBe("session.not_found");
  });

  test("AC-12 the last admin cannot be demoted or switched off here either, and the page says why", async () => {
    const { ann, annId, posts, sees } = await aSetting();
    for (const [path, form] of [
      ["role", { role: "user" }],
      ["disable", {}],
    ] as const) {
      const page = await posts(`/admin/users/${annId}/${path}`, form);
      expect(new URL(page.url).searchParams.get("error")).toBe("account.last_admin");
      expect(page.text).toContain("This would leave nobody in charge.");
    }
    const unknown = await posts(`/admin/users/${annId}/role`, { role: "emperor" });
    expect(new URL(unknown.url).searchParams.get("error")).toBe("account.role_unknown");
    expect(await sees(ann)).toBe("admin");
  });

  test("SU-8 AC-11 AC-15 a person's page says why: role, groups and their origin, methods", async () => {
    const roles = { fromClaims: true, absent: { newUser: "default" } } as const;
    const { world, ben, benId, opens } = await aSetting({
      config: { roles, groups: { fromClaims: true, create: true } },
    });
    const claims = { roles: ["user"], groups: ["staff"] };
    world.provider.people.set("ben-2", { sub: "ben-2", email: "ben@example.com", name: "<b>Ben</b>", claims });
    await world.signIn(ben, "ben-2");
    const { text } = await opens(`/admin/users/${benId}`);
    expect(text).toContain("from claims of Fake");
    expect(text).toMatch(/staff<\/span> <span class="small">from Fake/);
    expect(text).toContain(world.provider.issuer);
    expect(text).not.toContain("<b>Ben");
    // Nobody's id is a page that says so, and not a crash.
    expect((await opens("/admin/users/nobody")).status).toBe(404);
  });
});

describe("claims", () => {
  const config = {
    roles: { fromClaims: true, absent: { newUser: "default" }, default: "user" },
    groups: { fromClaims: true, create: true, blocked: ["*-admins"] },
  } satisfies WorldOptions["config"];
  const asks = (claims: unknown, user = "") => ({ provider: "fake", claims: JSON.stringify(claims), user });

  test("SI-19 SU-8 the page says what claims lead to, with the rule, and changes nothing", async () => {
    const { world, opens, posts } = await aSetting({ config });
    expect((await opens("/admin/claims")).text).toContain("Nobody is signed in, and nothing is written.");
    const before = [await auditTrail(world.store), await world.store.users.list({ limit: 9 })];
    const claims = {
      iss: world.provider.issuer,
      sub: "eve-9",
      email: "eve@example.com",
      email_verified: true,
      roles: ["admin"],
      groups: ["staff", "eu-admins"],
    };
    const { text } = await posts("/admin/claims", asks(claims));
    expect(text).toContain("Would sign in");
    expect(text).toContain("by roles.admin: admin");
    expect(text).toContain("made and joined: the claim names it");
    expect(text).toContain("blocked: *-admins");
    expect([await auditTrail(world.store), await world.store.users.list({ limit: 9 })]).toEqual(before);

    const refused = await posts("/admin/claims", asks({ ...claims, sub: "ben-2", roles: ["former"] }));
    expect(refused.text).toContain("Would be refused: account.role_refused");
    expect(refused.text).toContain("by roles.noMatch");
    expect(refused.text).toContain("Every session of this person would end.");
    const asBen = await posts("/admin/claims", asks({ ...claims, email: "ben@example.com" }, "ben@example.com"));
    expect(asBen.text).toContain("known by this identity");
    const foreign = await posts("/admin/claims", asks({ ...claims, iss: "https://evil.example" }));
    expect(foreign.text).toContain("Would not sign in");
  });

  test.each(["", "no JSON", "[]", '"text"', "{"])("SI-19 %j is told to be no claims", async (claims) => {
    const { posts } = await aSetting({ config });
    const page = await posts("/admin/claims", { provider: "fake", claims, user: "" });
    expect([page.status, page.text.includes("They have to be one JSON object.")]).toEqual([200, true]);
  });

  test("SI-19 AT-24 what was asked comes back as text, and an unknown provider or person is told", async () => {
    const { posts } = await aSetting({ config });
    const script = { sub: "</textarea><script>alert(1)</script>", email: "x@example.com" };
    expect((await posts("/admin/claims", asks(script))).text).not.toContain("<script>alert");
    expect((await posts("/admin/claims", { ...asks(script), provider: "none" })).text).toContain(
      "no such sign-in provider",
    );
    expect((await posts("/admin/claims", asks(script, "who@example.com"))).text).toContain("There is no such account.");
  });
});

describe("providers", () => {
  test("LO-5 SI-5 LO-7 LO-10 an admin finds every address to register at each provider, as init prints them", async () => {
    const elsewhere = "https://login.example.com/back";
    const providers: ConfigInput["providers"] = [
      { id: "corp", issuer: "https://idp.example.com", clientId: "x", clientSecret: "canary-secret" },
      { id: "club", issuer: "https://club.example.com", clientId: "x", redirectUri: elsewhere, enabled: false },
      { id: "code", preset: "github", clientId: "x", clientSecret: "y" },
    ];
    const { world, annId, ann } = await aSetting();
    const node = await world.node({ providers: [...world.config.providers, ...providers] });
    const cookie = ann.cookies.header(world.url("/admin")) ?? "";
    const answer = await node.fetch(
      new Request(world.url("/admin/providers"), { headers: { cookie, accept: "text/html" } }),
    );
    const text = await answer.text();
    expect(annId).not.toBe("");
    const card = (id: string) => new RegExp(`<section[^>]*"provider-${id}".*?</section>`, "s").exec(text)?.[0] ?? "";
    const shown = (id: string) => [...card(id).matchAll(/<code[^>]*>([^<]*)<\/code>/g)].map(([, uri]) => uri);
    const logout = (id: string) => [
      world.url("/signed-out"),
      world.url("/backchannel-logout"),
      world.url(`/providers/${id}/frontchannel-logout`),
    ];
    expect(shown("corp")).toEqual([world.url("/providers/corp/callback"), ...logout("corp")]);
    expect(shown("club")).toEqual([elsewhere, ...logout("club")]);
    expect(card("club")).toContain("switched off");
    // It gives no ID token: nobody is signed out by it.
    expect(shown("code")).toEqual([world.url("/providers/code/callback")]);
    expect(text).not.toContain("canary");
  });
});

describe("webhooks", () => {
  test("SI-23 SU-8 a message that was given up is shown, and delivered again from here", async () => {
    const webhook = { id: "crm", url: "https://127.0.0.1:9/in?key=canary", format: "slack" } as const;
    const { world, opens, posts } = await aSetting({ config: { webhooks: [webhook] } });
    const resolved = resolveConfig(world.config);
    if (!resolved.ok) throw new Error("configuration");
    const administration = await openAdministration(resolved.value, { log: silentLog });
    await administration.addUser({ email: "dan@example.com" });
    await administration.close();
    const { items } = await world.store.outbox.list({ limit: 9 }, { kind: "webhook" });
    await world.store.transaction(async (tx) => {
      for (const { id } of items) await tx.outbox.bury(id, "egress.timeout", systemClock.now());
    });
    expect((await opens("/admin/users")).text).toContain(`Messages to webhooks that were given up: ${items.length}`);
    const page = await opens("/admin/webhooks");
    expect(page.text).toContain("Given up");
    expect(page.text).toContain("egress.timeout");
    expect(page.text).not.toContain("canary");
    await posts(`/admin/webhooks/${items[0]?.id}/retry`);
    expect(await world.store.outbox.countDead()).toBe(items.length - 1);
    await posts("/admin/webhooks/retry-all");
    expect(await world.store.outbox.countDead()).toBe(0);
    expect(new URL((await posts("/admin/webhooks/x/retry")).url).search).toBe("");
  });
});

describe("AT-52 who is no admin", () => {
  const pages = (id: string) => [
    "/admin",
    "/admin/users",
    `/admin/users/${id}`,
    "/admin/claims",
    "/admin/webhooks",
    "/admin/providers",
    "/admin/tool-servers",
    "/admin/tool-servers/add",
    `/admin/tool-servers/${id}/remove`,
  ];
  const forms = (id: string) => [
    ...["role", "disable", "enable", "sign-out"].map((what) => `/admin/users/${id}/${what}`),
    `/admin/users/${id}/sessions/${id}/end`,
    "/admin/claims",
    "/admin/webhooks/retry-all",
    `/admin/webhooks/${id}/retry`,
    ...["look", "change", "add", `${id}/test`, `${id}/remove`].map((what) => `/admin/tool-servers/${what}`),
  ];

  test("AT-52 AC-13 sees no page and changes nothing, pending or user, by cookie or Bearer, and when demoted a moment ago", async () => {
    const { world, ann, ben, annId, benId, posts, sees } = await aSetting();
    const tries = async (browser: Browser) => {
      const cookie = browser.cookies.header(world.url("/admin")) ?? "";
      const value = /latchkey=([^;]+)/.exec(cookie)?.[1];
      for (const headers of [
        { cookie, accept: "text/html" },
        { authorization: `Bearer ${value}`, accept: "application/json" },
      ]) {
        for (const path of pages(annId)) {
          const answer = await world.request(path, { headers, redirect: "manual" });
          expect([path, answer.status]).toEqual([path, 403]);
          expect(await answer.text()).not.toContain("ann@example.com");
        }
        for (const path of forms(annId)) {
          const body = new URLSearchParams({ role: "user", provider: "fake", claims: "{}" });
          const init = {
            method: "POST",
            body,
            headers: { ...headers, origin: world.baseUrl },
            redirect: "manual",
          } as const;
          expect([path, (await world.request(path, init)).status]).toEqual([path, 403]);
        }
      }
    };
    await tries(ben);
    await posts(`/admin/users/${benId}/role`, { role: "user" });
    await tries(ben);
    await posts(`/admin/users/${benId}/role`, { role: "admin" });
    expect((await ben.get(world.url("/admin/users"))).status).toBe(200);
    await posts(`/admin/users/${benId}/role`, { role: "user" });
    await tries(ben);
    expect([await sees(ann), (await world.session(ann)).status]).toEqual(["admin", 200]);
  });

  test("AT-52 who is not signed in is sent to sign in, and comes back; a program is told 401", async () => {
    const { world, annId } = await aSetting();
    for (const path of pages(annId)) {
      const answer = await world.request(path, { headers: { accept: "text/html" }, redirect: "manual" });
      const location = new URL(answer.headers.get("location") ?? "");
      expect([answer.status, location.pathname]).toEqual([303, "/auth/sign-in"]);
      expect(location.searchParams.get("return_to")).toBe(`/auth${path}`);
      expect((await world.request(path, { headers: { accept: "application/json" } })).status).toBe(401);
    }
  });
});
