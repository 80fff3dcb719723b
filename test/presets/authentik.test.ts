/**
 * The preset `authentik` against an application that answers as authentik's pages say: issuer
 * `{base}/application/o/{slug}/` with its slash (https://docs.goauthentik.io/add-secure-apps/providers/oauth2/),
 * `groups` and `email_verified: false` from the default scope mappings
 * (https://docs.goauthentik.io/add-secure-apps/providers/property-mappings/), and HS256 with the client secret where no
 * signing key was chosen. Only the endpoints' paths are others.
 */
import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { readClaim } from "../../src/kernel/claims.js";
import { authentik } from "../../src/providers/presets/authentik.js";
import type { FakeProvider } from "../../src/testing/index.js";
import { aWorldAt, errorOf, type ProviderInput, signsIn, started } from "../options/setting.js";

const ann = {
  sub: "a1fce3a6b1c44d0d8ef0a9c2a0a3b4b45a0cbb0e9f7f4a4f8e6d1c2b3a495867",
  email: "ann@example.com",
  emailVerified: false,
  name: "Ann Archer",
  claims: { preferred_username: "ann", nickname: "ann", groups: ["authentik Admins", "staff"] },
};
const withSlash = (provider: FakeProvider) => `${provider.issuer}/`;

const anApplication = (more: Partial<ProviderInput> = {}) =>
  aWorldAt(
    (provider) => {
      const issuer = withSlash(provider);
      provider.tweaks.metadata = ({ authorization_response_iss_parameter_supported: _, ...metadata }) => ({
        ...metadata,
        issuer,
      });
      provider.tweaks.authorizationResponse = (parameters) => ({ ...parameters, iss: undefined });
      provider.tweaks.idTokenClaims = (claims) => ({ ...claims, iss: issuer });
      return { id: "authentik", preset: "authentik", issuer, ...more };
    },
    { path: "/application/o/latchkey", alg: "RS256", people: [ann] },
  );

describe("signing in with authentik", () => {
  test("SI-1 SI-2 [option:providers.preset] goes through; the slash is part of the issuer and not of the path", async () => {
    const world = await anApplication();
    const signedIn = await signsIn(world, undefined, "authentik");
    expect(signedIn).toMatchObject({ error: null, user: { email: "ann@example.com", name: "Ann Archer" } });
    const { items } = JSON.parse((await signedIn.browser.get(world.url("/api/identities"))).text);
    expect(items).toMatchObject([{ issuer: withSlash(world.provider), emailVerified: false }]);
    const [metadata] = world.provider.requestsTo("metadata");
    expect(metadata?.path).toBe("/application/o/latchkey/.well-known/openid-configuration");
  });

  test("SI-2 the issuer without its slash is another one", async () => {
    const world = await aWorldAt(
      (provider) => {
        provider.tweaks.metadata = (metadata) => ({ ...metadata, issuer: withSlash(provider) });
        return { id: "authentik", preset: "authentik" };
      },
      { path: "/application/o/latchkey" },
    );
    expect(errorOf(await started(world, "authentik"))).toBe("signin.provider_misconfigured");
  });

  test("SI-18 an address counts as verified where the operator has mapped it so, or vouches", async () => {
    const verifiedOf = async (more: Partial<ProviderInput>, emailVerified: boolean) => {
      const world = await anApplication(more);
      world.provider.people.set(ann.sub, { ...ann, emailVerified });
      const { browser } = await signsIn(world, undefined, "authentik");
      return JSON.parse((await browser.get(world.url("/api/identities"))).text).items[0].emailVerified;
    };
    expect(await verifiedOf({}, true)).toBe(true);
    expect(await verifiedOf({ emailVerified: "always" }, false)).toBe(true);
  });

  test("SI-10 refuses an ID token that is signed with the client secret, which authentik does without a signing key", async () => {
    const world = await anApplication();
    const honest = world.provider.tweaks.metadata;
    world.provider.tweaks.metadata = (metadata) => ({
      ...honest?.(metadata),
      id_token_signing_alg_values_supported: ["HS256"],
    });
    const key = new TextEncoder().encode(world.provider.client.clientSecret);
    world.provider.tweaks.idToken = (_jwt, claims) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(key);
    expect(await signsIn(world, undefined, "authentik")).toMatchObject({
      error: "signin.id_token_invalid",
      status: 401,
    });
  });
});

test("SI-16 groups are where the preset says", () => {
  expect(readClaim({ sub: ann.sub, ...ann.claims }, authentik.claims.groups ?? "")).toEqual([
    "authentik Admins",
    "staff",
  ]);
});
