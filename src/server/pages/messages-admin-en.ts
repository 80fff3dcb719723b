/** The words of the admin pages, in English. They speak of people, not to them. */
import type { GroupStep } from "../../accounts/policy/groups.js";
import type { EmailTrust } from "../../accounts/policy/identity.js";
import type { ClaimsExplanation } from "../../explain-claims.js";

/** Why a step of the groups was taken, and what the explanation warns of. */
export type GroupWhy = Extract<GroupStep, { readonly why: string }>["why"];
export type WarningCode = ClaimsExplanation["warnings"][number]["code"];

const groupWhy: Readonly<Record<GroupWhy, string>> = {
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
const trust: Readonly<Record<EmailTrust, string>> = {
  verified_claim: "trusted: the provider says that it is verified",
  vouched_for: "trusted: the configuration vouches for it (emailVerified)",
  not_verified: "not trusted: nothing says that it is verified",
  folded: "not trusted: written with characters that are folded into others",
  made_up: "made up, since there is none (signIn.emailFallback)",
};
const warnings: Readonly<Record<WarningCode, string>> = {
  no_database: "There is no database yet: this is what holds for an empty installation.",
  provider_disabled: "The provider is switched off, so nobody signs in with it.",
  issuer_differs: "iss is not this provider's: a sign-in would refuse the ID token.",
  id_token_refused: "The ID token lacks what authorizeParams asks for: a sign-in would refuse it.",
  issuer_assumed: "The claims do not say which tenant they are from; the first one is assumed.",
  identity_of_another: "In truth this identity belongs to another person.",
  address_made_up: "The address is made up: it never receives mail and is never linked.",
  claim_unused: "A claim names something, and the configuration does not let it decide (fromClaims).",
  claim_absent: "A claim that decides is not there, or is no list, text or number.",
  claim_unknown: "A claim that decides is to be asked for elsewhere; it counts as unknown.",
  values_dropped:
    "Some values of a claim were dropped: of a wrong type, too long, or with characters that no name has.",
};

export const adminEnglish = {
  title: "Administration",
  navigation: "Administration pages",
  people: "People",
  claims: "Claims",
  webhooks: "Webhooks",
  toAccount: "Your account",
  more: "More",

  attentionTitle: "Needs attention",
  waiting: (count: string) => `People who wait to be let in: ${count}`,
  dead: (count: string) => `Messages to webhooks that were given up: ${count}`,

  search: "Search by name or address",
  role: "Role",
  anyRole: "Any role",
  find: "Find",
  nobody: "Nobody fits this search.",
  neverSignedIn: "Never signed in",
  lastSignIn: "Last signed in",
  unclaimed: "Waits for its person",
  disabled: "Switched off",

  access: "Access",
  roleReason: (origin: string): string => {
    switch (origin) {
      case "first-user":
        return "the first person who signed in";
      case "bootstrap":
        return "listed in signIn.bootstrapAdmins";
      case "default":
        return "the role of everybody who joins (roles.default)";
      case "manual":
        return "given by an administrator";
      case "healed":
        return "the only person left (roles.healLoneUser)";
      default:
        return `from ${origin}`;
    }
  },
  roleClaims: (provider: string) => `from claims of ${provider}`,
  noGroups: "In no group.",
  changeRole: "Change the role",
  changeRoleNote: "It holds at once in sessions that are open.",
  methods: "Sign-in methods",
  noMethods: "None yet: the first verified sign-in with this address takes the account.",
  subject: "Subject",
  sessions: "Sessions",
  sessionCount: (count: string) => `Open sessions: ${count}`,
  signOut: "Sign out everywhere",
  disable: "Switch off",
  disableNote: "Switched off, every session ends, and nobody signs in with it until it is switched on again.",
  enable: "Switch on again",
  enableNote: "It is switched off: nobody signs in with it.",
  backToPeople: "All people",

  claimsLead:
    "Paste the claims of a person, such as the payload of an ID token, to see what they would lead to. Nobody is signed in, and nothing is written.",
  provider: "Provider",
  claimsJson: "Claims, as one JSON object",
  asPerson: "Decide as if they were this person's (an address; may stay empty)",
  explain: "Explain",
  notReadable: "The claims could not be read",
  notReadableNext: "They have to be one JSON object.",
  wouldSignIn: "Would sign in",
  wouldNot: "Would not sign in",
  wouldBeRefused: (code: string) => `Would be refused: ${code}`,
  signedOutToo: "Every session of this person would end.",
  issuer: "Issuer",
  email: "E-mail address",
  name: "Name",
  noName: "none: the address stands in",
  account: "Account",
  accountKind: {
    create: "a new one",
    update: "known by this identity",
    claim: "made beforehand, and taken now",
    link: "linked now: both addresses are verified",
  },
  noAccount: "none",
  ruleOf: (rule: string) => `by ${rule}`,
  lastAdminKept: "stays admin, as the last one",
  groups: "Groups",
  groupStep: {
    create: "made and joined",
    join: "joined",
    leave: "left",
    keep: "kept",
    blocked: "blocked",
    ignored: "passed over",
  },
  groupWhy,
  trust,
  warnings,
  notes: "Notes",

  webhooksLead: "Messages that wait to be delivered, and those that were given up after the last attempt.",
  noMessages: "Nothing waits, and nothing was given up.",
  givenUp: "Given up",
  waits: "Waits",
  unreadable: "No secret opens this message.",
  messageAbout: "About",
  attempts: (count: string) => `Attempts: ${count}`,
  lastFailure: "Last failure",
  retry: "Try again",
  retryNamed: (webhook: string, time: string) => `Try again: the message to ${webhook} of ${time}`,
  retryAll: "Try all again",
} as const;
