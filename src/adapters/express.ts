/**
 * `latchkey/express`: Latchkey inside an Express app (4 or 5).
 *
 * ```ts
 * app.use(latchkeyHandler(latchkey));
 * app.get("/", requireUser(latchkey), (req, res) => res.send(`Hello ${req.user?.name}`));
 * ```
 *
 * The handler is used without a path, best before body parsers. Where a parser came first, the form it has read is
 * written down again; a body that cannot be put back is refused by the route that wanted it, never misread.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Latchkey, SignedIn } from "../latchkey.js";
import type { SignedInUser } from "../sessions/session.js";
import { admit, latchkeyHandler as nodeHandler, send } from "./node-http.js";

declare global {
  // Where Express keeps the types of its request, so that Passport's and ours are one `user`.
  namespace Express {
    interface User extends SignedInUser {}
    interface Request {
      /** Who is signed in; behind `requireUser` always there. */
      user?: User | undefined;
      /** The same person with their session; behind `requireUser` always there. */
      signedIn?: SignedIn | undefined;
    }
  }
}

/** As much of Express as is needed here; its own `Request` and `Response` fit. */
type ExpressRequest = IncomingMessage & { originalUrl?: string; body?: unknown; rawBody?: unknown } & Express.Request;
type Next = (error?: unknown) => void;
/** Express's `RequestHandler` fits it, and it fits there. */
export type ExpressHandler = (request: ExpressRequest, response: ServerResponse, next: Next) => void;

/** Answers everything that belongs to Latchkey and passes on the rest. */
export function latchkeyHandler(latchkey: Latchkey): ExpressHandler {
  const handle = nodeHandler(latchkey);
  return (request, response, next) => {
    const target = targetOf(request);
    if (!latchkey.handles(target)) return next();
    // Below a mount point Express has cut the front off; from here on the request is ours.
    request.url = target;
    if (request.readableDidRead) request.rawBody = bytesOf(request);
    handle(request, response).catch(next);
  };
}

/** Lets through who is signed in, as `req.user`; answers everybody else (see `sessions.require`). */
export function requireUser(latchkey: Latchkey): ExpressHandler {
  return (request, response, next) => {
    const pass = async (): Promise<boolean> => {
      const { signedIn, refusal } = await admit(latchkey, request, targetOf(request));
      if (refusal) await send(refusal, response);
      else Object.assign(request, { user: signedIn.user, signedIn });
      return signedIn !== undefined;
    };
    // `next` runs the app's own handlers: what they throw is theirs, and must not come back here.
    pass().then((admitted) => {
      if (admitted) next();
    }, next);
  };
}

const targetOf = ({ originalUrl, url = "/" }: ExpressRequest): string => originalUrl ?? url;

/** What a parser has read, as the Buffer that is taken for a body; many apps keep a text or a plain array of bytes. */
function bytesOf(request: ExpressRequest): Buffer {
  const { rawBody } = request;
  if (Buffer.isBuffer(rawBody)) return rawBody;
  if (typeof rawBody === "string") return Buffer.from(rawBody);
  if (rawBody instanceof Uint8Array) return Buffer.from(rawBody);
  return bodyAgain(request);
}

/** The parsed fields, written again. Our forms have flat fields; anything deeper was never one of them. */
function bodyAgain({ body, headers }: ExpressRequest): Buffer {
  if (Buffer.isBuffer(body)) return body;
  if (typeof body === "string") return Buffer.from(body);
  if (typeof body !== "object" || body === null) return Buffer.alloc(0);
  if (/^application\/json\b/i.test(headers["content-type"] ?? "")) return Buffer.from(JSON.stringify(body));
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(body))
    for (const one of Array.isArray(value) ? value : [value]) form.append(name, String(one));
  return Buffer.from(form.toString());
}
