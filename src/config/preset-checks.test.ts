import { describe, expect, test } from "vitest";
import { resolveConfig } from "./resolve.js";
import type { ConfigInput } from "./schema.js";

type ProviderInput = ConfigInput["providers"][number];

const tenant = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490";
const records: Readonly<Record<string, Partial<ProviderInput>>> = {
  oidc: { issuer: "https://idp.corp.test" },
  google: {},
  microsoft: { tenant },
  github: {},
  oauth2: {
    issuer: "https://forum.test",
    endpoints: {
      authorization: "https://forum.test/authorize",
      token: "https://forum.test/token",
      userinfo: "https://forum.test/me",
    },
  },
  feishu: {},
  gitlab: {},
  slack: { clientSecret: "s" },
  discord: {},
  linkedin: { clientSecret: "s" },
  apple: { teamId: "DEF123GHIJ", keyId: "ABC123DEFG", clientKey: "-----BEGIN PRIVATE KEY-----" },
  auth0: { issuer: "https://corp.eu.auth0.com/" },
  authentik: { issuer: "https://sso.corp.test/application/o/app/" },
  keycloak: { issuer: "https://sso.corp.test/realms/corp" },
  okta: { issuer: "https://corp.okta.com" },
  zitadel: { issuer: "https://corp.zitadel.cloud" },
};

/** The paths of the problems of one provider, without `providers.0.`. */
function problemsOf(preset: string, more: Partial<ProviderInput>): readonly string[] {
  const resolved = resolveConfig({
    baseUrl: "https://app.test",
    secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"],
    providers: [{ id: "x", clientId: "c", preset, ...records[preset], ...more }],
  });
  return resolved.ok ? [] : resolved.error.map(({ path }) => path.replace("providers.0.", ""));
}

