/**
 * What a refresh answer means to the grant (VA-9). Pure. The one thing it must never do is to end a grant for a reason
 * that is not the grant's: a provider that is down, a client secret that was mistyped, a network that died.
 */
import type { ErrorCode } from "../../kernel/error-catalog.js";
import type { Duration } from "../../kernel/time.js";
import type { RefreshAnswer } from "../../oauth/token-request.js";

export type RefreshOutcome =
  | { readonly kind: "refreshed"; readonly tokens: Extract<RefreshAnswer, { kind: "tokens" }>["tokens"] }
  /** Only the person can help. `reason` is kept in the row and shown. */
  | { readonly kind: "ended"; readonly reason: string }
  /** The operator has to look: at the client, or at what is asked for. The grant stays. */
  | { readonly kind: "client_fault" | "configuration_fault"; readonly reason: string }
  /** What the token is got with is the person's to renew: they have to sign in again. Nothing was asked. */
  | { readonly kind: "sign_in_needed"; readonly reason: string }
  /** Later may be better. `unknown`: the server may have taken the refresh token all the same. */
  | {
      readonly kind: "transient";
      readonly reason: string;
      readonly retryAfter: Duration | null;
      readonly unknown: boolean;
    }
  /** Written, and no answer: the same refresh token is sent once more. */
  | { readonly kind: "ambiguous"; readonly reason: string };

/** The reason of a grant that ended while nobody could know what had become of an earlier attempt (VA-10). */
export const ambiguousRefresh = "ambiguous_refresh";

/** The server says that this grant is over, or that the person has to take part. */
const fatal: ReadonlySet<string> = new Set([
  "invalid_grant",
  "interaction_required",
  "login_required",
  "consent_required",
]);
const later: ReadonlySet<string> = new Set(["temporarily_unavailable", "server_error", "slow_down"]);
const ofClient: ReadonlySet<string> = new Set(["invalid_client", "unauthorized_client"]);
/** The server did answer, with something that we do not take: whether it made new tokens is not known. */
const unusable: ReadonlySet<ErrorCode> = new Set([
  "egress.redirect_refused",
  "egress.too_large",
  "egress.content_type",
] as const);

/** `error` is already in the words of the specification; a preset's own words were translated before (VA-9). */
export function outcomeOf(answer: RefreshAnswer): RefreshOutcome {
  const transient = (reason: string, unknown = false, retryAfter: Duration | null = null): RefreshOutcome => ({
    kind: "transient",
    reason,
    retryAfter,
    unknown,
  });
  switch (answer.kind) {
    case "tokens":
      return { kind: "refreshed", tokens: answer.tokens };
    case "oauth_error": {
      const reason = answer.error;
      if (fatal.has(reason)) return { kind: "ended", reason };
      if (ofClient.has(reason)) return { kind: "client_fault", reason };
      return later.has(reason) ? transient(reason, false, answer.retryAfter) : { kind: "configuration_fault", reason };
    }
    case "unavailable":
      return transient(`status_${answer.status}`, false, answer.retryAfter);
    case "status":
      // A 401 without a body that we can read still says who is at fault (RFC 6749 §5.2).
      return answer.status === 401
        ? { kind: "client_fault", reason: "status_401" }
        : transient(`status_${answer.status}`);
    case "unreadable":
      return transient(`unreadable_${answer.reason}`, true);
    case "no_answer":
      if (answer.code === "egress.url_refused") return { kind: "configuration_fault", reason: answer.code };
      if (unusable.has(answer.code)) return transient(answer.code, true);
      return answer.sent ? { kind: "ambiguous", reason: answer.code } : transient(answer.code);
    case "not_possible":
      return { kind: "configuration_fault", reason: answer.reason };
    default:
      return answer satisfies never;
  }
}

/**
 * The same for a request that can be made anew at any time (TS-15): there is no refresh token that could be lost, so no
 * answer is ambiguous, and none ends the grant. An error is final for what was asked: it is not asked again before
 * something about it has changed, or an hour has passed.
 */
export function outcomeOfObtaining(answer: RefreshAnswer): Exclude<RefreshOutcome, { kind: "ambiguous" | "ended" }> {
  const outcome = outcomeOf(answer);
  switch (outcome.kind) {
    case "ended":
      return { kind: "configuration_fault", reason: outcome.reason };
    case "ambiguous":
      return { kind: "transient", reason: outcome.reason, retryAfter: null, unknown: false };
    case "transient":
      return { ...outcome, unknown: false };
    default:
      return outcome;
  }
}

/**
 * The second answer where the first never came. It decides; when it does not come either, later may be better. Whatever
 * it is, an end has the reason that says why nobody can be sure.
 */
export function outcomeAfterAmbiguity(second: RefreshOutcome): Exclude<RefreshOutcome, { kind: "ambiguous" }> {
  switch (second.kind) {
    case "ambiguous":
      return { kind: "transient", reason: second.reason, retryAfter: null, unknown: true };
    case "ended":
      return { ...second, reason: second.reason === "invalid_grant" ? ambiguousRefresh : second.reason };
    case "transient":
      return { ...second, unknown: true };
    default:
      return second;
  }
}
