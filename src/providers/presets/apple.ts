/**
 * Sign in with Apple: OpenID Connect whose client secret is a JWT of ours, whose answer comes as a cross-site form, and
 * which tells a person's name once in their life, beside the code and not in the ID token.
 *
 * Its metadata is data here, and not discovered (SI-2): the endpoints have never moved, and whoever could change them
 * would be sent a secret. Apple says nowhere that an authorization code is bound to PKCE; it checks a `code_verifier`
 * where a challenge was sent, so we send one as everywhere.
 *
 * @see https://developer.apple.com/documentation/signinwithapplerestapi/request-an-authorization-to-the-sign-in-with-apple-server.
 * @see https://developer.apple.com/documentation/signinwithapplerestapi/generate-and-validate-tokens
 * @see https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret
 * @see https://developer.apple.com/documentation/signinwithapple/authenticating-users-with-sign-in-with-apple
 */
import { isJsonObject, member, parseJson, stringMember } from "../../kernel/json.js";
import { noGroupsClaim, noQuirks, type Preset } from "../preset.js";

const issuer = "https://appleid.apple.com";

export const apple: Preset = {
  kind: "oidc",
  displayName: "Apple",
  issuer: { from: "preset", issuer },
  endpoints: {
    authorization: `${issuer}/auth/authorize`,
    token: `${issuer}/auth/token`,
    jwks: `${issuer}/auth/keys`,
    revocation: `${issuer}/auth/revoke`,
  },
  scopes: ["openid", "email", "name"],
  // A refresh token always comes, and a scope that Apple does not know is refused (`invalid_scope`).
  request: (scopes) => ({ scopes: scopes.filter((scope) => scope !== "offline_access"), authorizeParams: {} }),
  // There are no pictures, and no userinfo to ask for one.
  claims: { picture: null },
  // "If you request one or more scopes, the value must be form_post" (request-an-authorization, response_mode).
  responseMode: "form_post",
  signedSecret: { audience: issuer },
  // Revoking takes the person's authorization for the app with it, and so their other devices' tokens.
  revocationEndsOneToken: false,
  quirks: {
    ...noQuirks,
    groupsWhenEmpty: noGroupsClaim,
    fixedMetadata: true,
    metadata: {
      id_token_signing_alg_values_supported: ["RS256"],
      token_endpoint_auth_methods_supported: ["client_secret_post"],
      code_challenge_methods_supported: ["S256"],
    },
    postedName: nameOf,
  },
};

/**
 * `{"name": {"firstName": …, "lastName": …}, "email": …}`: text that a browser carried and nobody signed. The address in
 * it is not looked at; the ID token has its own, which is.
 */
function nameOf(text: string): string | undefined {
  const user = parseJson(text);
  const name = isJsonObject(user) ? member(user, "name") : undefined;
  if (!isJsonObject(name)) return undefined;
  const parts = [stringMember(name, "firstName"), stringMember(name, "lastName")];
  return (
    parts
      .map((part) => part?.trim())
      .filter(Boolean)
      .join(" ") || undefined
  );
}
