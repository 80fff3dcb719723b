/**
 * Where a person may be sent after sign-in (SI-7): a path on our own origin, found by parsing, never by pattern.
 * Whoever writes `return_to` may be an attacker; what comes out of here is safe to put into a Location header.
 */

/** Longer ones would not fit five flows into the browser's cookie space (SI-8). */
const longestReturnTo = 1_024;

// Raw: what the URL parser would silently drop (tab, CR, LF) or turn into a slash (backslash).
const forbiddenRaw = /[\u0000-\u0020\u007f-\u009f\\]/u;
// Encoded, in the path: what a proxy that decodes once more would turn into another host.
const forbiddenEncoded = /%(?:0[0-9a-f]|1[0-9a-f]|7f|5c)/i;

/**
 * The normalised path, query and fragment; `undefined` when the text is anything but a path on `origin`.
 *
 * @param origin our own, `https://app.example`
 */
export function safeReturnTo(text: string | undefined, origin: string): string | undefined {
  if (!text || text.length > longestReturnTo || !text.startsWith("/")) return undefined;
  if (forbiddenRaw.test(text)) return undefined;
  if (!URL.canParse(text, origin)) return undefined;
  const url = new URL(text, origin);
  if (url.origin !== origin || url.username || url.password) return undefined;
  // `/.//evil` normalises to `//evil`, which a browser reads as another host.
  if (/^\/(?:\/|%2f)/i.test(url.pathname) || forbiddenEncoded.test(url.pathname)) return undefined;
  const path = url.pathname + url.search + url.hash;
  // Percent-encoding makes nine characters of one `€`: what counts is what the cookie will carry.
  return path.length > longestReturnTo ? undefined : path;
}
