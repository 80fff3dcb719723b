/**
 * AT-2 and AT-7 to AT-11 through real sign-ins: what a provider may be made to say of an attacker, and whose account
 * that never opens.
 */
import { afterEach, describe, expect, test } from "vitest";
import { sha256Hex } from "../../src/crypto/digest.js";
import { systemRandom } from "../../src/crypto/random.js";
import type { UserId } from "../../src/kernel/ids.js";
import { newId } from "../../src/kernel/ids.js";
import { minutes } from "../../src/kernel/time.js";
import { startFakeProvider } from "../../src/testing/fake-provider.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { createWorld, type World } from "../../src/testing/world.js";
import { auditTrail, createSharedWorld } from "../support/shared-file.js";
import { createTwoProviders, type TwoProviders } from "../support/two-providers.js";

const open: { close(): Promise<void> }[] = [];
const kept = async <T extends { close(): Promise<void> }>(world: Promise<T>): Promise<T> => {
  const made = await world;
  open.push(made);
  return made;
};
afterEach(async () => {
  for (const world of open.splice(0).reverse()) await world.close();
});

type Person = { sub: string; email?: string; emailVerified?: boolean; name?: string; claims?: Record<string, unknown> };

/** What a sign-in came to: the user's id and role, or the code of the refusal. */
async function outcome(world: World, person?: string, provider = "fake") {
  const browser = world.browser();
  const page = await world.signIn(browser, person, { provider });
  const { body } = await world.session(browser);
  return { browser, user: body.user, code: new URL(page.url).searchParams.get("error") };
}

/** The first sign-in makes an admin; this one is over with Ann. */
async function withAnn(world: World): Promise<string> {
  const { user } = await outcome(world, "ann-1");
  if (!user) throw new Error("Ann cannot sign in");
  return user.id;
}

describe("AT-2 allowed domains", () => {
  test("AT-2 AC-5 [option:signIn.allowedDomains] are compared label by label, and only for verified addresses", async () => {
    const world = await kept(
      createWorld({ config: { signIn: { signUp: true, allowedDomains: ["example.com", "*.corp.example"] } } }),
    );
    await withAnn(world);
    const naive = (email: string) => email.endsWith("example.com") || email.endsWith("corp.example");
    const refused: Person[] = [
      { sub: "1", email: "eve@evilexample.com" },
      { sub: "2", email: "eve@example.com.evil.example" },
      { sub: "3", email: "eve@sub.example.com" },
      { sub: "4", email: "eve@corp.example" },
      { sub: "5", email: "eve@evilcorp.example" },
      { sub: "6", email: "eve@xcorp.example" },
      { sub: "7", email: "eve@example.co" },
      { sub: "8", email: "eve@example.com", emailVerified: false },
      { sub: "9", email: "eve@a.corp.example", claims: { email_verified: "TRUE" } },
      { sub: "10", email: "eve@a.corp.example", claims: { email_verified: 1 } },
      { sub: "11", email: "eve@example.com.evil.example", claims: { hd: "example.com" } },
    ];
    for (const person of refused) {
      world.provider.people.set(person.sub, person);
      expect([person, (await outcome(world, person.sub)).code]).toEqual([person, "account.domain_refused"]);
    }
    expect(refused.filter(({ email = "" }) => naive(email)).length).toBeGreaterThan(3);
    for (const [index, email] of ["eve@EXAMPLE.com", "eve@a.corp.example", "eve@a.b.CORP.example"].entries()) {
      world.provider.people.set(`ok-${index}`, { sub: `ok-${index}`, email });
      expect((await outcome(world, `ok-${index}`)).user?.email).toBe(email.toLowerCase());
    }
  });

  test("AT-2 AC-5 AC-6 domains are checked at every sign-in, and a refusal changes nothing", async () => {
    const world = await kept(
      createWorld({
        config: { signIn: { signUp: true, allowedDomains: ["example.com"], update: { email: true, name: true } } },
      }),
    );
    await withAnn(world);
    expect((await outcome(world, "ben-2")).user?.name).toBe("Ben Baker");
    world.provider.people.set("ben-2", { sub: "ben-2", email: "ben@elsewhere.example", name: "Ben Elsewhere" });
    expect((await outcome(world, "ben-2")).code).toBe("account.domain_refused");
    world.provider.people.set("ben-2", { sub: "ben-2", email: "ben@example.com" });
    expect((await outcome(world, "ben-2")).user).toMatchObject({ email: "ben@example.com", name: "Ben Baker" });
  });
});

