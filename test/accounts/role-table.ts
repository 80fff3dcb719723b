/**
 * Which role a sign-in leads to (AC-9 to AC-12). Each row: what is asked, the roles claim as the provider sent it, the
 * person as they are known here, the operator's configuration, and the decision in one line.
 * Long because every row is a case of its own.
 */
import type { JsonValue } from "../../src/kernel/json.js";
import type { KnownPerson, Question } from "./setting.js";

/** The claim was not sent. */
export const none = undefined;
type Row = [
  why: string,
  claim: JsonValue | undefined,
  known: "nobody" | "new" | KnownPerson,
  question: Omit<Question, "claims" | "known">,
  decision: string,
];

const on = { roles: { fromClaims: true } };
const rules = (...list: [when: string[], role: string][]) => ({
  roles: {
    fromClaims: true,
    order: ["pending", "user", "auditor", "admin"],
    rules: list.map(([when, role]) => ({ when, role })),
  },
});
const user: KnownPerson = { role: "user" };
const admin: KnownPerson = { role: "admin" };
const fromCorp: KnownPerson = { role: "user", origin: "claims:corp" };
const lastAdmin: KnownPerson = { role: "admin", lastAdmin: true };
const refused = "refused: account.role_refused by roles.noMatch";
const everywhere = `${refused}, signed out everywhere`;

/** AC-10: claims are not asked. */
const off: Row[] = [
  ["a new person gets the default", none, "new", {}, "pending from default by roles.default"],
  ["whatever the claim says", ["admin"], "new", {}, "pending from default by roles.default"],
  ["the default is the operator's", none, "new", { roles: { default: "user" } }, "user from default by roles.default"],
  ["a known user keeps the role", none, user, {}, "keeps user by roles.fromClaims"],
  ["a claim does not promote", ["admin"], user, {}, "keeps user by roles.fromClaims"],
  ["a claim does not demote", ["user"], admin, {}, "keeps admin by roles.fromClaims"],
  ["an empty claim refuses nobody", [], user, {}, "keeps user by roles.fromClaims"],
  [
    "a default that changed does not change who is there",
    none,
    user,
    { roles: { default: "pending" } },
    "keeps user by roles.fromClaims",
  ],
];

