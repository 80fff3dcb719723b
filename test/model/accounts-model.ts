/**
 * An independent model of accounts: who somebody is, with which role, in which groups, after a sign-in. It is written from
 * the rules (docs/spec/accounts.md and SI-11, SI-16 to SI-18) and from nothing else: it imports no line of the product, so
 * that a mistake in one of the two shows as a difference. Slow and plain on purpose: maps, no indexes, one sign-in at a time.
 *
 * Not here: tokens, sealing, audit events, anything about how rows are kept.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };
export type Claims = { readonly [name: string]: Json | undefined };

export interface Rules {
  signUp: boolean;
  linking: "deny" | "verified-email";
  allowedDomains: string[];
  emailFallback: boolean;
  bootstrapAdmins: string[];
  update: { name: boolean; email: boolean };
  order: string[];
  healLoneUser: boolean;
  groupsPerClaim: number;
}
export interface RoleKeys {
  default: string;
  fromClaims: boolean;
  allowed: string[];
  admin: string[];
  rules: { when: string[]; role: string }[];
  noMatch: "deny" | "default";
  absent: { newUser: "deny" | "default"; knownUser: "keep" | "deny" | "default" };
}
export interface GroupKeys {
  fromClaims: boolean;
  create: boolean;
  absent: "keep" | "empty";
  join: "own" | "any";
  blocked: string[];
  default: string | null;
}
export interface ProviderRules {
  id: string;
  issuer: string;
  emailVerified: "claim" | "always";
  claims: { roles: string; groups: string; rolesSeparator: string; groupsSeparator: string };
  roles: RoleKeys;
  groups: GroupKeys;
}
/** `failed`: userinfo answers an error. */
export interface Said {
  idToken: Claims;
  userinfo: Claims | "failed";
}

interface User {
  email: string;
  emailVerified: boolean;
  name: string;
  role: string;
  disabled: boolean;
  claimed: boolean;
  identities: { issuer: string; subject: string }[];
  /** Group name and origin. */
  memberships: { group: string; origin: string }[];
  /** The provider of each open session. */
  sessions: string[];
}
type Reading = { is: "absent" } | { is: "empty" } | { is: "unknown" } | { is: "values"; values: string[] };

export class AccountsModel {
  readonly users: User[] = [];
  /** By name: who made it. */
  readonly groups = new Map<string, string>();
  readonly #rules: Rules;
  constructor(rules: Rules) {
    this.#rules = rules;
  }

  byEmail(email: string): User | undefined {
    return this.users.find((user) => user.email === email);
  }

