/**
 * The only way out of this process over HTTP.
 *
 * URLs come from users and from documents that strangers serve. So each one, and each redirect, passes the url policy;
 * each name is judged inside the connection's own lookup, and the addresses that were judged are the ones dialled;
 * and each answer has a limit on time, bytes, headers and kind (EG-1, EG-2, EG-3). There is no unguarded fallback.
 *
 * Not here: retries (the caller knows if a request is safe to repeat), caching (oauth's metadata), cookies, and
 * which hosts a token may be sent to (the bounds of its connection, which the caller checks).
 */
import { LatchkeyError } from "../kernel/errors.js";
import type { Log } from "../kernel/log.js";
import { redirectLocation } from "../kernel/redirect-location.js";
import { type Clock, type Duration, milliseconds } from "../kernel/time.js";
import { compileAllowList } from "./allow-list.js";
import { readCapped } from "./capped-body.js";
import { createDispatchers } from "./dispatchers.js";
import { toEgressError } from "./egress-error.js";
import { createEventStreams, type EventStreams } from "./event-streams.js";
import { type Answer, exchange } from "./exchange.js";
import { type Lookup, lookupBySystem } from "./guarded-lookup.js";
import type { Egress, EgressPurpose, EgressRequest, EgressResponse } from "./port.js";
import { compileProxyChoice, type ProxyOptions } from "./proxy-choice.js";
import { limitsFor } from "./purposes.js";
import { checkUrl } from "./url-policy.js";

/** What a metric and a log line may know of a request (EG-3): no path, no query, no body. */
export interface EgressLine {
  readonly purpose: EgressPurpose;
  /** Host and port that answered or failed, after redirects. */
  readonly host: string;
  /** `2xx` … `5xx`, or the code of the failure. */
  readonly outcome: string;
  readonly duration: Duration;
}

export interface EgressOptions extends ProxyOptions {
  /** Hosts (exact) and ranges that may have private and special-use addresses. */
  readonly allow: readonly string[];
  /** Hosts, with or without a port, that may be asked over plain http. Their addresses still need `allow`. */
  readonly allowHttp: readonly string[];
  /** Longest time of one request, from lookup to last byte, redirects included. */
  readonly timeout: Duration;
  /** Most bytes of one answer, compressed and decompressed. */
  readonly maxBytes: number;
  /** PEM text with authorities beside those that Node brings; null for none. */
  readonly ca: string | null;
  readonly clock: Clock;
  /** For the wait when it closes, which takes real time whatever time a test plays. @default `clock` */
  readonly waitingClock?: Clock;
  readonly log: Log;
  /** @default the operating system's */
  readonly lookup?: Lookup;
  /** Told of every request once, when it has ended. */
  readonly observe?: (line: EgressLine) => void;
}

/** Redirects with a Location. 300 and 304 are answers. */
const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/** A socket that is still being dialled when its request has given up ends after this at the latest. */
const shortestDial = milliseconds(10_000);

/** What an event stream has to end by itself when the door closes: an answer that is nearly there comes whole. */
const streamGrace = milliseconds(1_000);

/** @throws LatchkeyError `config.invalid` when `allow`, `allowHttp` or `proxy` cannot be understood. */
export function createEgress(options: EgressOptions): Egress {
  const { clock, log } = options;
  const allowed = compileAllowList(options);
  const chooseProxy = compileProxyChoice(options);
  const dispatchers = createDispatchers({
    allowed,
    chooseProxy,
    lookup: options.lookup ?? lookupBySystem,
    ca: options.ca,
    dialTimeout: milliseconds(Math.max(options.timeout, shortestDial)),
  });
  const streams = createEventStreams();
  const proxied = (url: URL) => chooseProxy(url) !== null;

  /** Throws the url policy's refusal. */
  function checked(text: string | URL): URL {
    const result = checkUrl(text, allowed, proxied);
    if (result.ok) return result.value;
    throw new LatchkeyError(result.error.code, { data: { reason: result.error.reason, target: hostOf(text) } });
  }

  /** Where a redirect may go: https stays https, the hops are counted, and the policy is asked again. */
  function nextHop(from: URL, location: string | null, hops: number, limit: number): URL {
    const refused = (reason: string) => new LatchkeyError("egress.redirect_refused", { data: { reason, hops } });
    if (limit === 0) throw refused("not_followed");
    if (hops >= limit) throw refused("too_many");
    if (location === null || !URL.canParse(location, from.href)) throw refused("no_location");
    const to = new URL(location, from);
    if (from.protocol === "https:" && to.protocol === "http:") throw refused("to_plain_http");
    return checked(to);
  }

  async function perform(
    request: EgressRequest,
    progress: Progress,
    signal: AbortSignal,
    onStreamEnd: () => void,
  ): Promise<EgressResponse> {
    const limits = limitsFor(request.purpose, options, request.timeout);
    let url = checked(request.url);
    let hop: Pick<EgressRequest, "method" | "headers" | "body"> = request;
    for (let hops = 0; ; hops++) {
      progress.host = url.host;
      const dispatcher = await dispatchers.for(url);
      signal.throwIfAborted();
      const answer = await exchange(
        dispatcher,
        { url, method: hop.method ?? "GET", headers: withDefaults(hop.headers ?? {}), body: hop.body },
        { signal, onSent: () => (progress.sent = true) },
      );
      if (limits.redirects === "answer" || !redirectStatuses.has(answer.status))
        return isStream(request, answer)
          ? streamed(answer, url, limits, { streams, onEnd: onStreamEnd })
          : await readAnswer(answer, url, limits, hop.method === "HEAD");
      answer.body.destroy();
      url = nextHop(url, redirectLocation(answer.headers), hops, limits.redirects);
      // Whoever is named in a redirect gets a bare question: no credential, no cookie, no body (EG-2).
      hop = { method: "GET", headers: onlyAccept(request.headers ?? {}) };
    }
  }

  async function timed(request: EgressRequest, progress: Progress): Promise<EgressResponse> {
    const limit = limitsFor(request.purpose, options, request.timeout).time;
    const aborter = new AbortController();
    let cancel = () => {};
    const { abortedBy } = request;
    const abort = () => aborter.abort(abortedBy?.signal.reason);
    const unlisten = () => abortedBy?.signal.removeEventListener("abort", abort);
    abortedBy?.signal.throwIfAborted();
    abortedBy?.signal.addEventListener("abort", abort, { once: true });
    // Raced and not only signalled: a name lookup cannot be stopped, but it need not be waited for.
    const expired = new Promise<never>((_resolve, reject) => {
      cancel = clock.after(limit, () => {
        const timeout = new LatchkeyError("egress.timeout", { data: { limit } });
        reject(timeout);
        aborter.abort(timeout);
      });
    });
    let goesOn = false;
    try {
      const response = await Promise.race([perform(request, progress, aborter.signal, unlisten), expired]);
      goesOn = response.stream !== undefined;
      return response;
    } finally {
      cancel();
      // It also ends a stream that is handed out, and holds on to whoever can end it.
      if (!goesOn) unlisten();
    }
  }

  return {
    async request(request) {
      const started = clock.monotonic();
      const progress: Progress = { host: hostOf(request.url), sent: false };
      const tell = (outcome: string) => {
        const line = {
          purpose: request.purpose,
          host: progress.host,
          outcome,
          duration: milliseconds(clock.monotonic() - started),
        };
        log.debug(line, "outbound request");
        options.observe?.(line);
      };
      try {
        const response = await timed(request, progress);
        tell(`${Math.floor(response.status / 100)}xx`);
        return response;
      } catch (thrown) {
        const error = toEgressError(thrown, { purpose: request.purpose, ...progress });
        tell(error.code);
        throw error;
      }
    },
    async close() {
      const cancel = (options.waitingClock ?? clock).after(streamGrace, () => streams.end());
      await dispatchers.close().finally(cancel);
    },
  };
}