/** AC-12, first row: a value fits. */
const matching: Row[] = [
  ["user gives user", ["user"], "new", on, "user from claims:corp by roles.allowed: user"],
  ["admin gives admin", ["admin"], "new", on, "admin from claims:corp by roles.admin: admin"],
  [
    "the highest wins, whatever the order of the claim",
    ["user", "admin"],
    "new",
    on,
    "admin from claims:corp by roles.admin: admin",
  ],
  ["and the other way round", ["admin", "user"], "new", on, "admin from claims:corp by roles.admin: admin"],
  [
    "what fits nothing does not harm what fits",
    ["guest", "user"],
    "new",
    on,
    "user from claims:corp by roles.allowed: user",
  ],
  ["a text", "user", "new", on, "user from claims:corp by roles.allowed: user"],
  ["a text with commas", "guest, admin", "new", on, "admin from claims:corp by roles.admin: admin"],
  ["a known user is promoted", ["admin"], user, on, "admin from claims:corp by roles.admin: admin"],
  ["a known admin is demoted", ["user"], admin, on, "user from claims:corp by roles.allowed: user"],
  ["a pending user is let in", ["user"], { role: "pending" }, on, "user from claims:corp by roles.allowed: user"],
  [
    "a role that an admin gave by hand is overruled, and says so",
    ["user"],
    user,
    on,
    "user from claims:corp by roles.allowed: user",
  ],
  [
    "the same role from the same provider is not written again",
    ["user"],
    fromCorp,
    on,
    "user from claims:corp by roles.allowed: user (nothing to write)",
  ],
  [
    "the same role from another provider is written with its origin",
    ["user"],
    { role: "user", origin: "claims:other" },
    on,
    "user from claims:corp by roles.allowed: user",
  ],
  ["case counts", ["Admin"], "new", on, refused],
  ["a longer name is another name", ["admins"], "new", on, refused],
  ["spaces around a value do not count", [" admin "], "new", on, "admin from claims:corp by roles.admin: admin"],
  [
    "the operator's own values",
    ["staff"],
    "new",
    { roles: { fromClaims: true, allowed: ["staff"] } },
    "user from claims:corp by roles.allowed: staff",
  ],
  [
    "replace the ones that come with the product",
    ["user"],
    "new",
    { roles: { fromClaims: true, allowed: ["staff"] } },
    refused,
  ],
  [
    "a glob",
    ["ops-eu"],
    "new",
    { roles: { fromClaims: true, admin: ["ops-*"] } },
    "admin from claims:corp by roles.admin: ops-*",
  ],
  [
    "a glob that is said to be exact",
    ["ops-eu"],
    "new",
    { roles: { fromClaims: true, admin: ["exact:ops-*"] } },
    refused,
  ],
  [
    "a regular expression meets the whole value",
    ["ops-12"],
    "new",
    { roles: { fromClaims: true, admin: ["regex:ops-[0-9]+"] } },
    "admin from claims:corp by roles.admin: regex:ops-[0-9]+",
  ],
  ["and not a part of it", ["devops-12"], "new", { roles: { fromClaims: true, admin: ["regex:ops-[0-9]+"] } }, refused],
  ["a number", 7, "new", { roles: { fromClaims: true, allowed: ["7"] } }, "user from claims:corp by roles.allowed: 7"],
  [
    "another separator",
    "a|user",
    "new",
    { ...on, signIn: { claims: { rolesSeparator: "|" } } },
    "user from claims:corp by roles.allowed: user",
  ],
  ["no separator", "guest,user", "new", { ...on, signIn: { claims: { rolesSeparator: "" } } }, refused],
  [
    "nobody may be admin by claim: the list is empty, the other is not",
    ["admin"],
    "new",
    { roles: { fromClaims: true, admin: [] } },
    "user from claims:corp by roles.allowed: admin",
  ],
  ["nobody may be user by claim", ["user"], "new", { roles: { fromClaims: true, allowed: [] } }, refused],
  [
    "with both lists empty nothing fits",
    ["admin"],
    "new",
    { roles: { fromClaims: true, admin: [], allowed: [] } },
    refused,
  ],
];

/** AC-11: rules in full. */
const inFull: Row[] = [
  [
    "a rule gives its role",
    ["audit"],
    "new",
    rules([["audit"], "auditor"]),
    "auditor from claims:corp by roles.rules.0: audit",
  ],
  [
    "the highest role wins, not the first rule",
    ["a"],
    "new",
    rules([["a"], "user"], [["a"], "admin"]),
    "admin from claims:corp by roles.rules.1: a",
  ],
  [
    "of one role the first rule is named",
    ["a", "b"],
    "new",
    rules([["b"], "user"], [["a"], "user"]),
    "user from claims:corp by roles.rules.0: b",
  ],
  [
    "a role that the operator added lies where the order puts it",
    ["a", "b"],
    "new",
    rules([["a"], "auditor"], [["b"], "user"]),
    "auditor from claims:corp by roles.rules.0: a",
  ],
  [
    "one of several patterns is enough",
    ["c"],
    "new",
    rules([["a", "b", "c"], "user"]),
    "user from claims:corp by roles.rules.0: c",
  ],
  ["rules replace the simple form", ["admin"], "new", rules([["a"], "user"]), refused],
  [
    "a rule may give pending",
    ["new"],
    "new",
    rules([["new"], "pending"]),
    "pending from claims:corp by roles.rules.0: new",
  ],
  [
    "a glob and an exact name",
    ["ops-eu"],
    "new",
    rules([["ops-us"], "admin"], [["glob:ops-*"], "user"]),
    "user from claims:corp by roles.rules.1: glob:ops-*",
  ],
  ["nothing fits", ["x"], user, rules([["a"], "user"]), everywhere],
  [
    "a provider's rules replace the global ones",
    ["b"],
    "new",
    { ...rules([["a"], "user"]), provider: { roles: { rules: [{ when: ["b"], role: "admin" }] } } },
    "admin from claims:corp by roles.rules.0: b",
  ],
  [
    "a provider without rules goes back to the simple form",
    ["admin"],
    "new",
    { ...rules([["a"], "user"]), provider: { roles: { rules: [] } } },
    "admin from claims:corp by roles.admin: admin",
  ],
];

