/**
 * `latchkey/fastify`: Latchkey inside a Fastify app (5).
 *
 * ```ts
 * await app.register(latchkeyPlugin, { latchkey });
 * app.get("/", { onRequest: requireUser(latchkey) }, (request) => `Hello ${request.user?.name}`);
 * ```
 *
 * The plugin answers before bodies are parsed, so parsers of the app, whichever they are, never see ours.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Latchkey, SignedIn } from "../latchkey.js";
import type { SignedInUser } from "../sessions/session.js";
import { admit, keepEarlier, latchkeyHandler } from "./node-http.js";

declare module "fastify" {
  interface FastifyRequest {
    /** Who is signed in; behind `requireUser` always there. */
    user?: SignedInUser | undefined;
    /** The same person with their session; behind `requireUser` always there. */
    signedIn?: SignedIn | undefined;
  }
}

/** Answers everything that belongs to Latchkey, whatever else is registered. */
export function latchkeyPlugin(
  app: FastifyInstance,
  options: { readonly latchkey: Latchkey },
  done: (error?: Error) => void,
): void {
  const { latchkey } = options;
  const handle = latchkeyHandler(latchkey);
  app.addHook("onRequest", async (request, reply) => {
    if (!latchkey.handles(request.raw.url ?? "/")) return;
    reply.hijack();
    // What the app's own hooks have said so far (CORS, say) is with Fastify, which is out of it from here.
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value);
    await handle(request.raw, reply.raw);
  });
  done();
}
// The hook is for the whole app and not for a scope of its own: what the package fastify-plugin would say.
Object.assign(latchkeyPlugin, {
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "latchkey",
});

/** A hook that lets through who is signed in, as `request.user`; answers everybody else (see `sessions.require`). */
export function requireUser(latchkey: Latchkey): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  return async (request, reply) => {
    const { signedIn, refusal } = await admit(latchkey, request.raw, request.originalUrl);
    if (refusal) {
      const answer = keepEarlier(refusal, reply);
      // Fastify adds the cookies of an answer to those that are there, and they are in it already.
      return reply.removeHeader("set-cookie").send(answer);
    }
    request.user = signedIn.user;
    request.signedIn = signedIn;
    return undefined;
  };
}
