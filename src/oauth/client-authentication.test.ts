import { decodeJwt, decodeProtectedHeader, exportJWK, exportPKCS8, generateKeyPair, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { aClient, countedRandom } from "../../test/support/oauth-setting.js";
import { LatchkeyError } from "../kernel/errors.js";
import { secret } from "../kernel/secret.js";
import type { ClientRegistration } from "../providers/provider.js";
import { createManualClock } from "../testing/manual-clock.js";
import { authenticateClient } from "./client-authentication.js";
import type { AuthorizationServer } from "./types.js";

const clock = createManualClock();
const issuer = "https://idp.example/";
const authenticate = (client: Partial<ClientRegistration>, as: Partial<AuthorizationServer> = {}) =>
  authenticateClient(
    { clock, random: countedRandom() },
    { client: aClient(client), as: { issuer, token_endpoint: "https://idp.example/token", ...as }, now: clock.now() },
  );
const key = async (alg: string, form: "pem" | "jwk" = "pem", more: object = {}) => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const text =
    form === "pem" ? await exportPKCS8(privateKey) : JSON.stringify({ ...(await exportJWK(privateKey)), ...more });
  return { clientKey: secret(text), publicKey };
};
const assertionOf = (made: { body: Readonly<Record<string, string>> }): string => made.body["client_assertion"] ?? "";
const reason = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "fine",
    (thrown) => (thrown instanceof LatchkeyError ? `${thrown.code} ${String(thrown.data["reason"])}` : String(thrown)),
  );

describe("SI-4 which method", () => {
  const anyKey = secret("unused");
  const both = ["client_secret_post", "client_secret_basic", "private_key_jwt"];
  test.each<[why: string, client: Partial<ClientRegistration>, listed: string[] | undefined, expected: string]>([
    ["metadata lists nothing: basic", {}, undefined, "basic"],
    ["basic first, wherever it stands", {}, both, "basic"],
    ["post when there is no basic", {}, ["client_secret_post", "none"], "post"],
    ["a list that we cannot serve: basic, and the server says why", {}, ["tls_client_auth"], "basic"],
    ["an empty list", {}, [], "basic"],
    ["no secret, no key", { clientSecret: null }, both, "none"],
    [
      "the operator's choice against metadata",
      { tokenEndpointAuthMethod: "client_secret_post" },
      ["client_secret_basic"],
      "post",
    ],
    ["none by choice, though there is a secret", { tokenEndpointAuthMethod: "none" }, both, "none"],
    ["a secret and a key: metadata decides, basic first", { clientKey: anyKey }, both, "basic"],
  ])("SI-4 %s", async (_why, client, listed, expected) => {
    const made = await authenticate(client, { token_endpoint_auth_methods_supported: listed });
    const method = made.headers["authorization"] ? "basic" : made.body["client_secret"] ? "post" : "none";
    expect(method).toBe(expected);
  });

  test("SI-4 a key and no secret, or a server that takes keys alone: private_key_jwt", async () => {
    const { clientKey } = await key("ES256");
    expect(assertionOf(await authenticate({ clientSecret: null, clientKey }))).not.toBe("");
    expect(
      assertionOf(await authenticate({ clientKey }, { token_endpoint_auth_methods_supported: ["private_key_jwt"] })),
    ).not.toBe("");
  });
});

describe("SI-4 what is sent", () => {
  test.each([
    ["plain", "abc-1_2.3", "abc-1_2.3"],
    ["a space, a plus, a percent", "a b+c%d", "a+b%2Bc%25d"],
    ["a colon", "a:b", "a%3Ab"],
    ["another alphabet", "ключ é", "%D0%BA%D0%BB%D1%8E%D1%87+%C3%A9"],
    ["what URLs leave alone and forms do not", "a~b!c'd(e)f*", "a%7Eb%21c%27d%28e%29f*"],
  ])("SI-4 basic is form-encoded: %s", async (_why, text, encoded) => {
    const made = await authenticate({ clientId: text, clientSecret: secret(text) });
    expect(made).toEqual({ headers: { authorization: `Basic ${btoa(`${encoded}:${encoded}`)}` }, body: {} });
  });

  test("SI-4 client_id also in the body where the provider wants it", async () => {
    expect((await authenticate({ clientIdInBody: true })).body).toEqual({ client_id: "latchkey" });
  });

  test("SI-4 post and none", async () => {
    expect(await authenticate({ tokenEndpointAuthMethod: "client_secret_post" })).toEqual({
      headers: {},
      body: { client_id: "latchkey", client_secret: "s3cret of the client" },
    });
    expect(await authenticate({ clientSecret: null })).toEqual({ headers: {}, body: { client_id: "latchkey" } });
  });
});

