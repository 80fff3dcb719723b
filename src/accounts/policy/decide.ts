/**
 * Who is this here, and may they come in? The whole decision as one pure function of (identity, what is known, rules):
 * it is run once before the transaction to know whom to seal for, and once inside it, where it counts.
 *
 * The order is admit → decide role → write; a refusal carries a reason and changes nothing (AC-6).
 */
import type { UserId } from "../../kernel/ids.js";
import { domainAllowed } from "./email.js";
import type { IncomingIdentity } from "./identity.js";

/** What the store knows that bears on this identity, read in one transaction. */
export interface KnownAccounts {
  /** The user of this (issuer, subject). */
  readonly bySubject: KnownUser | undefined;
  /** The user of this e-mail address. */
  readonly byEmail: (KnownUser & { readonly hasIdentityOfIssuer: boolean }) | undefined;
  /** Not a single user exists. */
  readonly empty: boolean;
}
export interface KnownUser {
  readonly id: UserId;
  readonly disabled: boolean;
  /** False: made by an operator, waiting for its person (AC-3). */
  readonly claimed: boolean;
  readonly emailVerified: boolean;
  readonly role: string;
}

export interface AccountRules {
  readonly signUp: boolean;
  readonly allowedDomains: readonly string[];
  readonly linking: "deny" | "verified-email";
  /** Normalised addresses. When there are any, the first-person rule is off (AC-9). */
  readonly bootstrapAdmins: readonly string[];
  readonly defaultRole: string;
  /** How the first person gets in: by being first (loopback), or only by the one-time set-up link. */
  readonly firstPerson: "open" | "needs_link" | "has_link";
}

/** A role, and why. */
export interface RoleDecision {
  readonly role: string;
  readonly origin: "first-user" | "bootstrap" | "default";
}

export type AccountRefusal =
  | "account.disabled"
  | "account.domain_refused"
  | "account.sign_up_closed"
  | "link.email_taken"
  | "link.issuer_taken"
  | "signin.setup_required";

export type AccountDecision =
  /** A returning identity; `role` only when it changes. */
  | { readonly kind: "update"; readonly userId: UserId; readonly role: RoleDecision | null }
  /** The first identity of a user that an operator made beforehand. */
  | { readonly kind: "claim"; readonly userId: UserId; readonly role: RoleDecision | null }
  /** A further identity of a user with the same, verified, address. */
  | { readonly kind: "link"; readonly userId: UserId; readonly role: RoleDecision | null }
  | { readonly kind: "create"; readonly role: RoleDecision }
  | { readonly kind: "refuse"; readonly reason: AccountRefusal; readonly userId: UserId | null };

export function decideAccount(identity: IncomingIdentity, known: KnownAccounts, rules: AccountRules): AccountDecision {
  const user = known.bySubject ?? known.byEmail;
  const refuse = (reason: AccountRefusal): AccountDecision => ({ kind: "refuse", reason, userId: user?.id ?? null });

  if (!passesDomains(identity, rules)) return refuse("account.domain_refused");
  const bootstrap = isBootstrapAdmin(identity, rules);
  const promoted = (role: string): RoleDecision | null =>
    bootstrap && role !== "admin" ? { role: "admin", origin: "bootstrap" } : null;

  if (known.bySubject) {
    const { id, disabled, role } = known.bySubject;
    return disabled ? refuse("account.disabled") : { kind: "update", userId: id, role: promoted(role) };
  }
  if (known.byEmail) {
    const { id, disabled, claimed, role } = known.byEmail;
    // Checked before `disabled`: a stranger with an unproven address must not learn what became of an account.
    if (!claimed) {
      if (!identity.emailVerified) return refuse("link.email_taken");
      return disabled ? refuse("account.disabled") : { kind: "claim", userId: id, role: promoted(role) };
    }
    const mayLink = rules.linking === "verified-email" && identity.emailVerified && known.byEmail.emailVerified;
    if (!mayLink) return refuse("link.email_taken");
    if (known.byEmail.hasIdentityOfIssuer) return refuse("link.issuer_taken");
    return disabled ? refuse("account.disabled") : { kind: "link", userId: id, role: promoted(role) };
  }
  // The address of an admin to be, unproven: whoever got an account with it would keep the real one out.
  if (!identity.emailVerified && rules.bootstrapAdmins.includes(identity.email))
    return refuse("account.sign_up_closed");
  if (bootstrap) return { kind: "create", role: { role: "admin", origin: "bootstrap" } };
  if (known.empty && rules.bootstrapAdmins.length === 0) {
    if (rules.firstPerson === "needs_link") return refuse("signin.setup_required");
    return { kind: "create", role: { role: "admin", origin: "first-user" } };
  }
  if (!rules.signUp) return refuse("account.sign_up_closed");
  return { kind: "create", role: { role: rules.defaultRole, origin: "default" } };
}

/** An address that nobody verified is in no domain: it only passes where every domain does (AC-5). */
export const passesDomains = (
  identity: Pick<IncomingIdentity, "email" | "emailVerified">,
  rules: Pick<AccountRules, "allowedDomains">,
): boolean =>
  rules.allowedDomains.includes("*") || (identity.emailVerified && domainAllowed(identity.email, rules.allowedDomains));

export const isBootstrapAdmin = (identity: IncomingIdentity, rules: Pick<AccountRules, "bootstrapAdmins">): boolean =>
  identity.emailVerified && rules.bootstrapAdmins.includes(identity.email);
