/**
 * The preset `keycloak` against a realm that answers as Keycloak's pages say: issuer `{base}/realms/{realm}`
 * (https://www.keycloak.org/securing-apps/oidc-layers), ID tokens with `typ: ID`, `azp`, `sid`, `preferred_username`, and
 * with the client scope `roles` added to them `realm_access.roles` and `resource_access.{client}.roles`
 * (https://www.keycloak.org/docs/latest/server_admin/index.html#_client_scopes). Only the endpoints' paths are others.
 */
import { describe, expect, test } from "vitest";
import { readClaim } from "../../src/kernel/claims.js";
import { keycloak } from "../../src/providers/presets/keycloak.js";
import type { FakeProviderOptions } from "../../src/testing/index.js";
import { aWorldAt, errorOf, type ProviderInput, signsIn, started } from "../options/setting.js";

const roles = {
  realm_access: { roles: ["offline_access", "default-roles-corp", "editor"] },
  resource_access: {
    latchkey: { roles: ["owner"] },
    "my.app": { roles: ["reader"] },
    account: { roles: ["view-profile"] },
  },
  groups: ["/staff", "/staff/engineering"],
};
const realm: FakeProviderOptions = {
  path: "/realms/corp",
  alg: "RS256",
  people: [
    {
      sub: "8fb7d7a6-9a5c-4d9f-8c0a-3b1b0c7f2a11",
      email: "ann@example.com",
      name: "Ann Archer",
      claims: { typ: "ID", acr: "1", preferred_username: "ann", ...roles },
    },
  ],
};
const aRealm = (more: Partial<ProviderInput> = {}, how: FakeProviderOptions = realm) =>
  aWorldAt((provider) => {
    provider.tweaks.idTokenClaims = (claims) => ({ ...claims, azp: claims["aud"] });
    return { id: "keycloak", preset: "keycloak", ...more };
  }, how);

describe("signing in with Keycloak", () => {
  test("SI-1 [option:providers.preset] goes through, keyed by the realm", async () => {
    const world = await aRealm();
    const signedIn = await signsIn(world, "ann@example.com", "keycloak");
    expect(signedIn).toMatchObject({ error: null, user: { email: "ann@example.com", name: "Ann Archer" } });
    const { items } = JSON.parse((await signedIn.browser.get(world.url("/api/identities"))).text);
    expect(items).toMatchObject([{ issuer: expect.stringMatching(/\/realms\/corp$/), emailVerified: true }]);
    const button = await (await world.request("/sign-in")).text();
    expect(button).toContain("Continue with Keycloak");
  });

  test.each<[what: string, claims: Record<string, unknown>]>([
    ["of another realm", { iss: "http://127.0.0.1/realms/master" }],
    ["that is an access token", { typ: "Bearer", aud: "account" }],
    ["for another client that we are among", { aud: ["latchkey", "other"], azp: "other" }],
  ])("SI-10 refuses an ID token %s", async (_what, claims) => {
    const world = await aRealm();
    world.provider.tweaks.idTokenClaims = (honest) => ({ ...honest, ...claims });
    expect(await signsIn(world, undefined, "keycloak")).toMatchObject({
      error: "signin.id_token_invalid",
      status: 401,
    });
  });

  test("SI-2 refuses a realm whose metadata names another address, as behind a proxy that is not set up", async () => {
    const world = await aRealm();
    world.provider.tweaks.metadata = (metadata) => ({ ...metadata, issuer: "http://keycloak:8080/realms/corp" });
    expect(errorOf(await started(world, "keycloak"))).toBe("signin.provider_misconfigured");
  });
});

describe("roles and groups", () => {
  const read = (name: string, clientId = "latchkey") =>
    readClaim(keycloak.quirks.document?.({ sub: "x", ...roles }, clientId) ?? {}, name);

  test("SI-16 realm roles and groups are where the preset says, and a client's where the operator says", () => {
    expect(read(keycloak.claims.roles ?? "")).toEqual(roles.realm_access.roles);
    expect(read(keycloak.claims.groups ?? "")).toEqual(roles.groups);
    expect(read("resource_access.latchkey.roles")).toEqual(["owner"]);
  });

  test("SI-16 those of a client whose id has dots are found, and only our own client's", () => {
    expect(read("resource_access.my.app.roles", "my.app")).toEqual(["reader"]);
    expect(read("resource_access.my.app.roles")).toBeUndefined();
    expect(
      readClaim(keycloak.quirks.document?.({ sub: "x" }, "my.app") ?? {}, "resource_access.my.app.roles"),
    ).toBeUndefined();
    const own = { "resource_access.my.app.roles": ["written so"], ...roles };
    expect(readClaim(keycloak.quirks.document?.(own, "my.app") ?? {}, "resource_access.my.app.roles")).toEqual([
      "written so",
    ]);
  });

  test("SI-1 a client id with dots signs in like any other", async () => {
    const client = { clientId: "my.app", clientSecret: "s" };
    const world = await aRealm({}, { ...realm, clients: [client] });
    expect(await signsIn(world, undefined, "keycloak")).toMatchObject({ error: null, status: 200 });
  });
});
