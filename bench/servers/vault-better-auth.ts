/** better-auth's getAccessToken of a token that is fresh, in process, SQLite in a file, with its encryption of tokens on. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { betterAuth } from "better-auth";
import { symmetricEncrypt } from "better-auth/crypto";
import { getMigrations } from "better-auth/db/migration";
import Database from "better-sqlite3";
import { measured } from "./vault-rounds.js";

const database = new Database(join(mkdtempSync(join(tmpdir(), "bench-better-auth-")), "auth.db"));
database.pragma("journal_mode = WAL");
const secret = "a-secret-for-the-bench-alone-kX9f2LqP0sT7vZ-42";
const options = {
  baseURL: "http://127.0.0.1:3000",
  secret,
  database,
  account: { encryptOAuthTokens: true },
  socialProviders: { github: { clientId: "bench", clientSecret: "bench" } },
  rateLimit: { enabled: false },
  logger: { disabled: true },
  telemetry: { enabled: false },
};
const { runMigrations } = await getMigrations(options);
await runMigrations();
const auth = betterAuth(options);
const context = await auth.$context;
const user = await context.internalAdapter.createUser({ email: "ann@example.com", name: "Ann Archer", emailVerified: true });
const sealed = (data: string) => symmetricEncrypt({ key: context.secretConfig, data });
const accessToken = `access-${"x".repeat(40)}`;
const inAnHour = new Date(Date.now() + 3_600_000);
const account = await context.internalAdapter.createAccount({
  userId: user.id, providerId: "github", accountId: "ann-1", accessToken: await sealed(accessToken),
  refreshToken: await sealed(`refresh-${"x".repeat(40)}`), accessTokenExpiresAt: inAnHour, scope: "openid",
});
const call = () => auth.api.getAccessToken({ body: { accountId: account.id, userId: user.id } });
if ((await call()).accessToken !== accessToken) throw new Error("better-auth has another token");
process.stdout.write(JSON.stringify(await measured(2_000, call)));
process.exit(0);