describe("AT-7 unverified addresses", () => {
  const unverified: Person["claims"][] = [
    { email_verified: false },
    { email_verified: "false" },
    { email_verified: "TRUE" },
    { email_verified: 1 },
    { email_verified: "1" },
    { email_verified: [true] },
    { email_verified: { value: true } },
    { email_verified: null },
    { email_verified: "yes" },
    { emailVerified: true, email_verified: false },
  ];

  test("AT-7 AC-3 [option:signIn.linking] join nobody's account, whatever the provider's flag looks like", async () => {
    const world = await kept(createTwoProviders({ config: { signIn: { signUp: true, linking: "verified-email" } } }));
    const ann = await withAnn(world);
    for (const [index, claims] of unverified.entries()) {
      world.other.people.set(`eve-${index}`, {
        sub: `eve-${index}`,
        email: "ann@example.com",
        ...(claims ? { claims } : {}),
      });
      const { user, code } = await outcome(world, `eve-${index}`, "other");
      expect([claims, user, code]).toEqual([claims, undefined, "link.email_taken"]);
    }
    // The attack is real: with a flag that is true, this very sign-in does join.
    world.other.people.set("ann-b", { sub: "ann-b", email: "ann@example.com", emailVerified: true });
    expect((await outcome(world, "ann-b", "other")).user?.id).toBe(ann);
    // Once: a second account of that provider does not come along.
    world.other.people.set("eve-z", { sub: "eve-z", email: "ann@example.com", emailVerified: true });
    expect((await outcome(world, "eve-z", "other")).code).toBe("link.issuer_taken");
    expect(await world.store.identities.ofUser(ann as UserId)).toHaveLength(2);
  });

  test("AT-7 AC-3 by default even a verified address joins nothing", async () => {
    const world = await kept(createTwoProviders());
    const ann = await withAnn(world);
    world.other.people.set("ann-b", { sub: "ann-b", email: "ann@example.com", emailVerified: true });
    expect((await outcome(world, "ann-b", "other")).code).toBe("link.email_taken");
    expect(await world.store.identities.ofUser(ann as UserId)).toHaveLength(1);
  });

  test("AT-7 AC-3 an account hijacked beforehand is not joined by its real owner", async () => {
    const world = await kept(createTwoProviders({ config: { signIn: { signUp: true, linking: "verified-email" } } }));
    await outcome(world, "ben-2");
    // Eve opens an account with the victim's address, which her provider did not verify, and waits.
    world.other.people.set("eve", { sub: "eve", email: "ann@example.com", emailVerified: false });
    const eve = await outcome(world, "eve", "other");
    expect(eve.user?.email).toBe("ann@example.com");
    const victim = await outcome(world, "ann-1");
    expect([victim.user, victim.code]).toEqual([undefined, "link.email_taken"]);
    expect(await world.store.identities.ofUser(eve.user?.id as UserId)).toHaveLength(1);
  });

  test("AT-7 AC-3 an account that an operator made beforehand is claimed by a verified address alone, and once", async () => {
    const world = await kept(createTwoProviders());
    await outcome(world, "ben-2");
    const now = world.clock.now();
    const id = newId<UserId>(now, systemRandom);
    await world.store.transaction((tx) =>
      tx.users.insert({
        id,
        email: "ann@example.com",
        emailVerified: false,
        name: "ann@example.com",
        picture: null,
        role: "admin",
        roleOrigin: "manual",
        disabledAt: null,
        claimedAt: null,
        version: 1,
        createdAt: now,
        updatedAt: now,
        lastSignInAt: null,
      }),
    );
    world.other.people.set("eve", { sub: "eve", email: "ann@example.com", emailVerified: false });
    expect((await outcome(world, "eve", "other")).code).toBe("link.email_taken");
    expect((await outcome(world, "ann-1")).user).toMatchObject({ id, role: "admin", name: "Ann Archer" });
    world.other.people.set("eve", { sub: "eve", email: "ann@example.com", emailVerified: true });
    expect((await outcome(world, "eve", "other")).code).toBe("link.email_taken");
    const claimed = (await auditTrail(world.store)).filter(({ type }) => type === "user.claimed");
    expect(claimed).toMatchObject([{ actor: { kind: "user", id }, target: { kind: "user", id }, provider: "fake" }]);
  });

  test("AT-7 SI-18 [option:signIn.emailFallback] a made-up address joins nobody, not even who claims it as their own", async () => {
    const world = await kept(
      createTwoProviders({ config: { signIn: { signUp: true, emailFallback: true, linking: "verified-email" } } }),
    );
    await withAnn(world);
    world.provider.people.set("nomail", { sub: "nomail" });
    const nomail = await outcome(world, "nomail");
    expect(nomail.user?.email).toMatch(/^[0-9a-f]{40}@identity\.invalid$/);
    world.other.people.set("eve", { sub: "eve", email: nomail.user?.email ?? "", emailVerified: true });
    const eve = await outcome(world, "eve", "other");
    expect([eve.user, eve.code]).toEqual([undefined, "signin.email_invalid"]);
    expect((await outcome(world, "nomail")).user?.id).toBe(nomail.user?.id);
  });

  test("AT-7 SI-18 nobody keeps a person out by claiming their made-up address before they come", async () => {
    const world = await kept(createWorld({ config: { signIn: { signUp: true, emailFallback: true } } }));
    await withAnn(world);
    world.provider.people.set("nomail", { sub: "nomail" });
    // Whoever knows issuer and subject can work it out.
    const digest = sha256Hex(JSON.stringify([world.provider.issuer, "nomail"])).slice(0, 40);
    for (const email of [`${digest}@identity.invalid`, ` ${digest.toUpperCase()}@IDENTITY.INVALID`]) {
      world.provider.people.set("eve", { sub: "eve", email });
      expect((await outcome(world, "eve")).code).toBe("signin.email_invalid");
    }
    expect((await outcome(world, "nomail")).user?.email).toBe(`${digest}@identity.invalid`);
  });
});

