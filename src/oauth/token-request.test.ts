import { importSPKI, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { aClient, aProvider, countedRandom, loopbackEgress } from "../../test/support/oauth-setting.js";
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import { secret } from "../kernel/secret.js";
import { seconds } from "../kernel/time.js";
import type { Provider } from "../providers/provider.js";
import { createCapturedLog } from "../testing/captured-log.js";
import type { Answer, RawAnswer } from "../testing/fake-provider/answers.js";
import { type FakeProvider, startFakeProvider } from "../testing/fake-provider.js";
import { createManualClock, type ManualClock } from "../testing/manual-clock.js";
import { exchangeCode } from "./token-request.js";
import type { AuthorizationServer } from "./types.js";

let idp: FakeProvider;
let egress: Egress;
let clock: ManualClock;
const log = createCapturedLog();

beforeEach(async () => {
  clock = createManualClock();
  idp = await startFakeProvider({ clock });
  egress = loopbackEgress({ clock });
});
afterEach(async () => {
  await idp.stop();
  await egress.close();
});

const exchange = (provider: Provider = aProvider(), as: Partial<AuthorizationServer> = {}) =>
  exchangeCode(
    { egress, clock, random: countedRandom(), log },
    {
      as: { issuer: idp.issuer, token_endpoint: `${idp.issuer}/token`, ...as },
      provider,
      code: "the-code/+=&",
      codeVerifier: "the-verifier",
      now: clock.now(),
    },
  );
const thrown = async (work: Promise<unknown>): Promise<LatchkeyError> => {
  const caught = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(caught instanceof LatchkeyError)) throw new Error(`expected a failure, got ${String(caught)}`);
  return caught;
};
const tokens = { access_token: "at", token_type: "bearer", id_token: "a.b.c", expires_in: "60" };
const answering = (members: Record<string, unknown>): Answer => ({ json: { ...tokens, ...members } });

test("SI-9 step 7 sends the code once, with its verifier and redirect URI, authenticated", async () => {
  idp.next("token", answering({ refresh_token: "rt", scope: "openid" }));
  expect(await exchange()).toEqual({
    accessToken: "at",
    tokenType: "Bearer",
    refreshToken: "rt",
    idToken: "a.b.c",
    scopes: ["openid"],
    issuedAt: clock.now(),
    expiresAt: clock.now() + 60_000,
  });
  const [request, ...more] = idp.requestsTo("token");
  expect(more).toEqual([]);
  expect(Object.fromEntries(request?.form ?? [])).toEqual({
    grant_type: "authorization_code",
    code: "the-code/+=&",
    code_verifier: "the-verifier",
    redirect_uri: "https://app.example/auth/providers/corp/callback",
  });
  expect(request?.headers["authorization"]).toBe(`Basic ${btoa("latchkey:s3cret+of+the+client")}`);
});

describe("SI-20 what is kept of the answer", () => {
  test("SI-20 expires_at wins, and those scopes that were requested are granted when none are named", async () => {
    idp.next("token", answering({ expires_at: 1_900_000_000 }));
    expect(await exchange()).toMatchObject({ expiresAt: 1_900_000_000_000, scopes: ["openid", "email", "profile"] });
  });

  test("SI-20 an expiry that is not said is unknown, not an hour, and told once per provider", async () => {
    idp.script({ token: answering({ expires_in: undefined }) });
    const provider = aProvider({ id: "silent" });
    expect((await exchange(provider)).expiresAt).toBeNull();
    await exchange(provider);
    expect(log.lines.filter((line) => line.fields["provider"] === "silent")).toHaveLength(1);
  });

  test("SI-12 no ID token: refused where openid was asked for, fine where it was not", async () => {
    idp.script({ token: answering({ id_token: "" }) });
    expect(await thrown(exchange())).toMatchObject({
      code: "signin.token_answer_invalid",
      data: { reason: "id_token_missing" },
    });
    expect((await exchange(aProvider({ scopes: ["email"] }))).idToken).toBeNull();
  });
});

const oauthError = (error: string, status = 400): Answer => ({ status, json: { error } });
const endless: RawAnswer = {
  raw: (_request, response) => {
    response.setHeader("Content-Type", "application/json");
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, " ")));
    };
    response.on("drain", more).on("error", () => {});
    more();
  },
};

