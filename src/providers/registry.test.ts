import { describe, expect, test } from "vitest";
import { resolveConfig } from "../config/resolve.js";
import type { Config, ConfigInput } from "../config/schema.js";
import { noQuirks } from "./preset.js";
import { callbackPath, callbackRoutes } from "./redirect-uri.js";
import { createProviderRegistry } from "./registry.js";

type ProviderInput = ConfigInput["providers"][number];
function configOf(providers: readonly Partial<ProviderInput>[], more: Partial<ConfigInput> = {}): Config {
  const resolved = resolveConfig({
    baseUrl: "https://app.test",
    secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"],
    providers: providers.map((provider) => ({
      id: "corp",
      issuer: "https://idp.corp.test",
      clientId: "x",
      ...provider,
    })),
    ...more,
  });
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.error));
  return resolved.value;
}

describe("the registry", () => {
  test("SI-1 holds any number of providers in the order of the configuration, disabled ones too", () => {
    const registry = createProviderRegistry(
      configOf([{ id: "b" }, { id: "a", enabled: false, displayName: "Corp SSO", icon: "/icon.png" }]),
    );
    expect(registry.all().map(({ id }) => id)).toEqual(["b", "a"]);
    expect(registry.byId("a")).toMatchObject({ enabled: false, displayName: "Corp SSO", icon: "/icon.png" });
    expect(registry.byId("b")).toMatchObject({ enabled: true, displayName: "b", icon: null });
  });

  test.each(["google", "microsoft", "github"] as const)(
    "SI-1 %s has its own icon, unless the operator has another",
    (preset) => {
      const record = { id: "p", preset, issuer: undefined, ...(preset === "microsoft" ? { tenant: "corp.test" } : {}) };
      const known = createProviderRegistry(configOf([record])).byId("p")?.icon ?? "";
      expect(decodeURIComponent(known)).toMatch(
        /^data:image\/svg\+xml,<svg [^>]*>(?:<path fill="#[0-9A-F]{6}" d="[^"]+"\/>)+<\/svg>$/,
      );
      expect(createProviderRegistry(configOf([{ ...record, icon: known }])).byId("p")?.icon).toBe(known);
      expect(createProviderRegistry(configOf([{ ...record, icon: "/ours.svg" }])).byId("p")?.icon).toBe("/ours.svg");
    },
  );

  test.each(["other", "__proto__", "constructor", "toString", ""])("SI-1 knows nobody by the id %j", (id) => {
    expect(createProviderRegistry(configOf([{}])).byId(id)).toBeUndefined();
  });

  test("SI-1 the oidc preset fills in what the operator left out", () => {
    expect(createProviderRegistry(configOf([{}])).byId("corp")).toEqual({
      id: "corp",
      kind: "oidc",
      preset: "oidc",
      displayName: "corp",
      icon: null,
      enabled: true,
      issuer: "https://idp.corp.test",
      issuers: ["https://idp.corp.test"],
      tenants: null,
      quirks: noQuirks,
      discoveryUrl: null,
      endpoints: {},
      timeout: null,
      client: {
        clientId: "x",
        clientSecret: null,
        clientKey: null,
        tokenEndpointAuthMethod: "auto",
        clientAssertionAudience: "issuer",
        clientIdInBody: false,
      },
      scopes: ["openid", "email", "profile"],
      authorizeParams: {},
      redirectUri: "https://app.test/auth/providers/corp/callback",
      par: "auto",
      responseMode: "query",
      callbackIss: "check",
      clockTolerance: 60_000,
      claims: {
        subject: "sub",
        email: "email",
        name: "name",
        picture: "picture",
        roles: "roles",
        groups: "groups",
        rolesSeparator: ",",
        groupsSeparator: ";",
      },
      roles: {
        default: "pending",
        fromClaims: false,
        allowed: [expect.objectContaining({ text: "user" }), expect.objectContaining({ text: "admin" })],
        admin: [expect.objectContaining({ text: "admin" })],
        rules: [],
        noMatch: "deny",
        absent: { newUser: "deny", knownUser: "keep" },
      },
      groups: {
        fromClaims: false,
        create: false,
        absent: "keep",
        join: "own",
        blocked: [],
        default: null,
        permissions: {},
        share: "true",
      },
      pictureHost: null,
      apiOrigins: [],
      keepOfflineGrants: false,
      allowLogoutTokenWithoutExp: false,
      refreshScope: "omit",
      tokenExchange: { enabled: false, clients: [] },
      signUp: false,
      emailVerified: "claim",
      logout: "provider",
      revokeOnSignOut: "auto",
      revocationEndsOneToken: false,
    });
  });

  test("SI-6 parameters of one provider go over those of all", () => {
    const config = configOf([{ authorizeParams: { prompt: "consent", max_age: 60 } }, { id: "other" }], {
      signIn: { authorizeParams: { prompt: "login", hd: "corp.test" } },
    });
    const registry = createProviderRegistry(config);
    expect(registry.byId("corp")?.authorizeParams).toEqual({ prompt: "consent", hd: "corp.test", max_age: "60" });
    expect(registry.byId("other")?.authorizeParams).toEqual({ prompt: "login", hd: "corp.test" });
  });

  test("SU-1 claims and signUp of one provider go key by key over the global ones; a null picture switches it off", () => {
    const config = configOf([{ claims: { email: "mail", picture: null }, signUp: false }, { id: "other" }], {
      signIn: { signUp: true, claims: { name: "cn", picture: "photo" } },
    });
    const registry = createProviderRegistry(config);
    expect(registry.byId("corp")).toMatchObject({
      claims: { subject: "sub", email: "mail", name: "cn", picture: null },
      signUp: false,
    });
    expect(registry.byId("other")).toMatchObject({
      claims: { subject: "sub", email: "email", name: "cn", picture: "photo" },
      signUp: true,
    });
  });
});

describe("redirect URIs", () => {
  test("SI-26 an override on our own origin is routed to its provider", () => {
    const config = configOf([
      { redirectUri: "https://app.test/oauth/oidc/callback" },
      { id: "plain" },
      { id: "far", redirectUri: "https://elsewhere.test/cb" },
    ]);
    expect(callbackRoutes(config)).toEqual([
      { path: "/oauth/oidc/callback", providerId: "corp" },
      { path: "/auth/providers/plain/callback", providerId: "plain" },
    ]);
    const registry = createProviderRegistry(config);
    expect(registry.byId("far")?.redirectUri).toBe("https://elsewhere.test/cb");
  });

  test("SU-3 everything comes from baseUrl and basePath", () => {
    const config = configOf([{}], { baseUrl: "https://app.test:8443", basePath: "/sso" });
    expect(callbackPath(config, "corp")).toBe("/sso/providers/corp/callback");
    expect(createProviderRegistry(config).byId("corp")?.redirectUri).toBe(
      "https://app.test:8443/sso/providers/corp/callback",
    );
  });
});
