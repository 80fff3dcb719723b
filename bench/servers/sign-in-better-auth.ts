/**
 * better-auth with its generic OAuth plugin, SQLite in a file. With its own defaults and better-sqlite3's for WAL, which
 * lets the last commits be lost with the power; or `alike`: every commit on the disk before the answer, and tokens
 * sealed, as Latchkey always does.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { genericOAuth } from "better-auth/plugins";
import Database from "better-sqlite3";
import type { ProviderTold } from "./provider.js";
import { given, tell } from "./ready.js";

const { issuer, clientId, clientSecret, alike } = given<ProviderTold & { alike: boolean }>();
const database = new Database(join(mkdtempSync(join(tmpdir(), "bench-better-auth-")), "auth.db"));
database.pragma("journal_mode = WAL");
if (alike) database.pragma("synchronous = FULL");
const options = {
  baseURL: "http://127.0.0.1:3000",
  secret: "a-secret-for-the-bench-alone-kX9f2LqP0sT7vZ-42",
  database,
  account: { encryptOAuthTokens: alike },
  plugins: [
    genericOAuth({
      config: [{ providerId: "fake", discoveryUrl: `${issuer}/.well-known/openid-configuration`, clientId, clientSecret, scopes: ["openid", "email", "profile"] }],
    }),
  ],
  rateLimit: { enabled: false },
  logger: { disabled: true },
  telemetry: { enabled: false },
};
const { runMigrations } = await getMigrations(options);
await runMigrations();
const auth = betterAuth(options);
await auth.$context;
serve({ fetch: (request) => auth.handler(request), hostname: "127.0.0.1", port: 0 }, ({ port }) => tell({ url: `http://127.0.0.1:${port}` }));
