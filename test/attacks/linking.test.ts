/**
 * Linking as a way into somebody else's account (AT-7, AT-12, AT-17, AT-53, AT-55): flows that are finished elsewhere,
 * identities that are somebody's, names in the request, and what leaks on the way.
 */
import { afterEach, describe, expect, test } from "vitest";
import { seconds } from "../../src/kernel/time.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import {
  add,
  auditTypes,
  beginAdding,
  errorOf,
  finish,
  identitiesOf,
  identityOf,
  onward,
  pressAdd,
  remove,
  userIdOf,
} from "../support/sign-in-methods.js";
import { createTwoProviders, type TwoProviders } from "../support/two-providers.js";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const world of open.splice(0).reverse()) await world.close();
});
async function aWorld(options: Parameters<typeof createTwoProviders>[0] = {}): Promise<TwoProviders> {
  const config = { roles: { default: "user" }, ...options.config };
  const world = await createTwoProviders({ ...options, config });
  open.push(world);
  world.other.people.set("eve-o", { sub: "eve-o", email: "eve@elsewhere.example" });
  world.other.people.set("ann-o", { sub: "ann-o", email: "ann@elsewhere.example" });
  return world;
}
/** Ann and Ben, each signed in in a browser of their own. */
async function annAndBen(world: TwoProviders) {
  const [ann, ben] = [world.browser(), world.browser()];
  await world.signIn(ann, "ann-1");
  await world.signIn(ben, "ben-2");
  return { ann, ben, annId: await userIdOf(world, ann), benId: await userIdOf(world, ben) };
}
/** Plants every cookie of a flow that one browser holds in another. */
function plantFlow(from: ReturnType<TwoProviders["browser"]>, to: ReturnType<TwoProviders["browser"]>, url: string) {
  const pairs = (from.cookies.header(url) ?? "").split("; ").filter((pair) => pair.startsWith("latchkey-flow-"));
  for (const pair of pairs) to.cookies.set(url, `${pair}; Path=/`);
  return pairs.length;
}

