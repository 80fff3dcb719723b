/**
 * A cookie jar as strict as the browsers people use, as far as sign-in depends on it (RFC 6265bis §5): host-only
 * and Domain cookies, Path, Max-Age and Expires, Secure, `__Host-` and `__Secure-`, SameSite, and the rule that an
 * insecure origin cannot shadow a Secure cookie. Ports do not separate cookies, as in real browsers.
 *
 * Not here: the public suffix list. A site is the last two labels of a name, or the whole of an address.
 */
import { type Clock, parseHttpDate } from "../../kernel/time.js";

export interface Cookie {
  readonly name: string;
  readonly value: string;
  /** Without a leading dot. */
  readonly domain: string;
  readonly hostOnly: boolean;
  readonly path: string;
  /** Epoch milliseconds; null ends with the browser. */
  readonly expires: number | null;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: "strict" | "lax" | "none";
}

/** How a request came to be, for SameSite. */
export interface CookieContext {
  readonly sameSite: boolean;
  readonly method: string;
}

export interface CookieJar {
  /** Every live cookie. */
  all(): readonly Cookie[];
  /** The cookie of this name that a request to `url` from the same site would carry. */
  get(name: string, url: string): Cookie | undefined;
  /** Stores one Set-Cookie value as if `url` had answered it; false when a browser would drop it. */
  set(url: string, setCookie: string): boolean;
  /** The Cookie header of a request, or undefined. */
  header(url: string, context?: CookieContext): string | undefined;
  delete(name: string): void;
  clear(): void;
}

const isAddress = (host: string): boolean => /^(\d{1,3}\.){3}\d{1,3}$/.test(host) || host.startsWith("[");
/** Browsers treat loopback names over http as secure enough for Secure cookies. */
export const isTrustworthy = (url: URL): boolean =>
  url.protocol === "https:" ||
  url.hostname === "localhost" ||
  url.hostname.endsWith(".localhost") ||
  /^127\./.test(url.hostname) ||
  url.hostname === "[::1]";
/** Scheme and registrable domain: what "same site" compares. */
export const siteOf = (url: URL): string =>
  `${url.protocol}//${isAddress(url.hostname) ? url.hostname : url.hostname.split(".").slice(-2).join(".")}`;

const domainFits = (host: string, domain: string): boolean =>
  host === domain || (!isAddress(host) && host.endsWith(`.${domain}`));
const pathFits = (path: string, cookiePath: string): boolean =>
  path === cookiePath || (path.startsWith(cookiePath) && (cookiePath.endsWith("/") || path[cookiePath.length] === "/"));
const defaultPath = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";

/** Reads one Set-Cookie value; undefined when it would not be stored. */
function parse(url: URL, text: string, now: number): Cookie | undefined {
  const [pair = "", ...parts] = text.split(";");
  const equals = pair.indexOf("=");
  if (equals < 1 || pair.length > 4_096) return undefined;
  const name = pair.slice(0, equals).trim();
  const value = pair.slice(equals + 1).trim();
  const attributes = new Map(
    parts.map((part) => {
      const [key = "", ...rest] = part.split("=");
      return [key.trim().toLowerCase(), rest.join("=").trim()] as const;
    }),
  );
  const domain = (attributes.get("domain") ?? "").replace(/^\./, "").toLowerCase();
  if (domain && (!domainFits(url.hostname, domain) || (!domain.includes(".") && domain !== url.hostname)))
    return undefined;
  const path = attributes.get("path");
  const maxAge = attributes.get("max-age");
  const expires = attributes.get("expires");
  const end =
    maxAge !== undefined && /^-?\d+$/.test(maxAge)
      ? now + Number(maxAge) * 1_000
      : (parseHttpDate(expires ?? "") ?? null);
  const sameSite = attributes.get("samesite")?.toLowerCase();
  const cookie: Cookie = {
    name,
    value,
    domain: domain || url.hostname,
    hostOnly: !domain,
    path: path?.startsWith("/") ? path : defaultPath(url.pathname),
    expires: end,
    secure: attributes.has("secure"),
    httpOnly: attributes.has("httponly"),
    sameSite: sameSite === "strict" || sameSite === "none" ? sameSite : "lax",
  };
  if (cookie.secure && !isTrustworthy(url)) return undefined;
  if (cookie.sameSite === "none" && !cookie.secure) return undefined;
  if (/^__secure-/i.test(name) && !cookie.secure) return undefined;
  if (/^__host-/i.test(name) && !(cookie.secure && cookie.hostOnly && path === "/")) return undefined;
  return cookie;
}

export function createCookieJar(clock: Clock): CookieJar {
  let cookies: Cookie[] = [];
  const live = (): Cookie[] => {
    const now = clock.now();
    cookies = cookies.filter((cookie) => cookie.expires === null || cookie.expires > now);
    return cookies;
  };
  const matching = (url: URL, context: CookieContext): Cookie[] =>
    live()
      .filter((cookie) => (cookie.hostOnly ? url.hostname === cookie.domain : domainFits(url.hostname, cookie.domain)))
      .filter((cookie) => pathFits(url.pathname, cookie.path) && (!cookie.secure || isTrustworthy(url)))
      .filter((cookie) => {
        if (context.sameSite || cookie.sameSite === "none") return true;
        return cookie.sameSite === "lax" && (context.method === "GET" || context.method === "HEAD");
      })
      .sort((a, b) => b.path.length - a.path.length);
  const sameSiteGet: CookieContext = { sameSite: true, method: "GET" };

  return {
    all: () => [...live()],
    get: (name, url) => matching(new URL(url), sameSiteGet).find((cookie) => cookie.name === name),
    set: (text, setCookie) => {
      const url = new URL(text);
      const now = clock.now();
      const cookie = parse(url, setCookie, now);
      if (!cookie) return false;
      // "Leave Secure cookies alone": plain http may not replace or shadow what https set.
      const shadows = live().some(
        (old) =>
          old.secure &&
          old.name === cookie.name &&
          (domainFits(old.domain, cookie.domain) || domainFits(cookie.domain, old.domain)) &&
          pathFits(cookie.path, old.path),
      );
      if (!cookie.secure && !isTrustworthy(url) && shadows) return false;
      cookies = cookies.filter(
        (old) =>
          !(
            old.name === cookie.name &&
            old.domain === cookie.domain &&
            old.hostOnly === cookie.hostOnly &&
            old.path === cookie.path
          ),
      );
      if (cookie.expires === null || cookie.expires > now) cookies.push(cookie);
      return true;
    },
    header: (url, context = sameSiteGet) => {
      const found = matching(new URL(url), context);
      return found.length === 0 ? undefined : found.map((cookie) => `${cookie.name}=${cookie.value}`).join("; ");
    },
    delete: (name) => {
      cookies = cookies.filter((cookie) => cookie.name !== name);
    },
    clear: () => {
      cookies = [];
    },
  };
}
