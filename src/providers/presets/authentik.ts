/**
 * authentik: OpenID Connect with discovery, one issuer per application (`https://host/application/o/slug/`), whose slash
 * at the end is part of it.
 *
 * @see https://docs.goauthentik.io/add-secure-apps/providers/oauth2/
 * @see https://docs.goauthentik.io/add-secure-apps/providers/property-mappings/
 * @see https://docs.goauthentik.io/add-secure-apps/providers/oauth2/verify-email-address/
 */
import { noQuirks, type Preset } from "../preset.js";

export const authentik: Preset = {
  kind: "oidc",
  displayName: "authentik",
  issuer: { from: "operator" },
  endpoints: {},
  scopes: ["openid", "email", "profile"],
  // The default mapping of the scope `profile` lists the names of the person's groups. Roles are authentik's own
  // permissions, and in no claim; whoever maps some calls them `roles`.
  claims: { groups: "groups" },
  // Not documented.
  revocationEndsOneToken: false,
  // `email_verified` is false since 2025.10 unless the operator maps it: true is somebody's word, and counts.
  // The default mapping writes the list whether or not there is something in it.
  quirks: { ...noQuirks, groupsWhenEmpty: { is: "empty_list", of: ["groups"] } },
};
