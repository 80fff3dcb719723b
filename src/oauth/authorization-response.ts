/**
 * The authorization response: what may come back in a callback, and whether it came from the server that was asked.
 *
 * Everything here is an attacker's to choose until `state` has opened a flow, so nothing is used, only admitted: no
 * parameter twice (AT-4), none over its length. Not here: `state` (flows), the exchange of the code (token-request).
 */
import { err, ok, type Result } from "../kernel/result.js";
import type { AuthorizationResponseParameters } from "./types.js";

export { authorizationErrorCode } from "./failures.js";

/** Longest value of each parameter that is used, in characters. Codes of some providers hold a whole token. */
const longest = { code: 8_192, state: 512, iss: 2_048, error: 256, error_description: 4_096 } as const;
/** Parameters that nobody uses (`session_state`, `scope`, `hd`) are bounded too: they are read to count them. */
const longestOther = 8_192;
const longestName = 256;
const mostParameters = 50;

export interface AuthorizationResponseFailure {
  readonly code: "signin.parameter_repeated" | "signin.parameter_too_long" | "signin.parameter_missing";
  /** Its name, cut to 64 characters: for the log. */
  readonly parameter: string;
}

/**
 * Admits the parameters of a callback (SI-9 step 1). A repeated parameter of any name is refused: two readers of one
 * request would see two meanings. The caller reads `iss` before `error`, and `error` before `code`.
 *
 * @see RFC 6749 §3.1 (no parameter more than once), §4.1.2
 */
export function readAuthorizationResponse(
  params: URLSearchParams,
): Result<AuthorizationResponseParameters, AuthorizationResponseFailure> {
  const refuse = (code: AuthorizationResponseFailure["code"], parameter: string) =>
    err({ code, parameter: parameter.slice(0, 64) });
  const found = new Map<string, string>();
  for (const [name, value] of params) {
    if (found.has(name)) return refuse("signin.parameter_repeated", name);
    const limit = Object.hasOwn(longest, name) ? longest[name as keyof typeof longest] : longestOther;
    if (name.length > longestName || value.length > limit || found.size === mostParameters) {
      return refuse("signin.parameter_too_long", name);
    }
    found.set(name, value);
  }
  if (!found.get("state")) return refuse("signin.parameter_missing", "state");
  if (!found.get("code") && !found.get("error")) return refuse("signin.parameter_missing", "code");
  return ok({
    // A parameter without a value counts as omitted (RFC 6749 §3.1); an empty `iss` stays, and fails the comparison.
    code: found.get("code") || undefined,
    state: found.get("state"),
    iss: found.get("iss"),
    error: found.get("error") || undefined,
    error_description: found.get("error_description") || undefined,
  });
}

/**
 * Checks the `iss` parameter of an authorization response (SI-9 step 4).
 *
 * Must run before `code` or `error_description` is read: in a mix-up attack every other parameter comes from the
 * attacker (AT-28). Compared as plain strings, with no URL normalisation.
 *
 * @see RFC 9207 §2.4, RFC 3986 §6.2.1
 */
export function checkResponseIssuer(
  received: string | undefined,
  recorded: {
    readonly issuer: string;
    readonly sendsIss: boolean;
    /** Where `issuer` is a template: every issuer it may stand for (SI-2). The ID token must then name the same one. */
    readonly tenantIssuers?: readonly string[] | undefined;
  },
): Result<void, "issuer_missing" | "issuer_mismatch"> {
  if (received === undefined) return recorded.sendsIss ? err("issuer_missing") : ok();
  if (recorded.tenantIssuers) return recorded.tenantIssuers.includes(received) ? ok() : err("issuer_mismatch");
  return received === recorded.issuer ? ok() : err("issuer_mismatch");
}