/** AC-12, second row: values of which none fits, or an empty claim. */
const notMatching: Row[] = [
  ["a new person is refused", ["guest"], "new", on, refused],
  ["a known one too, and signed out everywhere", ["guest"], user, on, everywhere],
  ["empty is as good as nothing that fits", [], "new", on, refused],
  ["an empty text", "", "new", on, refused],
  ["a known user whose claim is empty", [], user, on, everywhere],
  ["a list of what is no text is empty", [true, { admin: true }], user, on, everywhere],
  ["an admin whose claim is empty", [], admin, on, everywhere],
  ["the last admin may be turned away, but stays admin", [], lastAdmin, on, everywhere],
  [
    "somebody who is linked by address is refused, and nobody is signed out",
    ["guest"],
    { ...user, byEmail: true },
    { ...on, signIn: { linking: "verified-email" } },
    refused,
  ],
  [
    "noMatch default, new",
    ["guest"],
    "new",
    { roles: { fromClaims: true, noMatch: "default" } },
    "pending from default by roles.noMatch",
  ],
  [
    "noMatch default, known: the role goes",
    ["guest"],
    user,
    { roles: { fromClaims: true, noMatch: "default" } },
    "pending from default by roles.noMatch",
  ],
  [
    "noMatch default, empty",
    [],
    admin,
    { roles: { fromClaims: true, noMatch: "default", default: "user" } },
    "user from default by roles.noMatch",
  ],
  [
    "noMatch default, and it is what they have",
    [],
    { role: "pending", origin: "default" },
    { roles: { fromClaims: true, noMatch: "default" } },
    "pending from default by roles.noMatch (nothing to write)",
  ],
  [
    "a provider's own noMatch",
    ["guest"],
    "new",
    { ...on, provider: { roles: { noMatch: "default" } } },
    "pending from default by roles.noMatch",
  ],
];

const absentNew = "refused: account.roles_absent by roles.absent.newUser";
const absentKnown = "refused: account.roles_absent by roles.absent.knownUser, signed out everywhere";
/** AC-12, third row: no claim, or one of a kind that is no role. */
const absent: Row[] = [
  ["a new person is refused", none, "new", on, absentNew],
  ["a known one keeps the role", none, user, on, "keeps user by roles.absent.knownUser"],
  ["an admin keeps it too", none, admin, on, "keeps admin by roles.absent.knownUser"],
  ["true is no role", true, "new", on, absentNew],
  ["an object is no role", { admin: true }, "new", on, absentNew],
  [
    "a known user with a claim of a wrong type keeps the role",
    { admin: true },
    user,
    on,
    "keeps user by roles.absent.knownUser",
  ],
  ["null is not there", null, "new", on, absentNew],
  [
    "newUser default",
    none,
    "new",
    { roles: { fromClaims: true, absent: { newUser: "default" } } },
    "pending from default by roles.absent.newUser",
  ],
  [
    "newUser default does not concern known users",
    none,
    user,
    { roles: { fromClaims: true, absent: { newUser: "default" } } },
    "keeps user by roles.absent.knownUser",
  ],
  ["knownUser deny", none, user, { roles: { fromClaims: true, absent: { knownUser: "deny" } } }, absentKnown],
  [
    "knownUser deny does not concern who is linked only now",
    none,
    { ...user, byEmail: true },
    { roles: { fromClaims: true, absent: { knownUser: "deny" } }, signIn: { linking: "verified-email" } },
    "refused: account.roles_absent by roles.absent.knownUser",
  ],
  [
    "knownUser default",
    none,
    user,
    { roles: { fromClaims: true, absent: { knownUser: "default" } } },
    "pending from default by roles.absent.knownUser",
  ],
  [
    "a provider's own word",
    none,
    "new",
    { ...on, provider: { roles: { absent: { newUser: "default" } } } },
    "pending from default by roles.absent.newUser",
  ],
  [
    "key by key: the other key stays global",
    none,
    user,
    {
      roles: { fromClaims: true, absent: { knownUser: "deny" } },
      provider: { roles: { absent: { newUser: "default" } } },
    },
    absentKnown,
  ],
];

