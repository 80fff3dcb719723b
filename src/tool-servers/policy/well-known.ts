/** Where a tool server's and its authorization server's documents may lie (TS-2, TS-4). Pure: URLs in, URLs out. */

export interface Place {
  readonly url: string;
  /** `challenge`: where the server said. `path`: at the place of its URL. `root`: at its origin. */
  readonly where: "challenge" | "path" | "root";
}

/** The path of a URL as it is put behind a well-known suffix: one terminating `/` is taken off (TS-4). */
function pathOf(url: URL): string {
  const path = url.pathname;
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

const withSuffix = (url: URL, name: string): string => `${url.origin}/.well-known/${name}`;

/** Resource metadata (RFC 9728 §3.1), the likeliest place first. `challenged`: what the challenge named. */
export function resourceMetadataPlaces(server: string, challenged: string | null): readonly Place[] {
  const url = new URL(server);
  const path = pathOf(url);
  const root = withSuffix(url, "oauth-protected-resource");
  const places: Place[] = challenged === null ? [] : [{ url: challenged, where: "challenge" }];
  if (path !== "" || url.search !== "") places.push({ url: `${root}${path}${url.search}`, where: "path" });
  places.push({ url: root, where: "root" });
  return places.filter((place, at) => places.findIndex((other) => other.url === place.url) === at);
}

/**
 * Authorization server metadata of an issuer, in the order in which it is asked for (RFC 8414 §3.1, OpenID Discovery §4).
 * An issuer with a path never tries its origin: that may be somebody else's.
 */
export function authorizationServerPlaces(issuer: string): readonly string[] {
  const url = new URL(issuer);
  const path = pathOf(url);
  const places = [
    `${withSuffix(url, "oauth-authorization-server")}${path}`,
    `${withSuffix(url, "openid-configuration")}${path}`,
  ];
  return path === "" ? places : [...places, `${url.origin}${path}/.well-known/openid-configuration`];
}

/**
 * Where no resource metadata names an authorization server, the tool server may be its own: the places of its URL, then
 * those of its origin (as 2025-03-26 asked for), with what such a document may call itself.
 */
export function ownServerPlaces(server: string): {
  readonly urls: readonly string[];
  readonly issuers: readonly string[];
} {
  const url = new URL(server);
  const urls = [...authorizationServerPlaces(`${url.origin}${url.pathname}`), ...authorizationServerPlaces(url.origin)];
  return { urls: [...new Set(urls)], issuers: [...new Set([url.origin, `${url.origin}/`, server])] };
}
