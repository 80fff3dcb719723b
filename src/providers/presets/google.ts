/**
 * Google: OpenID Connect with discovery, and its own way to ask for a refresh token.
 *
 * @see https://developers.google.com/identity/openid-connect/openid-connect
 * @see https://developers.google.com/identity/protocols/oauth2/web-server
 */
import { type JsonObject, stringMember } from "../../kernel/json.js";
import { noGroupsClaim, noQuirks, type Preset } from "../preset.js";
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
  quirks: { ...noQuirks, groupsWhenEmpty: noGroupsClaim, idTokenRefusal: ofAnotherDomain },
};

/**
 * `hd` in the request is a wish, which a person can take out of the URL; "be sure to validate that the returned ID token
 * has an hd claim value that matches what you expect" (openid-connect#authenticationuriparameters, `hd`). An asterisk
 * asks for any Workspace account, and every one of them has the claim.
 */
function ofAnotherDomain(claims: JsonObject, asked: Readonly<Record<string, string>>): "hd" | undefined {
  const wanted = Object.hasOwn(asked, "hd") ? asked["hd"]?.trim().toLowerCase() : undefined;
  // Set to nothing, it fits nobody: an empty variable must not open the door.
  if (wanted === undefined) return undefined;
  const domain = stringMember(claims, "hd")?.toLowerCase();
  return domain && (wanted === "*" || domain === wanted) ? undefined : "hd";
}

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
