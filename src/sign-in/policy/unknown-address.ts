/**
 * What holds of somebody who is known while nobody can say what their address is (AC-19): a refreshed ID token may leave
 * it out, and userinfo was not there to be asked. As with roles that are unknown, nothing is taken for it (AC-12).
 */
import type { InstallationRules, Person, Told } from "../../accounts/policy/decide-sign-in.js";
import { readClaim } from "../../kernel/claims.js";
import type { Provider } from "../../providers/provider.js";
import type { IdentityRecord } from "../../store/records.js";
import type { UserinfoSaid } from "../collect-claims.js";

/** Not so where userinfo answered and names none, or where what was told cannot be read: that is in no domain (AC-5). */
export const isAddressUnknown = (
  { identity }: Person,
  claims: Told["claims"],
  emailClaim: string,
  userinfo: UserinfoSaid,
): boolean => identity.emailMadeUp && userinfo === "silent" && (readClaim(claims, emailClaim) ?? "") === "";

/** The domain stands as it was, and whom the operator named by the address that they had is not judged by roles (AC-9). */
export function withoutItsRules(
  provider: Provider,
  rules: InstallationRules,
  last: Pick<IdentityRecord, "email" | "emailVerified">,
): { readonly provider: Provider; readonly rules: InstallationRules } {
  const named = last.email !== null && last.emailVerified && rules.bootstrapAdmins.includes(last.email);
  return {
    provider: named ? { ...provider, roles: { ...provider.roles, fromClaims: false } } : provider,
    rules: { ...rules, allowedDomains: ["*"] },
  };
}
