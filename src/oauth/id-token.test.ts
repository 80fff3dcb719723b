import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { aProvider, countedRandom, loopbackEgress } from "../../test/support/oauth-setting.js";
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import { minutes } from "../kernel/time.js";
import type { Provider } from "../providers/provider.js";
import type { Store } from "../store/contract.js";
import { openSqliteStore } from "../store/sqlite.js";
import { type CapturedLog, createCapturedLog } from "../testing/captured-log.js";
import { type FakeProvider, startFakeProvider } from "../testing/fake-provider.js";
import { createManualClock, type ManualClock } from "../testing/manual-clock.js";
import { verifyIdToken } from "./id-token.js";
import { checkIdTokenClaims } from "./id-token-claims.js";
import { createMetadata, type Metadata } from "./metadata.js";
import type { AuthorizationServer } from "./types.js";

let idp: FakeProvider;
let egress: Egress;
let store: Store;
let clock: ManualClock;
let log: CapturedLog;
let metadata: Metadata;
let provider: Provider;
let as: AuthorizationServer;

beforeEach(async () => {
  clock = createManualClock();
  log = createCapturedLog();
  idp = await startFakeProvider({ clock });
  egress = loopbackEgress({ clock });
  store = await openSqliteStore({ path: ":memory:", clock, random: countedRandom(), log });
  metadata = createMetadata({ egress, store, clock, log });
  provider = aProvider({ issuer: idp.issuer });
  as = await metadata.discover(provider);
});
afterEach(async () => {
  await idp.stop();
  await egress.close();
  await store.close();
});

const token = (members: Record<string, unknown> = {}, header: Record<string, unknown> = {}) => {
  const second = clock.now() / 1_000;
  return idp.sign(
    { iss: idp.issuer, sub: "ann-1", aud: "latchkey", exp: second + 300, iat: second, nonce: "n", ...members },
    header,
  );
};
const verify = async (
  idToken: string | Promise<string>,
  more: Partial<Parameters<typeof verifyIdToken>[1]> = {},
): Promise<string> =>
  verifyIdToken(
    { metadata, clock, log },
    { as, provider, idToken: await idToken, nonce: "n", now: clock.now(), ...more },
  ).then(
    (claims) => claims.sub,
    (thrown) => (thrown instanceof LatchkeyError ? `${thrown.code} ${String(thrown.data["reason"])}` : String(thrown)),
  );
const keyRequests = () => idp.requestsTo("jwks").length;

describe("SI-10 keys that rotate", () => {
  test("SI-10 an unknown kid fetches the keys once more, and the same token then passes", async () => {
    expect(await verify(token())).toBe("ann-1");
    await idp.rotateKeys();
    expect(await verify(token())).toBe("ann-1");
    expect(keyRequests()).toBe(2);
  });

  test("SI-10 so does a signature that does not fit a kid that stayed the same", async () => {
    idp.tweaks.jwks = (keys) => keys.map((key) => ({ ...key, kid: "always" }));
    expect(await verify(token({}, { kid: "always" }))).toBe("ann-1");
    await idp.rotateKeys();
    expect(await verify(token({}, { kid: "always" }))).toBe("ann-1");
    expect(keyRequests()).toBe(2);
  });

  test("SI-10 twenty sign-ins at the moment of a rotation all pass, with one request", async () => {
    expect(await verify(token())).toBe("ann-1");
    await idp.rotateKeys();
    const all = await Promise.all(Array.from({ length: 20 }, () => verify(token())));
    expect(new Set(all)).toEqual(new Set(["ann-1"]));
    expect(keyRequests()).toBe(2);
  });

  test("AT-25 forged kids fetch the keys once a minute, not once a token", async () => {
    expect(await verify(token())).toBe("ann-1");
    for (let i = 0; i < 20; i++)
      expect(await verify(token({}, { kid: `forged-${i}` }))).toBe("signin.id_token_invalid key_unknown");
    expect(keyRequests()).toBe(2);
    await clock.advance(minutes(1));
    expect(await verify(token({}, { kid: "forged" }))).toBe("signin.id_token_invalid key_unknown");
    expect(keyRequests()).toBe(3);
  });

  test("AT-25 a plain forgery costs no request at all", async () => {
    expect(await verify("e30.e30.")).toBe("signin.id_token_invalid algorithm");
    expect(await verify(`${btoa('{"alg":"none"}').replace(/=+$/, "")}.e30.`)).toBe("signin.id_token_invalid algorithm");
    expect(keyRequests()).toBe(0);
  });

  test("SI-10 a token that was good before a rotation is refused when its key is gone", async () => {
    const old = await token();
    expect(await verify(old)).toBe("ann-1");
    await idp.rotateKeys();
    expect(await verify(token())).toBe("ann-1");
    expect(await verify(old)).toBe("signin.id_token_invalid key_unknown");
  });

  test("SI-10 keys that cannot be had are the provider's fault, and say so", async () => {
    idp.script({ jwks: { status: 503 } });
    expect(await verify(token())).toBe("signin.provider_unavailable status");
  });
});

test("SI-10 the tolerance is the provider's", async () => {
  const past = await token({ exp: clock.now() / 1_000 - 100 });
  expect(await verify(past)).toBe("signin.id_token_invalid expired");
  expect(await verify(past, { provider: { ...provider, clockTolerance: minutes(5) } })).toBe("ann-1");
});

test("SI-6 max_age of the operator is asked of every sign-in, unless the step says that nothing was asked", async () => {
  const asking = { ...provider, authorizeParams: { max_age: "60" } };
  expect(await verify(token(), { provider: asking })).toBe("signin.id_token_invalid auth_time");
  expect(await verify(token(), { provider: asking, maxAge: null })).toBe("ann-1");
});

test("AT-55 a refusal tells neither the token nor the nonce", async () => {
  const jwt = await token({ nonce: "canary-nonce", at_hash: "canary-hash" });
  for (const more of [{}, { nonce: "canary-nonce", accessToken: "canary-access" }]) {
    const thrown = await verifyIdToken(
      { metadata, clock, log },
      { as, provider, idToken: jwt, nonce: "n", now: clock.now(), ...more },
    ).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(LatchkeyError);
    const text = JSON.stringify([(thrown as LatchkeyError).data, (thrown as Error).stack, (thrown as Error).cause]);
    expect(text).not.toContain("canary");
    expect(text).not.toContain(jwt.slice(0, 40));
  }
  expect(log.text()).not.toContain("canary");
});

test("AT-27 an algorithm whose hash we do not know fails at_hash instead of skipping it", () => {
  const second = clock.now() / 1_000;
  const payload = { iss: "i", sub: "s", aud: "latchkey", exp: second, iat: second, at_hash: "x" };
  const expected = {
    issuer: "i",
    clientId: "latchkey",
    now: clock.now(),
    clockTolerance: minutes(1),
    nonce: undefined,
    accessToken: "at",
    maxAge: undefined,
  };
  expect(checkIdTokenClaims({ header: {}, payload, alg: "XX999" }, expected)).toEqual({ ok: false, error: "at_hash" });
});
