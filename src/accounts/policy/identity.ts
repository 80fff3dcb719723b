/** From collected claims to the identity that wants in: pure, so that it can be printed, replayed and table-tested. */
import { readClaim, readVerifiedFlag } from "../../kernel/claims.js";
import type { JsonObject } from "../../kernel/json.js";
import { err, ok, type Result } from "../../kernel/result.js";
import { readSubject, readText } from "./claim.js";
import { isFolded, isVerified, normaliseEmail } from "./email.js";

/** What the decision needs of the person at the door. */
export interface IncomingIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** The provider's real `sub`. */
  readonly sub: string;
  readonly email: string;
  /** Whether the address proves anything: verified by the provider, or vouched for by the operator. */
  readonly emailVerified: boolean;
  /** True for an address that we made up (SI-18): never linked, never mailed. */
  readonly emailMadeUp: boolean;
  /** Undefined when the provider gave none: the e-mail stands in (AC-7). */
  readonly name: string | undefined;
  readonly picture: string | undefined;
}

export interface IdentityRules {
  readonly claims: { subject: string; email: string; name: string; picture: string | null };
  readonly emailVerified: "claim" | "always";
  /** The address to use when there is none; null when the operator wants a refusal. */
  readonly fallbackEmail: ((issuer: string, subject: string) => string) | null;
  /** Uses it also for an address that cannot be read: of somebody who is known without one (AC-19). @default false */
  readonly fallbackForUnreadable?: boolean | undefined;
}

/** Where made-up addresses lie; RFC 2606 §2 reserves `.invalid`, so none of them can ever receive mail. */
export const madeUpDomain = "identity.invalid";

export type IdentityProblem = "signin.subject_invalid" | "signin.email_missing" | "signin.email_invalid";

export function mapIdentity(
  issuer: string,
  claims: JsonObject,
  rules: IdentityRules,
): Result<IncomingIdentity, IdentityProblem> {
  const subject = readSubject(claims, rules.claims.subject);
  const sub = readSubject(claims, "sub");
  if (subject === undefined || sub === undefined) return err("signin.subject_invalid");

  const picture = rules.claims.picture === null ? undefined : readPicture(claims, rules.claims.picture);
  const rest = { issuer, subject, sub, name: readText(claims, rules.claims.name), picture };
  const madeUp = (make: NonNullable<IdentityRules["fallbackEmail"]>): Result<IncomingIdentity, IdentityProblem> =>
    ok({ ...rest, email: make(issuer, subject), emailVerified: false, emailMadeUp: true });
  const raw = readClaim(claims, rules.claims.email);
  if (raw === undefined || raw === null || raw === "") {
    return rules.fallbackEmail ? madeUp(rules.fallbackEmail) : err("signin.email_missing");
  }
  const email = normaliseEmail(raw);
  // Ours alone (SI-18): whoever claimed somebody's made-up address first would keep that person out for good.
  if (!email.ok || email.value.endsWith(`@${madeUpDomain}`)) {
    return rules.fallbackEmail && rules.fallbackForUnreadable
      ? madeUp(rules.fallbackEmail)
      : err("signin.email_invalid");
  }
  const emailVerified = trusted.has(emailTrust(claims, rules));
  return ok({ ...rest, email: email.value, emailVerified, emailMadeUp: false });
}

/** Whether the address proves anything, and why. The first two do. */
export type EmailTrust = "verified_claim" | "vouched_for" | "not_verified" | "folded" | "made_up";

const trusted: ReadonlySet<EmailTrust> = new Set(["verified_claim", "vouched_for"]);

/** Of claims that `mapIdentity` has read. */
export function emailTrust(claims: JsonObject, rules: Pick<IdentityRules, "claims" | "emailVerified">): EmailTrust {
  const raw = readClaim(claims, rules.claims.email);
  if (typeof raw !== "string" || raw === "") return "made_up";
  const claimed = isVerified(readVerifiedFlag(claims, rules.claims.email));
  if (!claimed && rules.emailVerified !== "always") return "not_verified";
  // The provider verified what it wrote, not what that becomes.
  if (isFolded(raw)) return "folded";
  return claimed ? "verified_claim" : "vouched_for";
}

/** True where nothing says whether the address is verified, neither yes nor no, and a word on it would count. */
export function isTrustUntold(claims: JsonObject, rules: Pick<IdentityRules, "claims" | "emailVerified">): boolean {
  const raw = readClaim(claims, rules.claims.email);
  if (emailTrust(claims, rules) !== "not_verified" || typeof raw !== "string") return false;
  return readVerifiedFlag(claims, rules.claims.email) === null && !isFolded(raw);
}

/** Only an https URL: other schemes have no business in a page or in an app's image tag. */
function readPicture(claims: JsonObject, name: string): string | undefined {
  const text = readClaim(claims, name);
  if (typeof text !== "string" || text.length > 2_048 || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === "https:" && !url.username && !url.password ? url.href : undefined;
}
