/** Where a connection's token may go (EG-2). Pure; addresses are egress's to judge. */

export interface Bounds {
  /** Every URL of these origins. */
  readonly origins: readonly string[];
  /** These URLs and no others, query aside. */
  readonly urls: readonly string[];
}

export function isWithin(url: URL, bounds: Bounds): boolean {
  if ((url.protocol !== "https:" && url.protocol !== "http:") || url.username !== "" || url.password !== "")
    return false;
  if (bounds.origins.includes(url.origin)) return true;
  return bounds.urls.some((text) => {
    if (!URL.canParse(text)) return false;
    const allowed = new URL(text);
    return allowed.origin === url.origin && allowed.pathname === url.pathname;
  });
}
