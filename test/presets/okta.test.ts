/**
 * The preset `okta` against authorization servers that answer as Okta's pages say: the organization's own at the root and
 * custom ones at `/oauth2/{id}` (https://developer.okta.com/docs/concepts/auth-servers/), a thin ID token beside an access
 * token, `groups` where the claim is set up (https://developer.okta.com/docs/guides/customize-tokens-groups-claim/),
 * `invalid_scope` for a scope that is not (https://developer.okta.com/docs/api/openapi/okta-oauth/).
 */
import { describe, expect, test } from "vitest";
import { readClaim } from "../../src/kernel/claims.js";
import { okta } from "../../src/providers/presets/okta.js";
import { aWorldAt, errorOf, type ProviderInput, signsIn, started } from "../options/setting.js";

const isaac = {
  sub: "00uid4BxXw6I6TV4m0g3",
  email: "isaac.brock@example.com",
  name: "Isaac Brock",
  claims: {
    preferred_username: "isaac.brock@example.com",
    ver: 1,
    idp: "00oixa26ycdNcX0VT0h7",
    groups: ["IT", "Everyone"],
  },
};

const aServer = (path: string, more: Partial<ProviderInput> = {}) =>
  aWorldAt(() => ({ id: "okta", preset: "okta", ...more }), {
    path,
    alg: "RS256",
    people: [isaac],
    claimsInIdToken: false,
  });

describe("signing in with Okta", () => {
  test.each([
    ["the organization's server", ""],
    ["a custom server", "/oauth2/default"],
  ])("SI-1 SI-11 [option:providers.preset] goes through at %s, with what userinfo says", async (_what, path) => {
    const world = await aServer(path);
    const signedIn = await signsIn(world, undefined, "okta");
    expect(signedIn).toMatchObject({ error: null, user: { email: "isaac.brock@example.com", name: "Isaac Brock" } });
    const { items } = JSON.parse((await signedIn.browser.get(world.url("/api/identities"))).text);
    expect(items).toMatchObject([{ issuer: world.provider.issuer, emailVerified: true }]);
    expect(world.provider.requestsTo("authorize")[0]?.query.get("scope")).toBe("openid email profile");
  });

  test("SI-10 refuses an ID token of the organization's server where a custom one was asked", async () => {
    const world = await aServer("/oauth2/default");
    const { origin } = new URL(world.provider.issuer);
    world.provider.tweaks.idTokenClaims = (claims) => ({ ...claims, iss: origin });
    expect(await signsIn(world, undefined, "okta")).toMatchObject({ error: "signin.id_token_invalid", status: 401 });
  });

  test("SI-2 refuses metadata of another server of the organization", async () => {
    const world = await aServer("/oauth2/default");
    const { origin } = new URL(world.provider.issuer);
    world.provider.tweaks.metadata = (metadata) => ({ ...metadata, issuer: `${origin}/oauth2/aus9s3ami4MRELAGr0h7` });
    expect(errorOf(await started(world, "okta"))).toBe("signin.provider_misconfigured");
  });

  test("SI-9 a scope that the server has not is its no, and not a page of ours", async () => {
    const world = await aServer("/oauth2/default", { scopes: ["openid", "groups"] });
    world.provider.tweaks.authorizationResponse = ({ code: _, ...parameters }) => ({
      ...parameters,
      error: "invalid_scope",
    });
    expect(await signsIn(world, undefined, "okta")).toMatchObject({ error: "signin.provider_refused" });
  });
});

test("SI-16 groups are where the preset says", () => {
  expect(readClaim({ sub: isaac.sub, ...isaac.claims }, okta.claims.groups ?? "")).toEqual(["IT", "Everyone"]);
});
