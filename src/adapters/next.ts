/**
 * `latchkey/next`: Latchkey inside a Next.js app, as a route handler, a proxy and a question for server components.
 * Everything runs on Node's runtime: Latchkey has a database.
 *
 * ```ts
 * // app/auth/[[...latchkey]]/route.ts
 * export const { GET, HEAD, POST, PUT, PATCH, DELETE } = routeHandlers(latchkey);
 * ```
 *
 * Next tells no address of the connection, so there are no rate limits and sessions show no address.
 */
import type { Latchkey, SignedIn } from "../latchkey.js";

type RouteHandler = (request: Request) => Promise<Response>;
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;

/** The exports of the one route file, below `basePath`. */
export function routeHandlers(latchkey: Latchkey): Record<(typeof methods)[number], RouteHandler> {
  const handle: RouteHandler = (request) => latchkey.fetch(request);
  return { GET: handle, HEAD: handle, POST: handle, PUT: handle, PATCH: handle, DELETE: handle };
}

/**
 * For `proxy.ts` (`middleware.ts` before Next 16): nothing for somebody who is signed in, and for Latchkey's own
 * routes; else the answer to send. `config.matcher` of the file says which pages are behind it.
 */
export function requireUser(latchkey: Latchkey): (request: Request) => Promise<Response | undefined> {
  return async (request) => {
    if (latchkey.handles(new URL(request.url).pathname)) return undefined;
    return (await latchkey.sessions.require(request)).refusal;
  };
}

/**
 * Who is signed in, for server components, actions and route handlers: `await currentUser(latchkey, await headers())`.
 * Ask in every page and action that must not be open: a proxy in front is a convenience, not the lock.
 *
 * @returns null for nobody, and for an account that waits for approval
 * @throws LatchkeyError `store.unavailable` · `store.busy` when it cannot know
 */
export async function currentUser(latchkey: Latchkey, headers: Headers): Promise<SignedIn | null> {
  // Only the headers are read: the address stands for none.
  const signedIn = await latchkey.sessions.authenticate(new Request("http://localhost/", { headers }));
  return signedIn?.user.role === "pending" ? null : signedIn;
}