describe("AT-8 look-alike addresses", () => {
  const lookAlikes = [
    "ann@evil.example@example.com",
    "ann@example.com@evil.example",
    "ann＠evil.example@example.com",
    "ann@evil.example＠example.com",
    "ann@example.com,eve@evil.example",
    "eve@evil.example,ann@example.com",
    "eve@evil.example ann@example.com",
    "ann@example.com;eve@evil.example",
    '"ann@example.com"@evil.example',
    '"ann"@example.com',
    "Ann <ann@example.com>",
    "<ann@example.com>",
    "ann(x)@example.com",
    "ann@example.com.",
    "ann.@example.com",
    "ann@example.com\u0000",
    "ann@example.com\n",
    "ann\u200b@example.com",
    "ann@example\u00ad.com",
    "ann@xn--example-.com",
    "ann@xn--exmple-cua.com",
    "аnn@example.com",
    "ann@exаmple.com",
    "ann@example。com",
    "ann%evil.example@example.com",
    "ann\\@example.com@evil.example",
    "mailto:ann@example.com",
  ];
  // Mailboxes of their own, wherever non-ASCII mail is allowed, that fold into Ann's address.
  const folding = [
    "ａnn@example.com",
    "ann＠example.com",
    "ann﹫example.com",
    "ann@ｅxample.com",
    "ann@example．com",
    "ⓐnn@example.com",
    "ann@example.ⓒom",
    "aₙn@example.com",
    "ann@eₓample.com",
  ];

  test("AT-8 SI-18 never open the account of the one they look like, though the provider calls them verified", async () => {
    const world = await kept(createTwoProviders({ config: { signIn: { signUp: true, linking: "verified-email" } } }));
    const ann = await withAnn(world);
    for (const [index, email] of [...lookAlikes, ...folding].entries()) {
      if (email.trim() === "ann@example.com") continue;
      world.other.people.set(`eve-${index}`, { sub: `eve-${index}`, email, emailVerified: true });
      const { user, code } = await outcome(world, `eve-${index}`, "other");
      expect(user?.id, JSON.stringify(email)).not.toBe(ann);
      expect(user === undefined ? code : user.role, JSON.stringify(email)).toMatch(
        /^(pending|signin\.email_invalid|link\.email_taken)$/,
      );
    }
    expect(await world.store.identities.ofUser(ann as UserId)).toHaveLength(1);
  });

  test("AT-8 SI-18 [option:signIn.bootstrapAdmins] never make an admin, and never pass for an allowed domain", async () => {
    const world = await kept(
      createWorld({
        config: { signIn: { signUp: true, bootstrapAdmins: ["ann@example.com"], allowedDomains: ["example.com"] } },
      }),
    );
    for (const [index, email] of [...lookAlikes, ...folding].entries()) {
      if (email.trim() === "ann@example.com") continue;
      world.provider.people.set(`eve-${index}`, { sub: `eve-${index}`, email, emailVerified: true });
      const { user, code } = await outcome(world, `eve-${index}`);
      expect(user?.role ?? code, JSON.stringify(email)).not.toBe("admin");
      const domain = user?.email.split("@")[1];
      if (domain !== undefined) expect(domain, JSON.stringify(email)).toBe("example.com");
    }
    world.provider.people.set("unverified", { sub: "unverified", email: "ann@example.com", emailVerified: false });
    expect((await outcome(world, "unverified")).code).toBe("account.domain_refused");
    expect((await outcome(world, "ann-1")).user?.role).toBe("admin");
  });

  test("AT-8 SI-18 a list, an object or a number is no address", async () => {
    const world = await kept(createTwoProviders({ config: { signIn: { signUp: true, linking: "verified-email" } } }));
    await withAnn(world);
    for (const email of [
      ["ann@example.com"],
      ["eve@evil.example", "ann@example.com"],
      { value: "ann@example.com" },
      { toString: "ann@example.com" },
      5,
      true,
    ]) {
      world.other.tweaks.idTokenClaims = (claims) => ({ ...claims, email, email_verified: true });
      world.other.tweaks.userinfo = (claims) => ({ ...claims, email, email_verified: true });
      const { user, code } = await outcome(world, "ann-1", "other");
      expect([email, user, code]).toEqual([email, undefined, "signin.email_invalid"]);
    }
  });
});

