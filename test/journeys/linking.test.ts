/** Adding and removing sign-in methods: what a person sees, what a program gets, and what is written. */
import { afterEach, describe, expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import { systemRandom } from "../../src/crypto/random.js";
import type { GroupId } from "../../src/kernel/ids.js";
import { newId } from "../../src/kernel/ids.js";
import { silentLog } from "../../src/kernel/log.js";
import { seconds, systemClock } from "../../src/kernel/time.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import {
  add,
  approveAt,
  auditTypes,
  beginAdding,
  errorOf,
  finish,
  identitiesOf,
  identityOf,
  pressAdd,
  remove,
  userIdOf,
} from "../support/sign-in-methods.js";
import { createTwoProviders, type TwoProviders } from "../support/two-providers.js";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const world of open.splice(0).reverse()) await world.close();
});

/** Ann, signed in at `fake`, who is `ann-o` at `other`. */
async function withAnn(options: Parameters<typeof createTwoProviders>[0] = {}) {
  const world: TwoProviders = await createTwoProviders({
    ...options,
    config: { roles: { default: "user" }, ...options.config },
  });
  open.push(world);
  world.other.people.set("ann-o", { sub: "ann-o", email: "ann@elsewhere.example", name: "Ann O." });
  const ann = world.browser();
  await world.signIn(ann, "ann-1");
  const bearer = () => ({
    Authorization: `Bearer ${/latchkey=([^;]+)/.exec(ann.cookies.header(world.url("/session")) ?? "")?.[1]}`,
  });
  return { world, ann, annId: await userIdOf(world, ann), bearer };
}

