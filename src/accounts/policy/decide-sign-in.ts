/**
 * The whole decision about one sign-in, as one pure function: who it is, whether they come in, with which role, into
 * which groups, and by which rule. A sign-in acts on it; whoever only wants to know prints it. The order is admit →
 * decide role → plan groups; a refusal at any point means that nothing is written (AC-6).
 */
import type { UserId } from "../../kernel/ids.js";
import type { JsonObject } from "../../kernel/json.js";
import { ok, type Result } from "../../kernel/result.js";
import { type ClaimReading, type ClaimResult, readValues, type UnknownReason } from "./claim-values.js";
import {
  type AccountDecision,
  type AccountRefusal,
  type AccountRules,
  decideAccount,
  isBootstrapAdmin,
  type KnownAccounts,
} from "./decide.js";
import { type GroupRules, type GroupStep, type KnownGroups, planGroups } from "./groups.js";
import { type IdentityProblem, type IdentityRules, type IncomingIdentity, mapIdentity } from "./identity.js";
import { claimsOrigin, defaultOrigin } from "./origin.js";
import { decideRole, type RoleHolder, type RoleOutcome, type RoleRefusal, type RoleRules } from "./role.js";

/** What the operator said of the provider. */
export interface ProviderRules {
  readonly id: string;
  readonly claims: IdentityRules["claims"] & {
    readonly roles: string;
    readonly groups: string;
    readonly rolesSeparator: string;
    readonly groupsSeparator: string;
  };
  readonly emailVerified: IdentityRules["emailVerified"];
  readonly signUp: boolean;
  readonly roles: Omit<RoleRules, "order">;
  readonly groups: GroupRules;
}

/** What the provider said of the person. */
export interface Told {
  readonly issuer: string;
  readonly claims: JsonObject;
  /** Claims that should have come and could not be had. */
  readonly unknown: UnknownClaims;
}
export interface UnknownClaims {
  readonly roles: UnknownReason | null;
  readonly groups: UnknownReason | null;
}
export const nothingUnknown: UnknownClaims = { roles: null, groups: null };

/** What is in the store, read in one transaction. */
export interface KnownFacts {
  readonly accounts: KnownAccounts;
  /** Of the user whose identity or address this is; null where there is none. */
  readonly roleOrigin: string | null;
  /** That user is the only enabled admin. */
  readonly lastAdmin: boolean;
  /** That user is the only one there is. */
  readonly onlyUser: boolean;
  readonly groups: KnownGroups;
}

/** What holds for the whole installation. */
export interface InstallationRules
  extends Pick<AccountRules, "allowedDomains" | "linking" | "bootstrapAdmins" | "firstPerson"> {
  readonly fallbackEmail: IdentityRules["fallbackEmail"];
  readonly fallbackForUnreadable?: IdentityRules["fallbackForUnreadable"];
  readonly roleOrder: readonly string[];
  readonly healLoneUser: boolean;
  readonly groupsPerClaim: number;
}

/** A role that is to be written. */
export interface RoleChange {
  readonly role: string;
  /** `first-user` · `bootstrap` · `default` · `healed` · `claims:<provider>` */
  readonly origin: string;
  readonly rule: string;
}
/** Somebody comes in; `role` only when it, or where it comes from, changes. */
export type Admission =
  | { readonly kind: "update" | "claim" | "link"; readonly userId: UserId; readonly role: RoleChange | null }
  | { readonly kind: "create"; readonly role: RoleChange };

export type SignInRefusal = AccountRefusal | RoleRefusal | "account.groups_too_many";

/** Who it is, and what the claims were read as. */
export interface Person {
  readonly identity: IncomingIdentity;
  readonly roles: ClaimReading;
  readonly groups: ClaimReading;
}

type GivenRole = Exclude<RoleOutcome, { kind: "refuse" }>;

export type SignInDecision =
  | { readonly kind: "unreadable"; readonly problem: IdentityProblem }
  | {
      readonly kind: "refuse";
      readonly person: Person;
      readonly reason: SignInRefusal;
      /** The key that said it; null where the reason says it all. */
      readonly rule: string | null;
      readonly userId: UserId | null;
      /** A known person whom role or domain rules turn away is out everywhere, not only here (AC-12). */
      readonly signOutEverywhere: boolean;
    }
  | {
      readonly kind: "admit";
      readonly person: Person;
      readonly account: Admission;
      readonly role: GivenRole;
      readonly groups: readonly GroupStep[];
    };

