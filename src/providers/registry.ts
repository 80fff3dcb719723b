/** The providers of this installation: each record of the configuration with its preset applied and defaults filled in. */
import type { Config, ProviderConfig } from "../config/schema.js";
import type { Preset } from "./preset.js";
import { presets } from "./presets/all.js";
import type { ClaimNames, PictureHost, Provider, ProviderRegistry, ProviderRoles, TenantIssuers } from "./provider.js";
import { redirectUriOf } from "./redirect-uri.js";

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
    icon: record.icon ?? preset.icon ?? null,
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
      ...signedSecretOf(record, preset),
    },
    scopes: asked.scopes,
    authorizeParams: { ...asked.authorizeParams, ...config.signIn.authorizeParams, ...record.authorizeParams },
    redirectUri: redirectUriOf(config, record),
    par: record.par,
    responseMode: preset.responseMode ?? record.responseMode,
    callbackIss: record.callbackIss,
    clockTolerance: config.signIn.clockTolerance,
    claims: claimNamesOf(config, record, preset),
    roles: rolesOf(config, record),
    groups: { ...config.groups, ...withoutUndefined(record.groups ?? {}) },
    pictureHost: pictureHostOf(config, record, preset),
    signUp: record.signUp ?? config.signIn.signUp,
    emailVerified: record.emailVerified,
    logout: record.logout,
    revokeOnSignOut: record.revokeOnSignOut,
    keepOfflineGrants: record.keepOfflineGrants,
    allowLogoutTokenWithoutExp: record.allowLogoutTokenWithoutExp,
    revocationEndsOneToken: preset.revocationEndsOneToken,
    refreshScope: record.refreshScope ?? preset.refreshScope ?? "omit",
    apiOrigins: record.apiOrigins,
    tokenExchange: record.tokenExchange,
    quirks: preset.quirks,
  });
}

/** The configuration was refused where one of the two is missing; without both there is no secret to sign. */
function signedSecretOf({ teamId, keyId }: ProviderConfig, { signedSecret }: Preset) {
  return signedSecret && teamId && keyId ? { signedSecret: { teamId, keyId, ...signedSecret } } : {};
}

type IssuerMember = "issuer" | "issuers" | "tenants" | "discoveryUrl";

function withIssuer(
  record: ProviderConfig,
  preset: Preset,
  known: KnownIssuers,
  rest: Omit<Provider, IssuerMember>,
): Provider {
  if (preset.issuer.from !== "tenant") {
    const issuer =
      preset.issuer.from === "preset" ? preset.issuer.issuer : (record.issuer ?? preset.issuer.fallback ?? "");
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
  return { ...config.signIn.claims, ...preset.claims, ...withoutUndefined(own) };
}

/** Key by key, so that a provider may say one thing of its own; the order is the installation's. */
function rolesOf(config: Config, { roles: own }: ProviderConfig): ProviderRoles {
  const { order: _order, healLoneUser: _heal, ...all } = config.roles;
  const absent = { ...all.absent, ...withoutUndefined(own?.absent ?? {}) };
  return { ...all, ...withoutUndefined(own ?? {}), absent };
}

/** A null that the operator wrote switches pictures off altogether; the preset's own only says that no claim has one. */
function pictureHostOf(config: Config, record: ProviderConfig, { pictureHost }: Preset): PictureHost | null {
  const { picture } = record.claims;
  const off = picture === undefined ? config.signIn.claims.picture === null : picture === null;
  if (!pictureHost || off) return null;
  return record.pictureUrl === null ? pictureHost : { ...pictureHost, url: record.pictureUrl };
}

const withoutUndefined = <T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never;
