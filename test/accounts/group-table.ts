/**
 * What a sign-in does to somebody's groups (AC-14 to AC-18, AC-21). Each row: what is asked, the groups claim as the
 * provider sent it, the groups that the person is in, the groups that are there and who made them, the operator's
 * configuration, and every step in words. `corp` is the provider that the person comes from.
 * Long because every row is a case of its own.
 */

import { claimsOrigin } from "../../src/accounts/policy/origin.js";
import type { JsonValue } from "../../src/kernel/json.js";
import type { Question } from "./setting.js";

type Row = [
  why: string,
  claim: JsonValue | undefined,
  /** `null`: a new person. */
  memberships: readonly string[] | null,
  existing: Readonly<Record<string, string>>,
  question: Omit<Question, "claims" | "known" | "existing">,
  steps: readonly string[],
];

const none = undefined;
const on = { groups: { fromClaims: true } };
const create = { groups: { fromClaims: true, create: true } };
const any = { groups: { fromClaims: true, join: "any" } } as const;
const failed = { unknown: { groups: "userinfo_failed" } } as const;
const other = "claims:other https://other.example";
/** The same provider id when it was still pointed at another issuer. */
const before = claimsOrigin("corp", "https://old.example");
const three = { a: "corp", b: "corp", c: "corp", lunch: "manual" };
const mine = ["a from corp", "b from corp", "c from corp", "lunch from manual"];

const off: Row[] = [
  ["a claim joins nothing", ["a"], [], { a: "corp" }, {}, []],
  ["a claim makes nothing", ["x"], [], {}, { groups: { create: true } }, []],
  ["an empty claim takes nothing", [], ["a from corp"], { a: "corp" }, {}, ["keep a from corp: claims_off"]],
];

const creating: Row[] = [
  ["a group that is not there is passed over", ["x"], [], {}, on, ["pass over x: no_such_group"]],
  ["with create it is made and joined", ["x"], [], {}, create, ["create x from corp"]],
  ["for a new person too", ["x", "y"], null, {}, create, ["create x from corp", "create y from corp"]],
  ["one that is there is joined, not made", ["a"], [], { a: "corp" }, create, ["join a from corp"]],
  ["names are compared exactly", ["Staff"], [], { staff: "corp" }, create, ["create Staff from corp"]],
  ["and trimmed", [" a ", "a"], [], { a: "corp" }, create, ["join a from corp"]],
  ["a text is split at semicolons", "a; x", [], { a: "corp" }, create, ["join a from corp", "create x from corp"]],
  ["a comma is part of a name", "a,b", [], {}, create, ["create a,b from corp"]],
  ["a number is a name", [7], [], {}, create, ["create 7 from corp"]],
  ["a name over 256 characters is dropped", ["x".repeat(257), "a"], [], { a: "corp" }, create, ["join a from corp"]],
  ["a provider's own create", ["x"], [], {}, { ...on, provider: { groups: { create: true } } }, ["create x from corp"]],
  [
    "a provider's own create, switched off",
    ["x"],
    [],
    {},
    { ...create, provider: { groups: { create: false } } },
    ["pass over x: no_such_group"],
  ],
];

const syncing: Row[] = [
  [
    "what is named again stays, without a write",
    ["a"],
    ["a from corp"],
    { a: "corp" },
    on,
    ["keep a from corp: in_claim"],
  ],
  [
    "what is no longer named goes",
    ["a"],
    ["a from corp", "b from corp"],
    { a: "corp" },
    on,
    ["keep a from corp: in_claim", "leave b from corp: not_in_claim"],
  ],
  [
    "joined and left in one sign-in",
    ["b"],
    ["a from corp"],
    { b: "corp" },
    on,
    ["join b from corp", "leave a from corp: not_in_claim"],
  ],
  [
    "three claim groups and one manual one, and the claim is empty: exactly the manual one stays",
    [],
    mine,
    three,
    on,
    [
      "leave a from corp: not_in_claim",
      "leave b from corp: not_in_claim",
      "leave c from corp: not_in_claim",
      "keep lunch from manual: not_of_this_provider",
    ],
  ],
  ["an empty text is empty", "", ["a from corp"], {}, on, ["leave a from corp: not_in_claim"]],
  [
    "a manual membership is never taken",
    ["b"],
    ["a from manual"],
    { b: "corp" },
    on,
    ["join b from corp", "keep a from manual: not_of_this_provider"],
  ],
  ["nor a default one", [], ["all from default"], {}, on, ["keep all from default: not_of_this_provider"]],
  ["nor one from another provider", [], [`a from ${other}`], {}, on, [`keep a from ${other}: not_of_this_provider`]],
  [
    "nor one of the same id from another issuer",
    [],
    [`a from ${before}`],
    {},
    on,
    [`keep a from ${before}: not_of_this_provider`],
  ],
  [
    "a group by hand and by claim: the claim's part is added",
    ["a"],
    ["a from manual"],
    { a: "corp" },
    on,
    ["join a from corp", "keep a from manual: not_of_this_provider"],
  ],
  [
    "and only the claim's part goes",
    [],
    ["a from corp", "a from manual"],
    {},
    on,
    ["leave a from corp: not_in_claim", "keep a from manual: not_of_this_provider"],
  ],
];

