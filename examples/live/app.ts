/** Live connections, WebSockets and event streams, that end with the session they belong to, on every node. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { createLatchkey } from "latchkey";
import { latchkeyHandler, requireUser } from "latchkey/node";
import { WebSocketServer } from "ws";

const {
  BASE_URL = "http://localhost:3000",
  DATABASE = "sqlite:latchkey.db",
  ISSUER = "",
  CLIENT_ID = "",
} = process.env;
// Several nodes behind one address: each listens on a port of its own, and all have the same database.
const port = Number(process.env["PORT"] ?? new URL(BASE_URL).port);
const latchkey = await createLatchkey({
  baseUrl: BASE_URL,
  secrets: [process.env["LATCHKEY_SECRET"] ?? ""],
  database: DATABASE,
  providers: [{ id: "corp", issuer: ISSUER, clientId: CLIENT_ID, clientSecret: process.env["CLIENT_SECRET"] ?? null }],
  signIn: { signUp: true },
  roles: { default: "user" },
  egress: { allow: ["localhost", "127.0.0.1"], allowHttp: ["localhost"] }, // for a provider on this machine; else leave it out
});

/** How to close what a session has open, by the session's id. */
const open = new Map<string, Set<() => void>>();
latchkey.sessions.onEnded(({ id }) => {
  for (const close of open.get(id) ?? []) close();
});

/** @returns takes it away again, once it has closed by itself */
function keep(session: { id: string; expiresAt: number }, close: () => void): () => void {
  const ofSession = open.get(session.id) ?? new Set();
  open.set(session.id, ofSession.add(close));
  // A session that runs out by itself is told to nobody. One that is used lives longer: whoever connects again is let in.
  const timer = setTimeout(close, Math.min(session.expiresAt - Date.now(), 2 ** 31 - 1));
  return () => {
    clearTimeout(timer);
    ofSession.delete(close);
    if (ofSession.size === 0) open.delete(session.id);
  };
}

const handle = latchkeyHandler(latchkey);
const signedInTo = requireUser(latchkey);
const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (await handle(request, response)) return;
  const signedIn = await signedInTo(request, response);
  if (!signedIn) return; // Answered already: sent to sign in, or told 401.
  if (request.url === "/events") {
    response.writeHead(200, { "content-type": "text/event-stream" }).write("event: hello\ndata:\n\n");
    const forget = keep(signedIn.session, () => response.end("event: signed-out\ndata:\n\n"));
    response.on("close", forget);
  } else {
    const form = `<form method="post" action="/auth/sign-out"><button>Sign out</button></form>`;
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(`<p>Hello ${escaped(signedIn.user.name)}</p>${form}`);
  }
}

const sockets = new WebSocketServer({ noServer: true });

async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const refuse = (status: string) => socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`);
  // Browsers open sockets from any site's page and send cookies along: only our own pages may (SU-5).
  if (request.headers.origin !== new URL(BASE_URL).origin) return void refuse("403 Forbidden");
  const { cookie = "" } = request.headers;
  const signedIn = await latchkey.sessions.authenticate(new Request(BASE_URL, { headers: { cookie } }));
  if (!signedIn) return void refuse("401 Unauthorized");
  // In one go from the answer to the map: a session that ends in between would be told to nobody.
  sockets.handleUpgrade(request, socket, head, (live) => {
    const forget = keep(signedIn.session, () => live.close(4001, "signed out"));
    live.on("close", forget);
    live.on("error", () => live.terminate());
    live.send(`hello ${signedIn.user.email}`);
  });
}

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.destroy());
});
server.on("upgrade", (request, socket, head) => {
  upgrade(request, socket, head).catch(() => socket.destroy());
});
server.listen(port, () => console.log(`Open ${BASE_URL}`));
process.once("SIGTERM", () => {
  for (const closes of open.values()) for (const close of closes) close();
  server.close(() => void latchkey.close());
});
