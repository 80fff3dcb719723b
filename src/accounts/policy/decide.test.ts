import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { UserId } from "../../kernel/ids.js";
import {
  type AccountDecision,
  type AccountRules,
  decideAccount,
  type KnownAccounts,
  type KnownUser,
} from "./decide.js";
import type { IncomingIdentity } from "./identity.js";

const ann = "ann" as UserId;
const bob = "bob" as UserId;
const anIdentity = (over: Partial<IncomingIdentity> = {}): IncomingIdentity => ({
  issuer: "https://idp.example",
  subject: "1",
  sub: "1",
  email: "ann@example.com",
  emailVerified: true,
  emailMadeUp: false,
  name: "Ann",
  picture: undefined,
  ...over,
});
const aUser = (over: Partial<KnownUser> = {}): KnownUser => ({
  id: ann,
  disabled: false,
  claimed: true,
  emailVerified: true,
  role: "user",
  ...over,
});
const rules = (over: Partial<AccountRules> = {}): AccountRules => ({
  signUp: false,
  allowedDomains: ["*"],
  linking: "deny",
  bootstrapAdmins: [],
  defaultRole: "pending",
  firstPerson: "open",
  ...over,
});
const nobody: KnownAccounts = { bySubject: undefined, byEmail: undefined, empty: true };
const strangers: KnownAccounts = { ...nobody, empty: false };
const returning = (over: Partial<KnownUser> = {}): KnownAccounts => ({ ...strangers, bySubject: aUser(over) });
const sameAddress = (over: Partial<KnownUser & { hasIdentityOfIssuer: boolean }> = {}): KnownAccounts => ({
  ...strangers,
  byEmail: { ...aUser(over), hasIdentityOfIssuer: over.hasIdentityOfIssuer ?? false },
});
const refuse = (reason: string, userId: UserId | null = null) =>
  ({ kind: "refuse", reason, userId }) as AccountDecision;
const created = (role: string, origin: string) => ({ kind: "create", role: { role, origin } }) as AccountDecision;

