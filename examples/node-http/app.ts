/** Sign-in for a plain `node:http` server, and a stream of events that ends when its session does. */
import { createServer, type ServerResponse } from "node:http";
import { createLatchkey } from "latchkey";
import { latchkeyHandler, requireUser } from "latchkey/node";

const {
  BASE_URL = "http://localhost:3000",
  DATABASE = "sqlite:latchkey.db",
  ISSUER = "",
  CLIENT_ID = "",
} = process.env;
const latchkey = await createLatchkey({
  baseUrl: BASE_URL,
  secrets: [process.env["LATCHKEY_SECRET"] ?? ""],
  database: DATABASE,
  providers: [{ id: "corp", issuer: ISSUER, clientId: CLIENT_ID, clientSecret: process.env["CLIENT_SECRET"] ?? null }],
  signIn: { signUp: true },
  roles: { default: "user" },
  egress: { allow: ["localhost"], allowHttp: ["localhost"] }, // for a provider on this machine; else leave it out
});

const handle = latchkeyHandler(latchkey);
const signedInTo = requireUser(latchkey);
const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Open event streams, each with the session it belongs to. */
const streams = new Map<ServerResponse, string>();
latchkey.sessions.onEnded(({ id }) => {
  for (const [stream, session] of streams) if (session === id) stream.end("event: signed-out\ndata:\n\n");
});

const server = createServer(async (request, response) => {
  if (await handle(request, response)) return;
  const signedIn = await signedInTo(request, response);
  if (!signedIn) return; // Answered already: sent to sign in, or told 401.
  if (request.url === "/events") {
    streams.set(response, signedIn.session.id);
    response.on("close", () => streams.delete(response));
    response.writeHead(200, { "content-type": "text/event-stream" }).write("event: hello\ndata:\n\n");
  } else if (request.url === "/api/me") {
    const { user, session } = signedIn;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ email: user.email, since: new Date(session.createdAt) }));
  } else {
    const form = `<form method="post" action="/auth/sign-out"><button>Sign out</button></form>`;
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(`<p>Hello ${escaped(signedIn.user.name)}</p>${form}`);
  }
});
server.listen(Number(new URL(BASE_URL).port), () => console.log(`Open ${BASE_URL}`));
process.once("SIGTERM", () => {
  for (const stream of streams.keys()) stream.end();
  server.close(() => void latchkey.close());
});
