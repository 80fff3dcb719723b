/** Sign-in for a Fastify app: what /auth answers is Latchkey's, and the rest is behind `requireUser`. */
import fastify from "fastify";
import { createLatchkey } from "latchkey";
import { latchkeyPlugin, requireUser } from "latchkey/fastify";

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

const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const app = fastify();
await app.register(latchkeyPlugin, { latchkey });
app.get("/", { onRequest: requireUser(latchkey) }, (request, reply) => {
  const form = `<form method="post" action="/auth/sign-out"><button>Sign out</button></form>`;
  return reply.type("text/html").send(`<p>Hello ${escaped(request.user?.name ?? "")}</p>${form}`);
});
app.get("/api/me", { onRequest: requireUser(latchkey) }, async (request) => ({
  email: request.user?.email,
  since: new Date(request.signedIn?.session.createdAt ?? 0),
}));

await app.listen({ port: Number(new URL(BASE_URL).port), host: "127.0.0.1" });
console.log(`Open ${BASE_URL}`);
process.once("SIGTERM", () => void app.close().then(() => latchkey.close()));