type Row = [why: string, Partial<IncomingIdentity>, KnownAccounts, Partial<AccountRules>, AccountDecision];
const table: Row[] = [
  [
    "AC-3 a returning subject is updated, whatever its e-mail says",
    { emailVerified: false },
    returning(),
    {},
    { kind: "update", userId: ann, role: null },
  ],
  [
    "AC-3 a returning subject is updated when sign-up is closed",
    {},
    returning(),
    { signUp: false },
    { kind: "update", userId: ann, role: null },
  ],
  [
    "AC-3 the identity wins over another user's address",
    {},
    { ...returning(), byEmail: { ...aUser({ id: bob }), hasIdentityOfIssuer: false } },
    {},
    { kind: "update", userId: ann, role: null },
  ],
  ["AC-8 a disabled user is refused", {}, returning({ disabled: true }), {}, refuse("account.disabled", ann)],
  [
    "AC-3 a stranger with a known address is refused by default",
    {},
    sameAddress(),
    { signUp: true },
    refuse("link.email_taken", ann),
  ],
  [
    "AC-3 AT-7 linking by address is off by default even when both sides are verified",
    {},
    sameAddress(),
    {},
    refuse("link.email_taken", ann),
  ],
  [
    "AC-3 two verified addresses link when the operator says so",
    {},
    sameAddress(),
    { linking: "verified-email" },
    { kind: "link", userId: ann, role: null },
  ],
  [
    "AC-3 AT-7 an unverified incoming address never links",
    { emailVerified: false },
    sameAddress(),
    { linking: "verified-email" },
    refuse("link.email_taken", ann),
  ],
  [
    "AC-3 AT-7 an account whose own address was never verified is never joined by its real owner",
    {},
    sameAddress({ emailVerified: false }),
    { linking: "verified-email" },
    refuse("link.email_taken", ann),
  ],
  [
    "AC-3 a second identity of one issuer is refused",
    {},
    sameAddress({ hasIdentityOfIssuer: true }),
    { linking: "verified-email" },
    refuse("link.issuer_taken", ann),
  ],
  [
    "AC-8 a disabled user is not linked to",
    {},
    sameAddress({ disabled: true }),
    { linking: "verified-email" },
    refuse("account.disabled", ann),
  ],
  [
    "AC-3 a user made beforehand is claimed by its verified address, whatever linking says",
    {},
    sameAddress({ claimed: false, emailVerified: false }),
    {},
    { kind: "claim", userId: ann, role: null },
  ],
  [
    "AC-3 AT-7 a user made beforehand is not claimed by an unverified address",
    { emailVerified: false },
    sameAddress({ claimed: false }),
    { signUp: true },
    refuse("link.email_taken", ann),
  ],
  [
    "AC-8 a disabled user made beforehand is not claimed",
    {},
    sameAddress({ claimed: false, disabled: true }),
    {},
    refuse("account.disabled", ann),
  ],
  ["AC-5 a stranger is refused when sign-up is closed", {}, strangers, {}, refuse("account.sign_up_closed")],
  [
    "AC-10 a stranger gets the default role when sign-up is open",
    {},
    strangers,
    { signUp: true },
    created("pending", "default"),
  ],
  [
    "AC-10 the default role is the operator's",
    {},
    strangers,
    { signUp: true, defaultRole: "user" },
    created("user", "default"),
  ],
  [
    "AC-10 a known user keeps the role",
    {},
    returning({ role: "admin" }),
    { defaultRole: "pending" },
    { kind: "update", userId: ann, role: null },
  ],
  [
    "AC-9 the first person is admitted and becomes admin although sign-up is closed",
    {},
    nobody,
    {},
    created("admin", "first-user"),
  ],
  [
    "AC-9 the first person is admitted with an unverified address",
    { emailVerified: false },
    nobody,
    {},
    created("admin", "first-user"),
  ],
  [
    "AC-9 AC-5 the first person must pass the allowed domains",
    {},
    nobody,
    { allowedDomains: ["other.example"] },
    refuse("account.domain_refused"),
  ],
  [
    "AC-9 on a public address the first person needs the set-up link",
    {},
    nobody,
    { firstPerson: "needs_link" },
    refuse("signin.setup_required"),
  ],
  [
    "AC-9 on a public address an open sign-up does not make a first admin either",
    {},
    nobody,
    { firstPerson: "needs_link", signUp: true },
    refuse("signin.setup_required"),
  ],
  [
    "AC-9 the set-up link admits the first person as admin",
    {},
    nobody,
    { firstPerson: "has_link" },
    created("admin", "first-user"),
  ],
  [
    "AC-9 a set-up link is worth nothing once somebody is there",
    {},
    strangers,
    { firstPerson: "has_link" },
    refuse("account.sign_up_closed"),
  ],
  [
    "AC-9 with bootstrap admins being first is no reason to be admitted",
    { email: "eve@example.com" },
    nobody,
    { bootstrapAdmins: ["ann@example.com"] },
    refuse("account.sign_up_closed"),
  ],
  [
    "AC-9 with bootstrap admins the first other person is no admin",
    { email: "eve@example.com" },
    nobody,
    { bootstrapAdmins: ["ann@example.com"], signUp: true },
    created("pending", "default"),
  ],
  [
    "AC-9 a bootstrap admin is admitted although sign-up is closed",
    {},
    strangers,
    { bootstrapAdmins: ["ann@example.com"] },
    created("admin", "bootstrap"),
  ],
  [
    "AC-9 AT-7 a bootstrap admin's address must be verified",
    { emailVerified: false },
    nobody,
    { bootstrapAdmins: ["ann@example.com"] },
    refuse("account.sign_up_closed"),
  ],
  [
    "AC-9 AT-7 nobody gets an account with an admin's unproven address, which would keep the real one out",
    { emailVerified: false },
    strangers,
    { bootstrapAdmins: ["ann@example.com"], signUp: true },
    refuse("account.sign_up_closed"),
  ],
  [
    "AC-9 a known user on the list is made admin",
    {},
    returning({ role: "pending" }),
    { bootstrapAdmins: ["ann@example.com"] },
    { kind: "update", userId: ann, role: { role: "admin", origin: "bootstrap" } },
  ],
  [
    "AC-9 a known user on the list is not made admin by an unverified address",
    { emailVerified: false },
    returning(),
    { bootstrapAdmins: ["ann@example.com"] },
    { kind: "update", userId: ann, role: null },
  ],
  [
    "AC-9 an admin on the list is not promoted again",
    {},
    returning({ role: "admin" }),
    { bootstrapAdmins: ["ann@example.com"] },
    { kind: "update", userId: ann, role: null },
  ],
  [
    "AC-5 a verified address of an allowed domain passes",
    {},
    strangers,
    { signUp: true, allowedDomains: ["example.com"] },
    created("pending", "default"),
  ],
  [
    "AC-5 AT-2 a longer domain that ends in the allowed one does not pass",
    { email: "ann@evilexample.com" },
    strangers,
    { signUp: true, allowedDomains: ["example.com"] },
    refuse("account.domain_refused"),
  ],
  [
    "AC-5 a sub-domain passes only with a star",
    { email: "ann@a.example.com" },
    strangers,
    { signUp: true, allowedDomains: ["example.com"] },
    refuse("account.domain_refused"),
  ],
  [
    "AC-5 a star covers sub-domains",
    { email: "ann@a.example.com" },
    strangers,
    { signUp: true, allowedDomains: ["*.example.com"] },
    created("pending", "default"),
  ],
  [
    "AC-5 AT-2 a star stops at the label's edge",
    { email: "ann@evilexample.com" },
    strangers,
    { signUp: true, allowedDomains: ["*.example.com"] },
    refuse("account.domain_refused"),
  ],
  [
    "AC-5 an unverified address is in no domain",
    { emailVerified: false },
    strangers,
    { signUp: true, allowedDomains: ["example.com"] },
    refuse("account.domain_refused"),
  ],
  [
    "AC-5 domains are checked for a known user too",
    { email: "ann@old.example" },
    returning(),
    { allowedDomains: ["example.com"] },
    refuse("account.domain_refused", ann),
  ],
];

