/**
 * What is left of an ID token that is kept because a refresh brought no new one (AC-19). Who it is stays; what it said of
 * roles and groups is no news. Where they stand in ID tokens, nobody knows what they are now; where they never did,
 * userinfo is the one to say, and what it does not say is absent.
 */
import type { UnknownClaims } from "../../accounts/policy/decide-sign-in.js";
import { readClaim } from "../../kernel/claims.js";
import type { IdTokenClaims } from "../../oauth/types.js";

export function withoutOldNews(
  { roles, groups }: { readonly roles: string; readonly groups: string },
  old: IdTokenClaims,
): { readonly claims: IdTokenClaims; readonly untold: UnknownClaims } {
  const untold = (name: string) => (readClaim(old, name) === undefined ? null : ("not_told_again" as const));
  const names = new Set([roles, groups].flatMap((name) => [name, name.split(".")[0] ?? name]));
  const entries = Object.entries(old).filter(([name]) => !names.has(name) || whoItIs.has(name));
  // What must be there in an ID token is among what is kept.
  const claims = Object.fromEntries(entries) as unknown as IdTokenClaims;
  return { claims, untold: { roles: untold(roles), groups: untold(groups) } };
}

/** Kept whatever an operator reads roles from. */
const whoItIs: ReadonlySet<string> = new Set(["iss", "sub", "aud", "exp", "iat", "tid", "email", "email_verified"]);