describe("adding a sign-in method", () => {
  test("AC-4 SU-8 SU-17 a person adds a provider by the page's form, and signs in with it from then on", async () => {
    const { world, ann, annId } = await withAnn();
    const session = (await world.session(ann)).body.session?.id;
    const cookie = ann.cookies.header(world.url("/session"));
    const page = await add(world, ann, "other", "ann-o");
    expect([new URL(page.url).pathname, new URL(page.url).search]).toEqual(["/auth/account", "?done=method-added"]);
    expect(page.text).toContain("The sign-in method was added.");
    expect(page.text).toContain("ann@elsewhere.example");
    // No session was made, and the one there is goes on with its cookie.
    expect((await world.session(ann)).body.session?.id).toBe(session);
    expect(ann.cookies.header(world.url("/session"))).toBe(cookie);
    expect(await world.store.sessions.ofUser(annId)).toHaveLength(1);

    const elsewhere = world.browser();
    await world.signIn(elsewhere, "ann-o", { provider: "other" });
    expect(await userIdOf(world, elsewhere)).toBe(annId);
    const user = await world.store.users.byId(annId);
    expect(user).toMatchObject({ email: "ann@example.com", name: "Ann Archer" });
  });

  test("AC-4 AC-3 whoever is refused for an address that is taken is told the safe way, and it works", async () => {
    const { world, ann, annId } = await withAnn();
    world.other.people.set("ann-o", { sub: "ann-o", email: "ann@example.com", emailVerified: true });
    const stranger = world.browser();
    const refused = await world.signIn(stranger, "ann-o", { provider: "other" });
    expect(errorOf(refused)).toBe("link.email_taken");
    expect(refused.text).toContain("Sign in the way you did before, then add this provider on your account page.");
    await add(world, ann, "other", "ann-o");
    await world.signIn(stranger, "ann-o", { provider: "other" });
    expect(await userIdOf(world, stranger)).toBe(annId);
  });

  test("AC-4 SI-24 VA-2 what is written: an identity with sealed claims and its audit event, no session and no grant", async () => {
    const { world, ann, annId } = await withAnn();
    const grants = await world.store.grants.ofUser(annId);
    await add(world, ann, "other", "ann-o");
    const identity = await identityOf(world, annId, "other");
    expect(identity).toMatchObject({ issuer: world.other.issuer, subject: "ann-o", sub: "ann-o", userId: annId });
    expect(identity.claims).toMatch(/^[\w-]+\.\.[\w-]+\./);
    expect(await world.store.grants.ofUser(annId)).toEqual(grants);
    const [event] = await auditTypes(world, "identity.linked");
    const person = { kind: "user", id: annId };
    const data = { identity: identity.id, issuer: world.other.issuer };
    expect(event).toMatchObject({ actor: person, target: person, provider: "other", rule: "account-page", data });
    expect(event?.address).toBe("127.0.0.1");
  });

  test("AC-4 SU-4 the API begins the same flow, and comes back to where the app wants", async () => {
    const { world, ann, annId, bearer } = await withAnn();
    const path = "/api/identities/other/link?return_to=%2Fsettings%3Ftab%3Dlogin";
    const begun = await world.request(path, { method: "POST", headers: bearer() });
    expect(begun.status).toBe(200);
    const { location } = (await begun.json()) as { location: string };
    for (const cookie of begun.headers.getSetCookie()) ann.cookies.set(world.url("/account"), cookie);
    const callback = await approveAt(ann, location, "ann-o");
    const end = await ann.get(callback, { from: world.other.issuer, follow: false });
    expect(end.location).toBe(`${world.baseUrl}/settings?tab=login`);
    expect(await identitiesOf(world, annId)).toHaveLength(2);

    const problems = async (method: string, route: string, headers: Record<string, string> = bearer()) => {
      const answer = await world.request(route, { method, headers });
      return [answer.status, ((await answer.json()) as { code: string }).code];
    };
    expect(await problems("POST", "/api/identities/nobody/link")).toEqual([404, "signin.provider_unknown"]);
    expect(await problems("POST", "/api/identities/other/link")).toEqual([403, "link.issuer_taken"]);
    const own = { Origin: world.baseUrl };
    expect(await problems("POST", "/api/identities/other/link", own)).toEqual([401, "session.missing"]);
    expect(await problems("DELETE", "/api/identities/1", own)).toEqual([401, "session.missing"]);
    expect(await problems("DELETE", "/api/identities/1")).toEqual([404, "link.not_found"]);
  });

  test("SI-7 AC-4 a return path of another origin is replaced by the account page", async () => {
    const { world, ann, bearer } = await withAnn();
    const path = `/api/identities/other/link?return_to=${encodeURIComponent("//evil.example/x")}`;
    const begun = await world.request(path, { method: "POST", headers: bearer() });
    for (const cookie of begun.headers.getSetCookie()) ann.cookies.set(world.url("/account"), cookie);
    const { location } = (await begun.json()) as { location: string };
    const end = await ann.get(await approveAt(ann, location, "ann-o"), { from: world.other.issuer, follow: false });
    expect(end.location).toBe(world.url("/account?done=method-added"));
  });

  test("SI-13 AC-4 who cancels at the provider is back at their account, told that nothing was added", async () => {
    const { world, ann, annId } = await withAnn();
    world.other.signInAs(null);
    const page = await add(world, ann, "other", "nobody-there");
    expect([new URL(page.url).pathname, errorOf(page)]).toEqual(["/auth/account", "signin.denied"]);
    expect(page.text).toContain("Nothing was added to your account.");
    expect(await identitiesOf(world, annId)).toHaveLength(1);
  });

  test.each([5, 6, 7])("AC-4 SI-20 a link that breaks off at point %i leaves nothing behind", async (point) => {
    const armed = { now: false };
    const faults = {
      point(number: number) {
        if (armed.now && number === point) throw new Error("pulled the plug");
      },
    };
    const { world, ann, annId } = await withAnn({ ports: { faults } });
    const callback = await beginAdding(world, ann, "other", "ann-o");
    armed.now = true;
    expect((await finish(ann, callback)).status).toBe(500);
    armed.now = false;
    expect(await identitiesOf(world, annId)).toHaveLength(1);
    expect(await auditTypes(world, "identity.linked")).toEqual([]);
    expect(errorOf(await add(world, ann, "other", "ann-o"))).toBeNull();
  });

  test("AC-4 SI-9.6 a link callback that is opened twice counts once", async () => {
    const { world, ann, annId } = await withAnn();
    const callback = await beginAdding(world, ann, "other", "ann-o");
    const flow = ann.cookies.header(callback)?.match(/latchkey-flow-[^;]+/)?.[0] ?? "";
    await finish(ann, callback);
    ann.cookies.set(callback, `${flow}; Path=/`);
    expect(errorOf(await finish(ann, callback))).toBe("signin.flow_used");
    expect(await identitiesOf(world, annId)).toHaveLength(2);
  });
});

