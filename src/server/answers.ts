/**
 * The few kinds of answer there are. Every response of ours is made here, so that none goes out without its request
 * id, its headers, and the cookies that were to go with it.
 */
import type { LatchkeyError } from "../kernel/errors.js";
import { isJsonObject, type JsonValue } from "../kernel/json.js";
import type { Ctx, Web } from "./env.js";
import { framedPageHeaders, type HeaderRecord, pageHeaders } from "./headers.js";
import { safeLocation } from "./site.js";

/** The headers of one answer. Set-Cookie is the one header that may stand there several times. */
export function headersOf(c: Ctx, fixed: HeaderRecord, more: HeaderRecord = {}): Headers {
  const headers = new Headers({ ...fixed, ...more, "x-request-id": c.env.facts.requestId });
  for (const cookie of c.get("cookies") ?? []) headers.append("set-cookie", cookie);
  return headers;
}

/** Anything that is neither page nor problem: JSON, an empty answer. */
export const plain = (web: Web, c: Ctx, status: number, body: string | null, more: HeaderRecord = {}): Response =>
  new Response(body, { status, headers: headersOf(c, web.plainHeaders, more) });

/** The headers for the framework's own `c.json`, which is used where its type is to be checked against the schema. */
export function jsonHeaders(web: Web, c: Ctx): Record<string, string> {
  for (const cookie of c.get("cookies") ?? []) c.header("set-cookie", cookie, { append: true });
  return { ...web.plainHeaders, "x-request-id": c.env.facts.requestId };
}

/** A page in a frame of a provider's; see `framedPageHeaders`. */
export async function framedPage(
  web: Web,
  c: Ctx,
  status: number,
  element: unknown,
  ancestor: string | undefined,
): Promise<Response> {
  return new Response(await htmlOf(element), { status, headers: headersOf(c, framedPageHeaders(web.site, ancestor)) });
}

const htmlOf = async (element: unknown): Promise<string> =>
  `<!doctype html>${await (element as { toString(): string | Promise<string> }).toString()}`;

/** A page. `element` is what hono/jsx made; rendering it is where a mistake in it would show. */
export async function page(
  web: Web,
  c: Ctx,
  status: number,
  element: unknown,
  more: HeaderRecord = {},
): Promise<Response> {
  return new Response(await htmlOf(element), {
    status,
    headers: headersOf(c, pageHeaders(web.site, web.features.endSessionOrigins()), more),
  });
}

/**
 * A page that goes on to another origin by itself, for a form's answer: browsers hold every redirect of a form, also those
 * that other servers add, against `form-action`, which knows none of them (SU-5). A `Refresh` is no redirect of the form.
 *
 * @param element has a link to the same place, for browsers that do not go on
 */
export const pageOnTo = (web: Web, c: Ctx, location: string, element: unknown): Promise<Response> =>
  page(web, c, 200, element, { refresh: `0;url=${new URL(location).href}` });

/**
 * 303 See Other: whatever the request was, the browser goes on with a GET (RFC 9110 §15.4.4).
 *
 * @param location an absolute URL, or a path that stays on our origin.
 */
export const seeOther = (web: Web, c: Ctx, location: string): Response =>
  plain(web, c, 303, null, { location: safeLocation(web.site, location) });

/** One thing that was wrong with a request, as problem details list it. */
export interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

/** Problem details (RFC 9457) with our `code` and `request_id` (SU-4). */
export function problem(web: Web, c: Ctx, error: LatchkeyError, errors?: readonly FieldProblem[]): Response {
  const { status, message, person } = error.entry;
  const document = {
    type: `urn:latchkey:error:${error.code}`,
    title: message,
    status,
    code: error.code,
    detail: person,
    request_id: c.env.facts.requestId,
    ...(errors === undefined ? {} : { errors }),
  };
  return plain(web, c, status, JSON.stringify(document), {
    "content-type": "application/problem+json",
    ...failureHeaders(c, error),
  });
}

/** What the protocol wants beside a failing status: a challenge, a time to wait, the methods there are. */
export function failureHeaders(c: Ctx, error: LatchkeyError): HeaderRecord {
  const { status } = error.entry;
  // RFC 6750 §3.1: without any token in the request there is no error to tell, only how to authenticate.
  if (status === 401)
    return { "www-authenticate": `Bearer realm="latchkey"${sentToken(c) ? ', error="invalid_token"' : ""}` };
  const fact = (name: string): JsonValue | undefined => (isJsonObject(error.data) ? error.data[name] : undefined);
  const retryAfter = fact("retryAfter");
  if ((status === 429 || error.code === "logout.unfinished") && typeof retryAfter === "number")
    return { "retry-after": String(retryAfter) };
  const allow = fact("allow");
  if (status === 405 && typeof allow === "string") return { allow };
  return {};
}

const sentToken = (c: Ctx): boolean => c.req.raw.headers.has("authorization");
