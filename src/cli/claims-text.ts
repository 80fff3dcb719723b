/** What `claims explain` tells a person: one fact a line, each with its reason. Pure. */
import type { GroupStep } from "../accounts/policy/groups.js";
import type { EmailTrust } from "../accounts/policy/identity.js";
import { shownOrigin } from "../accounts/policy/origin.js";
import type { ClaimsExplanation } from "../explain-claims.js";
import { errorCatalog } from "../kernel/error-catalog.js";
import { counted, type palette, printable, table } from "./output.js";

/** Groups of one kind that are listed; `--json` has all. */
const mostListed = 50;

export function explanationText(told: ClaimsExplanation, signsIn: boolean, paint: ReturnType<typeof palette>): string {
  const { bold, green, red, yellow } = paint;
  const refusedBy = told.kind === "admit" ? undefined : told.kind === "refuse" ? told.reason : told.problem;
  const headline = signsIn
    ? bold(green("Would sign in."))
    : bold(red(refusedBy === undefined ? "Would not sign in." : `Would be refused: ${refusedBy}`));
  const facts = table(factsOf(told)).replace(/^(?=.)/gm, "  ");
  const groups = told.kind === "admit" ? groupLines(told.groups) : [];
  const list = groups.length > 0 ? `\n${bold("Groups")}\n${table(groups).replace(/^(?=.)/gm, "  ")}` : "";
  const warnings = told.warnings.map((one) => `${yellow("note")}  ${printable(warningText(one))}\n`).join("");
  return `${headline}\n${facts}${list}${warnings === "" ? "" : `\n${warnings}`}`;
}

function factsOf(told: ClaimsExplanation): readonly (readonly string[])[] {
  const from = [["provider", `${told.provider}, issuer ${told.issuer}`]];
  if (told.kind === "unreadable") return [...from, ["why", errorCatalog[told.problem].operator]];
  const { identity } = told.person;
  const who = [
    ...from,
    ["subject", identity.subject],
    ["e-mail", `${identity.email}, ${trustWords[told.email?.why ?? "not_verified"]}`],
    ["name", identity.name ?? "none: the e-mail address stands in"],
  ];
  if (told.kind === "refuse") {
    const rule = told.rule === null ? "" : ` (${told.rule})`;
    const out = told.signOutEverywhere ? [["sessions", "every session of this person ends"]] : [];
    return [...who, ["account", accountOf(told)], ["why", `${errorCatalog[told.reason].operator}${rule}`], ...out];
  }
  return [...who, ["account", accountWords(told)], ["role", roleWords(told)]];
}

const trustWords: Readonly<Record<EmailTrust, string>> = {
  verified_claim: "trusted: the provider says that it is verified",
  vouched_for: "trusted: the configuration vouches for it (emailVerified: always)",
  not_verified: "not trusted: nothing says that it is verified",
  folded: "not trusted: it is written with characters that are folded into others",
  made_up: "not trusted: made up, since there is none (signIn.emailFallback)",
};

const accountOf = ({ user }: ClaimsExplanation): string =>
  user === null ? "none" : `${user.email} (${user.name}), role ${user.role}`;

type Admitted = Extract<ClaimsExplanation, { kind: "admit" }>;

function accountWords(told: Admitted): string {
  switch (told.account.kind) {
    case "create":
      return "a new one";
    case "update":
      return accountOf(told);
    case "claim":
      return `${accountOf(told)}; made beforehand, and claimed now`;
    case "link":
      return `${accountOf(told)}; linked now, both addresses are verified`;
    default:
      return told.account satisfies never;
  }
}

function roleWords({ role, user }: Admitted): string {
  switch (role.kind) {
    case "set":
      return `${role.role}, by ${role.rule}${user !== null && user.role !== role.role ? `; was ${user.role}` : ""}`;
    case "keep":
      return `stays ${role.role}, by ${role.rule}`;
    case "last_admin_kept":
      return `stays admin, the last one; ${role.rule} would make it ${role.wanted}`;
    default:
      return role satisfies never;
  }
}

const groupWords: Readonly<Record<Exclude<GroupStep["kind"], "blocked">, string>> = {
  create: "made",
  join: "joined",
  leave: "left",
  keep: "kept",
  ignored: "passed over",
};
type Why = Extract<GroupStep, { readonly why: string }>["why"];
const whyWords: Readonly<Record<Why, string>> = {
  in_claim: "the claim names it",
  default: "new users join it (groups.default)",
  not_in_claim: "the claim no longer names it",
  not_opened: "the claim names it, but may not join it (groups.join)",
  blocked: "groups.blocked",
  not_of_this_provider: "not from this provider's claims",
  claims_off: "groups.fromClaims is off",
  claim_absent: "the claim is not there (groups.absent)",
  claim_unknown: "nobody knows what the claim says",
  no_such_group: "there is no such group (groups.create)",
  is_default: "new users join it anyway (groups.default)",
};

function groupLines(steps: readonly GroupStep[]): readonly (readonly string[])[] {
  const kinds = ["create", "join", "leave", "keep", "blocked", "ignored"] as const;
  return kinds.flatMap((kind) => {
    const some = steps.filter((step) => step.kind === kind);
    const lines = some.slice(0, mostListed).map(groupLine);
    const rest = some.length - lines.length;
    return rest > 0 ? [...lines, ["…", `${counted(rest, "more group")}`, "--json lists all"]] : lines;
  });
}

function groupLine(step: GroupStep): readonly string[] {
  if (step.kind === "blocked") return ["blocked", step.name, `groups.blocked: ${step.pattern}`];
  const origin = step.kind === "keep" && step.why === "not_of_this_provider" ? ` (${shownOrigin(step.origin)})` : "";
  return [groupWords[step.kind], step.name, `${whyWords[step.why]}${origin}`];
}

function warningText(warning: ClaimsExplanation["warnings"][number]): string {
  switch (warning.code) {
    case "no_database":
      return "There is no database yet: this is what holds for an empty installation.";
    case "provider_disabled":
      return "The provider is switched off (enabled: false), so nobody signs in with it.";
    case "issuer_differs":
      return `iss is not this provider's (${warning.expected.join(", ")}): a sign-in would refuse the ID token.`;
    case "id_token_refused":
      return `${warning.claim} is not what authorizeParams asks for: a sign-in would refuse the ID token.`;
    case "issuer_assumed":
      return `The claims do not say which tenant they are from (iss); ${warning.issuer} is assumed.`;
    case "identity_of_another":
      return `In truth this identity is ${warning.email}'s.`;
    case "address_made_up":
      return "The address is made up: it never receives mail and is never linked.";
    case "claim_unused":
      return `The claim ${warning.name} is there, and decides nothing: ${warning.claim}.fromClaims is off.`;
    case "claim_absent":
      return `The ${warning.claim} claim (${warning.name}) is not there, or is no list, text or number.`;
    case "claim_unknown":
      return `What the ${warning.claim} claim (${warning.name}) says is not in here: ${warning.reason}.`;
    case "values_dropped": {
      const { wrongType, tooLong, malformed } = warning;
      return `Of ${warning.name} were dropped: ${wrongType} of a wrong type, ${tooLong} too long, ${malformed} with characters that no name has.`;
    }
    default:
      return warning satisfies never;
  }
}