const keepAll = [
  "keep a from corp: claim_absent",
  "keep b from corp: claim_absent",
  "keep c from corp: claim_absent",
  "keep lunch from manual: not_of_this_provider",
];
const unknownAll = [
  "keep a from corp: claim_unknown",
  "keep b from corp: claim_unknown",
  "keep c from corp: claim_unknown",
  "keep lunch from manual: not_of_this_provider",
];
const notThere: Row[] = [
  ["absent changes nothing by default", none, mine, three, on, keepAll],
  ["a claim of a wrong type is absent", { a: true }, mine, three, on, keepAll],
  ["true is absent", true, mine, three, on, keepAll],
  [
    "absent: empty takes what the claim gave",
    none,
    ["a from corp", "lunch from manual"],
    three,
    { groups: { fromClaims: true, absent: "empty" } },
    ["leave a from corp: not_in_claim", "keep lunch from manual: not_of_this_provider"],
  ],
  [
    "a provider's own word about absence",
    none,
    ["a from corp"],
    three,
    { ...on, provider: { groups: { absent: "empty" } } },
    ["leave a from corp: not_in_claim"],
  ],
  ["unknown changes nothing", none, mine, three, { ...on, ...failed }, unknownAll],
  [
    "unknown changes nothing although absent would",
    none,
    mine,
    three,
    { groups: { fromClaims: true, absent: "empty" }, ...failed },
    unknownAll,
  ],
  ["a new person whose groups are unknown is in none", none, null, three, { ...create, ...failed }, []],
];

const named = (...blocked: string[]) => ({ groups: { fromClaims: true, create: true, join: "any", blocked } }) as const;
const blocking: Row[] = [
  ["a blocked group is not made", ["admins"], [], {}, named("admins"), ["block admins by admins"]],
  ["nor joined", ["admins"], [], { admins: "corp" }, named("admins"), ["block admins by admins"]],
  [
    "nor left: a membership from before stays",
    [],
    ["admins from corp"],
    { admins: "corp" },
    named("admins"),
    ["keep admins from corp: blocked"],
  ],
  [
    "nor left when the claim names it",
    ["admins"],
    ["admins from corp"],
    { admins: "corp" },
    named("admins"),
    ["block admins by admins", "keep admins from corp: blocked"],
  ],
  ["a glob", ["eu-admins", "eu"], [], {}, named("*-admins"), ["block eu-admins by *-admins", "create eu from corp"]],
  ["a glob meets the whole name", ["eu-admins-2"], [], {}, named("*-admins"), ["create eu-admins-2 from corp"]],
  ["a regular expression", ["team-7"], [], {}, named("regex:team-[0-9]"), ["block team-7 by regex:team-[0-9]"]],
  ["case counts", ["Admins"], [], {}, named("admins"), ["create Admins from corp"]],
  [
    "exact takes a star as it is",
    ["a*", "ab"],
    [],
    {},
    named("exact:a*"),
    ["block a* by exact:a*", "create ab from corp"],
  ],
  [
    "a provider's list replaces the global one",
    ["x", "y"],
    [],
    {},
    { ...named("x"), provider: { groups: { blocked: ["y"] } } },
    ["create x from corp", "block y by y"],
  ],
];

