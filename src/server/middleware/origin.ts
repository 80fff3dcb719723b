/**
 * Cross-site request forgery (SU-5, AT-53): a request that changes something, made with a cookie, must come from
 * one of our own pages.
 *
 * A Bearer value is never sent by a browser on its own, so such a request is outside the check. The provider's
 * callback POST is the one named exception: it comes from another site by design, reads no cookie and changes
 * nothing, and is not put behind this.
 */
import { createMiddleware } from "hono/factory";
import { LatchkeyError } from "../../kernel/errors.js";
import type { ServerEnv } from "../env.js";
import type { Site } from "../site.js";

const changing: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);
export const isChanging = (method: string): boolean => changing.has(method);

/**
 * `Origin` equal to ours; where a browser keeps it back (missing, or `null`), `Sec-Fetch-Site: same-origin`, which
 * scripts cannot set.
 */
export function comesFromOurPages(headers: Headers, origin: string): boolean {
  const sent = headers.get("origin");
  if (sent !== null && sent !== "null") return sent === origin;
  return headers.get("sec-fetch-site") === "same-origin";
}

const hasBearer = (headers: Headers): boolean => /^bearer +\S/i.test(headers.get("authorization") ?? "");

/** @throws LatchkeyError `session.origin_refused` */
export function requireOwnOrigin(headers: Headers, site: Site): void {
  if (comesFromOurPages(headers, site.origin)) return;
  throw new LatchkeyError("session.origin_refused", {
    data: { origin: headers.get("origin"), secFetchSite: headers.get("sec-fetch-site"), expected: site.origin },
  });
}

/** Refuses before anything is read, unless the request authenticates itself with a Bearer value. */
export const originCheck = (site: Site) =>
  createMiddleware<ServerEnv>(async (c, next) => {
    const { headers } = c.req.raw;
    if (isChanging(c.req.method) && !hasBearer(headers)) requireOwnOrigin(headers, site);
    await next();
  });
