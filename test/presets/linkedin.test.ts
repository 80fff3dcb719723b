/**
 * The preset `linkedin` against a provider that answers as LinkedIn's pages say:
 * https://learn.microsoft.com/en-us/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2 (`sub`, `name`,
 * `given_name`, `family_name`, `picture`, `locale`, `email`, `email_verified`, the last two optional),
 * …/shared/authentication/authorization-code-flow (credentials in the body) and -native (PKCE only where LinkedIn enabled
 * it: from other apps a `code_verifier` is answered `invalid_client`, https://github.com/nextauthjs/next-auth/issues/8831).
 * There is no nonce in its ID tokens (https://github.com/linkedin-developers/linkedin-api-js-client/issues/34). It listens
 * on loopback, so only the address of its discovery document is another.
 */
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.js";
import type { FakeProvider, FakeProviderOptions } from "../../src/testing/fake-provider.js";
import { aWorldAt, type ProviderInput, signsIn, started } from "../options/setting.js";

const issuer = "https://www.linkedin.com/oauth";
const member: FakeProviderOptions = {
  alg: "RS256",
  requirePkce: false,
  clients: [{ clientId: "77x", clientSecret: "a secret of LinkedIn", authMethod: "client_secret_post" }],
  people: [
    {
      sub: "782bbtaQ",
      name: "John Doe",
      email: "doe@email.com",
      emailVerified: true,
      picture: "https://media.licdn-ei.com/dms/image/C5F03AQHqK8v7tB1HCQ/profile-displayphoto-shrink_100_100/0/",
      claims: { given_name: "John", family_name: "Doe", locale: "en-US" },
    },
  ],
};

function asLinkedIn(provider: FakeProvider): void {
  provider.tweaks.metadata = (metadata) => ({
    issuer,
    authorization_endpoint: metadata["authorization_endpoint"],
    token_endpoint: metadata["token_endpoint"],
    userinfo_endpoint: metadata["userinfo_endpoint"],
    jwks_uri: metadata["jwks_uri"],
    response_types_supported: ["code"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid", "profile", "email"],
  });
  provider.tweaks.authorizationResponse = (parameters) => ({ ...parameters, iss: undefined });
  provider.tweaks.idTokenClaims = ({ nonce: _, at_hash: __, ...claims }) => ({ ...claims, iss: issuer });
  provider.script({
    token: (honest, { form }) =>
      form.has("code_verifier") ? { status: 401, json: { error: "invalid_client" } } : honest(),
  });
}

const aLinkedIn = (more: Partial<ProviderInput> = {}) =>
  aWorldAt((provider) => {
    asLinkedIn(provider);
    const discoveryUrl = `${provider.issuer}/.well-known/openid-configuration`;
    return { id: "linkedin", preset: "linkedin", issuer: undefined, discoveryUrl, ...more };
  }, member);

describe("signing in with LinkedIn", () => {
  test("SI-1 SI-2 SI-5 [option:providers.preset] goes through without nonce and PKCE, with the secret in the body", async () => {
    const world = await aLinkedIn();
    const signedIn = await signsIn(world, "782bbtaQ", "linkedin");
    expect(signedIn).toMatchObject({ error: null, user: { email: "doe@email.com", name: "John Doe" } });
    const identities = await signedIn.browser.get(world.url("/api/identities"));
    expect(JSON.parse(identities.text).items).toMatchObject([{ issuer, emailVerified: true }]);
    const [asked] = world.provider.requestsTo("authorize");
    expect([...(asked?.query.keys() ?? [])].sort()).toEqual([
      "client_id",
      "login_hint",
      "redirect_uri",
      "response_type",
      "scope",
      "state",
    ]);
    const [sent] = world.provider.requestsTo("token");
    expect(sent?.form.get("client_secret")).toBe("a secret of LinkedIn");
    expect(sent?.headers["authorization"]).toBeUndefined();
  });

  test("SI-5 SI-9 what is left is state: an answer for another browser's flow is refused before the code leaves", async () => {
    const world = await aLinkedIn();
    const answer = await world.approve(world.browser(), "782bbtaQ", { provider: "linkedin" });
    const victim = world.browser();
    await victim.get(world.url("/providers/linkedin/start"), { follow: false });
    // The page that repeats the answer from our own origin, sent on as its script does.
    const page = await victim.submit(await victim.get(answer));
    expect(new URL(page.url).searchParams.get("error")).toBe("signin.state_unknown");
    expect(world.provider.requestsTo("token")).toEqual([]);
    expect((await world.session(victim)).status).toBe(401);
  });

  test("AT-7 SI-18 an address without email_verified proves nothing", async () => {
    const world = await aLinkedIn();
    world.provider.tweaks.idTokenClaims = ({ nonce: _, email_verified: __, ...claims }) => ({ ...claims, iss: issuer });
    world.provider.tweaks.userinfo = ({ email_verified: _, ...claims }) => claims;
    const { browser } = await signsIn(world, undefined, "linkedin");
    const identities = await browser.get(world.url("/api/identities"));
    expect(JSON.parse(identities.text).items).toMatchObject([{ emailVerified: false }]);
  });

  test.each(["https://www.linkedin.com", "https://www.linkedin.com/oauth/", "https://evil.example"])(
    "SI-2 SI-10 refuses an ID token that names %s",
    async (iss) => {
      const world = await aLinkedIn();
      world.provider.tweaks.idTokenClaims = (claims) => ({ ...claims, iss });
      expect(await signsIn(world, undefined, "linkedin")).toMatchObject({ error: "signin.id_token_invalid" });
    },
  );

  test("SI-2 refuses a discovery document that still has LinkedIn's issuer of before 2024", async () => {
    const world = await aLinkedIn();
    const { metadata } = world.provider.tweaks;
    world.provider.tweaks.metadata = (honest) => ({ ...metadata?.(honest), issuer: "https://www.linkedin.com" });
    expect((await started(world, "linkedin")).searchParams.get("error")).toBe("signin.provider_misconfigured");
  });
});

test.each<[what: string, more: Partial<ProviderInput>, paths: string[]]>([
  ["has no secret", {}, ["clientSecret"]],
  ["has null for one", { clientSecret: null }, ["clientSecret"]],
  ["would not send it", { clientSecret: "s", tokenEndpointAuthMethod: "none" }, ["tokenEndpointAuthMethod"]],
  [
    "has a key in its place",
    { clientKey: "k", tokenEndpointAuthMethod: "private_key_jwt" },
    ["tokenEndpointAuthMethod"],
  ],
  ["has a secret", { clientSecret: "s" }, []],
])("SI-5 a client that %s: LinkedIn's is confidential or refused", (_what, more, paths) => {
  const base = { baseUrl: "https://app.test", secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"] };
  const resolved = resolveConfig({ ...base, providers: [{ id: "x", preset: "linkedin", clientId: "77x", ...more }] });
  expect(resolved.ok ? [] : resolved.error.map(({ path }) => path.replace("providers.0.", ""))).toEqual(paths);
});
