/**
 * The door as a `fetch`, for libraries that take one (oauth4webapi's `customFetch`). It is the same door: one
 * purpose, its limits, its redirects. A redirect is never handed out; it is followed or refused inside.
 */
import type { Duration } from "../kernel/time.js";
import type { Egress, EgressPurpose } from "./port.js";

export interface FetchInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>> | Headers;
  readonly body?: URLSearchParams | string | null | undefined;
  /** Looked at once, before the request. The time limit is the door's own. */
  readonly signal?: AbortSignal | null | undefined;
  readonly redirect?: string;
}

export type FetchLike = (url: string, init?: FetchInit) => Promise<Response>;

const bodies = new WeakMap<Response, Uint8Array>();

/** The body of a response of `egressFetch`, or of any other: read to its end. */
export const bodyOf = async (response: Response): Promise<Uint8Array> =>
  // Ours was read before there was a `Response`; to read it again through its stream takes longer than to parse it.
  bodies.get(response) ?? new Uint8Array(await response.arrayBuffer());

/** Statuses for which `Response` takes no body. */
const withoutBody = new Set([204, 205, 304]);

/**
 * A `fetch` for one purpose.
 *
 * @param timeout Overrides the purpose's, for a provider with a `timeout` of its own.
 * @returns a function that rejects with what `Egress.request` throws, and with `TypeError` for a method that is neither GET nor POST.
 */
export function egressFetch(egress: Egress, purpose: EgressPurpose, timeout?: Duration): FetchLike {
  return async (url, init = {}) => {
    init.signal?.throwIfAborted();
    const method = init.method?.toUpperCase() ?? "GET";
    if (method !== "GET" && method !== "POST") throw new TypeError(`egress does not send ${method}`);
    const headers = new Headers(init.headers);
    if (init.body instanceof URLSearchParams && !headers.has("content-type")) {
      headers.set("content-type", "application/x-www-form-urlencoded;charset=UTF-8");
    }
    const answer = await egress.request({
      purpose,
      url,
      method,
      headers: Object.fromEntries(headers),
      body: init.body?.toString(),
      timeout,
    });
    const response = new Response(withoutBody.has(answer.status) ? null : new Uint8Array(answer.body), {
      status: answer.status,
      headers: answer.headers,
    });
    bodies.set(response, answer.body);
    // A Response that a program made has no URL of its own, and libraries report this one.
    return Object.defineProperty(response, "url", { value: answer.url });
  };
}
