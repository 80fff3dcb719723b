/**
 * better-auth as a provider, by its `@better-auth/oauth-provider` plugin. It brings no pages of its own: an app draws the one for
 * signing in, here the smallest that does.
 */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { oauthProvider } from "@better-auth/oauth-provider";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { jwt } from "better-auth/plugins";
import Database from "better-sqlite3";
import { createRemoteJWKSet, jwtVerify } from "jose";
import type { Page } from "playwright-core";
import { freePort } from "../../test/support/free-port.js";
import {
  person,
  press,
  type ServerKind,
  type ToolAuthorizationKind,
  toolScopes,
  type WantedClient,
} from "../matrix.js";

const page = `<!doctype html><title>Sign in</title><form><input name="email"><input name="password" type="password"><button>Sign in</button></form>
<script>
document.forms[0].onsubmit = async (event) => {
  event.preventDefault();
  document.querySelector("button").disabled = true;
  const [email, password] = [...document.querySelectorAll("input")].map((input) => input.value);
  const answer = await fetch("/api/auth/sign-in/email", { method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password, oauth_query: location.search.slice(1) }) });
  const body = await answer.json();
  if (body.url) location.href = body.url; else document.body.append(JSON.stringify(body));
};
</script>`;

const consent = `<!doctype html><title>Consent</title><button>Allow</button>
<script>
document.querySelector("button").onclick = async (event) => {
  event.target.disabled = true;
  const answer = await fetch("/api/auth/oauth2/consent", { method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ accept: true, oauth_query: location.search.slice(1) }) });
  const body = await answer.json();
  if (body.url ?? body.redirect_uri) location.href = body.url ?? body.redirect_uri; else document.body.append(JSON.stringify(body));
};
</script>`;

const hash = async (text: string): Promise<string> => createHash("sha256").update(text).digest("base64url");

/** Written as its tables have it: its own registration takes no address on loopback for logout tokens. */
const asRow = async (client: WantedClient) => ({
  clientId: client.clientId,
  clientSecret: await hash(client.clientSecret),
  name: client.clientId,
  redirectUris: [client.redirectUri],
  postLogoutRedirectUris: [client.postLogoutRedirectUri],
  scopes: ["openid", "email", "profile", "offline_access"],
  grantTypes: ["authorization_code", "refresh_token"],
  responseTypes: ["code"],
  tokenEndpointAuthMethod: "client_secret_basic",
  applicationType: "web",
  skipConsent: true,
  enableEndSession: true,
  disabled: false,
  requirePKCE: true,
  ...(client.backChannelLogoutUri === undefined
    ? {}
    : { backchannelLogoutUri: client.backChannelLogoutUri, backchannelLogoutSessionRequired: true }),
  createdAt: new Date(),
  updatedAt: new Date(),
});

/** It runs, with one person; what differs is what its plugin is told. */
async function open(folder: string, plugin: Parameters<typeof oauthProvider>[0]) {
  const { version } = JSON.parse(
    readFileSync(new URL("../node_modules/@better-auth/oauth-provider/package.json", import.meta.url), "utf8"),
  ) as { version: string };
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const database = new Database(join(folder, "better-auth.db"));
  const options = {
    baseURL: url,
    secret: randomBytes(32).toString("base64"),
    database,
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { level: "error" as const },
    disabledPaths: ["/token"],
    plugins: [jwt({ jwks: { keyPairConfig: { alg: "RS256" } } }), oauthProvider(plugin)],
  };
  const { runMigrations } = await getMigrations(options);
  await runMigrations();
  const auth = betterAuth(options);
  const context = await auth.$context;
  await auth.api.signUpEmail({ body: { name: person.name, email: person.email, password: person.password } });
  const handle = toNodeHandler(auth);
  const asked: { readonly path: string; readonly status: number }[] = [];
  const server = createServer((request, response) => {
    response.on("finish", () => asked.push({ path: request.url ?? "", status: response.statusCode }));
    const [path = ""] = (request.url ?? "").split("?", 1);
    const own = path === "/sign-in" ? page : path === "/consent" ? consent : undefined;
    if (own !== undefined) return void response.writeHead(200, { "content-type": "text/html" }).end(own);
    void handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, "localhost", resolve));
  return {
    version,
    issuer: `${url}/api/auth`,
    database,
    asked,
    adapter: context.adapter,
    async act(page: Page) {
      const allow = page.getByRole("button", { name: "Allow" });
      if (await allow.isVisible()) return press(allow);
      const button = page.getByRole("button", { name: "Sign in" });
      if (!(await button.isVisible())) return false;
      await page.locator("input[name=email]").fill(person.email);
      await page.locator("input[name=password]").fill(person.password);
      return press(button);
    },
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      database.close();
    },
  };
}

const pages = { loginPage: "/sign-in", consentPage: "/consent", storeClientSecret: { hash } };
const signInScopes = ["openid", "email", "profile", "offline_access"];

/** What hands out tokens for a tool server: its plugin is told of the resource, and registers whoever asks. */
export const betterAuthForTools: ToolAuthorizationKind = {
  name: "better-auth",
  async start(resource, folder) {
    const opened = await open(folder, {
      ...pages,
      scopes: ["offline_access", ...toolScopes],
      resources: [resource],
      clientRegistrationDefaultResources: [resource],
      allowDynamicClientRegistration: true,
      allowUnauthenticatedClientRegistration: true,
    });
    const { issuer, version, asked, database, act, stop } = opened;
    const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
    return {
      version,
      issuer,
      act,
      stop,
      async check(token) {
        const read = await jwtVerify(token, keys, { issuer, audience: resource }).catch(() => undefined);
        return read && { scopes: String(read.payload["scope"] ?? "").split(" ") };
      },
      async isRevoked() {
        const said = asked.filter(({ path }) => path.endsWith("/oauth2/revoke")).map(({ status }) => status);
        const [newest, ...older] = database
          .prepare("select revoked from oauthRefreshToken order by createdAt desc")
          .all() as { revoked: unknown }[];
        if (said.length === 0 || newest?.revoked == null) return undefined;
        const live = older.filter(({ revoked }) => revoked === null).length;
        const before =
          live === 0
            ? ""
            : `; ${live} of an earlier consent lives on until it ends, as a new grant does not revoke what it replaces`;
        return `its revocation endpoint answered ${said.join(" and ")}, and the refresh token is revoked in its tables${before}. Its access tokens are JWTs, which end by themselves`;
      },
    };
  },
};

export const betterAuthProvider: ServerKind = {
  name: "better-auth",
  async start(clients, folder) {
    const { version, issuer, adapter, database, act, stop } = await open(folder, { ...pages, scopes: signInScopes });
    for (const client of clients) await adapter.create({ model: "oauthClient", data: await asRow(client) });
    return {
      version,
      issuer,
      act,
      stop,
      provider: { scopes: signInScopes, emailVerified: "always" },
      async agreeToSignOut(page) {
        const button = page.getByRole("button", { name: "Confirm logout" });
        if (!(await button.isVisible())) return false;
        return press(button);
      },
      async rotateKeys() {
        // What a rotation interval does at its end: the newest key has expired, and the next use makes one.
        database.prepare("update jwks set expiresAt = ?").run(new Date(Date.now() - 1_000).toISOString());
        return "its key's end was put into the past, as rotationInterval does: it made a new RS256 key";
      },
    };
  },
};
