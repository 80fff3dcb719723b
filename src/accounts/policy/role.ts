/**
 * Which role somebody has, once it is clear who they are and that they may come in (AC-9 to AC-12). The roles claim
 * decides only where the operator said so, and only by what it says: a claim that is missing or could not be had neither
 * gives a role nor, unless the operator wants that, takes one.
 */
import type { Pattern } from "../../kernel/pattern.js";
import type { ClaimResult } from "./claim-values.js";
import { defaultOrigin } from "./origin.js";

export interface RoleRules {
  /** Every role there is, least first. */
  readonly order: readonly string[];
  readonly default: string;
  readonly fromClaims: boolean;
  readonly allowed: readonly Pattern[];
  readonly admin: readonly Pattern[];
  /** When there are any, they replace `allowed` and `admin`. */
  readonly rules: readonly { readonly when: readonly Pattern[]; readonly role: string }[];
  readonly noMatch: "deny" | "default";
  readonly absent: { readonly newUser: "deny" | "default"; readonly knownUser: "keep" | "deny" | "default" };
}

/** The person as far as their role is concerned; null for somebody new. */
export interface RoleHolder {
  readonly role: string;
  /** The only enabled admin there is. */
  readonly lastAdmin: boolean;
  /** The only user there is, and `roles.healLoneUser` is on. */
  readonly heal: boolean;
}

export type RoleRefusal = "account.role_refused" | "account.roles_absent" | "account.roles_unknown";

/** What the rules say, with the rule that said it, for audit events and `claims explain`. */
export type RoleOutcome =
  | { readonly kind: "set"; readonly role: string; readonly origin: string; readonly rule: string }
  | { readonly kind: "keep"; readonly role: string; readonly rule: string }
  /** The rules would have taken `admin` from the only admin. */
  | { readonly kind: "last_admin_kept"; readonly role: "admin"; readonly wanted: string; readonly rule: string }
  | { readonly kind: "refuse"; readonly reason: RoleRefusal; readonly rule: string };

export function decideRole(
  claim: ClaimResult,
  holder: RoleHolder | null,
  rules: RoleRules,
  provider: string,
): RoleOutcome {
  const said = rules.fromClaims ? whatClaimSays(claim, holder, rules, `claims:${provider}`) : null;
  const outcome = said ?? withoutClaims(holder, rules);
  if (outcome.kind === "refuse" || holder === null) return outcome;
  if (holder.heal && outcome.role !== "admin") {
    return { kind: "set", role: "admin", origin: "healed", rule: "roles.healLoneUser" };
  }
  if (outcome.kind === "set" && outcome.role !== "admin" && holder.lastAdmin) {
    return { kind: "last_admin_kept", role: "admin", wanted: outcome.role, rule: outcome.rule };
  }
  return outcome;
}

/** AC-10: new users get the default, known users keep theirs. */
const withoutClaims = (holder: RoleHolder | null, rules: RoleRules): RoleOutcome =>
  holder === null
    ? { kind: "set", role: rules.default, origin: defaultOrigin, rule: "roles.default" }
    : { kind: "keep", role: holder.role, rule: "roles.fromClaims" };

/** The table of AC-12. */
function whatClaimSays(claim: ClaimResult, holder: RoleHolder | null, rules: RoleRules, origin: string): RoleOutcome {
  switch (claim.kind) {
    case "values": {
      const best = highestMatch(claim.values, rules);
      if (best) return { kind: "set", role: best.role, origin, rule: best.rule };
      return ruled(rules.noMatch, "account.role_refused", "roles.noMatch", holder, rules);
    }
    case "empty":
      return ruled(rules.noMatch, "account.role_refused", "roles.noMatch", holder, rules);
    case "absent":
      return holder === null
        ? ruled(rules.absent.newUser, "account.roles_absent", "roles.absent.newUser", holder, rules)
        : ruled(rules.absent.knownUser, "account.roles_absent", "roles.absent.knownUser", holder, rules);
    case "unknown":
      return holder === null
        ? { kind: "refuse", reason: "account.roles_unknown", rule: claim.reason }
        : { kind: "keep", role: holder.role, rule: claim.reason };
    default:
      return claim satisfies never;
  }
}

function ruled(
  choice: "keep" | "deny" | "default",
  reason: RoleRefusal,
  rule: string,
  holder: RoleHolder | null,
  rules: RoleRules,
): RoleOutcome {
  if (choice === "deny") return { kind: "refuse", reason, rule };
  if (choice === "keep" && holder) return { kind: "keep", role: holder.role, rule };
  return { kind: "set", role: rules.default, origin: defaultOrigin, rule };
}

/** Of all rules that fit, the one whose role is highest in the operator's order; of equals the first. */
function highestMatch(values: readonly string[], rules: RoleRules): { role: string; rule: string } | undefined {
  let best: { role: string; rule: string } | undefined;
  for (const candidate of candidates(rules)) {
    if (best && rules.order.indexOf(candidate.role) <= rules.order.indexOf(best.role)) continue;
    const hit = candidate.when.find((pattern) => values.some((value) => pattern.matches(value)));
    if (hit) best = { role: candidate.role, rule: `${candidate.name}: ${hit.text}` };
  }
  return best;
}

const candidates = (rules: RoleRules) =>
  rules.rules.length > 0
    ? rules.rules.map((rule, index) => ({ ...rule, name: `roles.rules.${index}` }))
    : [
        { role: "admin", when: rules.admin, name: "roles.admin" },
        { role: "user", when: rules.allowed, name: "roles.allowed" },
      ];
