/** Reads authorization server metadata (RFC 8414 §2, OpenID Discovery §3): pure, total, and typed afterwards. */
import { type JsonObject, member } from "../kernel/json.js";
import { err, ok, type Result } from "../kernel/result.js";
import type { AuthorizationServer } from "./types.js";
import { browserUrl, endpointUrl } from "./urls.js";

/** Endpoints that a browser is sent to; the others are called by us, and egress has the last word on them. */
const inBrowser = ["authorization_endpoint", "end_session_endpoint"] as const;
const called = [
  "token_endpoint",
  "userinfo_endpoint",
  "jwks_uri",
  "revocation_endpoint",
  "introspection_endpoint",
  "pushed_authorization_request_endpoint",
  "registration_endpoint",
] as const;
/** Without these nobody can sign in; a bad one is named instead of passed over. */
const toSignIn: readonly string[] = ["authorization_endpoint", "token_endpoint"];
const refusedWhenBad: readonly string[] = [...toSignIn, "jwks_uri"];

const lists = [
  "token_endpoint_auth_methods_supported",
  "token_endpoint_auth_signing_alg_values_supported",
  "id_token_signing_alg_values_supported",
  "code_challenge_methods_supported",
  "scopes_supported",
  "grant_types_supported",
  "dpop_signing_alg_values_supported",
] as const;
const flags = [
  "require_pushed_authorization_requests",
  "authorization_response_iss_parameter_supported",
  "client_id_metadata_document_supported",
] as const;

/**
 * The metadata, or what is wrong with it in a few words for the log.
 *
 * `issuer` must equal `expected` byte for byte (RFC 8414 §3.3). `overrides` replace endpoints. Those in `required`
 * must be there and be URLs that may be used. Any other endpoint that may not be used, and a list or
 * flag of the wrong type, counts as absent, which is its safe meaning. Other members are kept as they are.
 */
export function readServerMetadata(
  document: JsonObject,
  expected: string,
  overrides: Readonly<Record<string, string | undefined>>,
  required: readonly string[] = toSignIn,
): Result<AuthorizationServer, string> {
  const issuer = member(document, "issuer");
  if (issuer !== expected) return err(`issuer is ${JSON.stringify(issuer ?? null).slice(0, 200)}, not ${expected}`);
  const server: Record<string, unknown> = { ...document, issuer: expected };
  for (const name of [...inBrowser, ...called]) {
    const value = overrides[name] ?? member(document, name) ?? undefined;
    const url = (inBrowser as readonly string[]).includes(name) ? browserUrl(value) : endpointUrl(value);
    if (!url && value !== undefined && refusedWhenBad.includes(name))
      return err(`${name} is not a URL that may be used`);
    server[name] = url ? value : undefined;
  }
  for (const name of required) if (server[name] === undefined) return err(`${name} is missing`);
  for (const name of lists) if (!isTextList(server[name])) delete server[name];
  for (const name of flags) if (typeof server[name] !== "boolean") delete server[name];
  if (typeof server["userinfo_signed_response_alg"] !== "string") delete server["userinfo_signed_response_alg"];
  return ok(server as unknown as AuthorizationServer);
}

const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === "string");
