/**
 * A request that a caller made as for `fetch`, taken apart so that it can be sent with a person's token, perhaps twice, and
 * its answer put together again. Shared by everything that adds tokens; who adds one checks the bounds.
 */
import type { Aborter, EgressMethod, EgressResponse } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import { redirectLocation } from "../kernel/redirect-location.js";
import { type Bounds, isWithin } from "./policy/bounds.js";

const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const mostRedirects = 5;
const withoutBody: ReadonlySet<number> = new Set([204, 205, 304]);
/** Ours to say, or the connection's own business. */
const dropped: ReadonlySet<string> = new Set(["authorization", "host", "connection", "content-length", "cookie"]);

/** As the standard's `fetch`, and usable wherever one is taken. */
export type FetchWithToken = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface Outgoing {
  readonly url: URL;
  readonly method: EgressMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

/** @throws LatchkeyError `grant.url_refused` before its body is read */
export async function outgoing(asked: Request, bounds: Bounds, connection: string): Promise<Outgoing> {
  const url = new URL(asked.url);
  url.hash = "";
  mustBeWithin(url, bounds, "out_of_bounds", connection);
  const method = asked.method.toUpperCase();
  if (!methods.has(method)) throw new TypeError(`${method} is not sent with a token`);
  asked.signal.throwIfAborted();
  const headers = Object.fromEntries([...asked.headers].filter(([name]) => !dropped.has(name)));
  const body = asked.body === null ? undefined : new Uint8Array(await asked.arrayBuffer());
  return { url, method: method as EgressMethod, headers, body };
}

/** Sends it, and follows redirects inside the bounds as the mode says. @param send one request, with its token */
export async function sendWithin(
  first: Outgoing,
  bounds: Bounds,
  mode: Request["redirect"],
  send: (request: Outgoing) => Promise<EgressResponse>,
): Promise<EgressResponse> {
  let request = first;
  for (let hops = 0; ; hops++) {
    const { url } = request;
    const answer = await send(request);
    const location = redirectLocation(answer.headers);
    if (!redirects.has(answer.status) || location === null || mode === "manual") return answer;
    if (mode === "error" || hops >= mostRedirects || !URL.canParse(location, url.href)) {
      throw new LatchkeyError("grant.url_refused", { data: { reason: "redirect", host: url.host } });
    }
    const to = new URL(location, url);
    mustBeWithin(to, bounds, "redirect_out_of_bounds");
    if (url.protocol === "https:" && to.protocol === "http:")
      mustBeWithin(to, { origins: [], urls: [] }, "to_plain_http");
    request = redirected(request, answer.status, to);
  }
}

function mustBeWithin(url: URL, bounds: Bounds, reason: string, connection?: string): void {
  if (isWithin(url, bounds)) return;
  throw new LatchkeyError("grant.url_refused", { data: { reason, host: url.host.slice(0, 255), connection } });
}

/** What fetch does (Fetch Standard, HTTP-redirect fetch): 303, and POST after 301 or 302, go on as GET. */
function redirected(request: Outgoing, status: number, url: URL): Outgoing {
  const toGet =
    (status === 303 && request.method !== "GET" && request.method !== "HEAD") ||
    ((status === 301 || status === 302) && request.method === "POST");
  if (!toGet) return { ...request, url };
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !name.startsWith("content-")));
  return { url, method: "GET", headers, body: undefined };
}

/** A stream can be read once, and whoever passed it may count on that. */
export const isReplayable = (input: string | URL | Request, body: RequestInit["body"] | undefined): boolean =>
  body == null
    ? !(input instanceof Request) || input.body === null
    : !(body instanceof ReadableStream) && !(Symbol.asyncIterator in Object(body));

/**
 * Who can end what a caller asked for: they themselves, by what they gave. The signal of a `Request` that was made of it may
 * forget them.
 */
export function aborterOf(asked: Request, input: string | URL | Request, init: RequestInit | undefined): Aborter {
  if (init?.signal) return { signal: init.signal };
  return init?.signal === undefined && input instanceof Request ? input : asked;
}

export async function unlessAborted<T>(by: Aborter, work: Promise<T>): Promise<T> {
  by.signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(by.signal.reason);
    by.signal.addEventListener("abort", stop, { once: true });
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, aborted]);
  } finally {
    by.signal.removeEventListener("abort", stop);
  }
}

export function asResponse({ status, headers, body, stream, url }: EgressResponse): Response {
  const content = withoutBody.has(status) ? null : (stream ?? new Uint8Array(body));
  const response = new Response(content, { status, headers });
  // A Response that a program made has no URL of its own.
  return Object.defineProperty(response, "url", { value: url });
}
