/**
 * Where a sign-out form may be redirected to. Browsers apply a page's `form-action` to the redirects of its forms too
 * (SU-5), so the page that shows the form must name the provider's end-session origin, and must have asked for it.
 */
import { asLatchkeyError } from "../kernel/errors.js";
import type { Log } from "../kernel/log.js";
import type { Metadata } from "../oauth/metadata.js";
import type { ProviderRegistry } from "../providers/provider.js";

export interface EndSessionOrigins {
  /** Asks what the provider of a session publishes; a provider that does not answer is passed over. */
  learn(providerId: string): Promise<void>;
  known(): readonly string[];
}

export function createEndSessionOrigins(ports: {
  metadata: Metadata;
  providers: ProviderRegistry;
  log: Log;
}): EndSessionOrigins {
  const origins = new Map<string, string>();
  return {
    async learn(providerId) {
      const provider = ports.providers.byId(providerId);
      if (!provider || provider.logout === "local") return;
      try {
        const { end_session_endpoint: url } = await ports.metadata.discover(provider);
        if (url !== undefined && URL.canParse(url)) origins.set(providerId, new URL(url).origin);
      } catch (thrown) {
        ports.log.debug({ provider: providerId, code: asLatchkeyError(thrown).code }, "no end-session origin known");
      }
    },
    known: () => [...new Set(origins.values())],
  };
}
