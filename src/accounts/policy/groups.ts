/**
 * What a sign-in does to somebody's groups, as a list of steps that says why (AC-14 to AC-17, AC-21). The list is whole:
 * what stays and what is passed over is in it too, so that an operator can read it.
 *
 * A claim has power only over memberships that this provider's claims gave, and only over groups that this provider's
 * claims made or that the operator opened: a group at the provider that bears the name of a privileged group here gets
 * nobody in. What nobody knows (*unknown*) changes nothing.
 */
import type { GroupId } from "../../kernel/ids.js";
import type { Pattern } from "../../kernel/pattern.js";
import type { ClaimResult } from "./claim-values.js";
import { defaultOrigin } from "./origin.js";

export interface GroupRules {
  readonly fromClaims: boolean;
  readonly create: boolean;
  readonly absent: "keep" | "empty";
  readonly join: "own" | "any";
  readonly blocked: readonly Pattern[];
  /** A group that new users join; null for none. */
  readonly default: string | null;
}

export interface KnownGroups {
  /** Those of the groups that the claim and the rules name which are there. */
  readonly existing: readonly { readonly id: GroupId; readonly name: string; readonly createdBy: string }[];
  /** The person's, each with its origin; none for somebody new. */
  readonly memberships: readonly { readonly id: GroupId; readonly name: string; readonly origin: string }[];
}

export type GroupStep =
  /** Made, and joined. */
  | { readonly kind: "create"; readonly name: string; readonly origin: string; readonly why: "in_claim" | "default" }
  | {
      readonly kind: "join";
      readonly name: string;
      readonly id: GroupId;
      readonly origin: string;
      readonly why: "in_claim" | "default";
    }
  | {
      readonly kind: "leave";
      readonly name: string;
      readonly id: GroupId;
      readonly origin: string;
      /** `not_opened`: the operator has closed the group to claims since. */
      readonly why: "not_in_claim" | "not_opened";
    }
  | {
      readonly kind: "keep";
      readonly name: string;
      readonly origin: string;
      readonly why: "in_claim" | "blocked" | "not_of_this_provider" | "claims_off" | "claim_absent" | "claim_unknown";
    }
  /** Named by the claim, and a pattern of `groups.blocked` fits. */
  | { readonly kind: "blocked"; readonly name: string; readonly pattern: string }
  /** Named by the claim, and not joined. `is_default`: it is being made for this new user, who is in it as such. */
  | { readonly kind: "ignored"; readonly name: string; readonly why: "no_such_group" | "not_opened" | "is_default" };

export function planGroups(
  claim: ClaimResult,
  known: KnownGroups,
  rules: GroupRules,
  person: { readonly isNew: boolean; readonly origin: string },
): readonly GroupStep[] {
  const named = namesIn(claim, rules);
  const joinsDefault = person.isNew && rules.default !== null;
  const fromDefault = joinsDefault ? [defaultStep(rules.default, known)] : [];
  if (typeof named === "string") return [...fromDefault, ...keepAll(known, person.origin, named)];

  const blockedBy = (name: string) => rules.blocked.find((pattern) => pattern.matches(name))?.text;
  const existing = new Map(known.existing.map((group) => [group.name, group]));
  const mine = new Map(
    known.memberships.filter(({ origin }) => origin === person.origin).map((one) => [one.name, one]),
  );
  const opened = (group: { createdBy: string }) => rules.join === "any" || group.createdBy === person.origin;

  const made = new Set(fromDefault.filter((step) => step.kind === "create").map((step) => step.name));

  const steps: GroupStep[] = [];
  const settled = new Set<string>();
  for (const name of named) {
    const pattern = blockedBy(name);
    const group = existing.get(name);
    if (pattern !== undefined) steps.push({ kind: "blocked", name, pattern });
    else if (made.has(name)) steps.push({ kind: "ignored", name, why: "is_default" });
    else if (group && !opened(group)) steps.push({ kind: "ignored", name, why: "not_opened" });
    else if (mine.has(name)) steps.push({ kind: "keep", name, origin: person.origin, why: "in_claim" });
    else if (group) steps.push({ kind: "join", name, id: group.id, origin: person.origin, why: "in_claim" });
    else if (rules.create) steps.push({ kind: "create", name, origin: person.origin, why: "in_claim" });
    else steps.push({ kind: "ignored", name, why: "no_such_group" });
    if (pattern === undefined && !(group && !opened(group))) settled.add(name);
  }
  const wanted = new Set(named);
  for (const { name, id, origin } of known.memberships) {
    if (origin !== person.origin) steps.push({ kind: "keep", name, origin, why: "not_of_this_provider" });
    else if (settled.has(name)) continue;
    else if (blockedBy(name) !== undefined) steps.push({ kind: "keep", name, origin, why: "blocked" });
    else steps.push({ kind: "leave", name, id, origin, why: wanted.has(name) ? "not_opened" : "not_in_claim" });
  }
  return [...fromDefault, ...steps];
}

/** The names that count; or why none does and everything stays. */
function namesIn(
  claim: ClaimResult,
  rules: GroupRules,
): readonly string[] | "claims_off" | "claim_absent" | "claim_unknown" {
  if (!rules.fromClaims) return "claims_off";
  switch (claim.kind) {
    case "values":
      return claim.values;
    case "empty":
      return [];
    case "absent":
      return rules.absent === "empty" ? [] : "claim_absent";
    case "unknown":
      return "claim_unknown";
    default:
      return claim satisfies never;
  }
}

function keepAll(
  known: KnownGroups,
  origin: string,
  why: "claims_off" | "claim_absent" | "claim_unknown",
): readonly GroupStep[] {
  return known.memberships.map((one) => ({
    kind: "keep",
    name: one.name,
    origin: one.origin,
    why: one.origin === origin ? why : "not_of_this_provider",
  }));
}

/** AC-17: made when it is not there. Being open to claims or blocked for them does not concern it. */
export function defaultStep(name: string, known: KnownGroups): GroupStep {
  const group = known.existing.find((one) => one.name === name);
  return group
    ? { kind: "join", name, id: group.id, origin: defaultOrigin, why: "default" }
    : { kind: "create", name, origin: defaultOrigin, why: "default" };
}
