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
 */
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
  quirks: { ...noQuirks, groupsWhenEmpty: noGroupsClaim },
};
