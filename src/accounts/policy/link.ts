/**
 * May this identity be added to that account, and may that one be taken away (AC-4)? Pure: asked inside the transaction
 * that writes, and for unlinking once more by the page, which says beforehand what would be refused.
 */
import type { IdentityId, UserId } from "../../kernel/ids.js";
import { type AccountRules, passesDomains } from "./decide.js";
import type { IncomingIdentity } from "./identity.js";
import { defaultOrigin } from "./origin.js";
import type { RoleOutcome, RoleRefusal, RoleRules } from "./role.js";

/** What the store knows that bears on adding an identity to an account, read in one transaction. */
export interface LinkFacts {
  /** Who asked; undefined when the user is gone. */
  readonly user: { readonly id: UserId; readonly disabled: boolean; readonly role: string } | undefined;
  /** Whether the session that asked is still one. */
  readonly sessionLives: boolean;
  /** The user of this (issuer, subject), when there is one. */
  readonly takenBy: UserId | undefined;
  /** The issuers of the identities that the user has. */
  readonly issuers: readonly string[];
}

export type LinkRefusal =
  | "account.disabled"
  | "account.domain_refused"
  | "account.pending"
  | RoleRefusal
  | "account.groups_too_many"
  | "link.identity_taken"
  | "link.issuer_taken"
  | "link.session_changed";

/** Why the identity must not be added; undefined when it may. */
export function refuseLink(
  identity: IncomingIdentity,
  facts: LinkFacts,
  rules: Pick<AccountRules, "allowedDomains">,
): LinkRefusal | undefined {
  const { user, takenBy, issuers } = facts;
  if (!user || !facts.sessionLives) return "link.session_changed";
  if (user.disabled) return "account.disabled";
  if (user.role === "pending") return "account.pending";
  // The next sign-in with it would be refused (AC-5): a method that leads nowhere is not worth having.
  if (!passesDomains(identity, rules)) return "account.domain_refused";
  if (takenBy !== undefined && takenBy !== user.id) return "link.identity_taken";
  return issuers.includes(identity.issuer) ? "link.issuer_taken" : undefined;
}

/** One of a person's identities, and whether its provider lets anybody in. */
export interface OwnIdentity {
  readonly id: IdentityId;
  readonly usable: boolean;
}

/** Why the identity must not be taken away; undefined when it may. One that leads in always stays. */
export function refuseUnlink(
  id: string,
  own: readonly OwnIdentity[],
): "link.not_found" | "link.last_identity" | undefined {
  if (!own.some((identity) => identity.id === id)) return "link.not_found";
  return own.some((identity) => identity.id !== id && identity.usable) ? undefined : "link.last_identity";
}

/** The roles that are more than the default: what claims gave of these does not outlive the provider's word. */
export const rolesAboveDefault = ({ order, default: least }: Pick<RoleRules, "order" | "default">): readonly string[] =>
  order.slice(order.indexOf(least) + 1);

/**
 * The role of somebody who takes a sign-in method away, or whose provider the operator removed. One that its claims gave
 * goes with them: it was the provider's word, and nobody's else. What is left is the default, but never more than there
 * was, and never no admin. A sign-in by another method says what that one gives.
 *
 * @param providers the ids by which its claims may have given one: a role's origin names no issuer
 * @param rule what it came of, for the audit trail
 */
export function roleAfterUnlink(
  user: { readonly role: string; readonly roleOrigin: string; readonly lastAdmin: boolean },
  providers: readonly string[],
  rules: Pick<RoleRules, "order" | "default">,
  rule: string,
): Exclude<RoleOutcome, { kind: "refuse" }> {
  const rank = (role: string) => rules.order.indexOf(role);
  const keep = { kind: "keep", role: user.role, rule } as const;
  const given = providers.some((provider) => user.roleOrigin === `claims:${provider}`);
  if (!given || rank(user.role) <= rank(rules.default)) return keep;
  if (user.lastAdmin) return { kind: "last_admin_kept", role: "admin", wanted: rules.default, rule };
  return { kind: "set", role: rules.default, origin: defaultOrigin, rule };
}
