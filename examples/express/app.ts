/** Sign-in for an Express app: what /auth answers is Latchkey's, and the rest is behind `requireUser`. */
import express from "express";
import { createLatchkey } from "latchkey";
import { latchkeyHandler, requireUser } from "latchkey/express";

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

const app = express();
app.use(latchkeyHandler(latchkey));
app.get("/", requireUser(latchkey), (req, res) => {
  const form = `<form method="post" action="/auth/sign-out"><button>Sign out</button></form>`;
  res.type("html").send(`<p>Hello ${escaped(req.user?.name ?? "")}</p>${form}`);
});
app.get("/api/me", requireUser(latchkey), (req, res) => {
  res.json({ email: req.user?.email, since: new Date(req.signedIn?.session.createdAt ?? 0) });
});

const server = app.listen(Number(new URL(BASE_URL).port), () => console.log(`Open ${BASE_URL}`));
process.once("SIGTERM", () => server.close(() => void latchkey.close()));