const failed = { unknown: { roles: "userinfo_failed" } } as const;
/** AC-12, fourth row: nobody knows. It adds nothing, takes nothing, refuses no one who is known. */
const unknown: Row[] = [
  [
    "userinfo failed: a new person is refused with a code of its own",
    none,
    "new",
    { ...on, ...failed },
    "refused: account.roles_unknown by userinfo_failed",
  ],
  ["userinfo failed: a known user keeps the role", none, user, { ...on, ...failed }, "keeps user by userinfo_failed"],
  [
    "even where absent would refuse",
    none,
    user,
    { roles: { fromClaims: true, absent: { knownUser: "deny" } }, ...failed },
    "keeps user by userinfo_failed",
  ],
  [
    "even where absent would take the role",
    none,
    admin,
    { roles: { fromClaims: true, absent: { knownUser: "default" } }, ...failed },
    "keeps admin by userinfo_failed",
  ],
  [
    "a new person is not let in by absent.newUser",
    none,
    "new",
    { roles: { fromClaims: true, absent: { newUser: "default" } }, ...failed },
    "refused: account.roles_unknown by userinfo_failed",
  ],
  [
    "nor by noMatch",
    none,
    "new",
    { roles: { fromClaims: true, noMatch: "default" }, ...failed },
    "refused: account.roles_unknown by userinfo_failed",
  ],
  [
    "values in the ID token count although userinfo failed",
    ["user"],
    "new",
    { ...on, ...failed },
    "user from claims:corp by roles.allowed: user",
  ],
  ["with claims off nobody asks", none, "new", failed, "pending from default by roles.default"],
  [
    "somebody who is linked by address keeps the role",
    none,
    { ...user, byEmail: true },
    { ...on, ...failed, signIn: { linking: "verified-email" } },
    "keeps user by userinfo_failed",
  ],
];

/** AC-12: what would be taken from the only admin. */
const last: Row[] = [
  ["a lower role is not given", ["user"], lastAdmin, on, "stays the last admin, user by roles.allowed: user"],
  [
    "nor the default",
    ["x"],
    lastAdmin,
    { roles: { fromClaims: true, noMatch: "default" } },
    "stays the last admin, pending by roles.noMatch",
  ],
  [
    "nor for a claim that is not there",
    none,
    lastAdmin,
    { roles: { fromClaims: true, absent: { knownUser: "default" } } },
    "stays the last admin, pending by roles.absent.knownUser",
  ],
  ["a claim that says admin is no matter", ["admin"], lastAdmin, on, "admin from claims:corp by roles.admin: admin"],
  [
    "one admin of several is demoted",
    ["user"],
    { role: "admin", lastAdmin: false },
    on,
    "user from claims:corp by roles.allowed: user",
  ],
];

