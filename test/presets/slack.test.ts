/**
 * The preset `slack` against a provider that answers as Slack's pages say:
 * https://api.slack.com/.well-known/openid-configuration (issuer, RS256, `client_secret_post`, `client_secret_basic`; no
 * revocation, no end of session), https://docs.slack.dev/reference/methods/openid.connect.token (no `code_verifier`; 200
 * with `ok: false` and `error`) and https://docs.slack.dev/reference/methods/openid.connect.userInfo (`sub`,
 * `https://slack.com/team_id`, `email`, `email_verified`, `date_email_verified`, `name`, `picture`). It listens on loopback,
 * so only the address of its discovery document is another.
 */
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.js";
import type { FakeProvider, FakeProviderOptions } from "../../src/testing/fake-provider.js";
import { aWorldAt, type ProviderInput, signsIn, started } from "../options/setting.js";

const issuer = "https://slack.com";
const krane: FakeProviderOptions = {
  alg: "RS256",
  // openid.connect.token documents no code verifier, and nothing that would check one.
  requirePkce: false,
  people: [
    {
      sub: "U0R7JM",
      email: "krane@slack-corp.com",
      emailVerified: true,
      name: "krane",
      picture: "https://secure.gravatar.com/avatar.png",
      claims: {
        "https://slack.com/user_id": "U0R7JM",
        "https://slack.com/team_id": "T0R7GR",
        date_email_verified: 1622128723,
        given_name: "Bront",
        family_name: "Labradoodle",
        locale: "en-US",
      },
    },
  ],
};

function asSlack(provider: FakeProvider): void {
  provider.tweaks.metadata = ({ authorization_response_iss_parameter_supported: _, ...metadata }) => ({
    ...metadata,
    issuer,
    revocation_endpoint: undefined,
    end_session_endpoint: undefined,
    pushed_authorization_request_endpoint: undefined,
    code_challenge_methods_supported: undefined,
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
  });
  provider.tweaks.authorizationResponse = (parameters) => ({ ...parameters, iss: undefined });
  // Slack puts an empty nonce into the ID token where none was sent; the claims are otherwise those of userInfo.
  provider.tweaks.idTokenClaims = (claims) => ({ ...claims, iss: issuer, nonce: claims["nonce"] ?? "" });
  provider.tweaks.tokenAnswer = (answer) => ({ ...answer, ok: true });
}

const aSlack = (more: Partial<ProviderInput> = {}) =>
  aWorldAt((provider) => {
    asSlack(provider);
    const discoveryUrl = `${provider.issuer}/.well-known/openid-configuration`;
    return { id: "slack", preset: "slack", issuer: undefined, discoveryUrl, ...more };
  }, krane);

describe("signing in with Slack", () => {
  test("SI-1 SI-2 SI-5 [option:providers.preset] goes through with a nonce, a secret and no code verifier", async () => {
    const world = await aSlack();
    const signedIn = await signsIn(world, "U0R7JM", "slack");
    expect(signedIn).toMatchObject({ error: null, user: { email: "krane@slack-corp.com", name: "krane" } });
    const identities = await signedIn.browser.get(world.url("/api/identities"));
    expect(JSON.parse(identities.text).items).toMatchObject([{ issuer, emailVerified: true }]);
    const [asked] = world.provider.requestsTo("authorize");
    expect(asked?.query.get("nonce")).toMatch(/^[\w-]{43}$/);
    expect([...(asked?.query.keys() ?? [])].filter((name) => name.startsWith("code_challenge"))).toEqual([]);
    const [sent] = world.provider.requestsTo("token");
    expect(sent?.form.has("code_verifier")).toBe(false);
    expect(sent?.headers["authorization"]).toMatch(/^Basic /);
  });

  test.each<[what: string, nonce: unknown]>([
    ["an empty nonce, as Slack sends where none was asked for", ""],
    ["the nonce of another browser", "x".repeat(43)],
    ["no nonce", undefined],
  ])("SI-5 SI-10 refuses an ID token with %s: it is what stands in for PKCE", async (_what, nonce) => {
    const world = await aSlack();
    world.provider.tweaks.idTokenClaims = (claims) => ({ ...claims, iss: issuer, nonce });
    expect(await signsIn(world, undefined, "slack")).toMatchObject({ error: "signin.id_token_invalid", status: 401 });
  });

  test.each([`${issuer}/`, "https://slack.com.evil.example"])(
    "SI-2 SI-10 refuses an ID token that names %s",
    async (iss) => {
      const world = await aSlack();
      world.provider.tweaks.idTokenClaims = (claims) => ({ ...claims, iss });
      expect(await signsIn(world, undefined, "slack")).toMatchObject({ error: "signin.id_token_invalid" });
    },
  );

  test("SI-2 refuses a discovery document of another issuer", async () => {
    const world = await aSlack();
    world.provider.tweaks.metadata = (metadata) => metadata;
    expect((await started(world, "slack")).searchParams.get("error")).toBe("signin.provider_misconfigured");
  });

  test.each([
    ["invalid_code", "signin.code_rejected"],
    ["bad_client_secret", "signin.client_rejected"],
    ["invalid_client_id", "signin.client_rejected"],
    ["bad_redirect_uri", "signin.provider_refused"],
  ])("SI-12 Slack's 200 with %s is %s", async (error, code) => {
    const world = await aSlack();
    world.provider.script({ token: { json: { ok: false, error } } });
    expect((await signsIn(world, undefined, "slack")).error).toBe(code);
  });

  test("SI-11 a userInfo that says ok: false is a failure", async () => {
    const world = await aSlack();
    world.provider.tweaks.idTokenClaims = ({ email: _, ...claims }) => ({ ...claims, iss: issuer });
    world.provider.script({ userinfo: { json: { ok: false, error: "invalid_auth" } } });
    expect((await signsIn(world, undefined, "slack")).error).toBe("signin.userinfo_invalid");
  });

  test("SI-5 a client without a secret is refused when the configuration is read", () => {
    const base = { baseUrl: "https://app.test", secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"] };
    const resolved = resolveConfig({ ...base, providers: [{ id: "slack", preset: "slack", clientId: "x" }] });
    expect(resolved.ok ? [] : resolved.error.map(({ path }) => path)).toEqual(["providers.0.clientSecret"]);
  });
});
