/**
 * `latchkey/node`: Latchkey inside a plain `node:http` server, and what the adapters for Express and Fastify stand on.
 *
 * ```ts
 * createServer(async (request, response) => {
 *   if (await handle(request, response)) return;
 *   const signedIn = await requireUser(request, response);
 *   if (!signedIn) return; // answered: sent to sign in, or 401
 *   response.end(`Hello ${signedIn.user.name}`);
 * });
 * ```
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { closeWhereUnread } from "../kernel/unread-body.js";
import type { Latchkey, SignedIn } from "../latchkey.js";

/** Answers a request that belongs to Latchkey; false when it does not, and then nothing was touched. */
export function latchkeyHandler(
  latchkey: Latchkey,
): (request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  const listener = getRequestListener(
    async (request, { incoming, outgoing }) => {
      const answer = await latchkey.fetch(request, { address: incoming.socket.remoteAddress });
      closeWhereUnread(incoming, outgoing);
      return keepEarlier(answer, outgoing);
    },
    // The adaptor would otherwise replace the app's own `Request` and `Response`.
    { overrideGlobalObjects: false, errorHandler: () => new Response(null, { status: 400 }) },
  );
  return async (request, response) => {
    if (!latchkey.handles(request.url ?? "/")) return false;
    await listener(request, response);
    return true;
  };
}

/** Who is signed in; undefined for nobody, and then the answer is on its way (see `sessions.require`). */
export function requireUser(
  latchkey: Latchkey,
): (request: IncomingMessage, response: ServerResponse) => Promise<SignedIn | undefined> {
  return async (request, response) => {
    const { signedIn, refusal } = await admit(latchkey, request, request.url ?? "/");
    if (refusal) await send(refusal, response);
    return signedIn;
  };
}

/** @param target path and query as the browser sent them, where a framework has shortened `request.url` */
export function admit(latchkey: Latchkey, request: IncomingMessage, target: string) {
  return latchkey.sessions.require(headOf(request, target), { address: request.socket.remoteAddress });
}

/** Methods that `Request` refuses to carry. */
const unknownToFetch = /^(?:connect|trace|track)$/i;

/**
 * Everything but the body, which the app has yet to read. From the raw headers: Node joins a doubled Cookie into one
 * and drops a second Authorization, and both have to be seen to be refused (LO-4). The host is made up, since nothing
 * may depend on the one that was sent (SU-3).
 */
function headOf(request: IncomingMessage, target: string): Request {
  const headers = new Headers();
  const { rawHeaders, method = "GET" } = request;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    // HTTP/2 has its request line among the headers.
    if (!name.startsWith(":")) headers.append(name, value);
  }
  const path = target.startsWith("/") ? target : "/";
  return new Request(`http://localhost${path}`, { method: unknownToFetch.test(method) ? "POST" : method, headers });
}

/**
 * Two headers add up where the app has set them before: its cookies are as good as ours, and a cache has to mind what
 * either of us looked at. Of all others ours replaces the app's, and those that we have no word for stay.
 */
export function keepEarlier(answer: Response, earlier: { getHeader(name: string): unknown }): Response {
  const { headers } = answer;
  const cookies = [listOf(earlier.getHeader("set-cookie")), headers.getSetCookie()].flat();
  headers.delete("set-cookie");
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  const vary = [listOf(earlier.getHeader("vary")), headers.get("vary") ?? []].flat().join();
  const names = vary.split(",").map((name) => name.trim());
  const seen = new Map(names.filter(Boolean).map((name) => [name.toLowerCase(), name]));
  if (seen.size > 0) headers.set("vary", [...seen.values()].join(", "));
  return answer;
}

const listOf = (value: unknown): string[] => (value === undefined ? [] : [value].flat().map(String));

/** Our refusals are small and whole, so they are sent in one piece. */
export async function send(refusal: Response, response: ServerResponse): Promise<void> {
  const answer = keepEarlier(refusal, response);
  const cookies = answer.headers.getSetCookie();
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers) if (name !== "set-cookie") response.setHeader(name, value);
  if (cookies.length > 0) response.setHeader("set-cookie", cookies);
  response.end(Buffer.from(await answer.arrayBuffer()));
}
