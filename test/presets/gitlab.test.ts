/**
 * The preset `gitlab` against a provider that answers as https://docs.gitlab.com/integration/openid_connect_provider says:
 * `sub`, `email`, `email_verified` and `groups_direct` in the ID token, `name`, `nickname`, `picture`, `groups` from userinfo.
 */
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.js";
import { createProviderRegistry } from "../../src/providers/registry.js";
import type { FakeProvider, FakeProviderOptions } from "../../src/testing/fake-provider.js";
import { aWorldAt, type ProviderInput, signsIn, started } from "../options/setting.js";

const sidney: FakeProviderOptions = {
  alg: "RS256",
  people: [
    {
      sub: "42",
      email: "sidney@example.com",
      emailVerified: true,
      name: "Sidney Jones",
      picture: "https://gitlab.example/uploads/-/system/user/avatar/42/avatar.png",
      claims: { nickname: "sidneyjones", groups: ["team", "team/backend"], groups_direct: ["team/backend"] },
    },
  ],
};
const onlyUserinfo = ["name", "nickname", "picture", "groups"];

function asGitLab(provider: FakeProvider): void {
  provider.tweaks.metadata = ({ authorization_response_iss_parameter_supported: _, ...metadata }) => ({
    ...metadata,
    pushed_authorization_request_endpoint: undefined,
    end_session_endpoint: undefined,
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
  });
  provider.tweaks.authorizationResponse = (parameters) => ({ ...parameters, iss: undefined });
  provider.tweaks.idTokenClaims = (claims) =>
    Object.fromEntries(Object.entries(claims).filter(([name]) => !onlyUserinfo.includes(name)));
}

const aGitLab = (more: Partial<ProviderInput> = {}) =>
  aWorldAt((provider) => {
    asGitLab(provider);
    return { id: "gitlab", preset: "gitlab", ...more };
  }, sidney);

const registryOf = (more: Partial<ProviderInput>) => {
  const base = { baseUrl: "https://app.test", secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"] };
  const resolved = resolveConfig({ ...base, providers: [{ id: "gitlab", preset: "gitlab", clientId: "x", ...more }] });
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.error));
  return createProviderRegistry(resolved.value).byId("gitlab");
};

describe("signing in with GitLab", () => {
  test("SI-1 SI-2 SI-11 [option:providers.preset] goes through at a self-hosted one, with the name out of userinfo", async () => {
    const world = await aGitLab();
    const signedIn = await signsIn(world, "42", "gitlab");
    expect(signedIn).toMatchObject({ error: null, user: { email: "sidney@example.com", name: "Sidney Jones" } });
    const identities = await signedIn.browser.get(world.url("/api/identities"));
    expect(JSON.parse(identities.text).items).toMatchObject([{ issuer: world.provider.issuer, emailVerified: true }]);
    const [asked] = world.provider.requestsTo("authorize");
    expect(asked?.query.get("scope")).toBe("openid email profile");
    expect(asked?.query.get("nonce")).not.toBeNull();
    expect(asked?.query.get("code_challenge_method")).toBe("S256");
  });

  test("SI-1 [option:providers.issuer] is gitlab.com where the operator names none, and theirs byte for byte where they do", () => {
    expect(registryOf({})).toMatchObject({ issuer: "https://gitlab.com", issuers: ["https://gitlab.com"] });
    expect(registryOf({ issuer: "https://git.corp.test" })).toMatchObject({ issuer: "https://git.corp.test" });
  });

  test("SI-2 refuses a self-hosted GitLab that calls itself gitlab.com", async () => {
    const world = await aGitLab();
    const { metadata } = world.provider.tweaks;
    world.provider.tweaks.metadata = (honest) => ({ ...metadata?.(honest), issuer: "https://gitlab.com" });
    expect((await started(world, "gitlab")).searchParams.get("error")).toBe("signin.provider_misconfigured");
  });

  test("AT-11 SI-11 refuses a userinfo of another person", async () => {
    const world = await aGitLab();
    world.provider.tweaks.userinfo = (claims) => ({ ...claims, sub: "1", name: "Administrator" });
    expect(await signsIn(world, undefined, "gitlab")).toMatchObject({ error: "signin.userinfo_invalid", status: 401 });
  });

  test("AT-7 SI-18 a public address that nobody verified proves nothing", async () => {
    const world = await aGitLab();
    const { idTokenClaims } = world.provider.tweaks;
    world.provider.tweaks.idTokenClaims = (claims) => ({ ...idTokenClaims?.(claims), email_verified: false });
    world.provider.tweaks.userinfo = (claims) => ({ ...claims, email_verified: false });
    const { browser } = await signsIn(world, undefined, "gitlab");
    const identities = await browser.get(world.url("/api/identities"));
    expect(JSON.parse(identities.text).items).toMatchObject([{ emailVerified: false }]);
  });
});
