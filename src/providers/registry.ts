/** The providers of this installation: each record of the configuration with its preset applied and defaults filled in. */
import type { Config, ProviderConfig } from "../config/schema.js";
import type { Preset } from "./preset.js";
import { github } from "./presets/github.js";
import { google } from "./presets/google.js";
import { microsoft } from "./presets/microsoft.js";
import { oidc } from "./presets/oidc.js";
import type { ClaimNames, Provider, ProviderRegistry, TenantIssuers } from "./provider.js";
import { redirectUriOf } from "./redirect-uri.js";

const presets: Readonly<Record<ProviderConfig["preset"], Preset>> = {
  oidc,
  google,
  microsoft,
  github,
};

/** The issuer that a tenant under a name was found to have; undefined until then. */
export type KnownIssuers = (unresolved: string) => string | undefined;

/** In the order of the configuration, which is the order of the buttons (SI-1). */
export function createProviderRegistry(config: Config, known: KnownIssuers = () => undefined): ProviderRegistry {
  const providers = config.providers.map((record) => providerOf(config, record, known));
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  return { byId: (id) => byId.get(id), all: () => providers };
}

function providerOf(config: Config, record: ProviderConfig, known: KnownIssuers): Provider {
  const preset: Preset = presets[record.preset];
  const wanted = record.scopes ?? preset.scopes;
  const asked = preset.request?.(wanted) ?? { scopes: wanted, authorizeParams: {} };
  return withIssuer(record, preset, known, {
    id: record.id,
    kind: preset.kind,
    preset: record.preset,
    displayName: record.displayName ?? preset.displayName ?? record.id,
    icon: record.icon,
    enabled: record.enabled,
    endpoints: { ...preset.endpoints, ...record.endpoints },
    timeout: record.timeout,
    client: {
      clientId: record.clientId,
      clientSecret: record.clientSecret,
      clientKey: record.clientKey,
      tokenEndpointAuthMethod: record.tokenEndpointAuthMethod,
      clientAssertionAudience: record.clientAssertionAudience,
      clientIdInBody: record.clientIdInBody,
    },
    scopes: asked.scopes,
    authorizeParams: { ...asked.authorizeParams, ...config.signIn.authorizeParams, ...record.authorizeParams },
    redirectUri: redirectUriOf(config, record),
    par: record.par,
    responseMode: record.responseMode,
    clockTolerance: config.signIn.clockTolerance,
    claims: claimNamesOf(config, record, preset),
    signUp: record.signUp ?? config.signIn.signUp,
    emailVerified: record.emailVerified,
    logout: record.logout,
    revokeOnSignOut: record.revokeOnSignOut,
    revocationEndsOneToken: preset.revocationEndsOneToken,
    refreshScope: record.refreshScope ?? preset.refreshScope ?? "omit",
    apiOrigins: record.apiOrigins,
    quirks: preset.quirks,
  });
}

type IssuerMember = "issuer" | "issuers" | "tenants" | "discoveryUrl";

function withIssuer(
  record: ProviderConfig,
  preset: Preset,
  known: KnownIssuers,
  rest: Omit<Provider, IssuerMember>,
): Provider {
  if (preset.issuer.from !== "tenant") {
    const issuer = preset.issuer.from === "preset" ? preset.issuer.issuer : (record.issuer ?? "");
    return { ...rest, issuer, issuers: [issuer], tenants: null, discoveryUrl: record.discoveryUrl };
  }
  const { template, tenant, ...choice } = preset.issuer.resolve(record);
  const discoveryUrl = record.discoveryUrl ?? choice.discoveryUrl;
  const tenants: TenantIssuers = { template, kind: tenant.kind };
  const issuerOf = (id: string) => template.replace("{tenantid}", () => id);
  if (tenant.kind === "many") {
    return { ...rest, issuer: template, issuers: tenant.ids.map(issuerOf), tenants, discoveryUrl };
  }
  const issuer = issuerOf(tenant.kind === "one" ? tenant.id : tenant.name);
  if (tenant.kind === "one") return { ...rest, issuer, issuers: [issuer], tenants, discoveryUrl };
  return {
    ...rest,
    tenants,
    discoveryUrl,
    unresolvedIssuer: issuer,
    // Learned while the process runs; whoever asks later gets what is known then.
    get issuer() {
      return known(issuer) ?? issuer;
    },
    get issuers() {
      const found = known(issuer);
      return found === undefined ? [] : [found];
    },
  };
}

/** Key by key over the preset's names and the global ones; null is a name too: it switches the picture off. */
function claimNamesOf(config: Config, { claims: own }: ProviderConfig, preset: Preset): ClaimNames {
  const claims = { ...preset.claims, ...withoutUndefined(own) };
  const all = config.signIn.claims;
  return {
    subject: claims.subject ?? all.subject,
    email: claims.email ?? all.email,
    name: claims.name ?? all.name,
    picture: claims.picture === undefined ? all.picture : claims.picture,
  };
}

const withoutUndefined = <T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never;