describe("AT-9 subjects", () => {
  test("AT-9 SI-16 AC-1 two that differ in anything at all are two people, or nobody", async () => {
    const world = await kept(createWorld());
    const ann = await withAnn(world);
    const subjects = [
      "%",
      "_",
      "*",
      "?",
      "ann%",
      "ann-_",
      "ann_1",
      "%%",
      "ANN-1",
      "Ann-1",
      "ann-1 ",
      " ann-1",
      "ann-1\t",
      "ann-1\u0000",
      "ann-1\u0000x",
      "\u0000",
      "ann'1",
      'ann"1',
      "ann`1",
      "ann\\1",
      "ann\\",
      "';drop table identities;--",
      "' or '1'='1",
      "ann-1' --",
      "${ann-1}",
      "ann-1\u200b",
      "ａnn-1",
      "ânn-1",
      "a\u0302nn-1",
      "\ud800",
      "\udfff",
      "\ufffd",
      "null",
      "undefined",
      "true",
      "0",
      "00",
      "-0",
      "+0",
      "0.0",
      "1e3",
      "1000",
      "1000.0",
      "NaN",
      "Infinity",
      "[object Object]",
      "__proto__",
      "constructor",
      "x".repeat(255),
      "x".repeat(256),
      "x".repeat(1_024),
      "x".repeat(1_025),
      "x".repeat(4_096),
      `${"x".repeat(4_095)}y`,
      "",
      "ß",
      "SS",
      "ss",
      "İ",
      "i",
      "I",
      "ı",
      "\u{1F600}",
    ];
    const owners = new Map<string, string>([[ann, "ann-1"]]);
    for (const [index, sub] of subjects.entries()) {
      world.provider.people.set("now", { sub: "now", email: `p${index}@example.com`, name: `Person ${index}` });
      world.provider.tweaks.idTokenClaims = (claims) => ({ ...claims, sub });
      world.provider.tweaks.userinfo = (claims) => ({ ...claims, sub });
      const { user, code } = await outcome(world, "now");
      if (user === undefined) {
        expect(code, JSON.stringify(sub.slice(0, 40))).toMatch(
          /^signin\.(subject_invalid|id_token_invalid|token_answer_invalid|userinfo_invalid)$/,
        );
        continue;
      }
      expect([sub.slice(0, 40), owners.get(user.id)]).toEqual([sub.slice(0, 40), undefined]);
      owners.set(user.id, sub);
      // And the same subject is the same person the next time.
      expect((await outcome(world, "now")).user?.id).toBe(user.id);
    }
    expect(owners.size).toBeGreaterThan(40);
    expect(world.log.lines.filter(({ level }) => level === "error")).toEqual([]);
  }, 60_000);

  test("AT-9 SI-16 [option:signIn.claims.subject] what is neither text nor a whole number is nobody: lists, objects, fractions, numbers that lose digits", async () => {
    const world = await kept(createWorld({ config: { signIn: { signUp: true, claims: { subject: "uid" } } } }));
    let uid: unknown = "7";
    world.provider.tweaks.idTokenClaims = (claims) => ({ ...claims, uid });
    const first = await outcome(world, "ann-1");
    expect(first.user).toBeDefined();
    const nobody: readonly unknown[] = [
      ["7"],
      [7],
      { toString: "7" },
      { uid: "7" },
      7.5,
      -0.5,
      1e21,
      2 ** 53,
      true,
      false,
      null,
      "",
      "7\u0000",
      "7\n",
      Number.MAX_VALUE,
    ];
    for (const value of nobody) {
      uid = value;
      const { user, code } = await outcome(world, "ben-2");
      expect([value, user, code]).toEqual([value, undefined, "signin.subject_invalid"]);
    }
    // A whole number is its decimal form: at one provider, 7 and "7" are one subject, and 07 is another.
    uid = 7;
    expect((await outcome(world, "ann-1")).user?.id).toBe(first.user?.id);
    for (const [index, value] of ["07", "7.0", "7 ", "+7", "７"].entries()) {
      uid = value;
      world.provider.people.set(`p${index}`, { sub: `p${index}`, email: `p${index}@example.com` });
      expect((await outcome(world, `p${index}`)).user?.id ?? "nobody").not.toBe(first.user?.id);
    }
  });

  test("AT-9 AC-1 the same subject at two issuers is two people", async () => {
    const world = await kept(createTwoProviders());
    const ann = await withAnn(world);
    world.other.people.set("ann-1", { sub: "ann-1", email: "other-ann@example.com" });
    const other = await outcome(world, "ann-1", "other");
    expect(other.user?.email).toBe("other-ann@example.com");
    expect(other.user?.id).not.toBe(ann);
  });
});

