/** One Latchkey for the whole app. Next bundles routes apart from each other, so what they share hangs on `globalThis`. */
import { createLatchkey, type Latchkey } from "latchkey";

const {
  BASE_URL = "http://localhost:3000",
  DATABASE = "sqlite:latchkey.db",
  ISSUER = "",
  CLIENT_ID = "",
} = process.env;

const shared = globalThis as { latchkey?: Promise<Latchkey> };
shared.latchkey ??= createLatchkey({
  baseUrl: BASE_URL,
  secrets: [process.env["LATCHKEY_SECRET"] ?? ""],
  database: DATABASE,
  providers: [{ id: "corp", issuer: ISSUER, clientId: CLIENT_ID, clientSecret: process.env["CLIENT_SECRET"] ?? null }],
  signIn: { signUp: true },
  roles: { default: "user" },
  egress: { allow: ["localhost"], allowHttp: ["localhost"] }, // for a provider on this machine; else leave it out
});
export const latchkey = await shared.latchkey;
