/**
 * A listening server over a fetch handler, and its graceful stop (SU-14).
 *
 * What Node cannot parse it answers itself (400, 431, 408) and the handler never sees it. Not here: routes, what is
 * logged per request, signals (the command's business).
 */
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Log } from "../kernel/log.js";
import { type Clock, type Duration, milliseconds, seconds } from "../kernel/time.js";
import { closeWhereUnread } from "../kernel/unread-body.js";

/** Answers one request; `peer.address` is the address of the connection, whatever headers say. */
export type Handler = (request: Request, peer: { readonly address?: string | undefined }) => Promise<Response>;

export interface ServeOptions {
  readonly handler: Handler;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Serving {
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  readonly url: string;
  /**
   * Takes no new connection, lets requests under way finish, and cuts what is left after `grace`.
   * `cut` tells whether there was anything left to cut.
   */
  stop(grace: Duration): Promise<{ readonly cut: boolean }>;
}

/** A client that sends a header per minute holds a connection; these say for how long. */
const timeouts = {
  /** All headers must be there. */
  headersTimeout: seconds(15),
  /** The whole request must be there; our largest is a form of a few kilobytes. */
  requestTimeout: seconds(30),
  /** Above the 60 s of usual proxies: the side that closes first must be the proxy, or its next request is lost. */
  keepAliveTimeout: seconds(65),
  connectionsCheckingInterval: seconds(5),
} as const;

/** How often a stop looks for connections that have become idle. */
const stopInterval = milliseconds(25);

/** @throws the listen error of Node (`EADDRINUSE`, `EACCES`, …) */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { handler, clock, log } = options;
  const listener = getRequestListener(
    async (request, { incoming, outgoing }) => {
      const answer = await handler(request, { address: incoming.socket.remoteAddress });
      closeWhereUnread(incoming, outgoing);
      return answer;
    },
    // The adaptor replaces the process's `Request` and `Response` by lighter ones. This process is ours; an embedder's,
    // which may think otherwise, never comes here.
    { errorHandler: (error) => answerToError(error, log) },
  );
  const server = createServer({ ...timeouts }, (incoming, outgoing) => void listener(incoming, outgoing));
  const sockets = socketsOf(server);
  await listen(server, options);
  return { url: urlOf(server), stop: (grace) => stop(server, sockets, grace, clock) };
}

function answerToError(error: unknown, log: Log): Response {
  // The adaptor could not make a URL of the request line and Host: the client's fault.
  if (error instanceof Error && error.name === "RequestError") return new Response(null, { status: 400 });
  log.error(
    { err: error instanceof Error ? error : new Error("a thrown value that is no error") },
    "a request failed outside the handler",
  );
  return new Response(null, { status: 500 });
}

const listen = (server: Server, { host, port }: ServeOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("the server listens on no port");
  // "Every interface" is no address one can open.
  const host = address.address === "0.0.0.0" || address.address === "::" ? "127.0.0.1" : address.address;
  return `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
}

/** The connections that are open now. */
function socketsOf(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

async function stop(
  server: Server,
  sockets: ReadonlySet<Socket>,
  grace: Duration,
  clock: Clock,
): Promise<{ readonly cut: boolean }> {
  let closed = false;
  server.close(() => {
    closed = true;
  });
  const end = clock.monotonic() + grace;
  while (!closed && clock.monotonic() < end) {
    // Node closes connections that are idle now, not those that become idle when their request has finished.
    server.closeIdleConnections();
    // Nor does it count as idle what has never sent a byte: browsers open such connections ahead of need.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    await clock.sleep(stopInterval);
  }
  if (!closed) server.closeAllConnections();
  return { cut: !closed };
}
