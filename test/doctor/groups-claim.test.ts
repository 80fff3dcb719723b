/** AC-15, SU-12: what the doctor says of providers that leave the groups claim out when it is empty. */
import { expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.js";
import type { ConfigInput } from "../../src/config/schema.js";
import { judgeGroupsClaim } from "../../src/doctor/groups-claim.js";
import { createProviderRegistry } from "../../src/providers/registry.js";
import { aSetting } from "./setting.js";

test("AC-15 SU-12 the doctor says it of each provider whose claims decide groups, and of no other", async () => {
  const setting = await aSetting();
  const found = async (groups: object) => {
    setting.config["groups"] = groups;
    return (await setting.examine()).all.filter(({ id }) => id === "groups-claim:fake");
  };
  expect(await found({})).toEqual([]);
  expect(await found({ fromClaims: true })).toMatchObject([
    { status: "skip", fix: expect.stringContaining("absent: empty") },
  ]);
  expect(await found({ fromClaims: true, absent: "empty" })).toMatchObject([{ status: "ok" }]);
});

const strong = "q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1";
test.each([
  ["keycloak", "https://sso.example/realms/main", "warn"],
  ["authentik", "https://sso.example/application/o/app/", "ok"],
  ["gitlab", "https://gitlab.example", "ok"],
  ["okta", "https://name.okta.example", "skip"],
  ["zitadel", "https://name.zitadel.example", "ok"],
] as const)("AC-15 SU-12 what is known of %s: %s", (preset, issuer, status) => {
  const resolved = resolveConfig({
    baseUrl: "http://localhost:3000",
    secrets: [strong],
    groups: { fromClaims: true },
    providers: [{ id: "one", preset, issuer, clientId: "x", clientSecret: "a secret for this test" }],
  });
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.error));
  const found = createProviderRegistry(resolved.value).all().flatMap(judgeGroupsClaim);
  expect(found).toMatchObject([{ id: "groups-claim:one", status }]);
});

test.each([
  ["gitlab", "https://gitlab.example", "groups_direct", "ok"],
  ["gitlab", "https://gitlab.example", "https://gitlab.org/claims/groups/owner", "skip"],
  ["authentik", "https://sso.example/application/o/app/", "entitlements", "skip"],
  ["auth0", "https://name.eu.auth0.example/", "https://app.example/groups", "skip"],
  ["keycloak", "https://sso.example/realms/main", "teams", "warn"],
] as const)(
  "AC-15 what is known of %s is known of its own claims, and %s read from %s is %s",
  (preset, issuer, groups, status) => {
    const resolved = resolveConfig({
      baseUrl: "http://localhost:3000",
      secrets: [strong],
      groups: { fromClaims: true },
      providers: [
        { id: "one", preset, issuer, clientId: "x", clientSecret: "a secret for this test", claims: { groups } },
      ],
    });
    if (!resolved.ok) throw new Error(JSON.stringify(resolved.error));
    expect(createProviderRegistry(resolved.value).all().flatMap(judgeGroupsClaim)).toMatchObject([{ status }]);
  },
);

test("AC-15 a preset that is known to leave it out is warned about while its absence changes nothing", () => {
  const found = (groups: ConfigInput["groups"]) => {
    const resolved = resolveConfig({
      baseUrl: "http://localhost:3000",
      secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"],
      ...(groups ? { groups } : {}),
      providers: [
        {
          id: "entra",
          preset: "microsoft",
          tenant: "11111111-2222-3333-4444-555555555555",
          clientId: "x",
          clientSecret: "a secret for this test",
        },
      ],
    });
    if (!resolved.ok) throw new Error("configuration");
    return createProviderRegistry(resolved.value).all().flatMap(judgeGroupsClaim);
  };
  expect(found({ fromClaims: true })).toMatchObject([{ id: "groups-claim:entra", status: "warn" }]);
  expect(found({ fromClaims: true, absent: "empty" })).toMatchObject([{ status: "ok" }]);
  expect(found({})).toEqual([]);
});
