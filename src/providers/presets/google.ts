/**
 * Google: OpenID Connect with discovery, and its own way to ask for a refresh token.
 *
 * @see https://developers.google.com/identity/openid-connect/openid-connect
 * @see https://developers.google.com/identity/protocols/oauth2/web-server
 */
import { noQuirks, type Preset } from "../preset.js";
import { googleIcon } from "./icons.js";

export const google: Preset = {
  kind: "oidc",
  displayName: "Google",
  icon: googleIcon,
  // `iss` of the discovery document and of ID tokens (openid-connect#discovery, #validatinganidtoken). The spelling
  // without a scheme that the page mentions for old clients is another string, and refused.
  issuer: { from: "preset", issuer: "https://accounts.google.com" },
  endpoints: {},
  scopes: ["openid", "email", "profile"],
  request: asksForOfflineAccess,
  claims: {},
  // web-server#tokenrevoke: revoking a token takes the access that the person gave away, and with it the refresh
  // tokens of their other devices.
  revocationEndsOneToken: false,
  quirks: noQuirks,
};

/**
 * Google does not know the scope `offline_access` (OpenID Connect Core §11) and refuses what it does not know. A refresh
 * token comes with `access_type=offline`, and again only where the person is asked for consent again
 * (web-server#offline, openid-connect#authenticationuriparameters).
 */
function asksForOfflineAccess(scopes: readonly string[]) {
  const offline = scopes.includes("offline_access");
  return {
    scopes: scopes.filter((scope) => scope !== "offline_access"),
    authorizeParams: offline ? { access_type: "offline", prompt: "consent" } : {},
  };
}