describe("SI-4 client assertions", () => {
  test.each([
    ["RS256", "pem"],
    ["ES256", "pem"],
    ["ES384", "pem"],
    ["ES512", "pem"],
    ["EdDSA", "pem"],
    ["RS256", "jwk"],
    ["ES256", "jwk"],
    ["EdDSA", "jwk"],
  ] as const)("SI-4 a %s key as %s signs with its own algorithm", async (alg, form) => {
    const { clientKey, publicKey } = await key(alg, form, { kid: "mine" });
    const jwt = assertionOf(await authenticate({ clientSecret: null, clientKey }));
    const { payload, protectedHeader } = await jwtVerify(jwt, publicKey, { currentDate: new Date(clock.now()) });
    expect(protectedHeader).toMatchObject({ alg, ...(form === "jwk" ? { kid: "mine" } : {}) });
    // The audience is the issuer alone, as a string, with the slash it has.
    expect(payload).toMatchObject({ iss: "latchkey", sub: "latchkey", aud: issuer, iat: clock.now() / 1_000 });
    expect((payload.exp ?? Number.NaN) - (payload.iat ?? 0)).toBeLessThanOrEqual(300);
    expect(payload.jti).toHaveLength(43);
  });

  test("SI-4 the algorithm is one that metadata lists and the key's alg allows", async () => {
    const { clientKey } = await key("RS256");
    const listed = { token_endpoint_auth_signing_alg_values_supported: ["PS256", "ES256"] };
    expect(decodeProtectedHeader(assertionOf(await authenticate({ clientSecret: null, clientKey }, listed))).alg).toBe(
      "PS256",
    );
    const own = await key("PS384", "jwk", { alg: "PS384" });
    expect(
      decodeProtectedHeader(assertionOf(await authenticate({ clientSecret: null, clientKey: own.clientKey }))).alg,
    ).toBe("PS384");
    expect(await reason(authenticate({ clientSecret: null, clientKey: own.clientKey }, listed))).toBe(
      "signin.provider_misconfigured client_key_algorithm",
    );
  });

  test("SI-4 the token endpoint as audience only where the operator says so", async () => {
    const { clientKey } = await key("ES256");
    const made = await authenticate({ clientSecret: null, clientKey, clientAssertionAudience: "token-endpoint" });
    expect(decodeJwt(assertionOf(made)).aud).toBe("https://idp.example/token");
  });

  test("SI-4 a key or secret that is missing or no key is a fault of the configuration, and is not shown", async () => {
    const method = { tokenEndpointAuthMethod: "private_key_jwt" } as const;
    expect(await reason(authenticate({ ...method }))).toBe("signin.provider_misconfigured client_key_missing");
    expect(await reason(authenticate({ tokenEndpointAuthMethod: "client_secret_basic", clientSecret: null }))).toBe(
      "signin.provider_misconfigured client_secret_missing",
    );
    const { publicKey } = await key("ES256");
    for (const text of [
      "canary-key",
      "{}",
      "[]",
      JSON.stringify(await exportJWK(publicKey)),
      '{"kty":"oct","k":"Y2FuYXJ5"}',
    ]) {
      const work = authenticate({ ...method, clientKey: secret(text) });
      expect(await reason(work)).toBe("signin.provider_misconfigured client_key_algorithm");
      const error = (await work.catch((thrown: unknown) => thrown)) as LatchkeyError;
      expect(`${error.stack} ${String((error.cause as Error | undefined)?.message)}`).not.toContain("canary");
    }
  });
});