describe("AT-10 another provider under an old name", () => {
  test("AT-10 AC-1 inherits nobody: old identities are strangers, old sessions and flows are refused", async () => {
    const world = await kept(createSharedWorld());
    const rogue = await startFakeProvider();
    open.push({ close: () => rogue.stop() });
    let at = world.latchkey;
    const browser = world.browserAt(() => at);
    const midway = world.browserAt(() => at);
    const session = async () => (await browser.get(world.url("/session"))).status;
    await world.signIn(browser, "ann-1");
    expect(await session()).toBe(200);
    const ann = (await browser.get(world.url("/session"))).json() as { user: { id: string } };
    const callback = await world.approve(midway, "ann-1");

    // The operator points `fake` at another issuer; the client id happens to be the same.
    at = await world.node({ signIn: { signUp: true, linking: "verified-email" } }, { issuer: rogue.issuer });
    expect(await session()).toBe(401);
    // A sign-in under way began at the old issuer. Its answer is nobody's now, and the code goes to neither.
    const landed = await midway.get(callback, { from: world.provider.issuer });
    expect(landed.url).toContain("error=signin.state_unknown");
    expect([...rogue.requestsTo("token"), ...world.provider.requestsTo("token")]).toHaveLength(1);

    // The very same subject, from the new issuer.
    rogue.people.set("ann-1", { sub: "ann-1", email: "ann@evil.example" });
    const evil = world.browserAt(() => at);
    await world.signIn(evil, "ann-1");
    const eve = (await evil.get(world.url("/session"))).json() as { user: { id: string; role: string } };
    expect(eve.user.id).not.toBe(ann.user.id);
    expect(eve.user.role).toBe("pending");
    const identities = await world.store.identities.ofUser(ann.user.id as UserId);
    expect(identities.map(({ issuer }) => issuer)).toEqual([world.provider.issuer]);

    // Pointed back, Ann is Ann again, and the session that Eve had is over.
    at = await world.node();
    expect((await evil.get(world.url("/session"))).status).toBe(401);
    await world.signIn(browser, "ann-1");
    expect((await browser.get(world.url("/session"))).json()).toMatchObject({
      user: { id: ann.user.id, role: "admin" },
    });
  });

  test("AT-10 LO-5 tokens of the old issuer are never sent to the new one", async () => {
    const clock = createManualClock();
    const scopes = ["openid", "email", "offline_access"];
    const world = await kept(createSharedWorld({ clock, providerConfig: { revokeOnSignOut: "always", scopes } }));
    const rogue = await startFakeProvider({ clock });
    open.push({ close: () => rogue.stop() });
    const browser = world.browser();
    await world.signIn(browser, "ann-1");
    // The provider is down while she signs out, so the revocation waits in the outbox.
    await world.provider.stop();
    const page = await browser.get(world.url("/account"));
    await browser.submit(
      page,
      {},
      { form: page.forms.findIndex(({ action }) => action.endsWith("/sign-out")), follow: false },
    );
    await expect.poll(() => world.log.text()).toContain("a revocation failed and will be tried again");
    await world.latchkey.close();

    await world.node({}, { issuer: rogue.issuer });
    await clock.advance(minutes(1));
    await expect.poll(() => world.log.text()).toContain("server_changed");
    expect(rogue.requests).toEqual([]);
  });
});

