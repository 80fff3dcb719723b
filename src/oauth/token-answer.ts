/**
 * Reads a token endpoint's answer (SI-12). Pure: bytes in, a normalised answer or a typed failure out, whatever the
 * bytes are. It runs before any check, so that the checks see one shape: an empty `refresh_token` is none, `bearer`
 * is `Bearer`, `expires_in: "3600"` is a number, a list of scopes is a list, a form is as good as JSON, and 200 with
 * `error` is an error.
 *
 * Not here: what a failure means to a sign-in (token-request) or to a grant (the vault).
 */
import { isJsonObject, type JsonObject, type JsonValue, member, parseJson } from "../kernel/json.js";
import { err, ok, type Result } from "../kernel/result.js";
import { type Duration, days, type Instant, seconds, toInstant } from "../kernel/time.js";
import { isTransientStatus } from "./failures.js";

/** How a provider's answers differ from the standard. A preset's record says so; the default is RFC 6749. */
export interface TokenAnswerQuirks {
  /** What separates scopes in one string. @default " " */
  readonly scopeSeparator: " " | ",";
  /** Its own word for an error, undefined for none; asked before `error` is. @default null */
  readonly tokenError?: ((answer: JsonObject) => string | undefined) | null;
}
export const standardTokenAnswer: TokenAnswerQuirks = { scopeSeparator: " " };

export interface NormalisedTokenAnswer {
  readonly accessToken: string;
  readonly tokenType: "Bearer" | "DPoP";
  readonly refreshToken: string | null;
  readonly idToken: string | null;
  /** Null: the answer names none, and those requested were granted (RFC 6749 §5.1). */
  readonly scopes: readonly string[] | null;
  /** From now; null: not said, or said in a way that means nothing (SI-20). At most 100 years. */
  readonly expiresIn: Duration | null;
  /** Where the answer has a non-standard `expires_at` in epoch seconds; it wins over `expiresIn`. */
  readonly expiresAt: Instant | null;
}

export type TokenAnswerFailure =
  /** The server said no in OAuth's own words. `description` is its text as it came: not for people, not for logs as it is. */
  | {
      readonly kind: "oauth_error";
      readonly error: string;
      readonly description: string | null;
      readonly status: number;
    }
  /** 5xx, 429 or 408: whatever it says, later may be better. */
  | { readonly kind: "unavailable"; readonly status: number }
  /** Another status, with a body that holds no OAuth error. */
  | { readonly kind: "status"; readonly status: number }
  /** A success by its status, of which nothing can be made. */
  | { readonly kind: "unreadable"; readonly reason: UnreadableReason; readonly status: number };

export type UnreadableReason =
  | "content_type"
  | "encoding"
  | "syntax"
  | "not_an_object"
  | "parameter_repeated"
  | "access_token"
  | "token_type"
  | "refresh_token"
  | "id_token"
  | "scope"
  | "issued_token_type"
  | "audience";

export interface RawTokenAnswer {
  readonly status: number;
  /** The Content-Type header, parameters and all; null when there is none. */
  readonly contentType: string | null;
  readonly body: Uint8Array;
}

const longestLifetime = days(36_500);
/** The last second of year 9999: later instants cannot be written as RFC 3339. */
const latestInstant = toInstant(253_402_300_799_000);

/**
 * Normalises one token answer. Never throws.
 *
 * @see RFC 6749 §5.1, §5.2, Appendix A (the characters of tokens and errors)
 */
export function normaliseTokenAnswer(
  answer: RawTokenAnswer,
  quirks: TokenAnswerQuirks = standardTokenAnswer,
): Result<NormalisedTokenAnswer, TokenAnswerFailure> {
  const { status } = answer;
  const success = readSuccess(answer, quirks);
  if (!success.ok) return success;
  const body = success.value;
  const unreadable = (reason: UnreadableReason) => err({ kind: "unreadable", reason, status } as const);

  const accessToken = member(body, "access_token");
  if (typeof accessToken !== "string" || !isToken(accessToken)) return unreadable("access_token");
  const tokenType = readTokenType(member(body, "token_type"));
  if (!tokenType) return unreadable("token_type");
  const refreshToken = readOptionalToken(member(body, "refresh_token"));
  if (refreshToken === undefined) return unreadable("refresh_token");
  const idToken = readOptionalToken(member(body, "id_token"));
  if (idToken === undefined) return unreadable("id_token");
  const scopes = readScopes(member(body, "scope"), quirks);
  if (scopes === undefined) return unreadable("scope");
  const lifetime = readSeconds(member(body, "expires_in"));
  const end = readSeconds(member(body, "expires_at"));
  return ok({
    accessToken,
    tokenType,
    refreshToken,
    idToken,
    scopes,
    expiresIn: lifetime === undefined ? null : (Math.min(seconds(lifetime), longestLifetime) as Duration),
    expiresAt: end === undefined ? null : toInstant(Math.min(end * 1_000, latestInstant)),
  });
}

