/**
 * Parameters of an authorization request that belong to the protocol and are never the operator's to set (SI-6).
 * A list of its own, free of imports, because both the configuration (which refuses them) and the authorization
 * request (whose own values win in any case) must mean the same names.
 */

/** Exact names, and beginnings of names marked by `*`. */
export const reservedAuthorizeParameters = [
  "client_id",
  "redirect_uri",
  "response_type",
  "response_mode",
  "scope",
  "state",
  "nonce",
  "code_challenge*",
  "request",
  "request_uri",
  "resource",
  "dpop_jkt",
  "client_assertion*",
  "client_secret",
  "id_token_hint",
  "registration",
] as const;

const exact: ReadonlySet<string> = new Set(reservedAuthorizeParameters.filter((name) => !name.endsWith("*")));
const beginnings = reservedAuthorizeParameters.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1));

/** True when an operator may not set this parameter. Case is ignored, since some servers ignore it too. */
export function isReservedAuthorizeParameter(name: string): boolean {
  const asked = name.trim().toLowerCase();
  return exact.has(asked) || beginnings.some((beginning) => asked.startsWith(beginning));
}
