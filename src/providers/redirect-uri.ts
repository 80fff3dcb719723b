/** What a provider has to know of us: made from the configuration alone, never from a request (SI-5, SI-26, LO-7). */
import type { Config, ProviderConfig } from "../config/schema.js";

/** The path of a provider's callback when nothing overrides it. */
export const callbackPath = (config: Pick<Config, "basePath">, providerId: string): string =>
  `${config.basePath}/providers/${providerId}/callback`;

/** The absolute redirect URI, byte for byte as it must be registered at the provider. */
export const redirectUriOf = (config: Config, provider: ProviderConfig): string =>
  provider.redirectUri ?? `${config.baseUrl}${callbackPath(config, provider.id)}`;

/** Where a provider sends people back to once they have signed out there, the same for all providers (LO-5). */
export const postLogoutRedirectUriOf = (config: Pick<Config, "baseUrl" | "basePath">): string =>
  `${config.baseUrl}${config.basePath}/signed-out`;

/**
 * Where a provider tells us that somebody signed out there. A logout token says whose it is, so there is one address for
 * all; a front-channel request may not (Entra sends no `iss`), so each provider has its own.
 */
export const logoutUrisOf = (config: Pick<Config, "baseUrl" | "basePath">, provider: { readonly id: string }) => ({
  backchannelLogoutUri: `${config.baseUrl}${config.basePath}/backchannel-logout`,
  frontchannelLogoutUri: `${config.baseUrl}${config.basePath}/providers/${provider.id}/frontchannel-logout`,
});

export interface CallbackRoute {
  /** From the root of our origin, as `URL.pathname` writes it. */
  readonly path: string;
  readonly providerId: string;
}

/** Every path on our own origin that is a provider's callback. A redirect URI elsewhere is the operator's to pass on. */
export function callbackRoutes(config: Config): readonly CallbackRoute[] {
  return config.providers.flatMap((provider) => {
    const uri = new URL(redirectUriOf(config, provider));
    return uri.origin === config.baseUrl ? [{ path: uri.pathname, providerId: provider.id }] : [];
  });
}