interface Progress {
  host: string;
  sent: boolean;
}

type Limits = ReturnType<typeof limitsFor>;

async function readAnswer(answer: Answer, url: URL, limits: Limits, toHead: boolean): Promise<EgressResponse> {
  const { status, headers } = answer;
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  const refuse = (code: "egress.too_large" | "egress.content_type" | "egress.failed", reason: string) => {
    answer.body.destroy();
    return new LatchkeyError(code, { data: { reason, status, mediaType: type.slice(0, 80) } });
  };
  if (status > 599) throw refuse("egress.failed", "status");
  if (answer.headerCount > limits.headerCount) throw refuse("egress.too_large", "header_count");
  if (status < 300 && limits.contentTypes && !limits.contentTypes.test(type))
    throw refuse("egress.content_type", "media_type");
  if (!limits.readsBody) {
    answer.body.destroy();
    return { url: url.href, status, headers, body: new Uint8Array() };
  }
  // RFC 9110 §9.3.2: its length and coding are those of the body that a GET would bring, and are what was asked for.
  if (toHead) return { url: url.href, status, headers, body: await readCapped(answer.body, null, 0) };
  if (Number(headers.get("content-length")) > limits.bytes) throw refuse("egress.too_large", "content_length");

  const body = await readCapped(answer.body, headers.get("content-encoding"), limits.bytes);
  // They described the bytes on the wire, which nobody sees any more.
  for (const name of ["content-encoding", "content-length", "transfer-encoding"]) headers.delete(name);
  return { url: url.href, status, headers, body };
}

const isStream = ({ eventStream }: EgressRequest, { status, headers }: Answer): boolean =>
  eventStream === true &&
  status >= 200 &&
  status < 300 &&
  /^text\/event-stream\b/i.test(headers.get("content-type") ?? "");

/** The request asked for no compression; what is compressed all the same could only be read with a limit on its size. */
function streamed(
  answer: Answer,
  url: URL,
  limits: Limits,
  to: { readonly streams: EventStreams; onEnd(): void },
): EgressResponse {
  const { status, headers } = answer;
  const coded = (headers.get("content-encoding") ?? "identity") !== "identity";
  if (coded || answer.headerCount > limits.headerCount) {
    answer.body.destroy();
    throw new LatchkeyError(coded ? "egress.content_type" : "egress.too_large", { data: { status } });
  }
  answer.body.once("close", to.onEnd);
  return { url: url.href, status, headers, body: new Uint8Array(), stream: to.streams.handOut(answer.body) };
}

function withDefaults(headers: Readonly<Record<string, string>>): Record<string, string> {
  const named = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const defaults = { accept: "application/json", "accept-encoding": "gzip, deflate, br", "user-agent": "latchkey" };
  return { ...Object.fromEntries(Object.entries(defaults).filter(([name]) => !named.has(name))), ...headers };
}

const onlyAccept = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() === "accept"));

/** For the log line of a request that was refused before it had a checked URL. */
const hostOf = (url: string | URL): string =>
  (typeof url !== "string" ? url.host : URL.canParse(url) ? new URL(url).host : "").slice(0, 255);