describe("signing in again first", () => {
  test("AC-4 an older sign-in leads through the provider of the session and back, and then it works", async () => {
    const clock = createManualClock();
    const { world, ann, annId } = await withAnn({ clock });
    await clock.advance(seconds(600));
    expect((await pressAdd(world, ann, "other")).status, "ten minutes are not too long").toBe(200);
    await clock.advance(seconds(1));
    const asked = await pressAdd(world, ann, "other");
    expect(new URL(asked.url).pathname).toBe("/auth/account/sign-in-again");
    const href = /href="([^"]+\/start[^"]*)"/.exec(asked.text)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect(new URL(href).pathname).toBe("/auth/providers/fake/start");
    world.provider.signInAs("ann-1");
    const back = await ann.get(href, { from: asked.url });
    expect(new URL(back.url).pathname).toBe("/auth/account");
    expect(back.text).toContain("You have signed in again.");
    expect(errorOf(await add(world, ann, "other", "ann-o"))).toBeNull();
    expect(await identitiesOf(world, annId)).toHaveLength(2);
    // Whoever need not sign in again is not asked to.
    expect(new URL((await ann.get(world.url("/account/sign-in-again"))).url).pathname).toBe("/auth/account");
  });

  test("AC-4 AC-20 a person who waits for approval changes nothing", async () => {
    const { world, annId } = await withAnn({ config: { roles: { default: "pending" } } });
    const ben = world.browser();
    await world.signIn(ben, "ben-2");
    const benId = await userIdOf(world, ben);
    await pressAdd(world, ben, "other");
    expect(world.other.requestsTo("authorize")).toEqual([]);
    const [identity] = await identitiesOf(world, benId);
    await remove(world, ben, identity?.id ?? "");
    expect([await identitiesOf(world, benId), await identitiesOf(world, annId)].map(({ length }) => length)).toEqual([
      1, 1,
    ]);
  });
});

