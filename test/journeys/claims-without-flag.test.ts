/**
 * SI-11, AC-19: ID tokens that name an address and leave to userinfo whether it is verified, as OpenID Connect Core §5.4
 * allows and Okta's own server does.
 */
import { describe, expect, test } from "vitest";
import { seconds } from "../../src/kernel/time.js";
import type { WorldOptions } from "../../src/testing/world.js";
import { errorOf } from "../options/setting.js";
import { aWorld, events, eventually, first, refreshed } from "./refreshed-claims.js";

type Claims = Readonly<Record<string, unknown>>;
type World = Awaited<ReturnType<typeof aWorld>>;

const ann = { roles: ["admin"], groups: ["staff", "lab"] };
const inDomain = { signIn: { signUp: true, allowedDomains: ["example.com"] } };
const asAdmin = { signIn: { signUp: true, bootstrapAdmins: ["ann@example.com"] } };

/** From now on the ID token says this and no `email_verified`; userinfo says `more`. */
function thin(world: World, claims: Claims = {}, more: Claims = {}): void {
  world.provider.tweaks.idTokenClaims = ({ email_verified: _, ...honest }) => ({ ...honest, ...claims });
  world.provider.tweaks.userinfo = (honest) => ({ ...honest, ...claims, ...more });
}
const asked = (world: World) => world.provider.requestsTo("userinfo").length;
const identity = async (world: World) => (await world.store.identities.ofUser(world.mine.user as never))[0];
const user = async (world: World) => (await world.session(world.her)).body.user;

/** She is refreshed, and it is seen by a group that was taken from her that the refresh was judged. */
async function judged(world: World): Promise<void> {
  await refreshed(world);
  await eventually(async () => expect(await user(world)).toMatchObject({ groups: ["staff"] }));
}
const signedOut = async (world: World, code: string) => {
  await refreshed(world);
  await eventually(async () => expect((await world.session(world.her)).status).toBe(401));
  expect((await events(world, "claims.refused"))[0]?.code).toBe(code);
};
const withGroups = (config: WorldOptions["config"], more: WorldOptions = {}) =>
  aWorld({ ...more, config: { ...config } });

describe("SI-11 an address without email_verified beside it", () => {
  test("SI-11 AC-5 lets her in by what userinfo says, also where nothing else is missing", async () => {
    const world = await withGroups({ signIn: { ...inDomain.signIn, claims: { picture: null } } });
    thin(world);
    const browser = world.browser();
    await world.signIn(browser, "ann-1");
    expect((await world.session(browser)).body.user).toMatchObject({ email: "ann@example.com", emailVerified: true });
    expect(await events(world, "sign_in.refused")).toEqual([]);
  });

  test("SI-11 SI-18 is asked about no more where the operator vouches", async () => {
    const config = { signIn: { ...inDomain.signIn, claims: { picture: null } } };
    const world = await withGroups(config, { providerConfig: { emailVerified: "always" } });
    const before = asked(world);
    thin(world);
    const browser = world.browser();
    await world.signIn(browser, "ann-1");
    expect((await world.session(browser)).body.user).toMatchObject({ emailVerified: true });
    thin(world, { roles: ["admin"], groups: ["staff"] });
    await judged(world);
    expect(asked(world)).toBe(before);
  });

  test("SI-11 SI-13 a userinfo that fails refuses the sign-in for now, and signs nobody out", async () => {
    const world = await withGroups({ signIn: { ...inDomain.signIn, claims: { picture: null } } });
    thin(world);
    world.provider.script({ userinfo: { status: 503 } });
    const page = await world.signIn(world.browser(), "ann-1");
    expect(errorOf(page)).toBe("signin.provider_unavailable");
    expect((await world.session(world.her)).status).toBe(200);
  });
});