const joining: Row[] = [
  [
    "a group that an admin made is closed to claims",
    ["ops"],
    [],
    { ops: "manual" },
    create,
    ["pass over ops: not_opened"],
  ],
  ["so is the one that new users join", ["all"], [], { all: "default" }, create, ["pass over all: not_opened"]],
  ["so is one that another provider's claims made", ["ops"], [], { ops: other }, create, ["pass over ops: not_opened"]],
  [
    "so is one that this id's claims made at another issuer",
    ["ops"],
    [],
    { ops: before },
    create,
    ["pass over ops: not_opened"],
  ],
  [
    "join: any opens them",
    ["ops", "all"],
    [],
    { ops: "manual", all: other },
    any,
    ["join ops from corp", "join all from corp"],
  ],
  [
    "closing them again ends what the claim gave",
    ["ops"],
    ["ops from corp"],
    { ops: "manual" },
    on,
    ["pass over ops: not_opened", "leave ops from corp: not_opened"],
  ],
  [
    "but not what an admin gave",
    ["ops"],
    ["ops from manual"],
    { ops: "manual" },
    on,
    ["pass over ops: not_opened", "keep ops from manual: not_of_this_provider"],
  ],
  [
    "a provider's own word",
    ["ops"],
    [],
    { ops: "manual" },
    { ...on, provider: { groups: { join: "any" } } },
    ["join ops from corp"],
  ],
];

const all = { groups: { default: "all" } };
const defaults: Row[] = [
  ["a new person joins it", none, null, { all: "manual" }, all, ["join all from default"]],
  ["it is made when it is not there", none, null, {}, all, ["create all from default"]],
  ["a known person does not", none, [], { all: "manual" }, all, []],
  [
    "blocked speaks of claims alone",
    none,
    null,
    { all: "manual" },
    { groups: { default: "all", blocked: ["all"] } },
    ["join all from default"],
  ],
  [
    "the claim does not get anybody in",
    ["all"],
    null,
    { all: "default" },
    { groups: { ...create.groups, default: "all" } },
    ["join all from default", "pass over all: not_opened"],
  ],
  [
    "claims and default side by side",
    ["x"],
    null,
    { all: "default" },
    { groups: { ...create.groups, default: "all" } },
    ["join all from default", "create x from corp"],
  ],
  [
    "a claim that names it while it is being made does not make it twice",
    ["all", "x"],
    null,
    {},
    { groups: { ...create.groups, join: "any", default: "all" } },
    ["create all from default", "pass over all: is_default", "create x from corp"],
  ],
  [
    "an empty claim leaves it",
    [],
    null,
    { all: "default" },
    { groups: { ...create.groups, default: "all" } },
    ["join all from default"],
  ],
  [
    "a provider's own",
    none,
    null,
    {},
    { ...all, provider: { groups: { default: "guests" } } },
    ["create guests from default"],
  ],
  ["a provider without one", none, null, {}, { ...all, provider: { groups: { default: null } } }, []],
];

const limit = (groupsPerClaim: number) => ({ ...create, limits: { groupsPerClaim } });
const limits: Row[] = [
  [
    "more than the limit is refused",
    ["a", "b", "c"],
    null,
    {},
    limit(2),
    ["refused: account.groups_too_many by limits.groupsPerClaim"],
  ],
  ["as many as the limit are not", ["a", "b"], null, {}, limit(2), ["create a from corp", "create b from corp"]],
  [
    "what counts once is counted once",
    ["a", "a", "b"],
    null,
    {},
    limit(2),
    ["create a from corp", "create b from corp"],
  ],
  ["with claims off nobody counts", ["a", "b", "c"], [], {}, { limits: { groupsPerClaim: 2 } }, []],
  [
    "a named admin comes in all the same, with the groups as they are",
    ["a", "b", "c"],
    ["z from corp"],
    { z: "corp" },
    { ...limit(2), signIn: { bootstrapAdmins: ["ann@example.com"] } },
    ["keep z from corp: claim_unknown"],
  ],
];

export const groupTables: Readonly<Record<string, readonly Row[]>> = {
  "AC-14 claims off": off,
  "AC-14 making groups": creating,
  "AC-15 joining and leaving": syncing,
  "AC-15 SI-17 a claim that is not there, or that nobody knows": notThere,
  "AC-16 blocked groups": blocking,
  "AC-21 whose groups": joining,
  "AC-17 the group that new users join": defaults,
  "AC-18 limits": limits,
};