describe("AT-12 a link flow in another session", () => {
  test("AT-12 AC-4 SI-8 AT-17 one that the attacker began, planted in the victim's browser, gives neither anything", async () => {
    const world = await aWorld();
    const { ann: victim, annId, ben: attacker, benId } = await annAndBen(world);
    const callback = await beginAdding(world, attacker, "other", "eve-o");
    expect(plantFlow(attacker, victim, world.url("/account"))).toBe(1);
    const before = victim.cookies.header(world.url("/session"))?.match(/latchkey=[^;]+/)?.[0];
    expect(errorOf(await finish(victim, callback))).toBe("link.session_changed");
    for (const user of [annId, benId]) expect(await identitiesOf(world, user)).toHaveLength(1);
    expect(await world.store.identities.bySubject(world.other.issuer, "eve-o")).toBeUndefined();
    // Nothing was sent, the victim is who they were, and the flow is gone from their browser.
    expect(world.other.requestsTo("token")).toEqual([]);
    expect(victim.cookies.header(world.url("/session"))).toContain(before);
    expect(await userIdOf(world, victim)).toBe(annId);
    // It was a good flow: in the browser that it belongs to it works.
    expect(errorOf(await finish(attacker, callback))).toBeNull();
    expect(await identitiesOf(world, benId)).toHaveLength(2);
  });

  test("AT-12 AC-4 nor in another session of the same person, signed out, or after signing in as somebody else", async () => {
    const world = await aWorld();
    const { ann, annId } = await annAndBen(world);
    const callback = await beginAdding(world, ann, "other", "ann-o");
    const elsewhere = world.browser();
    await world.signIn(elsewhere, "ann-1");
    plantFlow(ann, elsewhere, world.url("/account"));
    expect(errorOf(await finish(elsewhere, callback))).toBe("link.session_changed");

    const nobody = world.browser();
    plantFlow(ann, nobody, world.url("/account"));
    const page = await finish(nobody, callback);
    expect([new URL(page.url).pathname, errorOf(page)]).toEqual(["/auth/sign-in", "link.session_changed"]);
    expect((await world.session(nobody)).status).toBe(401);

    await ann.post(world.url("/sign-out"));
    await world.signIn(ann, "ben-2");
    expect(errorOf(await finish(ann, callback))).toBe("link.session_changed");
    expect(await identitiesOf(world, annId)).toHaveLength(1);
    expect(await world.store.identities.bySubject(world.other.issuer, "ann-o")).toBeUndefined();
  });

  test("AT-12 AC-4 a session that ends on the way takes its flow with it, also in the last moment", async () => {
    const world = await aWorld();
    const { ann, annId } = await annAndBen(world);
    world.overtake("delete from sessions");
    expect(errorOf(await add(world, ann, "other", "ann-o"))).toBe("link.session_changed");
    expect(await identitiesOf(world, annId)).toHaveLength(1);
    expect((await auditTypes(world, "identity.link_refused")).map(({ code }) => code)).toEqual([
      "link.session_changed",
    ]);
  });

  test("AT-12 AC-4 a person who is switched off on the way adds nothing", async () => {
    const world = await aWorld();
    const { ann, annId } = await annAndBen(world);
    world.overtake("update users set disabled_at = 1");
    await add(world, ann, "other", "ann-o");
    expect(await identitiesOf(world, annId)).toHaveLength(1);
  });

  test("AT-12 whose account it is is never read from the request", async () => {
    const world = await aWorld();
    const { ann, annId, ben, benId } = await annAndBen(world);
    await add(world, ben, "other", "eve-o");
    const [bens] = await identitiesOf(world, benId);
    await ann.get(world.url("/account"));
    const named = { user: benId, user_id: benId, userId: benId, session: "x" };
    const begun = await ann.post(world.url(`/account/identities/other/link?${new URLSearchParams(named)}`), named, {
      follow: false,
    });
    const authorization = new URL(onward(begun));
    authorization.searchParams.set("login_hint", "ann-o");
    const answered = await ann.get(authorization.href, { follow: false });
    const callback = new URL(answered.location ?? "");
    callback.searchParams.set("user_id", benId);
    await finish(ann, callback.href);
    expect((await world.store.identities.bySubject(world.other.issuer, "ann-o"))?.userId).toBe(annId);

    // Nor is it for removing: an id of somebody else's is as unknown as one that never was.
    expect(errorOf(await remove(world, ann, bens?.id ?? ""))).toBe("link.not_found");
    const value = ann.cookies.header(world.url("/session"))?.match(/latchkey=([^;]+)/)?.[1] ?? "";
    const headers = { Authorization: `Bearer ${value}` };
    const gone = await world.request(`/api/identities/${bens?.id}?user_id=${benId}`, { method: "DELETE", headers });
    expect([gone.status, ((await gone.json()) as { code: string }).code]).toEqual([404, "link.not_found"]);
    expect(await identitiesOf(world, benId)).toHaveLength(2);
  });

  test("AT-12 AC-4 a start by GET never links, whoever is signed in and whatever it says", async () => {
    const world = await aWorld();
    const { ann, annId } = await annAndBen(world);
    await world.signIn(ann, "ann-o", { provider: "other" });
    expect(await identitiesOf(world, annId)).toHaveLength(1);
    for (const path of ["/account/identities/other/link", "/api/identities/other/link"]) {
      const got = await ann.get(world.url(path), { follow: false });
      expect([path, got.status >= 400, got.location]).toEqual([path, true, undefined]);
    }
  });
});

