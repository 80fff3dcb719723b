/**
 * What the routes need of the configuration, worked out once when the app is made.
 *
 * `baseUrl` is the only source of our own URLs (SU-3): nothing in here, and nothing that uses it, looks at Host,
 * Forwarded or X-Forwarded-Host. A request that arrives under another name still gets links to `baseUrl`.
 */
import type { Config } from "../config/schema.js";
import { LatchkeyError } from "../kernel/errors.js";

export interface Site {
  /** `https://app.example.com`: scheme, host and port of `baseUrl`, as browsers write an Origin. */
  readonly origin: string;
  /** `/auth`, or the empty string when everything is served at the root. */
  readonly basePath: string;
  /** `{base}`: origin and base path, without a terminating slash; our issuer. */
  readonly base: string;
  /** True when `baseUrl` is https. */
  readonly https: boolean;
  /** What pages call this installation. */
  readonly name: string;
  /** The operator's picture beside the name. */
  readonly logo: string | null;
  /** At the foot of pages. */
  readonly links: Config["branding"]["links"];
}

export function readSite(config: Config): Site {
  const { origin, protocol } = new URL(config.baseUrl);
  const basePath = config.basePath.replace(/\/+$/, "");
  const { name, logo, links } = config.branding;
  return { origin, basePath, base: origin + basePath, https: protocol === "https:", name, logo, links };
}

/**
 * A `Location` that is safe to send: an absolute URL as it is, a path only if it stays on our origin.
 *
 * Whoever made the path has checked it (SI-7); this is the exit, and the exit checks again, since `//host` and
 * `/\host` are paths to a careless eye and other hosts to a browser.
 *
 * @throws LatchkeyError `server.unexpected` when a path would leave our origin.
 */
export function safeLocation(site: Site, location: string): string {
  if (!location.startsWith("/")) return new URL(location).href;
  const url = new URL(location, site.origin);
  // Normalising makes `/..//host` into `//host`: still ours by its origin, and somebody else's once it is sent.
  if (url.origin !== site.origin || url.pathname.startsWith("//"))
    throw new LatchkeyError("server.unexpected", { data: { reason: "location_left_origin" } });
  return url.pathname + url.search + url.hash;
}
