/**
 * The conditions of the OpenID Foundation's certification profile "Back-Channel Logout RP", one by one: a relying party
 * is signed in at, signs out, and gets a logout token of each kind. Where the suite expects a refusal it wants 400, and
 * we want the session to live as well. The names are those of the suite's tests.
 */
import { afterEach, expect, test } from "vitest";
import { createWorld, type World } from "../../src/testing/world.js";
import { postLogout, signedIn, statuses } from "../support/logout-setting.js";

let world: World | undefined;
afterEach(() => world?.close());

const event = "http://schemas.openid.net/event/backchannel-logout";
const withoutSignature = (jwt: string, header: object) => {
  const [, payload] = jwt.split(".");
  return `${Buffer.from(JSON.stringify(header)).toString("base64url")}.${payload}.`;
};

type Make = (world: World, who: { sub: string; sid: string }) => Promise<string>;
const conditions: [name: string, status: number, make: Make][] = [
  ["rp-backchannel-rpinitlogout", 200, ({ provider }, who) => provider.logoutToken(who)],
  [
    "rp-backchannel-rpinitlogout-alg-none",
    400,
    async ({ provider }, who) => withoutSignature(await provider.logoutToken(who), { alg: "none", typ: "JWT" }),
  ],
  [
    "rp-backchannel-rpinitlogout-wrong-alg",
    400,
    // A key of the provider's own, of a kind that it does not list for what it signs.
    async ({ provider }, who) => {
      await provider.rotateKeys({ keepOld: true, alg: "RS256" });
      return provider.logoutToken(who);
    },
  ],
  [
    "rp-backchannel-rpinitlogout-wrong-iss",
    400,
    ({ provider }, who) => provider.logoutToken({ ...who, iss: `${provider.issuer}/wrong` }),
  ],
  [
    "rp-backchannel-rpinitlogout-wrong-aud",
    400,
    ({ provider }, who) => provider.logoutToken({ ...who, aud: "latchkey-wrong" }),
  ],
  [
    "rp-backchannel-rpinitlogout-no-event",
    400,
    ({ provider }, who) => provider.logoutToken({ ...who, events: undefined }),
  ],
  [
    "rp-backchannel-rpinitlogout-wrong-event",
    400,
    ({ provider }, who) => provider.logoutToken({ ...who, events: { [`${event}-wrong`]: {} } }),
  ],
  [
    "rp-backchannel-rpinitlogout-with-nonce",
    400,
    ({ provider }, who) => provider.logoutToken({ ...who, nonce: "a-nonce" }),
  ],
  // Of the suite before the present one; the specification asks for them all the same (§2.6 step 5, §2.4).
  [
    "rp-backchannel-rpinitlogout-lt-wrong-alg (HMAC)",
    400,
    async ({ provider }, who) =>
      `${withoutSignature(await provider.logoutToken(who), { alg: "HS256", typ: "JWT" })}AAAA`,
  ],
  ["neither sub nor sid", 400, ({ provider }) => provider.logoutToken({})],
  ["sub alone", 200, ({ provider }, { sub }) => provider.logoutToken({ sub })],
  ["sid alone", 200, ({ provider }, { sid }) => provider.logoutToken({ sid })],
];

test.each(conditions)("LO-7 LO-9 %s: %i", async (_name, status, make) => {
  world = await createWorld();
  const ann = await signedIn(world, "ann-1");
  const form = { logout_token: await make(world, { sub: "ann-1", sid: ann.sid }) };
  const answer = await postLogout(world, form);
  expect(answer.status).toBe(status);
  // §2.8: the answer may not be kept by any cache on the way.
  expect(answer.headers.get("cache-control")).toContain("no-store");
  expect(await statuses(world, ann)).toEqual([status === 200 ? 401 : 200]);
});

test("LO-5 LO-7 signing out here first, then the token comes: 200, as the session is gone", async () => {
  world = await createWorld();
  const ann = await signedIn(world, "ann-1");
  await ann.browser.get(world.url("/account"));
  const out = await ann.browser.post(world.url("/sign-out"), {}, { follow: false });
  expect(out.location).toContain("post_logout_redirect_uri");
  const answer = await postLogout(world, { logout_token: await world.provider.logoutToken({ sid: ann.sid }) });
  expect(answer.status).toBe(200);
});
