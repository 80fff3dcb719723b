import { generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { aProvider, countedRandom, loopbackEgress } from "../../test/support/oauth-setting.js";
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import { silentLog } from "../kernel/log.js";
import type { Provider } from "../providers/provider.js";
import type { Store } from "../store/contract.js";
import { openSqliteStore } from "../store/sqlite.js";
import { type FakeProvider, startFakeProvider } from "../testing/fake-provider.js";
import { createManualClock, type ManualClock } from "../testing/manual-clock.js";
import { createMetadata, type Metadata } from "./metadata.js";
import type { AuthorizationServer } from "./types.js";
import { fetchUserinfo } from "./userinfo.js";

let idp: FakeProvider;
let egress: Egress;
let store: Store;
let clock: ManualClock;
let metadata: Metadata;
let provider: Provider;
let as: AuthorizationServer;

beforeEach(async () => {
  clock = createManualClock();
  idp = await startFakeProvider({ clock });
  egress = loopbackEgress({ clock });
  store = await openSqliteStore({ path: ":memory:", clock, random: countedRandom(), log: silentLog });
  metadata = createMetadata({ egress, store, clock, log: silentLog });
  provider = aProvider({ issuer: idp.issuer });
  as = await metadata.discover(provider);
});
afterEach(async () => {
  await idp.stop();
  await egress.close();
  await store.close();
});

const fetch = (server: Partial<AuthorizationServer> = {}, accessToken = "the-access-token") =>
  fetchUserinfo(
    { egress, metadata, clock, log: silentLog },
    { as: { ...as, ...server }, provider, accessToken, expectedSub: "ann-1", now: clock.now() },
  );
const failure = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "accepted",
    (thrown) => (thrown instanceof LatchkeyError ? `${thrown.code} ${String(thrown.data["reason"])}` : String(thrown)),
  );
const signed = (jwt: string) => ({ headers: { "Content-Type": "application/jwt" }, body: jwt });

test("SI-11 asks with the access token in the header and nowhere else", async () => {
  idp.script({ userinfo: { json: { sub: "ann-1", email: "ann@example.com" } } });
  expect(await fetch()).toEqual({ sub: "ann-1", email: "ann@example.com" });
  const [request] = idp.requestsTo("userinfo");
  expect(request?.headers["authorization"]).toBe("Bearer the-access-token");
  expect([request?.query.toString(), request?.body]).toEqual(["", ""]);
});

test.each<[why: string, answer: object, expected: string]>([
  ["AT-11 another subject", { json: { sub: "ben-2" } }, "signin.userinfo_invalid sub"],
  ["AT-11 another case of the subject", { json: { sub: "Ann-1" } }, "signin.userinfo_invalid sub"],
  ["no subject", { json: { email: "a@x" } }, "signin.userinfo_invalid sub"],
  ["a list of subjects", { json: { sub: ["ann-1"] } }, "signin.userinfo_invalid sub"],
  ["a list", { json: [{ sub: "ann-1" }] }, "signin.userinfo_invalid not_an_object"],
  ["HTML", { headers: { "Content-Type": "text/html" }, body: "<p>" }, "signin.userinfo_invalid egress.content_type"],
  [
    "JSON called text",
    { headers: { "Content-Type": "text/plain" }, body: '{"sub":"ann-1"}' },
    "signin.userinfo_invalid content_type",
  ],
  [
    "text called JSON",
    { headers: { "Content-Type": "application/json" }, body: "sub" },
    "signin.userinfo_invalid not_an_object",
  ],
  ["401", { status: 401 }, "signin.userinfo_invalid status"],
  [
    "a redirect",
    { status: 302, headers: { Location: "https://evil.example/" } },
    "signin.userinfo_invalid egress.redirect_refused",
  ],
  ["503", { status: 503 }, "signin.provider_unavailable undefined"],
  [
    "40 MB",
    { headers: { "Content-Type": "application/json" }, body: Buffer.alloc(40_000_000, " ") },
    "signin.userinfo_invalid egress.too_large",
  ],
  [
    "a cut connection",
    { raw: (r: import("node:http").IncomingMessage) => void r.socket.destroy() },
    "signin.provider_unavailable egress.failed",
  ],
])("SI-11 %s", async (_why, answer, expected) => {
  idp.script({ userinfo: answer });
  expect(await failure(fetch())).toBe(expected);
});

describe("SI-11 signed answers", () => {
  test.each<[why: string, claims: Record<string, unknown>, expected: string]>([
    ["with nothing but the subject", { sub: "ann-1" }, "accepted"],
    ["with our issuer and audience", { sub: "ann-1", iss: "ours", aud: ["other", "latchkey"] }, "accepted"],
    ["of another issuer", { sub: "ann-1", iss: "https://evil.example" }, "signin.userinfo_invalid iss"],
    ["for another client", { sub: "ann-1", aud: "other" }, "signin.userinfo_invalid aud"],
    ["for nobody that can be read", { sub: "ann-1", aud: { latchkey: true } }, "signin.userinfo_invalid aud"],
    ["that ran out", { sub: "ann-1", exp: 1 }, "signin.userinfo_invalid expired"],
    ["AT-11 of another subject", { sub: "ben-2" }, "signin.userinfo_invalid sub"],
  ])("SI-11 %s", async (_why, claims, expected) => {
    const jwt = await idp.sign({ ...claims, ...(claims["iss"] === "ours" ? { iss: idp.issuer } : {}) });
    idp.script({ userinfo: signed(jwt) });
    expect(await failure(fetch())).toBe(expected);
  });

  test("SI-11 with another's key, with none, or with an algorithm that was not agreed", async () => {
    const { privateKey } = await generateKeyPair("ES256");
    const kid = idp.keys[0]?.kid ?? "";
    idp.script({
      userinfo: signed(await new SignJWT({ sub: "ann-1" }).setProtectedHeader({ alg: "ES256", kid }).sign(privateKey)),
    });
    expect(await failure(fetch())).toBe("signin.userinfo_invalid signature");
    idp.script({ userinfo: signed("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4tMSJ9.") });
    expect(await failure(fetch())).toBe("signin.userinfo_invalid algorithm");
    idp.script({ userinfo: signed(await idp.sign({ sub: "ann-1" })) });
    expect(await failure(fetch({ userinfo_signed_response_alg: "RS256" }))).toBe("signin.userinfo_invalid algorithm");
    expect(await failure(fetch({ userinfo_signed_response_alg: "ES256" }))).toBe("accepted");
  });

  test("SI-11 a plain answer where a signed one is configured is refused", async () => {
    idp.script({ userinfo: { json: { sub: "ann-1" } } });
    expect(await failure(fetch({ userinfo_signed_response_alg: "ES256" }))).toBe("signin.userinfo_invalid not_signed");
  });
});

test("AT-33 a userinfo endpoint inside our network is not asked", async () => {
  expect(await failure(fetch({ userinfo_endpoint: "http://10.0.0.1/userinfo" }))).toMatch(
    /^signin\.provider_misconfigured/,
  );
  expect(await failure(fetch({ userinfo_endpoint: undefined }))).toBe("signin.userinfo_invalid endpoint_unusable");
});

test("AT-55 the access token is in no error", async () => {
  idp.script({ userinfo: (_honest, request) => ({ status: 400, json: { error: request.headers["authorization"] } }) });
  const thrown = (await fetch({}, "canary-token").catch((error: unknown) => error)) as LatchkeyError;
  expect(JSON.stringify([thrown.data, thrown.stack, thrown.cause])).not.toContain("canary");
});