describe("AT-7 identities that are somebody's", () => {
  test("AT-7 AC-4 one that leads to another account is refused, and leads there still", async () => {
    const world = await aWorld();
    const { ann, annId, ben, benId } = await annAndBen(world);
    await add(world, ben, "other", "eve-o");
    expect(errorOf(await add(world, ann, "other", "eve-o"))).toBe("link.identity_taken");
    expect((await world.store.identities.bySubject(world.other.issuer, "eve-o"))?.userId).toBe(benId);
    expect(await identitiesOf(world, annId)).toHaveLength(1);
    const [refused] = await auditTypes(world, "identity.link_refused");
    expect(refused).toMatchObject({ code: "link.identity_taken", provider: "other", data: { owner: benId } });
  });

  test("AT-7 AC-4 an address makes nobody an owner: only who proves the identity, in their own session, gets it", async () => {
    const world = await aWorld({ config: { signIn: { signUp: true, linking: "verified-email" } } });
    const { ann, annId, ben, benId } = await annAndBen(world);
    // Ben adds an identity that bears Ann's address, unverified or verified: it is his, and Ann's account is as it was.
    world.other.people.set("eve-o", { sub: "eve-o", email: "ann@example.com", emailVerified: true });
    await add(world, ben, "other", "eve-o");
    expect((await identityOf(world, benId, "other")).userId).toBe(benId);
    expect((await world.store.users.byId(benId))?.email).toBe("ben@example.com");
    const browser = world.browser();
    await world.signIn(browser, "eve-o", { provider: "other" });
    expect(await userIdOf(world, browser)).toBe(benId);
    expect(await identitiesOf(world, annId)).toHaveLength(1);
    expect(await userIdOf(world, ann)).toBe(annId);
  });

  test("AT-7 AC-4 a second identity of one issuer is refused, also when two flows race", async () => {
    const world = await aWorld();
    const { ann, annId } = await annAndBen(world);
    const [one, two] = [
      await beginAdding(world, ann, "other", "ann-o"),
      await beginAdding(world, ann, "other", "eve-o"),
    ];
    const [first, second] = await Promise.all([finish(ann, one), finish(ann, two)]);
    expect([errorOf(first), errorOf(second)].sort()).toEqual(["link.issuer_taken", null].sort());
    expect(await identitiesOf(world, annId)).toHaveLength(2);
    expect(errorOf(await pressAdd(world, ann, "other"))).toBe("link.issuer_taken");
  });

  test("AT-7 AC-4 AC-5 an identity outside the allowed domains is no way in, so it is not added", async () => {
    const world = await aWorld({ config: { signIn: { signUp: true, allowedDomains: ["example.com"] } } });
    const { ann, annId } = await annAndBen(world);
    expect(errorOf(await add(world, ann, "other", "ann-o"))).toBe("account.domain_refused");
    expect(await identitiesOf(world, annId)).toHaveLength(1);
  });
});

describe("AC-4 a session that was left open", () => {
  test("AC-4 AT-12 is not enough: neither page nor API changes methods eleven minutes after the sign-in", async () => {
    const clock = createManualClock();
    const world = await aWorld({ clock });
    const { ann, annId } = await annAndBen(world);
    await add(world, ann, "other", "ann-o");
    const identity = await identityOf(world, annId, "other");
    await clock.advance(seconds(601));
    expect(new URL((await pressAdd(world, ann, "other")).url).pathname).toBe("/auth/account/sign-in-again");
    expect(new URL((await remove(world, ann, identity.id)).url).pathname).toBe("/auth/account/sign-in-again");
    const value = ann.cookies.header(world.url("/session"))?.match(/latchkey=([^;]+)/)?.[1] ?? "";
    const headers = { Authorization: `Bearer ${value}` };
    for (const [method, path] of [
      ["POST", "/api/identities/other/link"],
      ["DELETE", `/api/identities/${identity.id}`],
    ] as const) {
      const answer = await world.request(path, { method, headers });
      const { code } = (await answer.json()) as { code: string };
      expect([method, answer.status, code, answer.headers.getSetCookie()]).toEqual([
        method,
        403,
        "link.reauthentication_required",
        [],
      ]);
    }
    expect(await identitiesOf(world, annId)).toHaveLength(2);
  });
});

