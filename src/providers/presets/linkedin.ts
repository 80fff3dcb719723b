/**
 * Sign In with LinkedIn using OpenID Connect: the one provider that can do neither a nonce nor PKCE (SI-5).
 *
 * A nonce is not carried into its ID tokens, and PKCE is for native apps that LinkedIn has enabled one by one; a
 * `code_verifier` from any other app is answered `invalid_client`. What is left to bind the answer to this browser is
 * `state`, and what keeps a stolen code from being exchanged elsewhere is the client's secret. So there must be one.
 *
 * @see https://learn.microsoft.com/en-us/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2 (claims)
 * @see https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow (the secret in the body)
 * @see https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow-native (PKCE on request)
 * @see https://github.com/linkedin-developers/linkedin-api-js-client/issues/34 (no nonce)
 * @see https://github.com/keycloak/keycloak/issues/28686 (the issuer, in metadata and ID tokens)
 */
import { noGroupsClaim, noQuirks, type Preset } from "../preset.js";

export const linkedin: Preset = {
  kind: "oidc",
  displayName: "LinkedIn",
  issuer: { from: "preset", issuer: "https://www.linkedin.com/oauth" },
  endpoints: {},
  scopes: ["openid", "email", "profile"],
  claims: {},
  revocationEndsOneToken: false,
  quirks: {
    ...noQuirks,
    groupsWhenEmpty: noGroupsClaim,
    nonce: false,
    pkce: false,
    // authorization-code-flow, step 3: `client_id` and `client_secret` are parameters of the body.
    metadata: { token_endpoint_auth_methods_supported: ["client_secret_post"] },
  },
};
