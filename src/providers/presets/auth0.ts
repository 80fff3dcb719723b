/**
 * Auth0: OpenID Connect with discovery. The issuer ends with a slash (`https://name.eu.auth0.com/`), which is part of it.
 *
 * `roles` and `groups` are names that Auth0 keeps for itself, so an operator's own claims have a namespace, such as
 * `https://app.example/roles`; nobody but the operator can know it, and there is no default. `audience`, for an access
 * token that an API can read, is an authorization parameter.
 *
 * @see https://auth0.com/docs/secure/tokens/json-web-tokens/create-custom-claims
 * @see https://auth0.com/docs/get-started/apis/scopes/sample-use-cases-scopes-and-claims
 * @see https://auth0.com/docs/secure/tokens/refresh-tokens/revoke-refresh-tokens
 * @see https://auth0.com/docs/manage-users/organizations/using-tokens (`org_id` and `org_name`)
 */
import { type JsonObject, stringMember } from "../../kernel/json.js";
import { noGroupsClaim, noQuirks, type Preset } from "../preset.js";

export const auth0: Preset = {
  kind: "oidc",
  displayName: "Auth0",
  issuer: { from: "operator" },
  endpoints: {},
  scopes: ["openid", "email", "profile"],
  claims: {},
  // A switch of the tenant ("Refresh Token Revocation Deletes Grant") makes one revocation end every device's tokens.
  revocationEndsOneToken: false,
  quirks: { ...noQuirks, groupsWhenEmpty: noGroupsClaim, idTokenRefusal: ofAnotherOrganization },
};

/**
 * `organization` in the request is a wish, which a person can take out of the URL; the ID token says of which
 * organization the sign-in was (using-tokens). What begins with `org_` is an id and compared exactly, anything else a
 * name, which Auth0 keeps in small letters.
 */
function ofAnotherOrganization(claims: JsonObject, asked: Readonly<Record<string, string>>) {
  const wanted = Object.hasOwn(asked, "organization") ? asked["organization"]?.trim() : undefined;
  if (wanted === undefined) return undefined;
  if (wanted.startsWith("org_")) return stringMember(claims, "org_id") === wanted ? undefined : "org_id";
  // Set to nothing, it fits nobody: an empty variable must not open the door.
  const same = wanted !== "" && stringMember(claims, "org_name")?.toLowerCase() === wanted.toLowerCase();
  return same ? undefined : "org_name";
}