/** The members of an answer that is a success by its status and names no error, whatever else it holds. */
export function readSuccess(
  answer: RawTokenAnswer,
  quirks: TokenAnswerQuirks = standardTokenAnswer,
): Result<JsonObject, TokenAnswerFailure> {
  const { status } = answer;
  if (isTransientStatus(status)) return err({ kind: "unavailable", status });
  const members = readMembers(answer);
  const refused = members.ok ? oauthError(members.value, status, quirks) : undefined;
  if (refused) return err(refused);
  if (status < 200 || status > 299) return err({ kind: "status", status });
  return members.ok ? ok(members.value) : err({ kind: "unreadable", reason: members.error, status });
}

/** The `error` of an OAuth error answer, where there is a readable one. Never throws. */
export function oauthErrorOf(answer: RawTokenAnswer): string | undefined {
  const members = readMembers(answer);
  return members.ok ? oauthError(members.value, answer.status, standardTokenAnswer)?.error : undefined;
}

function readMembers(answer: RawTokenAnswer): Result<JsonObject, UnreadableReason> {
  const type = (answer.contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const isForm = type === "application/x-www-form-urlencoded";
  if (!isForm && type !== "text/json" && !/^application\/([\w.-]+\+)?json$/.test(type)) return err("content_type");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(answer.body);
  } catch {
    return err("encoding");
  }
  if (isForm) {
    const members = new Map<string, string>();
    for (const [name, value] of new URLSearchParams(text)) {
      if (members.has(name)) return err("parameter_repeated");
      members.set(name, value);
    }
    return ok(Object.fromEntries(members));
  }
  const value = parseJson(text);
  if (value === undefined) return err("syntax");
  return isJsonObject(value) ? ok(value) : err("not_an_object");
}

/** An `error` in the body is one whatever the status says; an empty or null one is no error. */
function oauthError(
  body: JsonObject,
  status: number,
  quirks: TokenAnswerQuirks,
): Extract<TokenAnswerFailure, { kind: "oauth_error" }> | undefined {
  const own = quirks.tokenError?.(body);
  const error = own ?? member(body, "error");
  if (own === undefined && (error === undefined || error === null || error === "" || error === false)) return undefined;
  const description = member(body, "error_description");
  return {
    kind: "oauth_error",
    // The characters of RFC 6749 §A.7; anything else is not a code that anybody could act on.
    error:
      typeof error === "string" && /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(error) ? error : "unreadable_error",
    description: typeof description === "string" ? description : null,
    status,
  };
}

/** 1*VSCHAR (RFC 6749 §A.12): a line break or a NUL in a token would break out of the header it is put into. */
export const isToken = (text: string): boolean => /^[\x20-\x7e]+$/.test(text);

/** The token, null for none (absent, `null`, empty), undefined for what is no token. */
function readOptionalToken(value: JsonValue | undefined): string | null | undefined {
  if (value === undefined || value === null || value === "") return null;
  return typeof value === "string" && isToken(value) ? value : undefined;
}

/** Without case (RFC 6749 §5.1); a missing one is Bearer, as nothing else could be meant without saying so. */
function readTokenType(value: JsonValue | undefined): "Bearer" | "DPoP" | undefined {
  if (value === undefined || value === null) return "Bearer";
  if (typeof value !== "string") return undefined;
  const type = value.trim().toLowerCase();
  if (type === "bearer" || type === "") return "Bearer";
  return type === "dpop" ? "DPoP" : undefined;
}

/** A string or a list of strings; an empty one names none (RFC 6749 §3.2: without a value is as if omitted). */
function readScopes(value: JsonValue | undefined, quirks: TokenAnswerQuirks): readonly string[] | null | undefined {
  if (value === undefined || value === null) return null;
  const list = typeof value === "string" ? [value] : value;
  if (!Array.isArray(list)) return undefined;
  const scopes = new Set<string>();
  for (const item of list) {
    if (typeof item !== "string") return undefined;
    for (const scope of item.split(quirks.scopeSeparator === "," ? /[\s,]+/ : /\s+/)) if (scope) scopes.add(scope);
  }
  return scopes.size === 0 ? null : [...scopes];
}

/** Seconds as a number or numeric text. Negative, not a number, a list: unknown. `Infinity` (JSON's 1e999) stays. */
function readSeconds(value: JsonValue | undefined): number | undefined {
  const number = typeof value === "string" && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value;
  return typeof number === "number" && number >= 0 ? Math.floor(number) : undefined;
}
