/**
 * What holds of somebody who is known while nobody can say what their address is, or whether it is verified (AC-19): a
 * refreshed ID token may leave either out, and userinfo was not there to be asked. As with roles that are unknown, nothing
 * is taken for it (AC-12).
 */
import type { InstallationRules, Person, Told } from "../accounts/policy/decide-sign-in.js";
import { domainAllowed } from "../accounts/policy/email.js";
import { isTrustUntold } from "../accounts/policy/identity.js";
import { readClaim } from "../kernel/claims.js";
import type { Provider } from "../providers/provider.js";
import type { IdentityRecord } from "../store/records.js";
import type { UserinfoSaid } from "./collect-claims.js";

/** What is not known: the address, or of the one that was told whether it is verified. */
export type UnknownOfAddress = "address" | "verified";

/** Null where userinfo answered, or where what was told cannot be read: that is in no domain (AC-5). */
export function unknownOfAddress(
  { identity }: Person,
  claims: Told["claims"],
  provider: Provider,
  userinfo: UserinfoSaid,
): UnknownOfAddress | null {
  if (userinfo !== "silent") return null;
  if (identity.emailMadeUp) return (readClaim(claims, provider.claims.email) ?? "") === "" ? "address" : null;
  return isTrustUntold(claims, provider) ? "verified" : null;
}

type LastAddress = Pick<IdentityRecord, "email" | "emailVerified">;

/** Whether what was known of the address last may still hold: not of another one that was told meanwhile. */
export const lastMayHold = (unknown: UnknownOfAddress, { identity }: Person, last: LastAddress): boolean =>
  unknown === "address" || identity.email === last.email;

/**
 * The domain stands as it was, and whom the operator named by the address that they had is not judged by roles (AC-9). An
 * address that was told and is in no allowed domain is refused all the same: no flag could change that.
 */
export function withoutItsRules(
  unknown: UnknownOfAddress,
  person: Person,
  provider: Provider,
  rules: InstallationRules,
  last: LastAddress,
): { readonly provider: Provider; readonly rules: InstallationRules } {
  const mayHold = lastMayHold(unknown, person, last);
  const named = mayHold && last.email !== null && last.emailVerified && rules.bootstrapAdmins.includes(last.email);
  const stands = unknown === "address" || domainAllowed(person.identity.email, rules.allowedDomains);
  return {
    provider: named ? { ...provider, roles: { ...provider.roles, fromClaims: false } } : provider,
    rules: stands ? { ...rules, allowedDomains: ["*"] } : rules,
  };
}
