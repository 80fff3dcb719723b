/**
 * AT-46 and AT-47: logout tokens that must end nothing. Each table begins with the honest token, so that a refusal is
 * known to come from the forgery and not from the setting.
 */
import { exportSPKI, importJWK, SignJWT } from "jose";
import { afterEach, describe, expect, test } from "vitest";
import { seconds } from "../../src/kernel/time.js";
import { createSigningKey, signJwt } from "../../src/testing/fake-provider/keys.js";
import { startFakeProvider } from "../../src/testing/fake-provider.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { createWorld, type World } from "../../src/testing/world.js";
import { logOut, postLogout, signedIn, statuses } from "../support/logout-setting.js";
import { createTwoProviders, providerEntry } from "../support/two-providers.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
const kept = async <T extends { close(): Promise<unknown> }>(made: Promise<T>): Promise<T> => {
  const one = await made;
  open.push(one);
  return one;
};

const event = "http://schemas.openid.net/event/backchannel-logout";
const encoded = (text: string) => Buffer.from(text).toString("base64url");
const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
const plain = (header: object, payload: object, signature = "") =>
  `${[header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}.${signature}`;

describe("AT-46 a token that is no logout token of this provider for us", () => {
  /** Each makes the token that is posted, from the world, Ann's sid and the time in seconds. */
  const forgeries: [what: string, make: (world: World, sid: string, now: number) => Promise<string> | string][] = [
    ["of another audience", ({ provider }, sid) => provider.logoutToken({ sid, aud: "another-app" })],
    [
      "of several audiences, presented by another",
      ({ provider }, sid) => provider.logoutToken({ sid, aud: ["latchkey", "another-app"], azp: "another-app" }),
    ],
    ["with a nonce", ({ provider }, sid) => provider.logoutToken({ sid, nonce: "n" })],
    [
      "an ID token",
      ({ provider }, sid, now) =>
        provider.sign({ iss: provider.issuer, aud: "latchkey", sub: "ann-1", sid, iat: now, exp: now + 300, jti: "i" }),
    ],
    ["an access token with events", ({ provider }, sid) => provider.logoutToken({ sid }, { typ: "at+jwt" })],
    [
      "another security event",
      ({ provider }, sid) =>
        provider.logoutToken({
          sid,
          events: { "https://schemas.openid.net/secevent/risc/event-type/account-enabled": {} },
        }),
    ],
    ["events as a list", ({ provider }, sid) => provider.logoutToken({ sid, events: [event] })],
    ["events as text", ({ provider }, sid) => provider.logoutToken({ sid, events: event })],
    ["from the future", ({ provider }, sid, now) => provider.logoutToken({ sid, iat: now + 3_600, exp: now + 7_200 })],
    [
      "an hour old, still valid for another",
      ({ provider }, sid, now) => provider.logoutToken({ sid, iat: now - 3_600, exp: now + 3_600 }),
    ],
    ["that has run out", ({ provider }, sid, now) => provider.logoutToken({ sid, iat: now - 250, exp: now - 200 })],
    ["that never runs out", ({ provider }, sid) => provider.logoutToken({ sid, exp: undefined })],
    ["without a name to use up", ({ provider }, sid) => provider.logoutToken({ sid, jti: undefined })],
    ["that names nobody", ({ provider }) => provider.logoutToken({})],
    [
      "of another issuer under the same key",
      ({ provider }, sid) => provider.logoutToken({ sid, iss: `${provider.issuer}/` }),
    ],
    [
      "with alg none",
      ({ provider }, sid, now) =>
        plain(
          { alg: "none" },
          { iss: provider.issuer, aud: "latchkey", sid, iat: now, exp: now + 60, jti: "n", events: { [event]: {} } },
        ),
    ],
    [
      "with alg none in capitals and a signature",
      ({ provider }, sid, now) =>
        plain(
          { alg: "NONE" },
          { iss: provider.issuer, aud: "latchkey", sid, iat: now, exp: now + 60, jti: "n", events: { [event]: {} } },
          "AAAA",
        ),
    ],
    [
      "with an HMAC made with the public key",
      async ({ provider }, sid, now) => {
        const [key] = provider.keys;
        const pem = await exportSPKI((await importJWK(key?.publicJwk ?? {}, "ES256")) as never);
        const claims = {
          iss: provider.issuer,
          aud: "latchkey",
          sid,
          iat: now,
          exp: now + 60,
          jti: "h",
          events: { [event]: {} },
        };
        return new SignJWT(claims)
          .setProtectedHeader({ alg: "HS256", kid: key?.kid ?? "" })
          .sign(new TextEncoder().encode(pem));
      },
    ],
    [
      "with an HMAC made with our client secret",
      ({ provider }, sid, now) => {
        const claims = {
          iss: provider.issuer,
          aud: "latchkey",
          sid,
          iat: now,
          exp: now + 60,
          jti: "h",
          events: { [event]: {} },
        };
        const secret = new TextEncoder().encode(provider.client.clientSecret);
        return new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(secret);
      },
    ],
    [
      "with a key of its own in the header",
      async ({ provider }, sid, now) => {
        const key = await createSigningKey("ES256");
        const claims = {
          iss: provider.issuer,
          aud: "latchkey",
          sid,
          iat: now,
          exp: now + 60,
          jti: "k",
          events: { [event]: {} },
        };
        return signJwt(key, claims, { jwk: key.publicJwk, kid: provider.keys[0]?.kid });
      },
    ],
    [
      "with a signature of another token",
      async ({ provider }, sid) => {
        const [one, other] = [await provider.logoutToken({ sid }), await provider.logoutToken({ sid: "x" })];
        return [...one.split(".").slice(0, 2), other.split(".")[2]].join(".");
      },
    ],
    [
      "with an unknown critical extension",
      ({ provider }, sid) =>
        provider
          .logoutToken({ sid }, { crit: ["x"], x: 1 })
          .catch(() => plain({ alg: "ES256", crit: ["x"], x: 1 }, {}, "AA")),
    ],
    ["that is empty", () => ""],
    ["that is no token", () => "logout please"],
    ["of 100 KB", () => `${"a".repeat(100_000)}.b.c`],
  ];

  test("LO-7 the honest one ends the session, so that the forgeries are what is refused", async () => {
    const world = await kept(createWorld());
    const ann = await signedIn(world, "ann-1");
    expect(await logOut(world, world.provider.logoutToken({ sid: ann.sid }))).toBe("200");
    expect(await statuses(world, ann)).toEqual([401]);
  });

  test.each(forgeries)("AT-46 LO-7 %s: 400, and Ann stays signed in", async (_what, make) => {
    const world = await kept(createWorld());
    const ann = await signedIn(world, "ann-1");
    const now = Math.floor(world.clock.now() / 1_000);
    const answer = await postLogout(world, { logout_token: await make(world, ann.sid, now) });
    expect([answer.status, answer.error]).toEqual([400, "invalid_request"]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await statuses(world, ann)).toEqual([200]);
    expect(world.log.text()).not.toContain(ann.sid);
  });

  test("AT-46 a token is good once: its replay ends nothing that began since", async () => {
    const clock = createManualClock();
    const world = await kept(createWorld({ clock }));
    await signedIn(world, "ann-1");
    const token = await world.provider.logoutToken({ sub: "ann-1" });
    expect(await logOut(world, token)).toBe("200");
    // Tokens tell whole seconds: of a sign-in in the same one nobody could say whether it came before or after.
    await clock.advance(seconds(1));
    const back = await signedIn(world, "ann-1");
    expect(await logOut(world, token)).toBe("400 invalid_request");
    expect(await logOut(world, token, "/providers/fake/backchannel-logout")).toBe("400 invalid_request");
    expect(await statuses(world, back)).toEqual([200]);
    expect(world.log.text()).toContain("replayed");
  });

  test("AT-46 one token sent ten times at once counts once", async () => {
    const world = await kept(createWorld());
    await signedIn(world, "ann-1");
    const token = await world.provider.logoutToken({ sub: "ann-1" });
    const answers = await Promise.all(Array.from({ length: 10 }, () => logOut(world, token)));
    expect(answers.sort()).toEqual(["200", ...Array.from({ length: 9 }, () => "400 invalid_request")]);
  });

  test("AT-46 a burst with unknown issuers asks nobody anything, and the provider's own token still works", async () => {
    const world = await kept(createWorld());
    const stranger = await startFakeProvider();
    open.push({ close: () => stranger.stop() });
    const ann = await signedIn(world, "ann-1");
    const before = world.provider.requests.length;
    const burst = await Promise.all(
      Array.from({ length: 500 }, async (_, index) =>
        logOut(
          world,
          stranger.logoutToken({ sid: ann.sid, iss: `${stranger.issuer}/${index % 7 || ""}`, aud: "latchkey" }),
        ),
      ),
    );
    expect(new Set(burst)).toEqual(new Set(["400 invalid_request"]));
    expect(stranger.requests).toEqual([]);
    expect(world.provider.requests.length).toBe(before);
    expect(await logOut(world, world.provider.logoutToken({ sid: ann.sid }))).toBe("200");
  });

  test("AT-46 SU-5 a burst of forgeries is limited by address, and another address is not kept waiting", async () => {
    const world = await kept(createWorld({ config: { rateLimits: { logout: "5/h" } } }));
    const ann = await signedIn(world, "ann-1");
    const from = async (address: string, token: string) => {
      const body = new URLSearchParams({ logout_token: token });
      const request = new Request(world.url("/backchannel-logout"), { method: "POST", body });
      return (await world.latchkey.fetch(request, { address })).status;
    };
    const burst: number[] = [];
    for (let i = 0; i < 8; i++) burst.push(await from("203.0.113.9", "forged.forged.forged"));
    expect(burst).toEqual([400, 400, 400, 400, 400, 429, 429, 429]);
    expect(await from("203.0.113.10", await world.provider.logoutToken({ sid: ann.sid }))).toBe(200);
  });

  test.each(["iss", "aud", "exp", "events"])(
    "AT-46 LO-9 tokens whose %s is nested 6,000 deep are bad tokens, answered and counted like all others",
    async (name) => {
      const world = await kept(createWorld({ config: { rateLimits: { logout: "3/h" } } }));
      const now = Math.floor(world.clock.now() / 1_000);
      const honest = { iss: world.provider.issuer, aud: "latchkey", iat: now, exp: now + 60, jti: "deep", events: {} };
      // JSON.parse reads it, and JSON.stringify cannot write it.
      const members = JSON.stringify({ ...honest, [name]: "DEEP" }).replace('"DEEP"', nested(6_000));
      const token = `${[JSON.stringify({ alg: "ES256" }), members].map(encoded).join(".")}.AAAA`;
      const burst: string[] = [];
      for (let i = 0; i < 5; i++) burst.push(await logOut(world, token));
      const [refused, limited] = ["400 invalid_request", "429 temporarily_unavailable"];
      expect(burst).toEqual([refused, refused, refused, limited, limited]);
      expect(world.log.text()).toContain("logout.token_invalid");
      expect(world.log.text()).not.toMatch(/logout\.unfinished|RangeError|\[\[\[/);
    },
  );

  test("AT-46 forgeries of a known issuer fetch its keys once more in a minute, not once a token, and are limited", async () => {
    const world = await kept(createWorld({ config: { rateLimits: { logout: "5/h" } } }));
    const ann = await signedIn(world, "ann-1");
    const before = world.provider.requestsTo("jwks").length;
    const answers: string[] = [];
    for (let i = 0; i < 10; i++) {
      const forged = world.provider.logoutToken({ sid: ann.sid }, { kid: `forged-${i}` });
      answers.push(await logOut(world, forged));
    }
    // After the first, whether there is such a key by now cannot be told.
    expect(answers).toEqual([
      "400 invalid_request",
      ...Array<string>(5).fill("400 server_error"),
      ...Array<string>(4).fill("429 temporarily_unavailable"),
    ]);
    expect(world.provider.requestsTo("jwks").length - before).toBe(1);
    expect(await logOut(world, world.provider.logoutToken({ sid: ann.sid }))).toBe("200");
  });

  test("AT-46 LO-9 whoever makes up a kid when keys are about to change has no good token called bad: it can be sent again", async () => {
    const clock = createManualClock();
    const world = await kept(createWorld({ clock }));
    const ann = await signedIn(world, "ann-1");
    expect(await logOut(world, world.provider.logoutToken({ sid: ann.sid }, { kid: "made-up" }))).toBe(
      "400 invalid_request",
    );
    await world.provider.rotateKeys();
    const token = await world.provider.logoutToken({ sid: ann.sid });
    const answer = await postLogout(world, { logout_token: token });
    expect([answer.status, answer.error, answer.headers.get("retry-after")]).toEqual([400, "server_error", "60"]);
    expect(await statuses(world, ann)).toEqual([200]);
    await clock.advance(seconds(60));
    expect(await logOut(world, token)).toBe("200");
    expect(await statuses(world, ann)).toEqual([401]);
  });
});

describe("AT-47 a logout reaches only whom its issuer may speak for", () => {
  test("AT-47 LO-8 by sub at one issuer: the person of the same sub at another stays signed in", async () => {
    const world = await kept(createTwoProviders({ other: { people: [{ sub: "ann-1", email: "eve@evil.example" }] } }));
    const ann = await signedIn(world, "ann-1");
    const eve = world.browser();
    await world.signIn(eve, "ann-1", { provider: "other" });
    expect((await world.session(eve)).status).toBe(200);
    expect(await logOut(world, world.other.logoutToken({ sub: "ann-1" }))).toBe("200");
    expect(await statuses(world, ann, { browser: eve })).toEqual([200, 401]);
  });

  test("AT-47 a sid of one issuer means nothing at another", async () => {
    const world = await kept(createTwoProviders());
    const ann = await signedIn(world, "ann-1");
    expect(await logOut(world, world.other.logoutToken({ sid: ann.sid }))).toBe("200");
    expect(await statuses(world, ann)).toEqual([200]);
  });

  test("AT-47 another issuer's token under the first one's name, or at its own address, is refused", async () => {
    const world = await kept(createTwoProviders());
    const ann = await signedIn(world, "ann-1");
    const claims = { sub: "ann-1", sid: ann.sid };
    expect(await logOut(world, world.other.logoutToken({ ...claims, iss: world.provider.issuer }))).toBe(
      "400 invalid_request",
    );
    const own = await world.other.logoutToken(claims);
    expect(await logOut(world, own, "/providers/fake/backchannel-logout")).toBe("400 invalid_request");
    expect(await logOut(world, own, "/providers/nobody/backchannel-logout")).toBe("400 invalid_request");
    expect(await statuses(world, ann)).toEqual([200]);
  });

  test("AT-47 LO-8 a sid that belongs to another sub ends nothing, not even the sub's own sessions, and is logged", async () => {
    const world = await kept(createWorld());
    const [ann, ben] = [await signedIn(world, "ann-1"), await signedIn(world, "ben-2")];
    expect(await logOut(world, world.provider.logoutToken({ sub: "ann-1", sid: ben.sid }))).toBe("400 invalid_request");
    expect(await statuses(world, ann, ben)).toEqual([200, 200]);
    expect(world.log.text()).toContain("sid_of_another");
  });

  test("AT-47 LO-8 a token to one client of ours ends nothing that was made through another", async () => {
    const second = { clientId: "second", clientSecret: "second's own secret" };
    const provider = await startFakeProvider({
      clients: [{ clientId: "latchkey", clientSecret: "first's secret" }, second],
    });
    open.push({ close: () => provider.stop() });
    const providers = [providerEntry("fake", provider), providerEntry("again", provider, second)];
    const world = { ...(await kept(createWorld({ config: { providers } }))), provider };
    const one = world.browser();
    await world.signIn(one, "ann-1", { provider: "fake" });
    const other = world.browser();
    await world.signIn(other, "ann-1", { provider: "again" });
    const both = () => statuses(world, { browser: one }, { browser: other });
    expect(await both()).toEqual([200, 200]);
    const wrongAddress = provider.logoutToken({ sub: "ann-1", aud: "second" });
    expect(await logOut(world, wrongAddress, "/providers/fake/backchannel-logout")).toBe("400 invalid_request");
    expect(await logOut(world, provider.logoutToken({ sub: "ann-1", aud: "second" }))).toBe("200");
    expect(await both()).toEqual([200, 401]);
    expect(await logOut(world, provider.logoutToken({ sub: "ann-1", aud: ["second", "latchkey"] }))).toBe("200");
    expect(await both()).toEqual([401, 401]);
  });
});
