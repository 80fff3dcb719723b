/** Wire shapes and answers of the protocol steps, in the words (and the snake_case) of the specifications. */
import type { JsonObject } from "../kernel/json.js";
import type { Instant } from "../kernel/time.js";

/** Authorization server metadata (RFC 8414 §2, OpenID Discovery §3), already checked by `discover`. */
export interface AuthorizationServer {
  readonly issuer: string;
  readonly authorization_endpoint?: string | undefined;
  readonly token_endpoint?: string | undefined;
  readonly userinfo_endpoint?: string | undefined;
  readonly jwks_uri?: string | undefined;
  readonly revocation_endpoint?: string | undefined;
  readonly introspection_endpoint?: string | undefined;
  readonly end_session_endpoint?: string | undefined;
  readonly pushed_authorization_request_endpoint?: string | undefined;
  readonly require_pushed_authorization_requests?: boolean | undefined;
  readonly authorization_response_iss_parameter_supported?: boolean | undefined;
  readonly token_endpoint_auth_methods_supported?: readonly string[] | undefined;
  readonly token_endpoint_auth_signing_alg_values_supported?: readonly string[] | undefined;
  readonly id_token_signing_alg_values_supported?: readonly string[] | undefined;
  readonly userinfo_signed_response_alg?: string | undefined;
  readonly code_challenge_methods_supported?: readonly string[] | undefined;
  readonly scopes_supported?: readonly string[] | undefined;
  readonly grant_types_supported?: readonly string[] | undefined;
  readonly dpop_signing_alg_values_supported?: readonly string[] | undefined;
  readonly registration_endpoint?: string | undefined;
  readonly client_id_metadata_document_supported?: boolean | undefined;
  readonly [member: string]: unknown;
}

/** A token answer after SI-12's normalisation and checks. Held in memory only until it is sealed. */
export interface TokenSet {
  readonly accessToken: string;
  readonly tokenType: "Bearer" | "DPoP";
  readonly refreshToken: string | null;
  readonly idToken: string | null;
  /** Granted scopes; those requested when the answer names none (RFC 6749 §5.1). */
  readonly scopes: readonly string[];
  readonly issuedAt: Instant;
  /** Null: unknown (SI-20). */
  readonly expiresAt: Instant | null;
}

/** The payload of an ID token that passed OpenID Connect Core §3.1.3.7. */
export interface IdTokenClaims extends JsonObject {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly exp: number;
  readonly iat: number;
}

/** Parameters of an authorization response, each at most once (SI-9.1). */
export interface AuthorizationResponseParameters {
  readonly code?: string | undefined;
  readonly state?: string | undefined;
  readonly iss?: string | undefined;
  readonly error?: string | undefined;
  readonly error_description?: string | undefined;
}
