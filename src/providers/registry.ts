/** The providers of this installation: each record of the configuration with its preset applied and defaults filled in. */
import type { Config, ProviderConfig } from "../config/schema.js";
import { oidc, type Preset } from "./presets/oidc.js";
import type { ClaimNames, Provider, ProviderRegistry } from "./provider.js";
import { redirectUriOf } from "./redirect-uri.js";

const presets: Readonly<Record<ProviderConfig["preset"], Preset>> = { oidc };

/** In the order of the configuration, which is the order of the buttons (SI-1). */
export function createProviderRegistry(config: Config): ProviderRegistry {
  const providers = config.providers.map((record) => providerOf(config, record));
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  return { byId: (id) => byId.get(id), all: () => providers };
}

function providerOf(config: Config, record: ProviderConfig): Provider {
  const preset = presets[record.preset];
  return {
    id: record.id,
    preset: record.preset,
    displayName: record.displayName ?? record.id,
    icon: record.icon,
    enabled: record.enabled,
    issuer: record.issuer,
    discoveryUrl: record.discoveryUrl,
    endpoints: record.endpoints,
    timeout: record.timeout,
    client: {
      clientId: record.clientId,
      clientSecret: record.clientSecret,
      clientKey: record.clientKey,
      tokenEndpointAuthMethod: record.tokenEndpointAuthMethod,
      clientAssertionAudience: record.clientAssertionAudience,
      clientIdInBody: record.clientIdInBody,
    },
    scopes: record.scopes,
    authorizeParams: { ...config.signIn.authorizeParams, ...record.authorizeParams },
    redirectUri: redirectUriOf(config, record),
    par: record.par,
    responseMode: record.responseMode,
    clockTolerance: config.signIn.clockTolerance,
    claims: claimNamesOf(config, record),
    signUp: record.signUp ?? config.signIn.signUp,
    emailVerified: record.emailVerified,
    logout: record.logout,
    revokeOnSignOut: record.revokeOnSignOut,
    revocationEndsOneToken: preset.revocationEndsOneToken,
  };
}

/** Key by key over the global names; null is a name too: it switches the picture off. */
function claimNamesOf(config: Config, { claims }: ProviderConfig): ClaimNames {
  const all = config.signIn.claims;
  return {
    subject: claims.subject ?? all.subject,
    email: claims.email ?? all.email,
    name: claims.name ?? all.name,
    picture: claims.picture === undefined ? all.picture : claims.picture,
  };
}
