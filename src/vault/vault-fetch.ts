/**
 * `vault.fetch`: a `fetch` that adds the person's token, and only where it belongs (VA-13, EG-2). Bounds are looked at
 * before anything else, so that a URL from a stranger costs no refresh and sees no token; each redirect is looked at anew.
 *
 * Requests go through egress like all others. Their answers are read whole, up to `egress.maxBytes`.
 */
import type { EgressMethod, EgressResponse } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { AccessTokenRequest, AccessTokens } from "./access-token.js";
import { ConsentRequired } from "./consent-required.js";
import type { GrantFinder } from "./find-grant.js";
import { type Bounds, isWithin } from "./policy/bounds.js";
import { bearerChallenge } from "./policy/challenge.js";
import type { VaultPorts } from "./ports.js";

const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const mostRedirects = 5;
const withoutBody: ReadonlySet<number> = new Set([204, 205, 304]);
/** Ours to say, or the connection's own business. */
const dropped: ReadonlySet<string> = new Set(["authorization", "host", "connection", "content-length", "cookie"]);

/** As the standard's `fetch`, and usable wherever one is taken. */
export type FetchWithToken = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

interface Outgoing {
  readonly url: URL;
  readonly method: EgressMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

export function createVaultFetch(ports: VaultPorts, finder: GrantFinder, tokens: AccessTokens) {
  return (who: Omit<AccessTokenRequest, "minValidity">): FetchWithToken =>
    async (input, init) => {
      const asked = new Request(input, init);
      const redirect = init?.redirect ?? asked.redirect;
      const replayable = isReplayable(input, init?.body);
      const info = await finder.usableConnection(who.connection);
      const bounds = await ports.connections.bounds(who.connection);
      const request = await outgoing(asked, bounds, who.connection);
      const first = await tokens.accessToken(who);
      const answer = await unlessAborted(asked.signal, send(request, first.accessToken, bounds, redirect));
      const challenge = bearerChallenge(answer.headers.get("www-authenticate"));
      if ((answer.status === 403 || answer.status === 401) && challenge?.error === "insufficient_scope") {
        const { connection } = who;
        throw new ConsentRequired({ connection, connectUrl: info.connectUrl, scopes: challenge.scopes });
      }
      if (answer.status !== 401) return asResponse(answer);
      const next = await tokens.afterRejection(who, first.accessToken);
      if (!replayable || next.accessToken === first.accessToken) return asResponse(answer);
      return asResponse(await unlessAborted(asked.signal, send(request, next.accessToken, bounds, redirect)));
    };

  async function send(
    first: Outgoing,
    accessToken: string,
    bounds: Bounds,
    mode: Request["redirect"],
  ): Promise<EgressResponse> {
    let request = first;
    for (let hops = 0; ; hops++) {
      const { url, method, body } = request;
      const headers = { ...request.headers, authorization: `Bearer ${accessToken}` };
      const answer = await ports.egress.request({ purpose: "api", url, method, headers, body });
      const location = answer.headers.get("location");
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
}

async function outgoing(asked: Request, bounds: Bounds, connection: string): Promise<Outgoing> {
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
const isReplayable = (input: string | URL | Request, body: RequestInit["body"] | undefined): boolean =>
  body == null
    ? !(input instanceof Request) || input.body === null
    : !(body instanceof ReadableStream) && !(Symbol.asyncIterator in Object(body));

async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function asResponse({ status, headers, body, url }: EgressResponse): Response {
  const response = new Response(withoutBody.has(status) ? null : new Uint8Array(body), { status, headers });
  // A Response that a program made has no URL of its own.
  return Object.defineProperty(response, "url", { value: url });
}
