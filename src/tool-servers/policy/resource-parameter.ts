/** The `resource` of RFC 8707 that names the tool server to its authorization server (TS-12). Pure. */
import type { FoundToolServer } from "../found.js";
import type { ToolServer } from "../tool-server.js";

/**
 * Entra's sign-in hosts. Its v2.0 endpoints know no `resource` and refuse it where it does not fit the scopes, so that
 * nobody could connect: a deviation from the rule, for these hosts alone.
 */
const withoutResource =
  /^(?:login\.microsoftonline\.(?:com|us)|login\.partner\.microsoftonline\.cn|login\.chinacloudapi\.cn|login\.windows\.net|login\.microsoft\.com|sts\.windows\.net)$/;

/** The value, byte for byte as the metadata has it; null: it is left out. */
export function resourceOf(
  server: Pick<ToolServer, "url" | "resource">,
  found: Pick<FoundToolServer, "resource" | "authorizationServer" | "authorizationServerFrom">,
): string | null {
  if (server.resource === "omit") return null;
  const named = found.resource?.resource ?? withoutFragment(server.url);
  if (server.resource === "include") return named;
  if (found.authorizationServerFrom === "fallback") return null;
  const { issuer, token_endpoint: endpoint } = found.authorizationServer ?? {};
  return [issuer, endpoint].some((url) => url !== undefined && isEntra(url)) ? null : named;
}

const isEntra = (url: string): boolean => URL.canParse(url) && withoutResource.test(new URL(url).hostname);

const withoutFragment = (url: string): string => url.split("#", 1)[0] ?? url;
