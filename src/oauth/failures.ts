/**
 * What a provider's error, or the way out to it, means in our own codes. Data, so that a reader can check it against
 * the specifications, and so that a preset's own words can be added to it.
 *
 * Not here: what a failed refresh does to a grant (VA-9); a code that fails is simply not used again.
 */
import type { ErrorCode } from "../kernel/error-catalog.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { JsonValue } from "../kernel/json.js";

/** `error` of an authorization response (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6). */
const authorizationErrors: Readonly<Record<string, ErrorCode>> = {
  access_denied: "signin.denied",
  login_required: "signin.interaction_required",
  consent_required: "signin.interaction_required",
  interaction_required: "signin.interaction_required",
  account_selection_required: "signin.interaction_required",
  temporarily_unavailable: "signin.provider_unavailable",
  server_error: "signin.provider_unavailable",
};

/** `error` of a token or PAR answer (RFC 6749 §5.2, RFC 9126 §2.3). */
const tokenErrors: Readonly<Record<string, ErrorCode>> = {
  invalid_client: "signin.client_rejected",
  unauthorized_client: "signin.client_rejected",
  invalid_grant: "signin.code_rejected",
  temporarily_unavailable: "signin.provider_unavailable",
  server_error: "signin.provider_unavailable",
  slow_down: "signin.provider_unavailable",
};

/** A request that failed on its way, by the egress code, where the provider is simply not to be had. */
const unreachable: ReadonlySet<string> = new Set(["egress.timeout", "egress.failed"]);
/** Where the URL itself is the fault: a configuration or metadata that points where we do not go. */
const wrongAddress: ReadonlySet<string> = new Set(["egress.url_refused", "egress.address_refused"]);

const entry = (table: Readonly<Record<string, ErrorCode>>, name: string): ErrorCode =>
  (Object.hasOwn(table, name) ? table[name] : undefined) ?? "signin.provider_refused";

/** Our code for the `error` of an authorization response (SI-9 step 5). The provider's own text is for the log only. */
export const authorizationErrorCode = (error: string): ErrorCode => entry(authorizationErrors, error);

/** Our code for the `error` of a token, PAR or revocation answer. */
export const tokenErrorCode = (error: string): ErrorCode => entry(tokenErrors, error);

/** Statuses that say "later", whatever the body says (VA-9). */
export const isTransientStatus = (status: number): boolean => status >= 500 || status === 429 || status === 408;

/**
 * A failed outbound request in the words of sign-in: `signin.provider_unavailable` when the provider was not to be
 * had, `signin.provider_misconfigured` when its URL is refused, else `unusable` (redirects, 40 MB, HTML).
 * Anything but an egress failure is handed back as it is, and `data.sent` is kept (VA-9).
 */
export function asProviderFailure(
  thrown: unknown,
  unusable: ErrorCode,
  data: Readonly<Record<string, JsonValue | undefined>>,
): unknown {
  if (!(thrown instanceof LatchkeyError) || !thrown.code.startsWith("egress.")) return thrown;
  const code = unreachable.has(thrown.code)
    ? "signin.provider_unavailable"
    : wrongAddress.has(thrown.code)
      ? "signin.provider_misconfigured"
      : unusable;
  return new LatchkeyError(code, {
    cause: thrown,
    data: { ...data, reason: thrown.code, ...(thrown.data["sent"] === undefined ? {} : { sent: thrown.data["sent"] }) },
  });
}

const longestText = 200;

/**
 * A provider's text made fit for a log line: one line, at most 200 characters, and with everything we sent taken out,
 * since some servers repeat a rejected code or secret in `error_description` (AT-55).
 */
export function providerText(text: string, sent: readonly string[]): string {
  let clean = text;
  for (const value of sent) {
    if (value === "") continue;
    for (const form of new Set([value, encodeURIComponent(value)])) clean = clean.replaceAll(form, "[removed]");
  }
  return clean.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").slice(0, longestText);
}
