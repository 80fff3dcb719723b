/**
 * The preset `auth0` against a tenant that answers as Auth0's pages say: an issuer that ends with a slash
 * (https://auth0.com/docs/secure/tokens/id-tokens/validate-id-tokens), `sub` as `connection|id`, custom claims with a
 * namespace (https://auth0.com/docs/secure/tokens/json-web-tokens/create-custom-claims), `audience` for an API
 * (https://auth0.com/docs/get-started/apis/scopes/sample-use-cases-scopes-and-claims), `organization` with `org_id` and
 * `org_name` (https://auth0.com/docs/manage-users/organizations/using-tokens).
 */
import { describe, expect, test } from "vitest";
import { readClaim } from "../../src/kernel/claims.js";
import type { JsonObject } from "../../src/kernel/json.js";
import { auth0 } from "../../src/providers/presets/auth0.js";
import { aWorldAt, errorOf, type ProviderInput, signsIn, started } from "../options/setting.js";

const jane = {
  sub: "auth0|5f7c8ec7c33c6c004bbafe82",
  email: "jane@example.com",
  name: "Jane Doe",
  picture: "https://s.gravatar.com/avatar/jane.png",
  claims: { nickname: "jane", "https://app.example/roles": ["editor"] },
};

const aTenant = (more: Partial<ProviderInput> = {}) =>
  aWorldAt(
    (provider) => {
      const issuer = `${provider.issuer}/`;
      provider.tweaks.metadata = ({ authorization_response_iss_parameter_supported: _, ...metadata }) => ({
        ...metadata,
        issuer,
      });
      provider.tweaks.authorizationResponse = (parameters) => ({ ...parameters, iss: undefined });
      provider.tweaks.idTokenClaims = (claims) => ({ ...claims, iss: issuer });
      return { id: "auth0", preset: "auth0", issuer, ...more };
    },
    { alg: "RS256", people: [jane] },
  );

describe("signing in with Auth0", () => {
  test("SI-1 SI-2 [option:providers.preset] goes through, with the slash of its issuer", async () => {
    const world = await aTenant();
    const signedIn = await signsIn(world, undefined, "auth0");
    expect(signedIn).toMatchObject({ error: null, user: { email: "jane@example.com", name: "Jane Doe" } });
    const { items } = JSON.parse((await signedIn.browser.get(world.url("/api/identities"))).text);
    expect(items).toMatchObject([{ issuer: `${world.provider.issuer}/`, emailVerified: true }]);
    expect(world.provider.requestsTo("metadata")[0]?.path).toBe("/.well-known/openid-configuration");
  });

  test("SI-6 [option:providers.authorizeParams] audience and connection are asked for where the operator wants them", async () => {
    const authorizeParams = { audience: "https://api.app.example", connection: "google-oauth2" };
    const asked = (await started(await aTenant({ authorizeParams }), "auth0")).searchParams;
    expect([asked.get("audience"), asked.get("connection")]).toEqual(["https://api.app.example", "google-oauth2"]);
  });

  test.each<[what: string, claims: (issuer: string) => Record<string, unknown>]>([
    ["whose issuer has no slash", (issuer) => ({ iss: issuer })],
    ["that is for the API", () => ({ aud: ["https://api.app.example", "https://tenant.eu.auth0.com/userinfo"] })],
    ["of another application", () => ({ aud: "another" })],
  ])("SI-10 refuses an ID token %s", async (_what, claims) => {
    const world = await aTenant({ authorizeParams: { audience: "https://api.app.example" } });
    const { issuer } = world.provider;
    world.provider.tweaks.idTokenClaims = (honest) => ({ ...honest, iss: `${issuer}/`, ...claims(issuer) });
    expect(await signsIn(world, undefined, "auth0")).toMatchObject({ error: "signin.id_token_invalid", status: 401 });
  });

  const organization = "org_9ybsU1dN2dKfDkBi";
  const said = async (authorizeParams: Record<string, string>, claims: Record<string, unknown>) => {
    const world = await aTenant({ authorizeParams });
    const honest = world.provider.tweaks.idTokenClaims;
    world.provider.tweaks.idTokenClaims = (given) => ({ ...honest?.(given), ...claims });
    return { world, ...(await signsIn(world, undefined, "auth0")) };
  };
  test.each<[what: string, claims: Record<string, unknown>, error: string | null]>([
    ["of the organization that was asked for", { org_id: organization }, null],
    ["of another one", { org_id: "org_another0000000" }, "signin.id_token_invalid"],
    ["of none, the parameter taken out of the URL", {}, "signin.id_token_invalid"],
  ])("SI-6 SI-10 somebody %s, with %j, gets %j", async (_what, claims, error) => {
    const { world, ...came } = await said({ organization }, claims);
    expect(came).toMatchObject({ error, status: error === null ? 200 : 401 });
    expect(world.provider.requestsTo("authorize")[0]?.query.get("organization")).toBe(organization);
  });

  test("SI-10 the organization that userinfo or a claim of another name tells does not stand in for it", async () => {
    const world = await aTenant({ authorizeParams: { organization }, claims: { picture: "further" } });
    world.provider.tweaks.userinfo = (claims) => ({ ...claims, org_id: organization });
    expect(await signsIn(world, undefined, "auth0")).toMatchObject({ error: "signin.id_token_invalid", status: 401 });
    expect(await said({ organization }, { org_name: organization, organization })).toMatchObject({ status: 401 });
  });

  test("SI-10 without an organization nobody is kept out for theirs", async () => {
    expect(await said({}, { org_id: "org_another0000000", org_name: "another" })).toMatchObject({ error: null });
  });

  test.each<[organization: string, claims: Record<string, unknown>, refused: string | undefined]>([
    [organization, { org_id: organization }, undefined],
    [` ${organization} `, { org_id: organization }, undefined],
    [organization, { org_id: organization.toLowerCase() }, "org_id"],
    [organization, { org_id: [organization] }, "org_id"],
    [organization, { org_id: "" }, "org_id"],
    [organization, { org_name: organization }, "org_id"],
    ["acme", { org_id: organization, org_name: "acme" }, undefined],
    ["ACME", { org_name: "acme" }, undefined],
    ["acme", { org_name: "acme-evil" }, "org_name"],
    ["acme", { org_id: "acme" }, "org_name"],
    ["acme", { org_name: true }, "org_name"],
    ["acme", {}, "org_name"],
    ["", {}, "org_name"],
    ["", { org_name: "" }, "org_name"],
    [" ", { org_name: " " }, "org_name"],
  ])("SI-10 with organization %j asked for, an ID token with %j is refused for: %s", (wanted, claims, refused) => {
    expect(auth0.quirks.idTokenRefusal?.({ sub: "1", ...claims } as JsonObject, { organization: wanted })).toBe(
      refused,
    );
  });

  test("SI-2 the issuer written without its slash is another one", async () => {
    const world = await aTenant();
    const [record] = world.config.providers as [ProviderInput];
    const wrong = await aWorldAt((provider) => {
      provider.tweaks.metadata = (metadata) => ({ ...metadata, issuer: `${provider.issuer}/` });
      return { ...record, issuer: provider.issuer };
    });
    expect(errorOf(await started(wrong, "auth0"))).toBe("signin.provider_misconfigured");
  });
});

test("SI-16 a claim with a namespace is one name; there is none that the preset could know", () => {
  expect(readClaim({ sub: jane.sub, ...jane.claims }, "https://app.example/roles")).toEqual(["editor"]);
  expect(auth0.claims).toEqual({});
});