const bootstrap = { signIn: { bootstrapAdmins: ["ann@example.com"] } };
/** AC-9: those who are admin whatever claims say, and the one who may be healed. */
const whatever: Row[] = [
  ["the first person, claims off", none, "nobody", {}, "admin from first-user by first-user"],
  ["the first person, no claim", none, "nobody", on, "admin from first-user by first-user"],
  ["the first person, an empty claim", [], "nobody", on, "admin from first-user by first-user"],
  ["the first person, a claim that says user", ["user"], "nobody", on, "admin from first-user by first-user"],
  ["the first person, userinfo failed", none, "nobody", { ...on, ...failed }, "admin from first-user by first-user"],
  [
    "the first person, too many roles",
    ["a", "b"],
    "nobody",
    { ...on, limits: { groupsPerClaim: 1 } },
    "admin from first-user by first-user",
  ],
  ["a named admin who is new", [], "new", { ...on, ...bootstrap }, "admin from bootstrap by signIn.bootstrapAdmins"],
  [
    "a named admin who is known",
    ["user"],
    user,
    { ...on, ...bootstrap },
    "admin from bootstrap by signIn.bootstrapAdmins",
  ],
  [
    "a named admin who is admin stays so",
    ["user"],
    admin,
    { ...on, ...bootstrap },
    "keeps admin by signIn.bootstrapAdmins",
  ],
  [
    "a named admin with no matching role is not turned away",
    ["x"],
    admin,
    { ...on, ...bootstrap },
    "keeps admin by signIn.bootstrapAdmins",
  ],
  [
    "the only user is healed",
    none,
    { role: "user", onlyUser: true },
    { roles: { healLoneUser: true } },
    "admin from healed by roles.healLoneUser",
  ],
  ["not without the option", none, { role: "user", onlyUser: true }, {}, "keeps user by roles.fromClaims"],
  [
    "not where there are others",
    none,
    { role: "user", onlyUser: false },
    { roles: { healLoneUser: true } },
    "keeps user by roles.fromClaims",
  ],
  [
    "whatever the claim gives",
    ["user"],
    { role: "user", onlyUser: true },
    { roles: { fromClaims: true, healLoneUser: true } },
    "admin from healed by roles.healLoneUser",
  ],
  [
    "but not one whom the claim turns away",
    [],
    { role: "user", onlyUser: true },
    { roles: { fromClaims: true, healLoneUser: true } },
    everywhere,
  ],
  [
    "an only user who is admin needs no healing",
    none,
    { role: "admin", onlyUser: true },
    { roles: { healLoneUser: true } },
    "keeps admin by roles.fromClaims",
  ],
];

/** Admission comes first: whom the account rules turn away has no role (AC-6). */
const admission: Row[] = [
  [
    "a role does not open a sign-up that is closed",
    ["admin"],
    "new",
    { ...on, signIn: { signUp: false } },
    "refused: account.sign_up_closed",
  ],
  [
    "nor a domain",
    ["admin"],
    "new",
    { ...on, signIn: { allowedDomains: ["other.example"] } },
    "refused: account.domain_refused",
  ],
  [
    "a known user of a domain that is no longer allowed is out everywhere",
    ["admin"],
    user,
    { ...on, signIn: { allowedDomains: ["other.example"] } },
    "refused: account.domain_refused, signed out everywhere",
  ],
  [
    "also with claims off",
    none,
    user,
    { signIn: { allowedDomains: ["other.example"] } },
    "refused: account.domain_refused, signed out everywhere",
  ],
  [
    "a stranger with a known address throws nobody out",
    none,
    { ...user, byEmail: true },
    { signIn: { allowedDomains: ["other.example"] } },
    "refused: account.domain_refused",
  ],
  ["nor a disabled user who is out already", ["admin"], { ...user, disabled: true }, on, "refused: account.disabled"],
  ["an address that is taken", ["admin"], { ...user, byEmail: true }, on, "refused: link.email_taken"],
  [
    "more roles than the limit",
    ["a", "b", "user"],
    "new",
    { ...on, limits: { groupsPerClaim: 2 } },
    "refused: account.groups_too_many by limits.groupsPerClaim",
  ],
  [
    "a known user with too many is refused, and stays signed in elsewhere",
    ["a", "b", "user"],
    user,
    { ...on, limits: { groupsPerClaim: 2 } },
    "refused: account.groups_too_many by limits.groupsPerClaim",
  ],
  [
    "as many as the limit",
    ["a", "user"],
    "new",
    { ...on, limits: { groupsPerClaim: 2 } },
    "user from claims:corp by roles.allowed: user",
  ],
  [
    "with claims off nobody counts",
    ["a", "b", "user"],
    "new",
    { limits: { groupsPerClaim: 2 } },
    "pending from default by roles.default",
  ],
];

