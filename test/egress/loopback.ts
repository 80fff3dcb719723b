/** Servers on loopback that count what reaches them, and doors that may or may not go there. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { afterEach } from "vitest";
import { createEgress, type EgressOptions } from "../../src/egress/egress.js";
import type { Lookup } from "../../src/egress/guarded-lookup.js";
import type { Egress, EgressPurpose } from "../../src/egress/port.js";
import { isLatchkeyError, type LatchkeyError } from "../../src/kernel/errors.js";
import { silentLog } from "../../src/kernel/log.js";
import { seconds, systemClock } from "../../src/kernel/time.js";

export interface Counted {
  readonly port: number;
  readonly connections: number;
  /** The requests that came, oldest first. */
  readonly requests: readonly { method: string; url: string; headers: IncomingMessage["headers"]; body: string }[];
  readonly server: Server;
}

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Listens on 127.0.0.1 (or another loopback address) until the test ends. */
async function listen(
  server: Server,
  host: string,
  port = 0,
): Promise<{ readonly port: number; readonly connections: number }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket) => {
    connections += 1;
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
  });
  server.listen(port, host);
  await once(server, "listening");
  open.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
  };
}

const answerJson: RequestListener = (_request, response) => {
  response.writeHead(200, { "content-type": "application/json" }).end("{}");
};

/** An HTTP server (HTTPS with `tls`) that reads whole requests, remembers them, and answers as told. */
export async function aServer(
  answer: RequestListener = answerJson,
  options: { host?: string; port?: number; tls?: import("node:tls").TlsOptions } = {},
): Promise<Counted> {
  const requests: Counted["requests"][number][] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      requests.push({
        method: request.method ?? "",
        url: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      });
      answer(request, response);
    });
  };
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  const counted = await listen(server, options.host ?? "127.0.0.1", options.port);
  return {
    port: counted.port,
    requests,
    server,
    get connections() {
      return counted.connections;
    },
  };
}

/** A server of raw bytes: what HTTP servers would never send. `speak` runs once a whole request head has come. */
export async function aRawServer(
  speak: (socket: Socket) => void,
): Promise<{ readonly port: number; readonly connections: number; closed: Promise<void> }> {
  let gone = () => {};
  const closed = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const server = createTcpServer((socket) => {
    socket.on("close", gone);
    let head = "";
    socket.on("data", (chunk: Buffer) => {
      if (head.includes("\r\n\r\n")) return;
      head += chunk.toString("latin1");
      if (head.includes("\r\n\r\n")) speak(socket);
    });
  });
  const counted = await listen(server, "127.0.0.1");
  return {
    port: counted.port,
    closed,
    get connections() {
      return counted.connections;
    },
  };
}

/** Names that answer as a script says; any other name does not exist. Counts the questions. */
export function scriptedLookup(
  script: Readonly<Record<string, readonly string[] | ((question: number) => readonly string[])>>,
): Lookup & { questions: number } {
  let questions = 0;
  const lookup: Lookup = (hostname) => {
    questions += 1;
    const answers = script[hostname];
    const addresses = typeof answers === "function" ? answers(questions) : answers;
    if (!addresses) return Promise.reject(Object.assign(new Error("no such name"), { code: "ENOTFOUND" }));
    return Promise.resolve(addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));
  };
  return Object.defineProperty(lookup as Lookup & { questions: number }, "questions", { get: () => questions });
}

/** A door with strict defaults; closed when the test ends. */
export function aDoor(options: Partial<EgressOptions> = {}): Egress {
  const egress = createEgress({
    allow: [],
    allowHttp: [],
    timeout: seconds(20),
    maxBytes: 100_000,
    proxy: null,
    noProxy: [],
    ca: null,
    clock: systemClock,
    log: silentLog,
    lookup: scriptedLookup({}),
    ...options,
  });
  open.push(() => egress.close());
  return egress;
}

export const allPurposes = [
  "metadata",
  "jwks",
  "token",
  "userinfo",
  "revocation",
  "par",
  "webhook",
] as const satisfies readonly EgressPurpose[];

/** The failure of a request that must fail. */
export async function failureOf(request: Promise<unknown>): Promise<LatchkeyError> {
  const outcome = await request.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!isLatchkeyError(outcome)) throw new Error("the request was not refused", { cause: outcome });
  return outcome;
}