describe("the account decision", () => {
  test.each(table)("%s", (_why, identity, known, over, expected) => {
    expect(decideAccount(anIdentity(identity), known, rules(over))).toEqual(expected);
  });

  test("AC-6 is the same every time, and a refusal names no user but the one it was about", () => {
    const user = fc.record({
      id: fc.constant(ann),
      disabled: fc.boolean(),
      claimed: fc.boolean(),
      emailVerified: fc.boolean(),
      role: fc.constantFrom("pending", "user", "admin"),
      hasIdentityOfIssuer: fc.boolean(),
    });
    const option = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.boolean(),
        option(user),
        option(user),
        fc.boolean(),
        (verified, signUp, bySubject, byEmail, link) => {
          const known = { bySubject, byEmail, empty: !bySubject && !byEmail };
          const identity = anIdentity({ emailVerified: verified });
          const set = rules({ signUp, linking: link ? "verified-email" : "deny" });
          const decision = decideAccount(identity, known, set);
          expect(decideAccount(identity, known, set)).toEqual(decision);
          // AT-7: nobody gets into an existing account by an address that is not proven on both sides.
          if (decision.kind === "link")
            expect(verified && byEmail?.emailVerified && !byEmail.hasIdentityOfIssuer).toBe(true);
          if (decision.kind === "claim") expect(verified).toBe(true);
          if (bySubject?.disabled) expect(decision.kind).toBe("refuse");
        },
      ),
      { numRuns: 500 },
    );
  });
});
