/**
 * `latchkey/hono`: Latchkey inside a Hono app.
 *
 * ```ts
 * app.use(latchkeyHandler(latchkey));
 * app.get("/", requireUser(latchkey), (c) => c.text(`Hello ${c.var.user.name}`));
 * ```
 *
 * The handler goes before anything that reads a body. Addresses of connections are known on `@hono/node-server`;
 * elsewhere there are no rate limits, and sessions show no address.
 */
import type { Context, MiddlewareHandler } from "hono";
import type { Latchkey, SignedIn } from "../latchkey.js";

/** What `requireUser` puts into the context: `c.var.user` and `c.var.session`. */
export interface SignedInEnv {
  Variables: SignedIn;
}

/** Answers everything that belongs to Latchkey and passes on the rest. */
export const latchkeyHandler =
  (latchkey: Latchkey): MiddlewareHandler =>
  async (c, next) => {
    if (!latchkey.handles(new URL(c.req.url).pathname)) return next();
    return latchkey.fetch(c.req.raw, peerOf(c));
  };

/** Lets through who is signed in; answers everybody else (see `sessions.require`). */
export const requireUser =
  (latchkey: Latchkey): MiddlewareHandler<SignedInEnv> =>
  async (c, next) => {
    const { signedIn, refusal } = await latchkey.sessions.require(c.req.raw, peerOf(c));
    if (refusal) return refusal;
    c.set("user", signedIn.user);
    c.set("session", signedIn.session);
    return next();
  };

/** `@hono/node-server` puts Node's own request into the bindings. */
function peerOf(c: Context) {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } };
  return { address: incoming?.socket?.remoteAddress };
}
