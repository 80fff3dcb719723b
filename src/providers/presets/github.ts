/**
 * GitHub: OAuth 2 without OpenID Connect. No discovery, no ID token, no nonce; who the person is comes from the REST
 * API, asked with the access token that the code brought.
 *
 * @see https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
 * @see https://docs.github.com/en/rest/users/users#get-the-authenticated-user
 * @see https://docs.github.com/en/rest/users/emails#list-email-addresses-for-the-authenticated-user
 */
import { isJsonObject, type JsonObject, type JsonValue, member, stringMember } from "../../kernel/json.js";
import { noGroupsClaim, noQuirks, type Preset } from "../preset.js";
import { githubIcon } from "./icons.js";

export const github: Preset = {
  kind: "oauth2",
  displayName: "GitHub",
  icon: githubIcon,
  // Every identity is keyed by it, so it never changes (AC-1); where GitHub sends an `iss`, this is what it says.
  issuer: { from: "operator", fallback: "https://github.com/login/oauth" },
  endpoints: {
    authorization: "https://github.com/login/oauth/authorize",
    token: "https://github.com/login/oauth/access_token",
    userinfo: "https://api.github.com/user",
  },
  // scopes-for-oauth-apps: `read:user` opens the profile, `user:email` the list of addresses.
  scopes: ["read:user", "user:email"],
  // Its own, so that a name that signIn.claims.subject has for another provider never counts here.
  claims: { subject: "sub" },
  // A token is deleted through the REST API, not through RFC 7009; there is nothing that we would call.
  revocationEndsOneToken: false,
  quirks: {
    ...noQuirks,
    groupsWhenEmpty: noGroupsClaim,
    nonce: false,
    // authorizing-oauth-apps, step 2: `"scope": "repo,gist"`.
    scopeSeparator: ",",
    // troubleshooting-oauth-app-access-token-request-errors: 200 with an `error` in words of its own.
    tokenErrors: { bad_verification_code: "invalid_grant", incorrect_client_credentials: "invalid_client" },
    // authorizing-oauth-apps: credentials are parameters of the body; PKCE is S256.
    metadata: {
      token_endpoint_auth_methods_supported: ["client_secret_post"],
      code_challenge_methods_supported: ["S256"],
    },
    person: { further: (userinfo) => ({ emails: `${userinfo}/emails` }), claims: personOf },
  },
};

/**
 * `id` is the one name of a person that never changes; `login` can be given up, and taken by somebody else. It is a JSON
 * number, and text in its place would be another way to write somebody's id, so it is nobody.
 */
function personOf(documents: Readonly<Record<string, JsonValue>>): JsonObject | undefined {
  const { userinfo: user, emails } = documents;
  if (!isJsonObject(user) || !Array.isArray(emails)) return undefined;
  const id = member(user, "id");
  if (typeof id !== "number" || !Number.isSafeInteger(id) || id <= 0) return undefined;
  // `email` of the profile is what the person shows to the world; the list says which are verified.
  const { email: _shown, email_verified: _unknown, ...profile } = user;
  const claims: JsonObject = {
    ...profile,
    sub: String(id),
    name: stringMember(user, "name") || stringMember(user, "login") || String(id),
    picture: stringMember(user, "avatar_url") ?? null,
  };
  const primary = emails.filter(isJsonObject).filter((entry) => member(entry, "primary") === true);
  // Two primary addresses are not a thing; whichever came first would be chosen by whoever can order the list.
  const [entry] = primary;
  if (primary.length !== 1 || !entry) return claims;
  return { ...claims, email: member(entry, "email") ?? null, email_verified: member(entry, "verified") === true };
}
