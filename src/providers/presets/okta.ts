/**
 * Okta: OpenID Connect with discovery. An organization has one authorization server of its own (`https://name.okta.com`)
 * and custom ones (`https://name.okta.com/oauth2/id`); each is an issuer, and who a person is hangs on which was chosen.
 *
 * @see https://developer.okta.com/docs/concepts/auth-servers/
 * @see https://developer.okta.com/docs/api/openapi/okta-oauth/oauth/orgas
 * @see https://developer.okta.com/docs/guides/customize-tokens-groups-claim/
 */
import { noQuirks, type Preset } from "../preset.js";

export const okta: Preset = {
  kind: "oidc",
  displayName: "Okta",
  issuer: { from: "operator" },
  endpoints: {},
  // Not `groups`: the organization's server gives the claim for that scope, and a custom one refuses a scope it has not.
  scopes: ["openid", "email", "profile"],
  // The name that the groups claim has unless an administrator writes another.
  claims: { groups: "groups" },
  // Revoking a refresh token ends its access tokens too; that it ends nothing else is not said.
  revocationEndsOneToken: false,
  quirks: noQuirks,
};
