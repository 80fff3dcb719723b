/**
 * Debian's glewlwyd: unpacked, with a SQLite file and a configuration of its own, set up through its administration API as its pages do.
 */
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { freePort } from "../../test/support/free-port.js";
import { person, press, type ServerKind, type WantedClient } from "../matrix.js";
import { debianRoot, startProgram } from "./program.js";

const configuration = (root: string, folder: string, port: number): string => `
port=${port}
bind_address="127.0.0.1"
external_url="http://localhost:${port}"
login_url="login.html"
api_prefix="api"
static_files_path="${folder}/webapp/"
allow_origin="*"
log_mode="console"
log_level="INFO"
cookie_secure=0
cookie_same_site="empty"
session_expiration=2419200
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="${root}/usr/lib/glewlwyd/user"
client_module_path="${root}/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="${root}/usr/lib/glewlwyd/scheme"
plugin_module_path="${root}/usr/lib/glewlwyd/plugin"
use_secure_connection=false
secure_connection_key_file="none"
secure_connection_pem_file="none"
secure_connection_ca_file="none"
hash_algorithm="SHA512"
database = { type = "sqlite3"; path = "${folder}/glewlwyd.db"; };
static_files_mime_types = (
  { extension = ".html"; mime_type = "text/html" },
  { extension = ".css"; mime_type = "text/css" },
  { extension = ".js"; mime_type = "application/javascript" },
  { extension = ".json"; mime_type = "application/json" }
)
`;

function newKeys() {
  const kid = randomUUID();
  const jwk = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey.export({ format: "jwk" });
  return { "jwks-private": JSON.stringify({ keys: [{ ...jwk, alg: "RS256", use: "sig", kid }] }), "default-kid": kid };
}

/** docs/OIDC.md of the package: the code flow with PKCE, refresh tokens, sessions, and both kinds of logout. */
const plugin = (issuer: string) => ({
  module: "oidc",
  name: "oidc",
  display_name: "OpenID Connect",
  enabled: true,
  parameters: {
    iss: issuer,
    "jwt-type": "rsa",
    "jwt-key-size": "256",
    ...newKeys(),
    "jwks-show": true,
    "access-token-duration": 3_600,
    "refresh-token-duration": 1_209_600,
    "code-duration": 600,
    "refresh-token-rolling": true,
    "allow-non-oidc": false,
    "auth-type-code-enabled": true,
    "auth-type-refresh-enabled": true,
    "auth-type-token-enabled": false,
    "auth-type-id-token-enabled": false,
    "auth-type-none-enabled": false,
    "auth-type-password-enabled": false,
    "auth-type-client-enabled": false,
    "secret-type": "public",
    "name-claim": "mandatory",
    "email-claim": "mandatory",
    "allowed-scope": ["openid"],
    "pkce-allowed": true,
    "introspection-revocation-allowed": true,
    "introspection-revocation-allow-target-client": true,
    "session-management-allowed": true,
    "session-cookie-name": "GLEWLWYD2_OIDC_SID",
    "session-cookie-expiration": 2_419_200,
    "front-channel-logout-allowed": true,
    "back-channel-logout-allowed": true,
  },
});

const asClient = (client: WantedClient) => ({
  client_id: client.clientId,
  name: client.clientId,
  enabled: true,
  confidential: true,
  client_secret: client.clientSecret,
  token_endpoint_auth_method: ["client_secret_basic"],
  authorization_type: ["code", "refresh_token"],
  redirect_uri: [client.redirectUri],
  post_logout_redirect_uris: [client.postLogoutRedirectUri],
  ...(client.backChannelLogoutUri === undefined
    ? {}
    : { backchannel_logout_uri: client.backChannelLogoutUri, backchannel_logout_session_required: "true" }),
  ...(client.frontChannelLogoutUri === undefined
    ? {}
    : { frontchannel_logout_uri: client.frontChannelLogoutUri, frontchannel_logout_session_required: "true" }),
});

export const glewlwyd: ServerKind = {
  name: "glewlwyd",
  async start(clients, folder) {
    const root = debianRoot();
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const issuer = `${url}/api/oidc`;
    const file = join(folder, "glewlwyd.conf");
    writeFileSync(file, configuration(root, folder, port));
    // Its pages find their settings in /etc, where nothing was installed.
    cpSync(`${root}/usr/share/glewlwyd/webapp`, join(folder, "webapp"), {
      recursive: true,
      dereference: true,
      filter: (path) => !path.endsWith("config.json"),
    });
    cpSync(`${root}/usr/share/glewlwyd/templates/config.json`, join(folder, "webapp/config.json"));
    const tables = gunzipSync(readFileSync(`${root}/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz`));
    execFileSync("sqlite3", [join(folder, "glewlwyd.db")], { input: tables });
    const binary = `${root}/usr/bin/glewlwyd`;
    const version = execFileSync(binary, ["--version"]).toString().trim();
    const program = await startProgram(binary, [`--config-file=${file}`], `${url}/config/`);

    let cookie = "";
    async function call(method: string, path: string, body?: object): Promise<unknown> {
      const answer = await fetch(`${url}/api${path}`, {
        method,
        headers: { "content-type": "application/json", cookie },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 200)}`);
      const set = answer.headers.getSetCookie().map((one) => one.split(";", 1)[0]);
      if (set.length > 0) cookie = set.join("; ");
      return text === "" ? undefined : JSON.parse(text);
    }
    const oidc = plugin(issuer);
    try {
      await call("POST", "/auth/", { username: "admin", password: "password" });
      // Its client database drops fields that it was not told to keep.
      const store = (await call("GET", "/mod/client/database")) as {
        parameters: { "data-format": Record<string, object> };
      };
      store.parameters["data-format"]["post_logout_redirect_uris"] = { multiple: true, read: true, write: true };
      await call("PUT", "/mod/client/database", store);
      await call("PUT", "/mod/client/database/reset");
      await call("POST", "/mod/plugin/", oidc);
      const { login: username, name, email, password } = person;
      await call("POST", "/user/", { username, name, email, password, scope: ["openid", "g_profile"], enabled: true });
      for (const client of clients) await call("POST", "/client/", asClient(client));
    } catch (thrown) {
      await program.stop();
      throw thrown;
    }
    return {
      version,
      issuer,
      supports: ["back-channel-logout", "front-channel-logout"],
      provider: { scopes: ["openid"], emailVerified: "always", allowLogoutTokenWithoutExp: true },
      async act(page) {
        const password = page.locator("input[type=password]");
        if (await password.isVisible()) {
          const username = page.locator("input#username");
          if (await username.isVisible()) await username.fill(person.login);
          await password.fill(person.password);
          await page.keyboard.press("Enter");
          await page.waitForTimeout(500);
          return true;
        }
        const on = page.getByRole("button", { name: "Continue" });
        if (!(await on.isVisible())) return false;
        return press(on);
      },
      async agreeToSignOut(page) {
        const out = page.locator("button.btn-danger", { hasText: "Logout" });
        if (!page.url().includes("prompt=end_session") || !(await out.isVisible())) return false;
        return press(out);
      },
      async rotateKeys() {
        Object.assign(oidc.parameters, newKeys());
        await call("PUT", "/mod/plugin/oidc", oidc);
        await call("PUT", "/mod/plugin/oidc/reset");
        return "its plugin was given a new RS256 key and loaded anew";
      },
      stop: () => program.stop(),
    };
  },
};
