/**
 * A browser without a screen: a cookie jar that follows redirects and pages that go on by themselves, and sends what Chromium sends with a navigation
 * (Cookie by SameSite, Origin on posts, Sec-Fetch-*). Two browsers are two jars. It runs no script, so a page that
 * works here works without.
 *
 * Not here: pixels and script. Journeys in a real Chromium prove those.
 */
import { type Clock, systemClock } from "../kernel/time.js";
import { type CookieJar, createCookieJar, isTrustworthy, siteOf } from "./browser/cookie-jar.js";
import { type Form, formsIn } from "./browser/forms.js";
import { type FetchLike, loopbackFetch } from "./loopback-fetch.js";

/** An answer that the browser shows: the last one of a chain of redirects, and of pages that went on at once (`Refresh`). */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Where a redirect points that was not followed, or a page that goes on at once; absolute. */
  readonly location: string | undefined;
  /** The answers on the way here, this one excluded. */
  readonly hops: readonly Hop[];
  readonly forms: readonly Form[];
  /** The body as JSON; throws when it is none. */
  json(): unknown;
}
export interface Hop {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
}

export interface NavigateOptions {
  /** False: stop at the first answer, whatever it is. @default true */
  readonly follow?: boolean;
  /** Stops before a request to a URL for which this is true; the page is the redirect that points there. */
  readonly stopBefore?: (url: string) => boolean;
  /**
   * The page (an absolute URL) that holds the link or form; null is an address typed in or a bookmark.
   * @default the page the browser shows for `post`, `submit` and `follow`; null for `get`
   */
  readonly from?: string | null;
  /** Added last, so they win over what the browser would send. An `undefined` value takes a header away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

export interface Browser {
  readonly cookies: CookieJar;
  /** What it shows; undefined before the first page. */
  readonly page: Page | undefined;
  /** Opens an address as if typed in; `from` makes it a link. */
  get(url: string, options?: NavigateOptions): Promise<Page>;
  /** Posts a form from the page it shows. */
  post(
    url: string,
    form?: Readonly<Record<string, string>> | URLSearchParams,
    options?: NavigateOptions,
  ): Promise<Page>;
  /** Fills in and sends a form of a page. @param options.form which one @default 0 */
  submit(
    page: Page,
    fields?: Readonly<Record<string, string>>,
    options?: NavigateOptions & { form?: number },
  ): Promise<Page>;
  /** Goes where an unfollowed redirect points, and on from there. */
  follow(page: Page, options?: NavigateOptions): Promise<Page>;
}

export interface BrowserOptions {
  /** For cookie lifetimes. @default the system's clock */
  readonly clock?: Clock;
  readonly userAgent?: string;
  /** @default 20, as Chromium */
  readonly maxRedirects?: number;
}

const redirects = new Set([301, 302, 303, 307, 308]);

/** Where a page goes on to at once (HTML, shared declarative refresh steps). */
const refreshTarget = (headers: Headers): string | undefined =>
  /^0\s*;\s*url=(.+)$/i.exec(headers.get("Refresh") ?? "")?.[1];

