/**
 * What the payload of an ID token must say (OpenID Connect Core §3.1.3.7 steps 2 to 13). Pure; the signature has been
 * checked, which proves who wrote it and nothing about for whom, when and for which request.
 */
import { type HalfHashAlgorithm, halfHash } from "../crypto/digest.js";
import { type JsonObject, type JsonValue, member, stringMember } from "../kernel/json.js";
import { err, ok, type Result } from "../kernel/result.js";
import type { Duration, Instant } from "../kernel/time.js";
import type { AskedClaim } from "../providers/provider.js";
import type { IdTokenClaims } from "./types.js";

/** What one request expects of its ID token. */
export interface ExpectedIdToken {
  readonly issuer: string;
  readonly clientId: string;
  readonly now: Instant;
  readonly clockTolerance: Duration;
  /** Undefined: no nonce was sent, and none is compared. */
  readonly nonce: string | undefined;
  /** The access token that came beside it; `at_hash` is compared when it is there. */
  readonly accessToken: string | undefined;
  /** Seconds; 0 means "just now". Undefined: not asked for. */
  readonly maxAge: number | undefined;
}

export type IdTokenRefusal =
  | "iss"
  /** The tenant is not allowed, or is not the one that `iss` names. */
  | "tid"
  | "sub"
  | "aud"
  | "azp"
  | "exp"
  | "expired"
  | "iat"
  | "issued_in_future"
  | "nbf"
  | "nonce"
  | "at_hash"
  | "auth_time"
  | "typ"
  /** The account is not of the domain (Google) or organization (Auth0) that was asked for. */
  | AskedClaim;

/** Another kind of JWT of the same issuer is not an ID token, however well it is signed (RFC 8725 §3.11). */
const otherTypes: ReadonlySet<string> = new Set([
  "at+jwt",
  "logout+jwt",
  "secevent+jwt",
  "dpop+jwt",
  "token-introspection+jwt",
]);

/** Year 9999: a later time is no time, and `exp: 1e300` no promise (AT-26). */
const latestSecond = 253_402_300_799;

/** The claims, or the first check that failed. A whole-number `sub` becomes its decimal text (SI-16). */
export function checkIdTokenClaims(
  jwt: { readonly header: JsonObject; readonly payload: JsonObject; readonly alg: string },
  expected: ExpectedIdToken,
): Result<IdTokenClaims, IdTokenRefusal> {
  const { payload } = jwt;
  const now = expected.now / 1_000;
  const tolerance = expected.clockTolerance / 1_000;
  const type = (stringMember(jwt.header, "typ") ?? "").toLowerCase().replace(/^application\//, "");
  if (otherTypes.has(type)) return err("typ");

  const iss = member(payload, "iss");
  if (iss !== expected.issuer) return err("iss");
  const sub = subjectText(member(payload, "sub"));
  if (sub === undefined) return err("sub");
  const aud = member(payload, "aud");
  const audiences = audienceList(aud);
  if (!audiences?.includes(expected.clientId)) return err("aud");
  const azp = member(payload, "azp");
  if (azp === undefined ? audiences.length > 1 : azp !== expected.clientId) return err("azp");

  const exp = instant(member(payload, "exp"));
  if (exp === undefined) return err("exp");
  if (now >= exp + tolerance) return err("expired");
  const iat = instant(member(payload, "iat"));
  if (iat === undefined) return err("iat");
  if (iat > now + tolerance) return err("issued_in_future");
  const nbf = member(payload, "nbf");
  if (nbf !== undefined && (instant(nbf) ?? Number.POSITIVE_INFINITY) > now + tolerance) return err("nbf");

  if (expected.nonce !== undefined && member(payload, "nonce") !== expected.nonce) return err("nonce");
  const atHash = member(payload, "at_hash");
  if (expected.accessToken !== undefined && atHash !== undefined) {
    const hash = hashOf(jwt.alg);
    if (!hash || atHash !== halfHash(hash, expected.accessToken)) return err("at_hash");
  }
  if (expected.maxAge !== undefined) {
    const authTime = instant(member(payload, "auth_time"));
    if (authTime === undefined || authTime > now + tolerance) return err("auth_time");
    if (now - authTime > expected.maxAge + tolerance) return err("auth_time");
  }
  return ok({ ...payload, iss, sub, aud: aud as IdTokenClaims["aud"], exp, iat });
}

/** A subject as text: a string that is not empty, or a whole number in decimal; undefined for anything else. */
export function subjectText(value: JsonValue | undefined): string | undefined {
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** `aud` as a list; undefined when it is neither a string nor a list of strings. */
export function audienceList(value: JsonValue | undefined): readonly string[] | undefined {
  const list = typeof value === "string" ? [value] : value;
  if (!Array.isArray(list)) return undefined;
  const texts = list.filter((item): item is string => typeof item === "string" && item !== "");
  return texts.length === list.length ? texts : undefined;
}

/** A NumericDate that can be a time; undefined for text, negative numbers, `Infinity` and the year 10,000. */
export const instant = (value: JsonValue | undefined): number | undefined =>
  typeof value === "number" && value >= 0 && value <= latestSecond ? value : undefined;

/** The hash of an algorithm (§3.1.3.6). One that we do not know fails instead of being skipped (AT-27). */
function hashOf(alg: string): HalfHashAlgorithm | undefined {
  if (alg === "EdDSA" || alg === "Ed25519") return "sha512";
  const bits = /^(?:RS|PS|ES)(256|384|512)$/.exec(alg)?.[1];
  return bits === undefined ? undefined : (`sha${bits}` as HalfHashAlgorithm);
}
