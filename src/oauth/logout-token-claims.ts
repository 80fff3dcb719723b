/**
 * What a logout token must say (OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6). Pure, and total: any JSON in, a
 * verdict out.
 *
 * A provider signs ID tokens, access tokens and logout tokens with one key, so a good signature says nothing about the
 * kind. The kind is said by `typ`, by `events`, and by the absence of `nonce`, and all three are asked (RFC 8725 §3.11).
 *
 * Not here: the signature (signature), which sessions are meant (logout/policy).
 */
import { isJsonObject, type JsonObject, type JsonValue, member } from "../kernel/json.js";
import { err, ok, type Result } from "../kernel/result.js";
import { type Duration, type Instant, minutes, toInstant } from "../kernel/time.js";
import { audienceList, instant, subjectText } from "./id-token-claims.js";

/** What one endpoint expects of its logout tokens. */
export interface ExpectedLogoutToken {
  /** The configured issuer by which the provider was found. */
  readonly issuer: string;
  /** Our client ids at this issuer; `aud` has to name one of them. */
  readonly clientIds: readonly string[];
  /** Those of them whose provider may leave `exp` out. */
  readonly withoutExp?: readonly string[];
  readonly now: Instant;
  /** For times that lie ahead. The five minutes behind us are five minutes, a provider's slow clock included. */
  readonly clockTolerance: Duration;
}

/** What a logout token asks for, and what is kept so that it asks once. */
export interface LogoutRequest {
  readonly issuer: string;
  /** Those of our client ids that it is addressed to. */
  readonly clientIds: readonly string[];
  readonly sub: string | undefined;
  readonly sid: string | undefined;
  readonly jti: string;
  /** `iat`, by the provider's clock. */
  readonly issuedAt: Instant;
  /** From this moment on the token is refused for its age, and its `jti` need not be known any more. */
  readonly tooOldAt: Instant;
}

export type LogoutTokenRefusal =
  | "typ"
  | "iss"
  | "aud"
  | "azp"
  | "exp"
  | "expired"
  | "iat"
  | "issued_in_future"
  | "too_old"
  | "nbf"
  | "jti"
  | "events"
  | "nonce"
  | "sub"
  | "sid"
  | "nobody";

/** The member of `events` that makes a JWT a logout token. */
export const logoutEvent = "http://schemas.openid.net/event/backchannel-logout";

const oldest = minutes(5);
/** Longer than any provider's; it bounds a row of the database. */
const longestJti = 1_024;
const longestSid = 1_024;

/** The request, or the first check that failed. */
export function checkLogoutTokenClaims(
  jwt: { readonly header: JsonObject; readonly payload: JsonObject },
  expected: ExpectedLogoutToken,
): Result<LogoutRequest, LogoutTokenRefusal> {
  const { payload } = jwt;
  const now = expected.now / 1_000;
  const tolerance = expected.clockTolerance / 1_000;
  if (!isLogoutType(member(jwt.header, "typ"))) return err("typ");

  if (member(payload, "iss") !== expected.issuer) return err("iss");
  const audiences = audienceList(member(payload, "aud"));
  const addressed = expected.clientIds.filter((id) => audiences?.includes(id));
  if (addressed.length === 0) return err("aud");
  const azp = member(payload, "azp");
  const clientIds = azp === undefined ? addressed : addressed.filter((id) => id === azp);
  if (clientIds.length === 0) return err("azp");

  const exp = instant(member(payload, "exp"));
  const mayLackExp = member(payload, "exp") === undefined && clientIds.every((id) => expected.withoutExp?.includes(id));
  if (exp === undefined && !mayLackExp) return err("exp");
  if (exp !== undefined && now >= exp + tolerance) return err("expired");
  const iat = instant(member(payload, "iat"));
  if (iat === undefined) return err("iat");
  if (iat > now + tolerance) return err("issued_in_future");
  if (now - iat > oldest / 1_000) return err("too_old");
  const nbf = member(payload, "nbf");
  if (nbf !== undefined && (instant(nbf) ?? Number.POSITIVE_INFINITY) > now + tolerance) return err("nbf");

  const jti = name(member(payload, "jti"), longestJti);
  if (jti === undefined) return err("jti");
  const events = member(payload, "events");
  if (!isJsonObject(events) || !isJsonObject(member(events, logoutEvent))) return err("events");
  // §2.4: a logout token never has one, so that it can never pass for the ID token of a sign-in.
  if (member(payload, "nonce") !== undefined) return err("nonce");

  const [sub, sid] = [subjectText(member(payload, "sub")), name(member(payload, "sid"), longestSid)];
  if (sub === undefined && member(payload, "sub") !== undefined) return err("sub");
  if (sid === undefined && member(payload, "sid") !== undefined) return err("sid");
  if (sub === undefined && sid === undefined) return err("nobody");
  const tooOldAt = toInstant(Math.floor(iat * 1_000) + oldest + 1);
  const issuedAt = toInstant(Math.floor(iat * 1_000));
  return ok({ issuer: expected.issuer, clientIds: [...new Set(clientIds)], sub, sid, jti, issuedAt, tooOldAt });
}

/** Absent, `JWT` or `logout+jwt` (RFC 7515 §4.1.9: in any case, `application/` may be left out), and nothing else. */
function isLogoutType(typ: JsonValue | undefined): boolean {
  if (typ === undefined) return true;
  return typeof typ === "string" && /^(?:application\/)?(?:jwt|logout\+jwt)$/i.test(typ);
}

/** Text that can be a key: not empty, not endless, and the same in every database. */
function name(value: JsonValue | undefined, longest: number): string | undefined {
  if (typeof value !== "string" || value === "" || value.length > longest) return undefined;
  return value.isWellFormed() && !value.includes("\u0000") ? value : undefined;
}
