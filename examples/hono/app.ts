/** Sign-in for a Hono app: what /auth answers is Latchkey's, and the rest is behind `requireUser`. */
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { html } from "hono/html";
import { createLatchkey } from "latchkey";
import { latchkeyHandler, requireUser } from "latchkey/hono";

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

const app = new Hono();
app.use(latchkeyHandler(latchkey));
app.get("/", requireUser(latchkey), (c) =>
  c.html(html`<p>Hello ${c.var.user.name}</p>
    <form method="post" action="/auth/sign-out"><button>Sign out</button></form>`),
);
app.get("/api/me", requireUser(latchkey), (c) =>
  c.json({ email: c.var.user.email, since: new Date(c.var.session.createdAt) }),
);

const server = serve({ fetch: app.fetch, port: Number(new URL(BASE_URL).port) }, () => console.log(`Open ${BASE_URL}`));
process.once("SIGTERM", () => server.close(() => void latchkey.close()));