/** @param fetchLike carries each request: the app's own `fetch`, a dispatcher, or nothing for real HTTP on loopback. */
export function createBrowser(fetchLike: FetchLike = loopbackFetch, options: BrowserOptions = {}): Browser {
  const { clock = systemClock, maxRedirects = 20 } = options;
  const userAgent =
    options.userAgent ??
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
  const jar = createCookieJar(clock);
  let shown: Page | undefined;

  const navigate = async (
    firstMethod: "GET" | "POST",
    firstUrl: string,
    form: URLSearchParams | undefined,
    how: NavigateOptions,
  ): Promise<Page> => {
    let initiator = how.from == null ? undefined : new URL(how.from);
    const hops: Hop[] = [];
    let method: "GET" | "POST" = firstMethod;
    let url = firstUrl;
    let origin = initiator?.origin ?? "null";
    // Once a chain has left the initiator's site, it stays cross-site to wherever it comes back.
    let crossSite = false;

    for (;;) {
      const target = new URL(url);
      const last = hops.at(-1);
      if (last && new URL(last.url).origin !== target.origin && origin !== target.origin) origin = "null";
      crossSite ||= initiator !== undefined && siteOf(initiator) !== siteOf(target);
      const headers = new Headers({
        "User-Agent": userAgent,
        Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Language": "en",
      });
      const cookie = jar.header(url, { sameSite: !crossSite, method });
      if (cookie !== undefined) headers.set("Cookie", cookie);
      if (method === "POST") {
        headers.set("Origin", origin);
        headers.set("Content-Type", "application/x-www-form-urlencoded");
      }
      if (isTrustworthy(target)) {
        const relation =
          initiator && (crossSite ? "cross-site" : initiator.origin === target.origin ? "same-origin" : "same-site");
        headers.set("Sec-Fetch-Site", relation ?? "none");
        headers.set("Sec-Fetch-Mode", "navigate");
        headers.set("Sec-Fetch-Dest", "document");
      }
      for (const [name, value] of Object.entries(how.headers ?? {})) {
        if (value === undefined) headers.delete(name);
        else headers.set(name, value);
      }
      const body = method === "POST" ? (form ?? new URLSearchParams()).toString() : null;
      const response = await fetchLike(new Request(url, { method, headers, body, redirect: "manual" }));
      for (const setCookie of response.headers.getSetCookie()) jar.set(url, setCookie);

      const pointsTo = response.headers.get("Location");
      const redirected = redirects.has(response.status) && pointsTo !== null;
      const next = redirected ? pointsTo : refreshTarget(response.headers);
      const location = next === undefined ? undefined : new URL(next, url).href;
      const stop = location === undefined || how.follow === false || how.stopBefore?.(location) === true;
      if (stop) {
        const text = await response.text();
        const pageUrl = url;
        shown = {
          url,
          status: response.status,
          headers: response.headers,
          text,
          location,
          hops,
          get forms() {
            return formsIn(text, pageUrl);
          },
          json: () => JSON.parse(text),
        };
        return shown;
      }
      await response.arrayBuffer();
      hops.push({ method, url, status: response.status, headers: response.headers });
      if (hops.length > maxRedirects) throw new Error(`more than ${maxRedirects} redirects, the last to ${location}`);
      if (!redirected) {
        // The page itself is what goes on: whatever led to it is forgotten.
        initiator = new URL(url);
        origin = initiator.origin;
        crossSite = false;
        method = "GET";
      }
      if (response.status === 303 || ((response.status === 301 || response.status === 302) && method === "POST"))
        method = "GET";
      url = location;
    }
  };

  const fromHere = (how: NavigateOptions): NavigateOptions =>
    how.from === undefined && shown ? { ...how, from: shown.url } : how;

  return {
    cookies: jar,
    get page() {
      return shown;
    },
    get: (url, how = {}) => navigate("GET", url, undefined, how),
    post: (url, form = {}, how = {}) => navigate("POST", url, new URLSearchParams(form), fromHere(how)),
    submit: (page, fields = {}, how = {}) => {
      const form = page.forms[how.form ?? 0];
      if (!form) throw new Error(`no such form on ${page.url}`);
      const filled = new URLSearchParams({ ...form.fields, ...fields });
      const from = how.from === undefined ? page.url : how.from;
      if (form.method === "POST") return navigate("POST", form.action, filled, { ...how, from });
      const url = new URL(form.action);
      url.search = filled.toString();
      return navigate("GET", url.href, undefined, { ...how, from });
    },
    follow: (page, how = {}) => {
      if (page.location === undefined) throw new Error(`${page.url} (${page.status}) redirects nowhere`);
      return navigate("GET", page.location, undefined, how.from === undefined ? { ...how, from: page.url } : how);
    },
  };
}
