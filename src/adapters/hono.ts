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
import type { MiddlewareHandler } from "hono";
import type { Latchkey, SignedIn } from "../latchkey.js";

/**
 * What `requireUser` puts into the context: `c.var.user` and `c.var.session`. An app with another Hono than ours says
 * `new Hono<SignedInEnv>()`; otherwise it is known without.
 */
export interface SignedInEnv {
  Variables: SignedIn;
}

/**
 * As much of a context as is needed here. An app may have another Hono 4 than the one that came with this package, and to
 * TypeScript classes of two copies are strangers: their contexts are both this.
 */
interface AnyContext {
  readonly req: { readonly raw: Request; readonly url: string };
  readonly env: unknown;
  set(name: string, value: unknown): unknown;
}
/** Beside the type of our own Hono, and before it: TypeScript infers variables from the last one. */
type AnyHono = (c: AnyContext, next: () => Promise<void>) => Promise<Response | undefined>;

/** Answers everything that belongs to Latchkey and passes on the rest. */
export const latchkeyHandler =
  (latchkey: Latchkey): AnyHono & MiddlewareHandler =>
  async (c: AnyContext, next: () => Promise<void>) => {
    if (!latchkey.handles(new URL(c.req.url).pathname)) return goOn(next);
    return latchkey.fetch(c.req.raw, peerOf(c));
  };

/** Lets through who is signed in; answers everybody else (see `sessions.require`). */
export const requireUser =
  (latchkey: Latchkey): AnyHono & MiddlewareHandler<SignedInEnv> =>
  async (c: AnyContext, next: () => Promise<void>) => {
    const { signedIn, refusal } = await latchkey.sessions.require(c.req.raw, peerOf(c));
    if (refusal) return refusal;
    c.set("user", signedIn.user);
    c.set("session", signedIn.session);
    return goOn(next);
  };

async function goOn(next: () => Promise<void>): Promise<undefined> {
  await next();
}

/** `@hono/node-server` puts Node's own request into the bindings. */
function peerOf(c: AnyContext) {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } };
  return { address: incoming?.socket?.remoteAddress };
}