  /** AC-3: an operator makes a user beforehand. */
  addUser(email: string, role: string): void {
    this.users.push({
      email,
      emailVerified: false,
      name: email,
      role,
      disabled: false,
      claimed: false,
      identities: [],
      memberships: [],
      sessions: [],
    });
  }
  disable(user: User): boolean {
    if (user.disabled || this.#isLastAdmin(user)) return false;
    user.disabled = true;
    user.sessions = [];
    return true;
  }
  setRole(user: User, role: string): boolean {
    if (role !== "admin" && this.#isLastAdmin(user)) return false;
    user.role = role;
    return true;
  }
  joinByHand(user: User, group: string): void {
    if (!this.groups.has(group)) this.groups.set(group, "manual");
    if (!user.memberships.some((one) => one.group === group && one.origin === "manual"))
      user.memberships.push({ group, origin: "manual" });
  }

  /** Answers `ok`, or the code of the refusal. */
  signIn(provider: ProviderRules, said: Said): string {
    const rules = this.#rules;
    const collected = collect(provider, said);
    if (collected === undefined) return "provider failed";
    const { claims, failed } = collected;
    const subject = subjectOf(claims["sub"]);
    if (subject === undefined) return "signin.subject_invalid";
    const address = addressOf(claims, provider, rules, subject);
    if (typeof address === "string") return address;
    const { email, verified, madeUp } = address;
    const name = nameOf(claims["name"]);

    const bySubject = this.users.find((user) =>
      user.identities.some((one) => one.issuer === provider.issuer && one.subject === subject),
    );
    const byEmail = bySubject || madeUp ? undefined : this.byEmail(email);
    const named = verified && rules.bootstrapAdmins.includes(email);
    const refuse = (code: string, everywhere = false) => {
      if (everywhere && bySubject && !bySubject.disabled) bySubject.sessions = [];
      return code;
    };

    // Admit (AC-3, AC-5, AC-8, AC-9).
    if (!domainPasses(email, verified, rules.allowedDomains)) return refuse("account.domain_refused", true);
    let first = false;
    const user = bySubject ?? byEmail;
    if (bySubject) {
      if (bySubject.disabled) return refuse("account.disabled");
    } else if (byEmail) {
      if (!byEmail.claimed) {
        if (!verified) return refuse("link.email_taken");
      } else {
        if (rules.linking !== "verified-email" || !verified || !byEmail.emailVerified)
          return refuse("link.email_taken");
        if (byEmail.identities.some((one) => one.issuer === provider.issuer)) return refuse("link.issuer_taken");
      }
      if (byEmail.disabled) return refuse("account.disabled");
    } else if (named) {
      // Admitted whatever the sign-up rules say.
    } else if (rules.bootstrapAdmins.includes(email)) {
      return refuse("account.sign_up_closed");
    } else if (this.users.length === 0 && rules.bootstrapAdmins.length === 0) {
      first = true;
    } else if (!rules.signUp) return refuse("account.sign_up_closed");

    // Role (AC-9 to AC-12).
    const roles = read(claims, provider.claims.roles, provider.claims.rolesSeparator, failed);
    let groups = read(claims, provider.claims.groups, provider.claims.groupsSeparator, failed);
    const whatever = first || named;
    const isOver = (one: Reading) => one.is === "values" && one.values.length > rules.groupsPerClaim;
    if (provider.roles.fromClaims && isOver(roles) && !whatever) return refuse("account.groups_too_many");
    if (provider.groups.fromClaims && isOver(groups)) {
      if (!whatever) return refuse("account.groups_too_many");
      // Admitted all the same: what the claim says is not known.
      groups = { is: "unknown" };
    }
    let role = whatever ? "admin" : this.#roleOf(user, roles, provider.roles);
    if (role.startsWith("refused:")) {
      const code = role.slice("refused:".length);
      return refuse(code, code !== "account.roles_unknown");
    }
    if (user && !whatever) {
      const lone = this.users.length === 1 && user.role !== "admin";
      if (rules.healLoneUser && lone) role = "admin";
      else if (role !== "admin" && this.#isLastAdmin(user)) role = "admin";
    }

    // Write (AC-6, AC-7).
    const person: User = user ?? {
      email,
      emailVerified: verified,
      name: name ?? email,
      role,
      disabled: false,
      claimed: true,
      identities: [],
      memberships: [],
      sessions: [],
    };
    if (!user) this.users.push(person);
    else if (bySubject) this.#update(person, { email, verified, madeUp, name });
    else if (!person.claimed) {
      person.claimed = true;
      person.emailVerified = true;
      if (person.name === person.email && name !== undefined) person.name = name;
    }
    person.role = role;
    if (!bySubject) person.identities.push({ issuer: provider.issuer, subject });
    this.#syncGroups(person, groups, provider, user === undefined);
    person.sessions.push(provider.id);
    return "ok";
  }

  #isLastAdmin(user: User): boolean {
    const admins = this.users.filter((one) => one.role === "admin" && !one.disabled);
    return admins.length === 1 && admins[0] === user;
  }

  /** AC-10 to AC-12; `refused:` and a code where the rules say no. */
  #roleOf(user: User | undefined, claim: Reading, keys: RoleKeys): string {
    if (!keys.fromClaims) return user ? user.role : keys.default;
    if (claim.is === "unknown") return user ? user.role : "refused:account.roles_unknown";
    if (claim.is === "absent") {
      const choice = user ? keys.absent.knownUser : keys.absent.newUser;
      if (choice === "keep" && user) return user.role;
      return choice === "default" ? keys.default : "refused:account.roles_absent";
    }
    const simple = [
      { when: keys.allowed, role: "user" },
      { when: keys.admin, role: "admin" },
    ];
    const values = claim.is === "values" ? claim.values : [];
    const given = (keys.rules.length > 0 ? keys.rules : simple)
      .filter(({ when }) => when.some((pattern) => values.some((value) => fits(pattern, value))))
      .map(({ role }) => role)
      .sort((a, b) => this.#rules.order.indexOf(b) - this.#rules.order.indexOf(a));
    if (given[0] !== undefined) return given[0];
    return keys.noMatch === "default" ? keys.default : "refused:account.role_refused";
  }

  /** AC-7 */
  #update(user: User, told: { email: string; verified: boolean; madeUp: boolean; name: string | undefined }): void {
    const standsIn = user.name === user.email;
    if (told.email === user.email) user.emailVerified ||= told.verified;
    else if (this.#rules.update.email && told.verified && !this.byEmail(told.email)) {
      user.email = told.email;
      user.emailVerified = true;
    }
    if (standsIn) user.name = user.email;
    if (this.#rules.update.name && told.name !== undefined) user.name = told.name;
  }

  /** AC-14 to AC-17, AC-21 */
  #syncGroups(user: User, claim: Reading, provider: ProviderRules, isNew: boolean): void {
    const keys = provider.groups;
    const origin = `claims:${provider.id} ${provider.issuer}`;
    const has = (group: string, from: string) =>
      user.memberships.some((one) => one.group === group && one.origin === from);
    // A group that is being made for this new user is not there for the claim yet.
    let made: string | undefined;
    if (isNew && keys.default !== null) {
      if (!this.groups.has(keys.default)) {
        this.groups.set(keys.default, "default");
        made = keys.default;
      }
      user.memberships.push({ group: keys.default, origin: "default" });
    }
    if (!keys.fromClaims || claim.is === "unknown") return;
    if (claim.is === "absent" && keys.absent === "keep") return;
    const isBlocked = (name: string) => keys.blocked.some((pattern) => fits(pattern, name));
    const named = (claim.is === "values" ? claim.values : []).filter((name) => !isBlocked(name));
    for (const name of named) {
      if (name === made) continue;
      if (!this.groups.has(name) && keys.create) this.groups.set(name, origin);
      const isOpen = keys.join === "any" || this.groups.get(name) === origin;
      if (this.groups.has(name) && isOpen && !has(name, origin)) user.memberships.push({ group: name, origin });
    }
    user.memberships = user.memberships.filter(
      (one) => one.origin !== origin || named.includes(one.group) || isBlocked(one.group),
    );
  }
}

/** SI-11: one document of two; undefined where userinfo failed and who it is hung on it. */
function collect(
  provider: ProviderRules,
  { idToken, userinfo }: Said,
): { claims: Claims; failed: boolean } | undefined {
  const isMissing = (name: string) => (find(idToken, name) ?? null) === null;
  const flag = provider.emailVerified === "always" ? [] : ["email_verified"];
  const who = ["sub", "email", "name", ...flag].some(isMissing);
  const used = [
    ...(provider.roles.fromClaims ? [provider.claims.roles] : []),
    ...(provider.groups.fromClaims ? [provider.claims.groups] : []),
  ];
  if (!who && !used.some(isMissing)) return { claims: idToken, failed: false };
  if (userinfo === "failed") return who ? undefined : { claims: idToken, failed: true };
  const merged: Record<string, Json | undefined> = { ...userinfo, ...idToken };
  for (const name of ["name", provider.claims.roles, provider.claims.groups]) {
    const top = name in userinfo || !name.includes(".") ? name : (name.split(".")[0] ?? name);
    if ((find(userinfo, name) ?? null) !== null) merged[top] = userinfo[top];
  }
  const from = (userinfo["email"] ?? null) !== null ? userinfo : idToken;
  merged["email"] = from["email"];
  merged["email_verified"] = from["email_verified"];
  return { claims: merged, failed: false };
}

/** SI-16: as it stands, then as a path through objects. */
function find(claims: Claims, name: string): Json | undefined {
  if (Object.hasOwn(claims, name)) return claims[name];
  let at: Json | undefined = claims;
  for (const step of name.split(".")) {
    if (typeof at !== "object" || at === null || Array.isArray(at) || !Object.hasOwn(at, step)) return undefined;
    at = (at as Claims)[step];
  }
  return at;
}

/** SI-16 */
function subjectOf(claim: Json | undefined): string | undefined {
  if (typeof claim === "number" && Number.isSafeInteger(claim)) return String(claim);
  return typeof claim === "string" && claim !== "" ? claim : undefined;
}

function nameOf(claim: Json | undefined): string | undefined {
  return typeof claim === "string" && claim.trim() !== "" ? claim.trim() : undefined;
}

/** SI-17: absent, empty, values, unknown. */
function read(claims: Claims, name: string, separator: string, failed: boolean): Reading {
  const claim = find(claims, name);
  const list =
    typeof claim === "number"
      ? [claim]
      : typeof claim === "string"
        ? separator === ""
          ? [claim]
          : claim.split(separator)
        : Array.isArray(claim)
          ? (claim as readonly Json[])
          : undefined;
  const values = (list ?? [])
    .filter((one): one is string | number => typeof one === "string" || typeof one === "number")
    .map((one) => String(one).trim())
    .filter((one) => one !== "" && one.length <= 256);
  if (values.length > 0) return { is: "values", values: [...new Set(values)] };
  const places = claims["_claim_names"];
  const isElsewhere =
    (typeof places === "object" && places !== null && !Array.isArray(places) && Object.hasOwn(places, name)) ||
    (name === "groups" && (claims["hasgroups"] === true || claims["hasgroups"] === "true"));
  if (isElsewhere) return { is: "unknown" };
  if (list !== undefined) return { is: "empty" };
  return { is: failed ? "unknown" : "absent" };
}

/** SI-18; a text is the code of the refusal. */
function addressOf(
  claims: Claims,
  provider: ProviderRules,
  rules: Rules,
  subject: string,
): string | { email: string; verified: boolean; madeUp: boolean } {
  const claim = claims["email"];
  if (claim === undefined || claim === null || claim === "") {
    if (!rules.emailFallback) return "signin.email_missing";
    return { email: `made up for ${subject} of ${provider.issuer}`, verified: false, madeUp: true };
  }
  if (typeof claim !== "string") return "signin.email_invalid";
  const email = claim.normalize("NFKC").trim().toLowerCase();
  if (!/^[^\s@,;<>()"]+@[^\s@,;<>()"]+$/.test(email)) return "signin.email_invalid";
  const flag = claims["email_verified"];
  const vouched = flag === true || flag === "true" || provider.emailVerified === "always";
  // What was verified is what was written, not what that is folded into.
  const isFolded = claim.normalize("NFKC") !== claim.normalize("NFC");
  return { email, verified: vouched && !isFolded, madeUp: false };
}

/** AC-5 */
function domainPasses(email: string, verified: boolean, allowed: string[]): boolean {
  if (allowed.includes("*")) return true;
  const domain = email.slice(email.indexOf("@") + 1);
  return verified && allowed.some((one) => (one.startsWith("*.") ? domain.endsWith(one.slice(1)) : domain === one));
}

/** AC-16, for patterns whose meaning needs no engine of its own. */
function fits(pattern: string, value: string): boolean {
  const glob = (text: string) =>
    new RegExp(
      `^${text
        .replace(/[.+^${}()|[\]\\]/g, "\\$&")
        .replace(/\*/g, "[^]*")
        .replace(/\?/g, "[^]")}$`,
      "u",
    );
  if (pattern.startsWith("exact:")) return value === pattern.slice(6);
  if (pattern.startsWith("glob:")) return glob(pattern.slice(5)).test(value);
  if (pattern.startsWith("regex:")) return new RegExp(`^(?:${pattern.slice(6)})$`, "u").test(value);
  return /[*?]/.test(pattern) ? glob(pattern).test(value) : value === pattern;
}