describe("AT-53 forged requests", () => {
  test("AT-53 SU-5 another site's page can begin nothing and remove nothing, by form or by API", async () => {
    const world = await aWorld();
    const { ann, annId } = await annAndBen(world);
    await add(world, ann, "other", "ann-o");
    const { id } = await identityOf(world, annId, "other");
    const cookie = ann.cookies.header(world.url("/session")) ?? "";
    const requests: [string, string][] = [
      ["POST", "/account/identities/other/link"],
      ["POST", `/account/identities/${id}/unlink`],
      ["POST", "/api/identities/other/link"],
      ["DELETE", `/api/identities/${id}`],
    ];
    const origins: Record<string, string>[] = [{}, { Origin: "null" }, { Origin: "https://evil.example" }];
    for (const [method, path] of requests) {
      for (const origin of origins) {
        // Also with a header that looks like another way to authenticate, and is none.
        for (const more of [{}, { Authorization: "Basic YTpi" }] as Record<string, string>[]) {
          const headers = { Cookie: cookie, Accept: "application/json", ...origin, ...more };
          const answer = await world.request(path, { method, headers });
          const { code } = (await answer.json()) as { code: string };
          expect([method, path, answer.status, code]).toEqual([method, path, 403, "session.origin_refused"]);
          expect(answer.headers.getSetCookie()).toEqual([]);
        }
      }
    }
    expect(await identitiesOf(world, annId)).toHaveLength(2);
  });

  test("AT-53 SU-4 no answer on these paths is kept by a cache or shown in a frame", async () => {
    const world = await aWorld();
    const { ann } = await annAndBen(world);
    const pages = [
      await pressAdd(world, ann, "other"),
      await ann.get(world.url("/account/sign-in-again"), { follow: false }),
      await ann.get(world.url("/account?error=link.identity_taken")),
    ];
    for (const page of pages) {
      expect(page.headers.get("cache-control")).toBe("no-store");
      expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    }
  });
});

describe("AT-55 canaries", () => {
  test("AT-55 VA-2 SI-24 no token, code, state or claim of a link is in a log line, an audit event, a page or a URL", async () => {
    const world = await aWorld();
    const { ann, annId, ben } = await annAndBen(world);
    world.other.people.set("ann-o", {
      sub: "ann-o",
      email: "ann@elsewhere.example",
      claims: { canary: "canary-claim" },
    });
    const canaries = new Map([["claim", "canary-claim"]]);
    world.other.script({
      token: async (honest) => {
        const answer = await honest();
        for (const [name, value] of Object.entries((answer.json ?? {}) as Record<string, unknown>)) {
          if (name.endsWith("_token")) canaries.set(`${name} ${canaries.size}`, String(value));
        }
        return answer;
      },
    });
    const pages = [await add(world, ann, "other", "ann-o")];
    pages.push(await remove(world, ann, (await identityOf(world, annId, "other")).id));
    await add(world, ben, "other", "eve-o");
    pages.push(await add(world, ann, "other", "eve-o"));
    for (const { endpoint, query, form } of world.other.requests) {
      for (const name of ["state", "nonce"]) {
        if (endpoint === "authorize") canaries.set(`${name} ${canaries.size}`, query.get(name) ?? "");
      }
      for (const name of ["code", "code_verifier"]) {
        if (endpoint === "token") canaries.set(`${name} ${canaries.size}`, form.get(name) ?? "");
      }
    }
    expect(canaries.size).toBeGreaterThan(15);
    const audit = await world.store.audit.list({ limit: 200 });
    const types = audit.items.map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(["identity.linked", "identity.unlinked", "identity.link_refused"]));
    const seen = [JSON.stringify(world.log.lines), JSON.stringify(audit.items)];
    for (const page of pages) seen.push(page.url, page.text);
    for (const [name, canary] of canaries) {
      expect(canary.length, name).toBeGreaterThan(8);
      for (const text of seen) expect(text.includes(canary), name).toBe(false);
    }
  });
});