describe("removing a sign-in method", () => {
  test("AC-4 SU-17 the page has a form for it, except for the last one, and says why", async () => {
    const { world, ann, annId } = await withAnn();
    const alone = await ann.get(world.url("/account"));
    expect(alone.text).not.toContain("/unlink");
    expect(alone.text).toContain("This is your only way to sign in, so it cannot be removed. Add another one first.");
    // A warning about a button that is not there would contradict that.
    expect(alone.text).not.toContain("Removing it signs you out here.");
    await add(world, ann, "other", "ann-o");
    expect((await ann.get(world.url("/account"))).text.match(/\/unlink"/g)).toHaveLength(2);
    const page = await remove(world, ann, (await identityOf(world, annId, "other")).id);
    expect(new URL(page.url).search).toBe("?done=method-removed");
    expect((await identitiesOf(world, annId)).map(({ provider }) => provider)).toEqual(["fake"]);
    expect(errorOf(await remove(world, ann, (await identityOf(world, annId, "fake")).id))).toBe("link.last_identity");
    // What was removed may be added again.
    expect(errorOf(await add(world, ann, "other", "ann-o"))).toBeNull();
  });

  test("AC-4 two removals at once leave one, over and over", async () => {
    const { world, ann, annId, bearer } = await withAnn();
    await add(world, ann, "other", "ann-o");
    for (let round = 0; round < 5; round++) {
      const own = await identitiesOf(world, annId);
      expect(own).toHaveLength(2);
      const headers = bearer();
      // The session's own method goes second, so that both are asked by somebody who is signed in. Either may win all the same.
      const { session } = (await world.session(ann)).body;
      const order = own.toSorted((one) => (one.provider === session?.provider ? 1 : -1));
      const answers = await Promise.all(
        order.map(({ id }) => world.request(`/api/identities/${id}`, { method: "DELETE", headers })),
      );
      expect(await identitiesOf(world, annId), `round ${round}`).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
      const refused = answers.find(({ status }) => status !== 204);
      expect([409, 401]).toContain(refused?.status);
      const [left] = await identitiesOf(world, annId);
      const person = { fake: "ann-1", other: "ann-o" } as const;
      const provider = left?.provider === "other" ? "other" : "fake";
      const missing = provider === "other" ? "fake" : "other";
      // By the method that is left: the one that is gone would make a stranger of her.
      if ((await world.session(ann)).status === 401) await world.signIn(ann, person[provider], { provider });
      expect(await userIdOf(world, ann)).toBe(annId);
      await add(world, ann, missing, person[missing]);
    }
  });

  test("AC-4 AC-8 one whose provider is switched off is no way in: the other cannot be removed", async () => {
    const { world, ann, annId, bearer } = await withAnn();
    await add(world, ann, "other", "ann-o");
    const own = world.config.providers.map((entry) => ({ ...entry, enabled: entry.id !== "other" }));
    const node = await world.node({ providers: own });
    const ask = async (provider: string) => {
      const { id } = await identityOf(world, annId, provider);
      const request = new Request(world.url(`/api/identities/${id}`), { method: "DELETE", headers: bearer() });
      return (await node.fetch(request)).status;
    };
    expect(await ask("fake")).toBe(409);
    expect(await ask("other")).toBe(204);
  });

  test("VA-14 its sessions end with it everywhere, their tokens are revoked, and the others stay", async () => {
    const { world, ann, annId } = await withAnn({ otherConfig: { revokeOnSignOut: "never" } });
    await add(world, ann, "other", "ann-o");
    const phone = world.browser();
    await world.signIn(phone, "ann-o", { provider: "other" });
    await remove(world, ann, (await identityOf(world, annId, "other")).id);
    expect([(await world.session(ann)).status, (await world.session(phone)).status]).toEqual([200, 401]);
    expect(await world.store.sessions.ofUser(annId)).toHaveLength(1);
    await expect.poll(() => world.other.requestsTo("revocation").length).toBeGreaterThan(0);
    const types = await world.store.audit.list({ limit: 200 });
    const ended = types.items.filter(({ type, rule }) => type === "session.ended" && rule === "identity_unlinked");
    expect(ended).toHaveLength(1);
    expect(types.items.find(({ type }) => type === "identity.unlinked")).toMatchObject({ provider: "other" });
  });

  test("VA-14 AC-4 who removes the method of the session they are in is signed out here, and gets in by the other", async () => {
    const { world, ann, annId } = await withAnn();
    await add(world, ann, "other", "ann-o");
    expect((await ann.get(world.url("/account"))).text).toContain("Removing it signs you out here.");
    const page = await remove(world, ann, (await identityOf(world, annId, "fake")).id);
    expect(new URL(page.url).pathname).toBe("/auth/signed-out");
    expect((await world.session(ann)).status).toBe(401);
    expect(/latchkey=/.test(ann.cookies.header(world.url("/session")) ?? "")).toBe(false);
    await world.signIn(ann, "ann-o", { provider: "other" });
    expect(await userIdOf(world, ann)).toBe(annId);
  });

  const ruled = {
    config: {
      roles: { default: "user", fromClaims: true, absent: { newUser: "default" } },
      groups: { fromClaims: true, create: true, join: "any" },
    },
  } as const;
  const says = (world: TwoProviders, claims: object) =>
    void world.other.people.set("ann-o", { sub: "ann-o", email: "ann@elsewhere.example", claims: { ...claims } });
  /** Ann, who is no admin: Cleo is. */
  async function withAnnOfMany(options: Parameters<typeof withAnn>[0] = {}) {
    const setting = await withAnn({ ...ruled, ...options });
    const { world, ann } = setting;
    await world.signIn(world.browser(), "cleo-3");
    const cleo = await world.store.users.byEmail("cleo@example.com");
    await world.store.transaction(async (tx) => {
      if (cleo) await tx.users.update({ ...cleo, role: "admin", version: cleo.version + 1 }, cleo.version);
      const her = await tx.users.byId(setting.annId);
      if (her) await tx.users.update({ ...her, role: "user", roleOrigin: "default", version: 9 }, her.version);
      await tx.announcements.append("user", setting.annId, systemClock.now());
    });
    return { ...setting, sees: async () => (await world.session(ann)).body.user };
  }

  test("VA-14 AC-15 what its provider's claims gave goes with it, groups and role, and nothing else", async () => {
    const { world, ann, annId, sees } = await withAnnOfMany();
    const at = systemClock.now();
    const id = newId<GroupId>(at, systemRandom);
    await world.store.transaction(async (tx) => {
      await tx.groups.insert({
        id,
        name: "lunch",
        permissions: {},
        share: "false",
        createdBy: "manual",
        createdAt: at,
      });
      await tx.groups.addMember({ userId: annId, groupId: id, origin: "manual", createdAt: at });
    });
    world.provider.people.set("ann-1", { sub: "ann-1", email: "ann@example.com", claims: { groups: ["rowing"] } });
    await world.signIn(ann, "ann-1");
    says(world, { roles: ["admin"], groups: ["rowing", "lunch", "chess"] });
    expect(errorOf(await add(world, ann, "other", "ann-o"))).toBeNull();
    // At once, in the session that is open.
    expect(await sees()).toMatchObject({ role: "admin", groups: ["chess", "lunch", "rowing"] });
    expect((await world.store.users.byId(annId))?.roleOrigin).toBe("claims:other");
    const [synced] = await auditTypes(world, "groups.synced");
    expect(synced).toMatchObject({ provider: "other", rule: "link", actor: { kind: "user", id: annId } });
    const changed = { rule: "claims:other", data: { from: "user", to: "admin", through: "link" } };
    expect((await auditTypes(world, "role.changed"))[0]).toMatchObject(changed);

    await remove(world, ann, (await identityOf(world, annId, "other")).id);
    expect(await sees()).toMatchObject({ role: "user", groups: ["lunch", "rowing"] });
    const left = await world.store.groups.ofUser(annId);
    expect(left.map(({ group, origin }) => [group.name, origin])).toEqual([
      ["lunch", "manual"],
      ["rowing", `claims:fake ${world.provider.issuer}`],
    ]);
    expect(await world.store.users.byId(annId)).toMatchObject({ role: "user", roleOrigin: "default" });
    const [unlinked] = await auditTypes(world, "identity.unlinked");
    expect(unlinked?.data["groups"]).toEqual(["chess", "lunch", "rowing"]);
    const back = { from: "admin", to: "user", by: "unlink", through: "unlink" };
    expect((await auditTypes(world, "role.changed"))[0]).toMatchObject({ rule: "default", data: back });
  });

  test("VA-14 AC-12 the last admin stays one when the claims that made them one go", async () => {
    const { world, ann, annId } = await withAnnOfMany();
    says(world, { roles: ["admin"] });
    await add(world, ann, "other", "ann-o");
    const cleo = await world.store.users.byEmail("cleo@example.com");
    if (cleo) await world.store.transaction((tx) => tx.users.delete(cleo.id));
    await remove(world, ann, (await identityOf(world, annId, "other")).id);
    expect(await world.store.users.byId(annId)).toMatchObject({ role: "admin" });
    const kept = { kept: "admin", wanted: "user", through: "unlink" };
    expect((await auditTypes(world, "role.last_admin_kept"))[0]?.data).toMatchObject(kept);
  });

  test("AC-4 AC-12 an identity that the role rules would turn away is no way in, so it is not added", async () => {
    const { world, ann, annId, sees } = await withAnnOfMany();
    says(world, { roles: ["guest"], groups: ["chess"] });
    const page = await add(world, ann, "other", "ann-o");
    expect([new URL(page.url).pathname, errorOf(page)]).toEqual(["/auth/account", "account.role_refused"]);
    expect(page.text).toContain("Your sign-in provider gives you no access to this app.");
    expect(await identitiesOf(world, annId)).toHaveLength(1);
    // Nobody is signed out for having tried, and nothing was joined.
    expect(await sees()).toMatchObject({ role: "user", groups: [] });
    expect((await auditTypes(world, "identity.link_refused"))[0]).toMatchObject({ code: "account.role_refused" });
  });

  test("VA-14 LO-8 what was granted for her absence goes too, and is revoked; a deleted person's as well", async () => {
    const scopes = ["openid", "email", "offline_access"];
    const offline = { keepOfflineGrants: true, scopes, revokeOnSignOut: "never" } as const;
    const { world, ann, annId } = await withAnnOfMany({ otherConfig: offline, providerConfig: offline });
    await add(world, ann, "other", "ann-o");
    const [phone, laptop] = [world.browser(), world.browser()];
    await world.signIn(phone, "ann-o", { provider: "other" });
    await world.signIn(laptop, "ann-1");
    for (const [provider, sub] of [
      [world.other, "ann-o"],
      [world.provider, "ann-1"],
    ] as const) {
      const token = await provider.logoutToken({ sid: provider.sidOf(sub) });
      const body = new URLSearchParams({ logout_token: token });
      expect((await world.request("/backchannel-logout", { method: "POST", body })).status).toBe(200);
    }
    const kept = async () => (await world.store.grants.ofUser(annId)).filter(({ sessionId }) => sessionId === null);
    expect((await kept()).map(({ connection }) => connection).sort()).toEqual(["provider:fake", "provider:other"]);
    const asked = { user: annId, connection: "provider:other" };
    expect((await world.latchkey.vault.accessToken(asked)).accessToken).toMatch(/^access-/);

    await remove(world, ann, (await identityOf(world, annId, "other")).id);
    expect((await kept()).map(({ connection }) => connection)).toEqual(["provider:fake"]);
    await expect(world.latchkey.vault.accessToken(asked)).rejects.toMatchObject({ code: "grant.not_connected" });
    await expect.poll(() => world.other.requestsTo("revocation").length).toBe(2);
    const [gone] = await auditTypes(world, "grant.disconnected");
    expect(gone).toMatchObject({ connection: "provider:other", rule: "identity_unlinked" });
    expect(world.provider.requestsTo("revocation")).toEqual([]);

    const resolved = resolveConfig(world.config);
    if (!resolved.ok) throw new Error("configuration");
    const administration = await openAdministration(resolved.value, { log: silentLog });
    await administration.deleteUser("ann@example.com");
    await administration.close();
    expect((await auditTypes(world, "grant.disconnected"))[0]).toMatchObject({
      connection: "provider:fake",
      rule: "user_deleted",
    });
    expect((await world.store.outbox.waiting()).rows + world.provider.requestsTo("revocation").length).toBeGreaterThan(
      0,
    );
  });
});