/** The part that needs nothing from the store: it says what has to be read there. */
export function readPerson(
  provider: ProviderRules,
  told: Told,
  rules: Pick<InstallationRules, "fallbackEmail" | "fallbackForUnreadable">,
): Result<Person, IdentityProblem> {
  const { claims, emailVerified } = provider;
  const { fallbackEmail, fallbackForUnreadable } = rules;
  const identityRules = { claims, emailVerified, fallbackEmail, fallbackForUnreadable };
  const identity = mapIdentity(told.issuer, told.claims, identityRules);
  if (!identity.ok) return identity;
  return ok({
    identity: identity.value,
    roles: readValues(told.claims, claims.roles, claims.rolesSeparator, told.unknown.roles),
    groups: readValues(told.claims, claims.groups, claims.groupsSeparator, told.unknown.groups),
  });
}

export function decideSignIn(
  provider: ProviderRules,
  told: Told,
  known: KnownFacts,
  rules: InstallationRules,
): SignInDecision {
  const read = readPerson(provider, told, rules);
  if (!read.ok) return { kind: "unreadable", problem: read.error };
  const person = read.value;
  const user = known.accounts.bySubject;
  const refuse = (reason: SignInRefusal, rule: string | null, userId: UserId | null): SignInDecision => ({
    kind: "refuse",
    person,
    reason,
    rule,
    userId,
    // Only where the identity itself is known: an address alone must not be able to throw somebody out.
    signOutEverywhere: user !== undefined && !user.disabled && endsSessions.has(reason),
  });

  const accountRules = { ...rules, signUp: provider.signUp, defaultRole: provider.roles.default };
  const account = decideAccount(person.identity, known.accounts, accountRules);
  if (account.kind === "refuse") return refuse(account.reason, null, account.userId);

  const userId = account.kind === "create" ? null : account.userId;
  const whatever = admittedWhatever(account, person, rules);
  const tooMany = (["roles", "groups"] as const).find(
    (claim) => provider[claim].fromClaims && isOver(person[claim].result, rules.groupsPerClaim),
  );
  if (tooMany && !whatever) return refuse("account.groups_too_many", "limits.groupsPerClaim", userId);

  const role =
    whatever ??
    decideRole(person.roles.result, holderOf(known, account, rules), roleRules(provider, rules), provider.id);
  if (role.kind === "refuse") return refuse(role.reason, role.rule, userId);

  const groups = isOver(person.groups.result, rules.groupsPerClaim) ? unknownGroups : person.groups.result;
  return {
    kind: "admit",
    person,
    account: admission(account, role, known),
    role,
    groups: planGroups(groups, known.groups, provider.groups, {
      isNew: account.kind === "create",
      origin: claimsOrigin(provider.id, told.issuer),
    }),
  };
}

const endsSessions: ReadonlySet<SignInRefusal> = new Set([
  "account.domain_refused",
  "account.role_refused",
  "account.roles_absent",
]);

const unknownGroups: ClaimResult = { kind: "unknown", reason: "too_many" };
const isOver = (claim: ClaimResult, limit: number): boolean => claim.kind === "values" && claim.values.length > limit;

const roleRules = (provider: ProviderRules, rules: InstallationRules): RoleRules => ({
  ...provider.roles,
  order: rules.roleOrder,
});

type Admitted = Exclude<AccountDecision, { kind: "refuse" }>;

/** AC-9: the first person, and the admins whom the operator named, are admin whatever claims say. */
function admittedWhatever(account: Admitted, { identity }: Person, rules: InstallationRules): GivenRole | null {
  const rule = "signIn.bootstrapAdmins";
  if (account.role && account.role.origin !== "default") {
    return { kind: "set", ...account.role, rule: account.role.origin === "bootstrap" ? rule : "first-user" };
  }
  return account.kind !== "create" && isBootstrapAdmin(identity, rules) ? { kind: "keep", role: "admin", rule } : null;
}

function holderOf(known: KnownFacts, account: Admitted, rules: InstallationRules): RoleHolder | null {
  const user = known.accounts.bySubject ?? known.accounts.byEmail;
  if (account.kind === "create" || !user) return null;
  return { role: user.role, lastAdmin: known.lastAdmin, heal: rules.healLoneUser && known.onlyUser };
}

function admission(account: Admitted, role: GivenRole, known: KnownFacts): Admission {
  const change = role.kind === "set" ? { role: role.role, origin: role.origin, rule: role.rule } : null;
  if (account.kind === "create") {
    // A new user is always given a role; the rules that could keep one need somebody who has one.
    return {
      kind: "create",
      role: change ?? { role: account.role.role, origin: defaultOrigin, rule: "roles.default" },
    };
  }
  const { kind, userId } = account;
  const before = (known.accounts.bySubject ?? known.accounts.byEmail)?.role;
  const same = change !== null && change.role === before && change.origin === known.roleOrigin;
  return { kind, userId, role: same ? null : change };
}
