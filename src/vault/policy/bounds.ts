/** Where a connection's token may go (EG-2). Pure; addresses are egress's to judge. */

export interface Bounds {
  /** Every URL of these origins. */
  readonly origins: readonly string[];
  /** These URLs and no others, query aside. */
  readonly urls: readonly string[];
  /** These URLs and what lies below them by path segment: `/mcp` and `/mcp/x`, not `/mcp2` (EG-2). @default none */
  readonly below?: readonly string[];
}

export function isWithin(url: URL, bounds: Bounds): boolean {
  if ((url.protocol !== "https:" && url.protocol !== "http:") || url.username !== "" || url.password !== "")
    return false;
  if (bounds.origins.includes(url.origin)) return true;
  if (bounds.below?.some((text) => isBelow(url, text))) return true;
  return bounds.urls.some((text) => {
    if (!URL.canParse(text)) return false;
    const allowed = new URL(text);
    return allowed.origin === url.origin && allowed.pathname === url.pathname;
  });
}

/** An encoded slash is one to some servers and none to others: a path with it may leave the place that it seems to be in. */
const ambiguous = /%(?:2f|5c)/i;

function isBelow(url: URL, text: string): boolean {
  if (!URL.canParse(text)) return false;
  const allowed = new URL(text);
  if (allowed.origin !== url.origin) return false;
  if (url.pathname === allowed.pathname) return true;
  const folder = allowed.pathname.endsWith("/") ? allowed.pathname : `${allowed.pathname}/`;
  return url.pathname.startsWith(folder) && !ambiguous.test(url.pathname.slice(folder.length));
}
