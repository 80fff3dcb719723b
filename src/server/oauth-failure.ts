/**
 * Failures in the words of RFC 6749 §5.2 and RFC 8693 §2.2.2, for the routes that services use. `error` is what any
 * client library understands; `code` beside it is ours and says which of many things it was.
 */
import type { ErrorCode } from "../kernel/error-catalog.js";
import { asLatchkeyError, type LatchkeyError } from "../kernel/errors.js";
import { plain } from "./answers.js";
import type { Ctx, Web } from "./env.js";
import { logFailure } from "./middleware/failures.js";

interface OAuthError {
  readonly status: number;
  readonly error: string;
}

/** Seconds to wait where nobody knows better. */
const soon = 5;

const named: Partial<Record<ErrorCode, OAuthError>> = {
  "token.client_invalid": { status: 401, error: "invalid_client" },
  "token.grant_type_unsupported": { status: 400, error: "unsupported_grant_type" },
  "token.target_invalid": { status: 400, error: "invalid_target" },
  "token.target_refused": { status: 400, error: "invalid_target" },
  "grant.connection_unknown": { status: 400, error: "invalid_target" },
  "grant.connection_disabled": { status: 400, error: "invalid_target" },
  "grant.not_connected": { status: 400, error: "invalid_target" },
  "grant.needs_reconnect": { status: 400, error: "invalid_target" },
  "grant.sign_in_needed": { status: 400, error: "invalid_target" },
  "grant.token_bound": { status: 400, error: "invalid_target" },
  "grant.consent_required": { status: 400, error: "invalid_scope" },
  "grant.unreadable": { status: 502, error: "server_error" },
  "server.rate_limited": { status: 429, error: "temporarily_unavailable" },
};

/** What is the caller's to mend, and what is nobody's fault but the moment's, goes by the family. */
function oauthError({ code, entry }: LatchkeyError): OAuthError {
  const known = named[code];
  if (known) return known;
  if (entry.status === 503) return { status: 503, error: "temporarily_unavailable" };
  if (entry.status < 500) return { status: 400, error: "invalid_request" };
  return { status: entry.status === 502 ? 502 : 500, error: "server_error" };
}

/**
 * @param thrown whatever a handler threw
 * @param connectUri where the person can mend it
 */
export function answerOAuthFailure(web: Web, c: Ctx, thrown: unknown, connectUri?: string): Response {
  const failure = asLatchkeyError(thrown);
  logFailure(web, c, failure);
  const { status, error } = oauthError(failure);
  const { code, entry } = failure;
  const connect = connectUri === undefined ? {} : { connect_uri: connectUri };
  const body = { error, error_description: entry.message, code, ...connect, request_id: c.env.facts.requestId };
  return plain(web, c, status, JSON.stringify(body), {
    "content-type": "application/json",
    ...(status === 401 ? { "www-authenticate": 'Basic realm="latchkey", charset="UTF-8"' } : {}),
    ...(status === 429 || status === 503 ? { "retry-after": String(retryAfter(failure)) } : {}),
  });
}

function retryAfter({ data }: LatchkeyError): number {
  const { retryAfter: seconds } = data;
  return typeof seconds === "number" ? Math.max(1, Math.ceil(seconds)) : soon;
}
