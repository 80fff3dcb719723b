/** Where the fake provider's endpoints are, and the document that says so (OpenID Discovery §3, RFC 8414 §2). */
import type { ProviderEndpoint } from "./answers.js";
import type { ProviderState } from "./state.js";

const paths: Readonly<Record<Exclude<ProviderEndpoint, "metadata">, string>> = {
  jwks: "/jwks",
  authorize: "/authorize",
  token: "/token",
  userinfo: "/userinfo",
  revocation: "/revoke",
  introspection: "/introspect",
  par: "/par",
  end_session: "/end-session",
};

/** Endpoint by path. RFC 8414 puts the well-known part before the issuer's path, OpenID Discovery behind it. */
export const routes = (issuerPath: string): Readonly<Record<string, ProviderEndpoint>> => ({
  [`${issuerPath}/.well-known/openid-configuration`]: "metadata",
  [`/.well-known/oauth-authorization-server${issuerPath}`]: "metadata",
  ...Object.fromEntries(Object.entries(paths).map(([name, path]) => [issuerPath + path, name as ProviderEndpoint])),
});

export const metadataOf = (state: ProviderState): Record<string, unknown> => ({
  issuer: state.issuer,
  authorization_endpoint: state.issuer + paths.authorize,
  token_endpoint: state.issuer + paths.token,
  userinfo_endpoint: state.issuer + paths.userinfo,
  jwks_uri: state.issuer + paths.jwks,
  revocation_endpoint: state.issuer + paths.revocation,
  introspection_endpoint: state.issuer + paths.introspection,
  pushed_authorization_request_endpoint: state.issuer + paths.par,
  end_session_endpoint: state.issuer + paths.end_session,
  authorization_response_iss_parameter_supported: true,
  response_types_supported: ["code"],
  response_modes_supported: ["query", "form_post"],
  grant_types_supported: ["authorization_code", "refresh_token"],
  subject_types_supported: ["public"],
  scopes_supported: ["openid", "email", "profile", "offline_access"],
  id_token_signing_alg_values_supported: [...new Set([state.alg, ...state.keys.map((key) => key.alg)])],
  token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
  token_endpoint_auth_signing_alg_values_supported: ["ES256", "RS256", "PS256", "EdDSA"],
  code_challenge_methods_supported: ["S256"],
});