describe("what each preset needs", () => {
  test.each(Object.keys(records))("SI-1 [option:providers.preset] %s is complete", (preset) => {
    expect(problemsOf(preset, {})).toEqual([]);
  });

  test.each<[preset: string, why: string, more: Partial<ProviderInput>, paths: string[]]>([
    ["oidc", "has no issuer", { issuer: undefined }, ["issuer"]],
    ["oidc", "has a tenant", { tenant }, ["tenant"]],
    ["oidc", "lists tenants", { allowedTenants: [tenant] }, ["allowedTenants"]],
    ["google", "has another issuer", { issuer: "https://evil.example" }, ["issuer"]],
    ["google", "has its own issuer written", { issuer: "https://accounts.google.com" }, ["issuer"]],
    ["google", "has a sign-in host", { loginBaseUrl: "https://login.microsoftonline.us" }, ["loginBaseUrl"]],
    ["google", "lacks openid", { scopes: ["email"] }, ["scopes"]],
    ["github", "asks for openid", { scopes: ["openid", "read:user"] }, ["scopes"]],
    ["github", "asks for max_age", { authorizeParams: { max_age: 300 } }, ["authorizeParams.max_age"]],
    ["discord", "asks for max_age", { authorizeParams: { max_age: 0 } }, ["authorizeParams.max_age"]],
    ["oauth2", "asks for max_age", { authorizeParams: { max_age: 300 } }, ["authorizeParams.max_age"]],
    ["github", "has another issuer", { issuer: "https://github.com" }, ["issuer"]],
    ["google", "has a team", { teamId: "DEF123GHIJ" }, ["teamId"]],
    ["oidc", "has a key's id", { keyId: "ABC123DEFG" }, ["keyId"]],
    [
      "apple",
      "has no team, key or key's id",
      { teamId: null, keyId: null, clientKey: null },
      ["teamId", "keyId", "clientKey"],
    ],
    ["apple", "has a team that is none", { teamId: "def123ghij" }, ["teamId"]],
    ["apple", "has a secret", { clientSecret: "s" }, ["clientSecret"]],
    ["apple", "has another issuer", { issuer: "https://evil.example" }, ["issuer"]],
    ["apple", "is to be discovered", { discoveryUrl: "https://evil.example/x" }, ["discoveryUrl"]],
    ["apple", "answers in the query", { responseMode: "query" }, ["responseMode"]],
    ["apple", "has a method", { tokenEndpointAuthMethod: "private_key_jwt" }, ["tokenEndpointAuthMethod"]],
    ["apple", "lacks openid", { scopes: ["email", "name"] }, ["scopes"]],
    ["keycloak", "has no issuer", { issuer: undefined }, ["issuer"]],
    ["zitadel", "has a tenant", { tenant }, ["tenant"]],
    ["okta", "lacks openid", { scopes: ["groups"] }, ["scopes"]],
    ["microsoft", "has no tenant", { tenant: null }, ["tenant"]],
    ["microsoft", "is open to everybody", { tenant: "common" }, ["allowedTenants"]],
    ["microsoft", "is open to every organization", { tenant: "Organizations", allowedTenants: [] }, ["allowedTenants"]],
    ["microsoft", "lists tenants of one tenant", { allowedTenants: [tenant] }, ["allowedTenants"]],
    ["microsoft", "lists a name", { tenant: "common", allowedTenants: ["contoso.com"] }, ["allowedTenants.0"]],
    ["microsoft", "leaves its path", { tenant: "../evil" }, ["tenant"]],
    ["microsoft", "has a path in its host", { loginBaseUrl: "https://login.test/x" }, ["loginBaseUrl"]],
    ["oauth2", "has no issuer", { issuer: undefined }, ["issuer"]],
    [
      "oauth2",
      "has no endpoints",
      { endpoints: {} },
      ["endpoints.authorization", "endpoints.token", "endpoints.userinfo"],
    ],
    [
      "oauth2",
      "lacks userinfo",
      { endpoints: { authorization: "https://forum.test/authorize", token: "https://forum.test/token" } },
      ["endpoints.userinfo"],
    ],
    ["oauth2", "asks for openid", { scopes: ["openid", "profile"] }, ["scopes"]],
    ["oauth2", "has its iss read in a way there is not", { callbackIss: "sometimes" as "check" }, ["callbackIss"]],
    ["oidc", "ignores the iss", { callbackIss: "ignore" }, ["callbackIss"]],
    ["github", "ignores the iss", { callbackIss: "ignore" }, ["callbackIss"]],
    ["feishu", "takes another subject", { claims: { subject: "union_id" } }, ["claims.subject"]],
    ["feishu", "takes sub for the subject", { claims: { subject: "sub" } }, ["claims.subject"]],
    ["feishu", "has another issuer", { issuer: "https://open.feishu.cn" }, ["issuer"]],
    ["discord", "takes a name for the subject", { claims: { subject: "username" } }, ["claims.subject"]],
    ["github", "takes a login for the subject", { claims: { subject: "login" } }, ["claims.subject"]],
    ["github", "takes an address for the subject", { claims: { subject: "email" } }, ["claims.subject"]],
    ["gitlab", "lacks openid", { scopes: ["read_user"] }, ["scopes"]],
    ["slack", "has no secret", { clientSecret: undefined }, ["clientSecret"]],
    ["slack", "is public", { tokenEndpointAuthMethod: "none" }, ["tokenEndpointAuthMethod"]],
    ["linkedin", "has no secret", { clientSecret: undefined }, ["clientSecret"]],
    ["linkedin", "is public", { tokenEndpointAuthMethod: "none" }, ["tokenEndpointAuthMethod"]],
    [
      "microsoft",
      "vouches for strangers",
      { tenant: "common", allowedTenants: [tenant], emailVerified: "always" },
      ["emailVerified"],
    ],
    [
      "microsoft",
      "vouches for all personal accounts",
      { tenant: "consumers", emailVerified: "always" },
      ["emailVerified"],
    ],
    [
      "microsoft",
      "vouches for all personal accounts by their tenant's id",
      { tenant: "9188040D-6c67-4c5b-b112-36a304b66dad", emailVerified: "always" },
      ["emailVerified"],
    ],
  ])("SI-1 SI-2 %s: refused when it %s", (preset, _why, more, paths) => {
    expect(problemsOf(preset, more)).toEqual(paths);
  });
});
