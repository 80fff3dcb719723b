/**
 * Cookies as RFC 6265bis reads and writes them. The reader keeps doubled names, in order: which of two cookies
 * of one name is ours cannot be known, so the caller must see both (AT-22) instead of silently getting one.
 */

export interface Cookie {
  readonly name: string;
  readonly value: string;
}

/** Node stops at 16 KB of headers by itself; an embedder's server may not. */
const longestHeader = 32_768;

/**
 * Space and tab, and nothing else that `trim` takes away. A browser stores `\u00a0__Host-latchkey` for a sibling host as
 * a name without a prefix; trimmed, it would be our cookie from somebody else (AT-22).
 */
function trimmed(text: string): string {
  // By hand: a pattern for blanks at the end looks from each blank anew, and a stranger chooses how many there are.
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text, start)) start++;
  while (end > start && isBlank(text, end - 1)) end--;
  return text.slice(start, end);
}

const isBlank = (text: string, at: number): boolean => text[at] === " " || text[at] === "\t";

/** Every `name=value` pair of a Cookie header. Never throws; what is no pair is left out. */
export function readCookies(header: string | null | undefined): readonly Cookie[] {
  if (!header || header.length > longestHeader) return [];
  const cookies: Cookie[] = [];
  for (const part of header.split(";")) {
    const at = part.indexOf("=");
    if (at < 1) continue;
    const name = trimmed(part.slice(0, at));
    let value = trimmed(part.slice(at + 1));
    if (value.length > 1 && value.startsWith('"') && value.endsWith('"')) value = value.slice(1, -1);
    if (name) cookies.push({ name, value });
  }
  return cookies;
}

export interface CookieAttributes {
  readonly secure: boolean;
  readonly sameSite: "Lax" | "None" | "Strict";
  /** Seconds; 0 takes the cookie away. Left out: until the browser closes. */
  readonly maxAge?: number | undefined;
  /** Only for cookies without the `__Host-` prefix. */
  readonly domain?: string | null | undefined;
}

/** A Set-Cookie value: always HttpOnly and Path=/, so that a script or a sub-path never holds one of ours. */
export function setCookie(name: string, value: string, attributes: CookieAttributes): string {
  const parts = [`${name}=${value}`, "Path=/", "HttpOnly", `SameSite=${attributes.sameSite}`];
  if (attributes.secure) parts.push("Secure");
  if (attributes.domain) parts.push(`Domain=${attributes.domain}`);
  if (attributes.maxAge !== undefined) parts.push(`Max-Age=${Math.max(0, Math.floor(attributes.maxAge))}`);
  return parts.join("; ");
}

/** `__Host-` keeps siblings and plain http from shadowing a cookie; browsers accept it only with Secure. */
export const hostPrefixed = (name: string, secure: boolean): string => (secure ? `__Host-${name}` : name);
