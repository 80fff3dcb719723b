/**
 * What an assertion says, and what one must say to be believed (LO-11). Pure.
 *
 * `typ` keeps it apart from everything else that is signed anywhere: it is no ID token, no access token of RFC 9068 and
 * no logout token, and none of those is one (RFC 8725 §3.11).
 *
 * Not here: the signature, and whether its session still lives: that is asked each time.
 */
import { longestAssertionLifetime } from "../../kernel/assertion-limits.js";
import { isId, type SessionId, type UserId } from "../../kernel/ids.js";
import type { JsonObject } from "../../kernel/json.js";
import { member, stringMember } from "../../kernel/json.js";
import { err, ok, type Result } from "../../kernel/result.js";
import { type Duration, type Instant, minutes, toInstant } from "../../kernel/time.js";

/** The `typ` of its header. */
export const assertionType = "latchkey-assertion+jwt";
/** Between the clocks of our own nodes. Only for times ahead: what has ended has ended. */
const ownClocks = minutes(1);

/** The person and the session that an assertion is about. */
export interface AboutWhom {
  readonly user: {
    readonly id: UserId;
    readonly email: string;
    readonly emailVerified: boolean;
    readonly name: string;
    readonly role: string;
    readonly groups: readonly string[];
  };
  readonly session: { readonly id: SessionId; readonly expiresAt: Instant };
}

/** The claims, and when they end: with the lifetime, or with the session if that is sooner. */
export function assertionClaims(
  { user, session }: AboutWhom,
  of: {
    readonly issuer: string;
    readonly audience: string;
    readonly jti: string;
    readonly now: Instant;
    readonly lifetime: Duration;
  },
): { readonly claims: JsonObject; readonly expiresAt: Instant } {
  const iat = Math.floor(of.now / 1_000);
  const exp = Math.min(iat + Math.floor(of.lifetime / 1_000), Math.floor(session.expiresAt / 1_000));
  const claims = {
    iss: of.issuer,
    sub: user.id,
    sid: session.id,
    aud: of.audience,
    iat,
    exp,
    jti: of.jti,
    email: user.email,
    email_verified: user.emailVerified,
    name: user.name,
    role: user.role,
    groups: [...user.groups],
  };
  return { claims, expiresAt: toInstant(exp * 1_000) };
}

export type AssertionRefusal = "typ" | "iss" | "aud" | "exp" | "expired" | "iat" | "lifetime" | "sub" | "sid" | "jti";

/** What an assertion proves, once its signature has been checked. */
export interface ProvenAssertion {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly audience: string;
  readonly jti: string;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
}

/** @param expected.audiences those whose assertions are taken here; none others */
export function checkAssertion(
  { header, payload }: { readonly header: JsonObject; readonly payload: JsonObject },
  expected: { readonly issuer: string; readonly audiences: readonly string[]; readonly now: Instant },
): Result<ProvenAssertion, AssertionRefusal> {
  const [iat, exp, aud] = [member(payload, "iat"), member(payload, "exp"), member(payload, "aud")];
  const [sub, sid, jti] = [stringMember(payload, "sub"), stringMember(payload, "sid"), stringMember(payload, "jti")];
  if (member(header, "typ") !== assertionType) return err("typ");
  if (member(payload, "iss") !== expected.issuer) return err("iss");
  if (typeof aud !== "string" || !expected.audiences.includes(aud)) return err("aud");
  if (typeof exp !== "number" || !Number.isFinite(exp)) return err("exp");
  if (exp * 1_000 <= expected.now) return err("expired");
  if (typeof iat !== "number" || iat * 1_000 > expected.now + ownClocks) return err("iat");
  // No key of ours ever signed one that is good for longer: whoever did is not us.
  if ((exp - iat) * 1_000 > longestAssertionLifetime) return err("lifetime");
  if (sub === undefined || !isId(sub)) return err("sub");
  if (sid === undefined || !isId(sid)) return err("sid");
  if (jti === undefined) return err("jti");
  return ok({
    userId: sub as UserId,
    sessionId: sid as SessionId,
    audience: aud,
    jti,
    issuedAt: toInstant(iat * 1_000),
    expiresAt: toInstant(exp * 1_000),
  });
}
