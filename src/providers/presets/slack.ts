/**
 * Sign in with Slack: OpenID Connect with discovery, and without PKCE.
 *
 * Its token endpoint documents no `code_verifier` (openid.connect.token), and an app can take part in PKCE only by
 * becoming a public client for good (using-pkce). So the client must have a secret, and what binds the code to this
 * browser is the nonce, which Slack's page asks to compare.
 *
 * @see https://api.slack.com/.well-known/openid-configuration (issuer, endpoints, RS256, client authentication)
 * @see https://docs.slack.dev/authentication/sign-in-with-slack (scopes, nonce)
 * @see https://docs.slack.dev/reference/methods/openid.connect.token
 * @see https://docs.slack.dev/reference/methods/openid.connect.userInfo
 * @see https://docs.slack.dev/authentication/using-pkce
 */
import { noGroupsClaim, noQuirks, type Preset } from "../preset.js";

export const slack: Preset = {
  kind: "oidc",
  displayName: "Slack",
  issuer: { from: "preset", issuer: "https://slack.com" },
  endpoints: {},
  scopes: ["openid", "email", "profile"],
  claims: {},
  // Its metadata has no revocation endpoint.
  revocationEndsOneToken: false,
  quirks: {
    ...noQuirks,
    groupsWhenEmpty: noGroupsClaim,
    pkce: false,
    // 200 with `ok: false` and one of these as `error`. The first four are of oauth.v2.access, whose words the method of
    // Sign in with Slack shares; the last two say that a refresh token is of no use any more.
    tokenErrors: {
      invalid_code: "invalid_grant",
      bad_client_secret: "invalid_client",
      invalid_client_id: "invalid_client",
      bad_redirect_uri: "invalid_request",
      invalid_refresh_token: "invalid_grant",
      token_revoked: "invalid_grant",
    },
  },
};
