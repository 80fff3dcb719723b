/** The two kinds of endpoint a provider may name: one that we call, and one that a person's browser is sent to. */

/**
 * What a host may be made of. The URL parser lets `;`, `,` and `*` pass, which no DNS name has: in a
 * Content-Security-Policy of ours they would begin another directive or another policy, or stand for every host.
 */
const plainHost = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/;

/** An absolute http or https URL without user information. Whether http is allowed there is egress's to say. */
export function endpointUrl(text: unknown): URL | undefined {
  if (typeof text !== "string" || text.length > 4_096 || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined;
  return url.username || url.password || !plainHost.test(url.hostname) ? undefined : url;
}

/** `localhost` with its subdomains, 127.0.0.0/8 and ::1, as the URL parser writes them (RFC 8252 §8.3). */
export const isLoopbackHost = (hostname: string): boolean =>
  hostname === "localhost" ||
  hostname.endsWith(".localhost") ||
  hostname === "[::1]" ||
  /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);

/**
 * A URL that a browser may be sent to: https, or http on a loopback host. Everything else is refused, `javascript:`
 * and `file:` before all (AT-40); no guard of ours stands between a browser and what it opens.
 */
export function browserUrl(text: unknown): URL | undefined {
  const url = endpointUrl(text);
  return url && (url.protocol === "https:" || isLoopbackHost(url.hostname)) ? url : undefined;
}
