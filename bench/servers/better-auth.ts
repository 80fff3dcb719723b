/** better-auth's get-session on SQLite in a file, with or without its cookie cache. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import Database from "better-sqlite3";
import { given, tell } from "./ready.js";

const { cookieCache } = given<{ cookieCache: boolean }>();
const database = new Database(join(mkdtempSync(join(tmpdir(), "bench-better-auth-")), "auth.db"));
database.pragma("journal_mode = WAL");
const options = {
  baseURL: "http://127.0.0.1:3000",
  secret: "a-secret-for-the-bench-alone-kX9f2LqP0sT7vZ-42",
  database,
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  logger: { disabled: true },
  telemetry: { enabled: false },
  session: { cookieCache: { enabled: cookieCache, maxAge: 3_600 } },
};
const { runMigrations } = await getMigrations(options);
await runMigrations();
const auth = betterAuth(options);
const signedUp = await auth.handler(
  new Request("http://127.0.0.1:3000/api/auth/sign-up/email", {
    method: "POST",
    headers: { "content-type": "application/json", origin: "http://127.0.0.1:3000" },
    body: JSON.stringify({ email: "ann@example.com", password: "correct horse battery", name: "Ann Archer" }),
  }),
);
if (!signedUp.ok) throw new Error(`better-auth answered ${signedUp.status}: ${await signedUp.text()}`);
const cookie = signedUp.headers.getSetCookie().map((value) => value.split(";")[0]).join("; ");
serve({ fetch: (request) => auth.handler(request), hostname: "127.0.0.1", port: 0 }, ({ port }) =>
  tell({ url: `http://127.0.0.1:${port}`, path: "/api/auth/get-session", cookie }),
);