describe("AT-11 userinfo", () => {
  let world: TwoProviders;
  const start = async (options: Parameters<typeof createTwoProviders>[0] = {}) => {
    world = await kept(createTwoProviders({ ...options, other: { claimsInIdToken: false } }));
    await withAnn(world);
    world.other.people.set("eve", { sub: "eve", email: "eve@example.com", name: "Eve" });
  };

  test("AT-11 SI-11 of another subject is refused, whatever it spells the subject as", async () => {
    await start({ config: { signIn: { signUp: true, linking: "verified-email" } } });
    for (const sub of ["ann-1", "EVE", "eve ", " eve", ["eve"], { eve: 1 }, 1, true, "", "ev\u0435"]) {
      world.other.tweaks.userinfo = (claims) => ({ ...claims, sub, email: "ann@example.com", email_verified: true });
      const { user, code } = await outcome(world, "eve", "other");
      expect([sub, user, code]).toEqual([sub, undefined, "signin.userinfo_invalid"]);
    }
    world.other.tweaks.userinfo = ({ sub: _, ...claims }) => claims;
    expect((await outcome(world, "eve", "other")).code).toBe("signin.userinfo_invalid");
  });

  test("AT-11 SI-11 cannot say another iss, sub, tid, aud, azp, exp, iat or nonce than the ID token", async () => {
    await start();
    world.other.tweaks.userinfo = (claims) => ({
      ...claims,
      iss: world.provider.issuer,
      tid: "their-tenant",
      aud: "other",
      azp: "other",
      exp: 1,
      iat: 1,
      nonce: "x",
      sid: "sid-of-somebody",
      __proto__: { email_verified: true },
      constructor: "x",
    });
    world.other.tweaks.idTokenClaims = (claims) => ({ ...claims, tid: "our-tenant" });
    const { user } = await outcome(world, "eve", "other");
    expect(user?.email).toBe("eve@example.com");
    const [identity] = await world.store.identities.ofUser(user?.id as UserId);
    expect([identity?.issuer, identity?.subject, identity?.sub]).toEqual([world.other.issuer, "eve", "eve"]);
    const [session] = await world.store.sessions.ofUser(user?.id as UserId);
    expect([session?.issuer, session?.sub]).toEqual([world.other.issuer, "eve"]);
    expect(session?.sid).not.toBe("sid-of-somebody");
  });

  test("AT-11 SI-11 as the subject, tid and the like come from the ID token, or it is nobody", async () => {
    await start({ otherConfig: { claims: { subject: "tid" } } });
    world.other.tweaks.userinfo = (claims) => ({ ...claims, tid: "ann-1" });
    expect((await outcome(world, "eve", "other")).code).toBe("signin.subject_invalid");
    world.other.tweaks.idTokenClaims = (claims) => ({ ...claims, tid: "real" });
    const { user } = await outcome(world, "eve", "other");
    expect((await world.store.identities.ofUser(user?.id as UserId)).map(({ subject }) => subject)).toEqual(["real"]);
  });

  test("AT-11 SI-11 a verified flag from one document does not vouch for the address in the other", async () => {
    await start({ config: { signIn: { signUp: true, linking: "verified-email" } } });
    // The ID token: Eve's own verified address. Userinfo, which she can edit: Ann's, and not a word on whether it is hers.
    world.other.tweaks.idTokenClaims = (claims) => ({ ...claims, email: "eve@example.com", email_verified: true });
    world.other.tweaks.userinfo = (claims) => {
      const { email_verified: _, ...rest } = claims;
      return { ...rest, email: "ann@example.com" };
    };
    expect((await outcome(world, "eve", "other")).code).toBe("link.email_taken");
    // The other way round: the address in the ID token without a flag, the flag in userinfo without an address.
    world.other.tweaks.idTokenClaims = (claims) => ({ ...claims, email: "ann@example.com" });
    world.other.tweaks.userinfo = ({ sub }) => ({ sub, email_verified: true, name: "Eve" });
    expect((await outcome(world, "eve", "other")).code).toBe("link.email_taken");
  });
});
