/**
 * The response headers that are the same for every answer of a kind, each made once as one record.
 *
 * `Referrer-Policy` is `same-origin` and not `no-referrer`: Chromium sends `Origin: null` with a form post from a
 * `no-referrer` page, and then our own forms would fail the Origin check (SU-5).
 */
import type { Site } from "./site.js";

export type HeaderRecord = Readonly<Record<string, string>>;

/** An answer that depends on who asks: nobody may keep it, and no cache may mix people up (SU-4, AT-53). */
const personal = { "cache-control": "no-store", vary: "Cookie, Authorization" } as const;

/** Pages are in the language of the one who asks. */
const page = { ...personal, vary: `${personal.vary}, Accept-Language` } as const;

const transport = (site: Site): HeaderRecord => (site.https ? { "strict-transport-security": "max-age=31536000" } : {});

/** For JSON, redirects and everything else that is no page. */
export const plainHeaders = (site: Site): HeaderRecord => ({
  ...personal,
  ...transport(site),
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
});

/**
 * For pages. `form-action` also covers where a form post is redirected to, so the sign-out form needs the origins
 * of the end-session endpoints in use.
 */
export const pageHeaders = (site: Site, endSessionOrigins: readonly string[]): HeaderRecord => ({
  ...page,
  ...transport(site),
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": pagePolicy(["'self'", ...endSessionOrigins], "'none'"),
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
});

/**
 * For a picture that somebody else made. It can be shown in a page and do nothing else: no sniffing, no script, opened by
 * itself it is a download. Kept by the browser of one person, who is asked for each time (`no-cache`): what a person may
 * see ends with their session. Sibling hosts that share the cookie may show it too.
 */
export const pictureHeaders = (site: Site, contentType: string, sharedWithSiblings: boolean): HeaderRecord => ({
  ...transport(site),
  "cache-control": "private, no-cache",
  vary: personal.vary,
  "content-type": contentType,
  "content-disposition": `attachment; filename="picture.${contentType.replace("image/", "")}"`,
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  "cross-origin-resource-policy": sharedWithSiblings ? "same-site" : "same-origin",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
});

/**
 * For the one page that a provider may frame (LO-10). Without `X-Frame-Options`, which knows no origin but our own.
 *
 * @param ancestor the provider's origin; undefined: nobody may
 */
export const framedPageHeaders = (site: Site, ancestor: string | undefined): HeaderRecord => ({
  ...personal,
  ...transport(site),
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": pagePolicy(["'none'"], ancestor ?? "'none'"),
  ...(ancestor === undefined ? { "x-frame-options": "DENY" } : {}),
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
});

function pagePolicy(formAction: readonly string[], frameAncestors: string): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self' data:",
    `form-action ${formAction.join(" ")}`,
    `frame-ancestors ${frameAncestors}`,
    "base-uri 'none'",
    "object-src 'none'",
  ].join("; ");
}

/** For JSON that is the same for everybody and may be kept for a while. Pages of other origins may read it: it is public. */
export const publicDocumentHeaders = (site: Site, maxAge: number): HeaderRecord => ({
  ...transport(site),
  "cache-control": `public, max-age=${maxAge}`,
  "content-type": "application/json",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "access-control-allow-origin": "*",
  "x-content-type-options": "nosniff",
});

/** For files whose name changes with their content: the one thing here that may be kept, and by anybody. */
export const assetHeaders = (site: Site, contentType: string): HeaderRecord => ({
  ...transport(site),
  "cache-control": "public, max-age=31536000, immutable",
  "content-type": contentType,
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
});