describe("AC-19 a refreshed ID token without email_verified beside the address", () => {
  test("AC-19 AC-5 leaves her signed in where userinfo vouches for it", async () => {
    const world = await withGroups(inDomain);
    thin(world, { ...ann, groups: ["staff"] });
    await judged(world);
    expect(await identity(world)).toMatchObject({ email: "ann@example.com", emailVerified: true });
    expect(await events(world, "claims.refused")).toEqual([]);
  });

  test("AC-19 AC-9 leaves an admin by address one, whatever roles say", async () => {
    const world = await withGroups(asAdmin);
    thin(world, { roles: ["former"], groups: ["staff"] });
    await judged(world);
    expect(await user(world)).toMatchObject({ role: "admin" });
  });

  test.each<[string, Claims]>([
    ["says that it is not verified", { email_verified: false }],
    ["says nothing of it either", { email_verified: undefined }],
    ["has the flag and no address", { email: undefined, email_verified: true }],
    ["vouches for an address elsewhere", { email: "ann@elsewhere.example", email_verified: true }],
    ["names another address and vouches for none", { email: "anna@example.com", email_verified: undefined }],
  ])("AC-19 AT-11 signs her out where userinfo %s", async (_what, more) => {
    const world = await withGroups(inDomain);
    thin(world, first, more);
    await signedOut(world, "account.domain_refused");
  });

  test("AC-19 SI-11 an address of userinfo with its own flag counts in place of the ID token's", async () => {
    const world = await withGroups(inDomain);
    thin(world, { ...ann, groups: ["staff"] }, { email: "Anna@Example.com", email_verified: true });
    await judged(world);
    expect(await identity(world)).toMatchObject({ email: "anna@example.com", emailVerified: true });
  });
});

describe("AC-19 nobody can say whether the address is verified", () => {
  const unanswered = async (config: WorldOptions["config"], claims: Claims) => {
    const world = await withGroups(config);
    thin(world, claims);
    world.provider.script({ userinfo: { status: 503 } });
    return world;
  };

  test("AC-19 AC-5 her domain stands, roles follow, and it is asked again", async () => {
    const world = await unanswered(inDomain, { roles: ["user"], groups: ["staff"], email: "ANN@example.com" });
    await judged(world);
    expect(await user(world)).toMatchObject({ role: "user" });
    expect(await identity(world)).toMatchObject({ email: "ann@example.com", emailVerified: true });
    await eventually(async () => expect(await world.store.outbox.waiting()).toMatchObject({ rows: 1 }));
    thin(world, { roles: ["user"], groups: ["staff"] }, { email_verified: false });
    world.provider.script({ userinfo: undefined });
    await world.clock.advance(seconds(11));
    await eventually(async () => expect((await world.session(world.her)).status).toBe(401));
  });

  test("AC-19 AC-5 where no rule looks at roles or groups, nothing is judged until it is known", async () => {
    const world = await aWorld({ config: { ...inDomain, roles: { default: "user" }, groups: {} } });
    thin(world);
    world.provider.script({ userinfo: { status: 503 } });
    await refreshed(world);
    await eventually(async () => expect(await world.store.outbox.waiting()).toMatchObject({ rows: 1 }));
    world.provider.script({ userinfo: undefined });
    await world.clock.advance(seconds(11));
    await eventually(async () => expect(await world.store.outbox.waiting()).toMatchObject({ rows: 0 }));
    expect((await world.session(world.her)).status).toBe(200);
  });

  test("AC-19 AC-9 an admin by that address stays one", async () => {
    const world = await unanswered(asAdmin, { roles: ["former"], groups: ["staff"] });
    await judged(world);
    expect(await user(world)).toMatchObject({ role: "admin" });
  });

  test("AC-19 AC-9 an admin by another address is judged by roles", async () => {
    const world = await unanswered(asAdmin, { roles: ["user"], groups: ["staff"], email: "anna@example.com" });
    await judged(world);
    expect(await user(world)).toMatchObject({ role: "user" });
    expect(await identity(world)).toMatchObject({ email: "anna@example.com", emailVerified: false });
  });

  test("AC-19 AC-5 an address in no allowed domain is out, verified or not", async () => {
    const world = await unanswered(inDomain, { ...first, email: "ann@elsewhere.example" });
    await signedOut(world, "account.domain_refused");
  });

  test("AC-19 AT-8 an address that is folded into hers is not hers, whatever anybody would say", async () => {
    const world = await unanswered(inDomain, { ...first, email: "ａnn@example.com" });
    await signedOut(world, "account.domain_refused");
  });
});
