/**
 * LO-8, LO-10: a provider that ends somebody while their sign-in is under way. The ID token is there and names the session, userinfo
 * is still awaited, and there is no session yet that a logout could find.
 */
import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../../src/jobs/clean-up.js";
import { minutes, seconds } from "../../src/kernel/time.js";
import type { Latchkey } from "../../src/latchkey.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import type { WorldOptions } from "../../src/testing/world.js";
import { logOut } from "../support/logout-setting.js";
import { auditTrail, createSharedWorld, rowsOf, type SharedWorld } from "../support/shared-file.js";

const open: SharedWorld[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** Userinfo is asked at every sign-in: the ID token holds no address. */
async function aWorld(options: WorldOptions = {}) {
  const clock = createManualClock();
  const world = await createSharedWorld({ clock, ...options, provider: { claimsInIdToken: false } });
  open.push(world);
  return { ...world, clock };
}

/** Ann signs in, and while her userinfo is awaited, the provider says this; where it led, and what the provider was answered. */
async function overtaken(world: SharedWorld, says: (sid: string) => Promise<unknown>) {
  const answers: unknown[] = [];
  world.provider.script({
    userinfo: async (honest) => {
      answers.push(await says(world.provider.sidOf("ann-1") ?? ""));
      return honest();
    },
  });
  const browser = world.browser();
  const page = await world.signIn(browser, "ann-1");
  world.provider.script({ userinfo: undefined });
  const error = new URL(page.url).searchParams.get("error");
  return { browser, error, answers, status: (await world.session(browser)).status };
}

const refused = { error: "signin.denied", status: 401 };
const letIn = { error: null, status: 200 };
const iat = (world: SharedWorld, more = 0) => Math.floor(world.clock.now() / 1_000) + more;
const frame = async (world: SharedWorld, sid: string) => {
  const query = new URLSearchParams({ iss: world.provider.issuer, sid });
  return (await world.request(`/frontchannel-logout?${query}`)).status;
};

test("LO-8 SI-9 a logout that overtakes the sign-in: nobody is signed in, nothing is kept of it, and the audit says so", async () => {
  const world = await aWorld();
  const seen = await overtaken(world, (sid) => logOut(world, world.provider.logoutToken({ sid })));
  expect(seen).toMatchObject({ ...refused, answers: ["200"] });
  for (const table of ["sessions", "grants", "users", "identities"])
    expect([table, await rowsOf(world, table)]).toEqual([table, []]);
  const [event, ...others] = await auditTrail(world.store);
  expect(event).toMatchObject({ type: "sign_in.refused", code: "signin.denied", rule: "logged_out", provider: "fake" });
  expect(others).toEqual([]);
});

test.each<[what: string, claims: (sid: string, world: SharedWorld) => Record<string, unknown>, told?: "no sid"]>([
  ["names the person alone", () => ({ sub: "ann-1" })],
  ["names the person, whose sign-in has no sid,", () => ({ sub: "ann-1" }), "no sid"],
  ["names the session and the person", (sid) => ({ sid, sub: "ann-1" })],
  ["names the session, by a server whose clock is a little behind,", (sid, world) => ({ sid, iat: iat(world, -5) })],
  ["names a session and the person, whose sign-in has no sid,", (sid) => ({ sid, sub: "ann-1" }), "no sid"],
])("LO-8 a token that %s ends the sign-in under way", async (_what, claims, told) => {
  const world = await aWorld();
  if (told) world.provider.tweaks.idTokenClaims = ({ sid: _, ...rest }) => rest;
  const seen = await overtaken(world, (sid) => logOut(world, world.provider.logoutToken(claims(sid, world))));
  expect(seen).toMatchObject({ ...refused, answers: ["200"] });
});

test.each<[what: string, claims: (sid: string, world: SharedWorld) => Record<string, unknown>]>([
  ["another session", () => ({ sid: "another" })],
  ["another session of hers", () => ({ sid: "another", sub: "ann-1" })],
  ["somebody else", () => ({ sub: "ben-2" })],
  ["her session as somebody else's", (sid) => ({ sid, sub: "ben-2" })],
  ["her, before this sign-in", (_sid, world) => ({ sub: "ann-1", iat: iat(world, -1) })],
  ["her session, before this ID token of the same session", (sid, world) => ({ sid, iat: iat(world, -6) })],
])("LO-8 a token that names %s lets the sign-in under way go on", async (_what, claims) => {
  const world = await aWorld();
  const seen = await overtaken(world, (sid) => logOut(world, world.provider.logoutToken(claims(sid, world))));
  expect(seen).toMatchObject({ ...letIn, answers: ["200"] });
});

test("LO-8 a token for another client of the same provider lets the sign-in under way go on", async () => {
  const world = await aWorld();
  const other = { clientId: "other", clientSecret: "another secret" };
  world.provider.clients.set("other", other);
  const [entry] = world.config.providers;
  const providers = [entry, { ...entry, id: "other", ...other }] as typeof world.config.providers;
  const node = await world.node({ providers });
  const seen = await overtaken(world, (sid) =>
    logOut(at(world, node), world.provider.logoutToken({ sid, aud: "other" })),
  );
  expect(seen).toMatchObject({ ...letIn, answers: ["200"] });
});

test("LO-8 who signs in again after that is let in at once, and their other sessions stay", async () => {
  const world = await aWorld();
  const earlier = world.browser();
  await world.signIn(earlier, "ann-1");
  await overtaken(world, (sid) => logOut(world, world.provider.logoutToken({ sid })));
  // In the same second: the provider's session is a new one.
  const again = world.browser();
  await world.signIn(again, "ann-1");
  expect([(await world.session(earlier)).status, (await world.session(again)).status]).toEqual([200, 200]);

  await overtaken(world, () => logOut(world, world.provider.logoutToken({ sub: "ann-1" })));
  await world.clock.advance(seconds(1));
  const later = world.browser();
  await world.signIn(later, "ann-1");
  expect([(await world.session(again)).status, (await world.session(later)).status]).toEqual([401, 200]);
});

test("LO-8 of two tokens the later one counts, in whichever order they come", async () => {
  const world = await aWorld();
  const token = (more: number) => world.provider.logoutToken({ sub: "ann-1", iat: iat(world, more) });
  for (const order of [
    [0, -60],
    [-60, 0],
  ]) {
    const seen = await overtaken(world, async () => {
      for (const more of order) expect(await logOut(world, token(more))).toBe("200");
    });
    expect([order, seen.error, seen.status]).toEqual([order, "signin.denied", 401]);
  }
});

test("LO-8 LO-3 a token that another node took ends the sign-in under way here", async () => {
  const world = await aWorld();
  const node = await world.node();
  const seen = await overtaken(world, (sid) => logOut(at(world, node), world.provider.logoutToken({ sid })));
  expect(seen).toMatchObject({ ...refused, answers: ["200"] });
});

test("LO-8 LO-9 a token that could not be finished ends no sign-in under way: the provider was not told that it did", async () => {
  const world = await aWorld();
  const seen = await overtaken(world, async (sid) => {
    const token = world.provider.logoutToken({ sid, jti: "one" });
    await logOut(world, world.provider.logoutToken({ sub: "nobody", jti: "one" }));
    return logOut(world, token);
  });
  expect(seen).toMatchObject({ ...letIn, answers: ["400 invalid_request"] });
});

test("LO-10 a front-channel request that overtakes the sign-in ends it as well", async () => {
  const world = await aWorld();
  expect(await overtaken(world, (sid) => frame(world, sid))).toMatchObject({ ...refused, answers: [200] });
  expect(await overtaken(world, () => frame(world, "another"))).toMatchObject({ ...letIn, answers: [200] });
});

test("LO-10 LO-8 what is remembered of a logout is hashed, gone after half an hour, and of strangers' requests it is little", async () => {
  const world = await aWorld();
  for (let i = 0; i < 100; i++) expect(await frame(world, `made-up-${i}`)).toBe(200);
  await logOut(world, world.provider.logoutToken({ sid: "s-1", sub: "ann-1" }));
  const rows = await rowsOf(world, "consumed_flows");
  expect(rows.length).toBe(62);
  expect(JSON.stringify(rows)).not.toMatch(/made-up|s-1|ann-1/);
  await world.clock.advance(minutes(30));
  await cleanUp({ store: world.store, clock: world.clock });
  expect(await rowsOf(world, "consumed_flows")).toEqual([]);
});

const at = (world: SharedWorld, node: Latchkey) => ({
  request: (path: string, init?: RequestInit) => node.fetch(new Request(world.url(path), init)),
});
