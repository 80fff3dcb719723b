/**
 * Discord: OAuth 2 without an ID token; who the person is comes from `/users/@me`.
 *
 * @see https://docs.discord.com/developers/topics/oauth2 (endpoints, scopes, the code grant)
 * @see https://docs.discord.com/developers/resources/user#user-object (the person)
 * @see https://docs.discord.com/developers/reference#image-formatting (the picture)
 * @see https://github.com/discord/discord-api-docs/pull/7046 (PKCE: S256 alone)
 */
import { isJsonObject, type JsonObject, type JsonValue, member, stringMember } from "../../kernel/json.js";
import { noGroupsClaim, noQuirks, type Preset } from "../preset.js";

export const discord: Preset = {
  kind: "oauth2",
  displayName: "Discord",
  // Discord's pages name no issuer for this flow; every identity is keyed by this one (AC-1).
  issuer: { from: "operator", fallback: "https://discord.com" },
  endpoints: {
    authorization: "https://discord.com/oauth2/authorize",
    token: "https://discord.com/api/oauth2/token",
    userinfo: "https://discord.com/api/v10/users/@me",
    revocation: "https://discord.com/api/oauth2/token/revoke",
  },
  // oauth2#shared-resources-oauth2-scopes: `identify` opens the profile, `email` adds the address.
  scopes: ["identify", "email"],
  // Its own, so that a name that signIn.claims.subject has for another provider never counts here.
  claims: { subject: "sub" },
  // Its page does not promise that revoking a token ends that token alone.
  revocationEndsOneToken: false,
  quirks: {
    ...noQuirks,
    groupsWhenEmpty: noGroupsClaim,
    nonce: false,
    // oauth2#authorization-code-grant: credentials in the body, or by Basic.
    metadata: {
      token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
      code_challenge_methods_supported: ["S256"],
    },
    person: { further: () => ({}), claims: personOf },
  },
};

/** reference#snowflakes: a 64-bit number, always told as text. A JSON number would have lost its last digits on the way. */
const snowflake = /^[1-9]\d{0,19}$/;
/** reference#image-formatting: an animated one begins with `a_`. */
const avatarHash = /^(a_)?[0-9a-f]{1,64}$/;

/** `id` never changes; `username` may be given up and taken by somebody else. */
function personOf({ userinfo: user }: Readonly<Record<string, JsonValue>>): JsonObject | undefined {
  if (!isJsonObject(user)) return undefined;
  const id = stringMember(user, "id");
  if (id === undefined || !snowflake.test(id)) return undefined;
  const avatar = stringMember(user, "avatar");
  return {
    ...user,
    sub: id,
    name: stringMember(user, "global_name") || stringMember(user, "username") || id,
    picture:
      avatar !== undefined && avatarHash.test(avatar) ? `https://cdn.discordapp.com/avatars/${id}/${avatar}.png` : null,
    // user-object: "whether the email on this account has been verified". Anything but `true` is no.
    email_verified: member(user, "verified") === true,
  };
}