const noMatchDefault = { roles: { fromClaims: true, noMatch: "default" } } as const;
const knownDeny = { roles: { fromClaims: true, absent: { knownUser: "deny" } } } as const;
const knownDefault = { roles: { fromClaims: true, absent: { knownUser: "default" } } } as const;
const newDefault = { roles: { fromClaims: true, absent: { newUser: "default" } } } as const;
const waiting: KnownPerson = { role: "pending", origin: "default" };
const byUser = "user from claims:corp by roles.allowed: user";
const byAdmin = "admin from claims:corp by roles.admin: admin";

/** AC-12, its rows and its options crossed: each option for those whom it does not concern, too. */
const crossed: Row[] = [
  ["who waits, and no claim", none, waiting, on, "keeps pending by roles.absent.knownUser"],
  ["who waits, and an empty claim", [], waiting, on, everywhere],
  ["who waits, and a stranger's role", ["guest"], waiting, on, everywhere],
  ["who waits is let in where noMatch is default, too", ["user"], waiting, noMatchDefault, byUser],
  ["who waits becomes admin at once", ["user", "admin"], waiting, on, byAdmin],
  ["a role of this provider rises", ["admin"], fromCorp, on, byAdmin],
  ["a role of this provider stays without a claim", none, fromCorp, on, "keeps user by roles.absent.knownUser"],
  ["a role of this provider, knownUser deny", none, fromCorp, knownDeny, absentKnown],
  ["an admin, knownUser deny", none, admin, knownDeny, absentKnown],
  ["the last admin, knownUser deny", none, lastAdmin, knownDeny, absentKnown],
  ["an admin, knownUser default", none, admin, knownDefault, "pending from default by roles.absent.knownUser"],
  ["knownUser default, an empty claim is not absent", [], user, knownDefault, everywhere],
  ["knownUser deny, a role that fits", ["admin"], user, knownDeny, byAdmin],
  ["knownUser default, a role that fits", ["admin"], user, knownDefault, byAdmin],
  ["newUser default, a role that fits", ["user"], "new", newDefault, byUser],
  ["newUser default, an empty claim is not absent", [], "new", newDefault, refused],
  ["newUser default, a stranger's role", ["guest"], "new", newDefault, refused],
  ["knownUser deny says nothing of a new person", none, "new", knownDeny, absentNew],
  ["knownUser default says nothing of a new person", none, "new", knownDefault, absentNew],
  ["noMatch default is not for an absent claim", none, "new", noMatchDefault, absentNew],
  [
    "noMatch default, and a known user without a claim",
    none,
    user,
    noMatchDefault,
    "keeps user by roles.absent.knownUser",
  ],
  ["a wrong type, knownUser deny", true, user, knownDeny, absentKnown],
  ["an object, newUser default", { admin: true }, "new", newDefault, "pending from default by roles.absent.newUser"],
  ["null, knownUser default", null, user, knownDefault, "pending from default by roles.absent.knownUser"],
  [
    "an admin of a stranger's role, noMatch default",
    ["guest"],
    admin,
    noMatchDefault,
    "pending from default by roles.noMatch",
  ],
  ["an empty text, noMatch default", "", user, noMatchDefault, "pending from default by roles.noMatch"],
  [
    "a new person with an empty claim, noMatch default",
    [],
    "new",
    noMatchDefault,
    "pending from default by roles.noMatch",
  ],
  ["an admin is demoted where noMatch is default, too", ["user"], admin, noMatchDefault, byUser],
];

export const roleTables: Readonly<Record<string, readonly Row[]>> = {
  "AC-10 claims off": off,
  "AC-11 AC-12 a value fits": matching,
  "AC-11 rules in full": inFull,
  "AC-12 nothing fits, or the claim is empty": notMatching,
  "AC-12 no claim": absent,
  "AC-12 its options crossed": crossed,
  "AC-12 SI-17 nobody knows": unknown,
  "AC-12 the last admin": last,
  "AC-9 admin whatever claims say": whatever,
  "AC-6 admission comes first": admission,
};