test.each<[why: string, answer: Answer | RawAnswer, code: string]>([
  ["invalid_client", oauthError("invalid_client", 401), "signin.client_rejected"],
  ["unauthorized_client", oauthError("unauthorized_client"), "signin.client_rejected"],
  ["401 without a body", { status: 401 }, "signin.client_rejected"],
  ["invalid_grant", oauthError("invalid_grant"), "signin.code_rejected"],
  ["invalid_request", oauthError("invalid_request"), "signin.provider_refused"],
  ["an error of its own", oauthError("blocked_by_policy", 403), "signin.provider_refused"],
  ["200 with error", oauthError("invalid_grant", 200), "signin.code_rejected"],
  ["temporarily_unavailable", oauthError("temporarily_unavailable"), "signin.provider_unavailable"],
  ["500", { status: 500, headers: { "Content-Type": "text/html" }, body: "<p>" }, "signin.provider_unavailable"],
  ["503 with invalid_grant", oauthError("invalid_grant", 503), "signin.provider_unavailable"],
  ["429", { status: 429 }, "signin.provider_unavailable"],
  ["a cut connection", { raw: (request) => void request.socket.destroy() }, "signin.provider_unavailable"],
  ["a redirect", { status: 307, headers: { Location: "https://evil.example/token" } }, "signin.token_answer_invalid"],
  ["HTML", { headers: { "Content-Type": "text/html" }, body: "<html>" }, "signin.token_answer_invalid"],
  ["a list", { json: [tokens] }, "signin.token_answer_invalid"],
  ["nothing", {}, "signin.token_answer_invalid"],
  ["204", { status: 204 }, "signin.token_answer_invalid"],
  ["404", { status: 404 }, "signin.token_answer_invalid"],
  [
    "40 MB",
    { headers: { "Content-Type": "application/json" }, body: Buffer.alloc(40_000_000, " ") },
    "signin.token_answer_invalid",
  ],
  ["an endless answer", endless, "signin.token_answer_invalid"],
  ["a MAC token", answering({ token_type: "mac" }), "signin.token_answer_invalid"],
  ["no access token", answering({ access_token: undefined }), "signin.token_answer_invalid"],
])("SI-12 the token endpoint answers %s", async (_why, answer, code) => {
  idp.script({ token: answer });
  expect((await thrown(exchange())).code).toBe(code);
  expect(idp.requestsTo("token").length).toBeLessThan(2);
});

test("SI-12 a failure says whether the request was sent", async () => {
  idp.script({ token: { raw: () => {} } });
  const hanging = thrown(exchange());
  await vi.waitUntil(() => idp.requestsTo("token").length === 1);
  await clock.advance(seconds(10));
  expect(await hanging).toMatchObject({
    code: "signin.provider_unavailable",
    data: { reason: "egress.timeout", sent: true },
  });
  await idp.stop();
  expect(await thrown(exchange())).toMatchObject({ code: "signin.provider_unavailable", data: { sent: false } });
});

test("SI-4 a provider's own timeout replaces egress.timeout", async () => {
  idp.script({ token: { raw: () => {} } });
  const hanging = thrown(exchange(aProvider({ timeout: seconds(2) })));
  await vi.waitUntil(() => idp.requestsTo("token").length === 1);
  await clock.advance(seconds(2));
  expect((await hanging).code).toBe("signin.provider_unavailable");
});

test.each([
  ["no token endpoint", undefined],
  ["an address that egress refuses", "http://10.0.0.1/token"],
])("SI-2 %s is a fault of the configuration", async (_why, token_endpoint) => {
  expect((await thrown(exchange(aProvider(), { token_endpoint }))).code).toBe("signin.provider_misconfigured");
});

test("AT-55 a provider that repeats what we sent gets none of it into our error", async () => {
  idp.script({
    token: (_honest, request) => ({
      status: 400,
      json: {
        error: "invalid_grant",
        error_description: `code ${request.form.get("code")} ${encodeURIComponent(request.form.get("code") ?? "")}\nverifier ${request.form.get("code_verifier")} secret s3cret of the client ${"x".repeat(900)}`,
      },
    }),
  });
  const error = await thrown(exchange());
  expect(error.data["description"]).toMatch(
    /^code \[removed\] \[removed\] verifier \[removed\] secret \[removed\] x+$/,
  );
  expect(String(error.data["description"])).toHaveLength(200);
  expect(JSON.stringify([error.data, error.message, error.stack, error.cause])).not.toMatch(
    /the-code|the-verifier|s3cret/,
  );
});

test("SI-4 a client assertion is signed for the issuer alone, and is never the same twice", async () => {
  const { generateKeyPair, exportPKCS8, exportSPKI } = await import("jose");
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const client = aClient({ clientSecret: null, clientKey: secret(await exportPKCS8(privateKey)) });
  idp.script({ token: answering({}) });
  const provider = aProvider({ client });
  const deps = { egress, clock, random: countedRandom(), log };
  const as = { issuer: idp.issuer, token_endpoint: `${idp.issuer}/token` };
  for (const code of ["a", "b"]) await exchangeCode(deps, { as, provider, code, codeVerifier: "v", now: clock.now() });
  const key = await importSPKI(await exportSPKI(publicKey), "ES256");
  const currentDate = new Date(clock.now());
  const sent = idp.requestsTo("token").map((request) => request.form.get("client_assertion") ?? "");
  const payloads = await Promise.all(sent.map(async (jwt) => (await jwtVerify(jwt, key, { currentDate })).payload));
  expect(payloads[0]).toMatchObject({ iss: "latchkey", sub: "latchkey", aud: idp.issuer });
  expect((payloads[0]?.exp ?? 0) - (payloads[0]?.iat ?? 0)).toBeLessThanOrEqual(300);
  expect(payloads[0]?.jti).not.toBe(payloads[1]?.jti);
  expect(idp.requestsTo("token")[0]?.headers["authorization"]).toBeUndefined();
});
