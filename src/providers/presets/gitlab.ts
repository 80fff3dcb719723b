/**
 * GitLab, on gitlab.com or self-hosted: OpenID Connect as its specification has it, with an issuer to choose.
 *
 * Groups are in `groups_direct` (of the ID token: where the person is a member themselves) and in `groups` (of userinfo:
 * with what they are a member of through an ancestor); both are paths such as `team/backend`.
 *
 * @see https://docs.gitlab.com/integration/openid_connect_provider (discovery, claims)
 * @see https://docs.gitlab.com/integration/oauth_provider (applications)
 * @see https://docs.gitlab.com/api/oauth2 (PKCE)
 */
import { noQuirks, type Preset } from "../preset.js";

export const gitlab: Preset = {
  kind: "oidc",
  displayName: "GitLab",
  issuer: { from: "operator", fallback: "https://gitlab.com" },
  endpoints: {},
  scopes: ["openid", "email", "profile"],
  claims: {},
  // Its page does not promise that revoking a token ends that token alone.
  revocationEndsOneToken: false,
  // Its code always names a list, and the library that sends it leaves out only what is null or an empty text.
  // https://gitlab.com/gitlab-org/gitlab/-/blob/master/config/initializers/doorkeeper_openid_connect.rb
  // https://github.com/doorkeeper-gem/doorkeeper-openid_connect/blob/master/lib/doorkeeper/openid_connect/user_info.rb
  quirks: { ...noQuirks, groupsWhenEmpty: { is: "empty_list", of: ["groups", "groups_direct"] } },
};
