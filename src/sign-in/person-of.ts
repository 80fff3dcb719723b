/** What one sign-in asks of the decision: the installation's rules, and the person as their claims describe them. */
import { type InstallationRules, type Person, readPerson, type Told } from "../accounts/policy/decide-sign-in.js";
import { madeUpDomain } from "../accounts/policy/identity.js";
import { sha256Hex } from "../crypto/digest.js";
import type { Flow } from "../flows/flow.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { Provider } from "../providers/provider.js";
import type { SignInPorts } from "./ports.js";

/** @throws LatchkeyError `signin.subject_invalid` · `signin.email_missing` · `signin.email_invalid` */
export function personOf(
  ports: Pick<SignInPorts, "log">,
  provider: Provider,
  told: Told,
  rules: InstallationRules,
): Person {
  const read = readPerson(provider, told, rules);
  if (!read.ok) throw new LatchkeyError(read.error, { data: { provider: provider.id } });
  for (const claim of ["roles", "groups"] as const) {
    const { dropped } = read.value[claim];
    const some = provider[claim].fromClaims && dropped.wrongType + dropped.tooLong + dropped.malformed > 0;
    if (some) ports.log.warn({ provider: provider.id, claim, ...dropped }, "values of a claim were dropped");
  }
  return read.value;
}

/** @param flow of a sign-in under way; whoever only wants to know has none, and no set-up link */
export const rulesOf = (
  ports: Pick<SignInPorts, "accounts" | "openToFirstPerson">,
  flow: Pick<Flow, "setup">,
): InstallationRules => ({
  ...ports.accounts,
  firstPerson: ports.openToFirstPerson ? "open" : flow.setup ? "has_link" : "needs_link",
  fallbackEmail: ports.accounts.emailFallback ? madeUpEmail : null,
});

/** Of somebody who is known by their identity: they need no address, and one that cannot be read is made up (AC-19). */
export const rulesOfKnown = (ports: Pick<SignInPorts, "accounts" | "openToFirstPerson">): InstallationRules => ({
  ...rulesOf(ports, { setup: null }),
  fallbackEmail: madeUpEmail,
  fallbackForUnreadable: true,
});

/** SI-18: a stable address under a domain that can never receive mail (RFC 2606 §2). */
const madeUpEmail = (issuer: string, subject: string): string =>
  `${sha256Hex(JSON.stringify([issuer, subject])).slice(0, 40)}@${madeUpDomain}`;

/** The operator's keys, as the decision wants them. */
export const accountSettings = <SignIn extends object>(config: {
  readonly signIn: SignIn;
  readonly roles: { readonly order: readonly string[]; readonly default: string; readonly healLoneUser: boolean };
  readonly limits: { readonly groupsPerClaim: number };
}) => ({
  ...config.signIn,
  roleOrder: config.roles.order,
  defaultRole: config.roles.default,
  healLoneUser: config.roles.healLoneUser,
  groupsPerClaim: config.limits.groupsPerClaim,
});
