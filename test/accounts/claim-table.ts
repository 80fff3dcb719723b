/** What a roles or groups claim is read as (SI-16, SI-17): every row says it for one shape, one name, one circumstance. */

import { type ClaimResult, longestValue } from "../../src/accounts/policy/claim-values.js";
import type { JsonObject, JsonValue } from "../../src/kernel/json.js";

const absent: ClaimResult = { kind: "absent" };
const empty: ClaimResult = { kind: "empty" };
const overage: ClaimResult = { kind: "unknown", reason: "overage" };
const values = (...list: string[]): ClaimResult => ({ kind: "values", values: list });
const fits = "v".repeat(longestValue);

/** The value of the claim, the separator, and what is read. */
export const shapes: readonly [why: string, claim: JsonValue | undefined, separator: string, result: ClaimResult][] = [
  ["no claim is absent", undefined, ",", absent],
  ["null is absent", null, ",", absent],
  ["true is no role", true, ",", absent],
  ["false is no role", false, ",", absent],
  ["an object is no role", { admin: true }, ",", absent],
  ["an object that looks like a list is no role", { 0: "admin", length: 1 }, ",", absent],
  ["an empty list is empty", [], ",", empty],
  ["an empty text is empty", "", ",", empty],
  ["a blank text is empty", " \t ", ",", empty],
  ["a text of separators is empty", " , ,,", ",", empty],
  ["a list of blanks is empty", ["", "  "], ",", empty],
  ["a list of what is no text is empty, not absent", [true, null, {}], ",", empty],
  ["a list in a list counts for nothing", [["admin"]], ",", empty],
  ["a list of texts", ["a", "b"], ",", values("a", "b")],
  ["one text", "a", ",", values("a")],
  ["a text is split", "a,b", ",", values("a", "b")],
  ["parts are trimmed", " a , b ", ",", values("a", "b")],
  ["empty parts are dropped", "a,,b,", ",", values("a", "b")],
  ["another separator", "a;b,c", ";", values("a", "b,c")],
  ["a space as separator", "a  b", " ", values("a", "b")],
  ["a separator of two characters", "a, b,c", ", ", values("a", "b,c")],
  ["an empty separator splits nothing", "a,b", "", values("a,b")],
  ["an empty separator still trims", " a b ", "", values("a b")],
  ["an empty separator and an empty text", "", "", empty],
  ["members of a list are not split", ["a,b"], ",", values("a,b")],
  ["members of a list are trimmed", [" a "], ",", values("a")],
  ["a member that is no text leaves the others", ["a", true, null, { b: 1 }, ["c"], "d"], ",", values("a", "d")],
  ["each value counts once", ["a", "a", " a"], ",", values("a")],
  ["case makes another value", ["a", "A"], ",", values("a", "A")],
  ["a number", 7, ",", values("7")],
  ["nought is a number like others", 0, ",", values("0")],
  ["a number with a fraction", 1.5, ",", values("1.5")],
  ["a large number has the decimal form of JSON", 1e21, ",", values("1e+21")],
  ["numbers in a list", [1, "2", 3], ",", values("1", "2", "3")],
  ["the longest value that counts", [fits], ",", values(fits)],
  ["a longer one is dropped", [`${fits}v`, "a"], ",", values("a")],
  ["nothing but longer ones is empty", [`${fits}v`], ",", empty],
  ["a control character is no name", ["a\u0000", "b\nc", "d"], ",", values("d")],
  ["half a surrogate pair is no name", ["a\ud800", "b"], ",", values("b")],
  ["other scripts are names", ["größe", "グループ", "😀"], ",", values("größe", "グループ", "😀")],
];

const plain = { sub: "1", roles: ["r"] };
/** The claims, the name that the operator gave, and what is read. */
export const names: readonly [why: string, claims: JsonObject, name: string, result: ClaimResult][] = [
  ["a plain name", plain, "roles", values("r")],
  ["a name that is not there", plain, "groups", absent],
  ["a URL is a literal name", { "https://x.y/groups": ["g"] }, "https://x.y/groups", values("g")],
  ["a dotted path", { realm_access: { roles: ["r"] } }, "realm_access.roles", values("r")],
  ["the literal name comes first", { "a.b": ["literal"], a: { b: ["path"] } }, "a.b", values("literal")],
  ["three levels", { a: { b: { c: "x" } } }, "a.b.c", values("x")],
  ["a list in the way means absent", { a: [{ b: "x" }] }, "a.b", absent],
  ["a text in the way means absent", { a: "b" }, "a.b", absent],
  ["null in the way means absent", { a: null }, "a.b", absent],
  ["a list has no members by number", { a: ["x"] }, "a.0", absent],
  ["a prototype's member is not there", {}, "constructor", absent],
  ["nor at the end of a path", { a: {} }, "a.toString", absent],
  ["nor __proto__", { a: "x" }, "__proto__.a", absent],
  ["an overage names the claim", { _claim_names: { groups: "src1" } }, "groups", overage],
  ["an overage of another claim", { _claim_names: { groups: "src1" } }, "roles", absent],
  ["an overage beside an empty list", { groups: [], _claim_names: { groups: "src1" } }, "groups", overage],
  ["an overage beside a wrong type", { groups: {}, _claim_names: { groups: "src1" } }, "groups", overage],
  ["values that are there are believed", { groups: ["g"], _claim_names: { groups: "src1" } }, "groups", values("g")],
  ["an overage of what a path begins with", { _claim_names: { a: "src1" } }, "a.b", overage],
  ["an overage of a literal name with dots", { _claim_names: { "https://x.y/g": "s" } }, "https://x.y/g", overage],
  ["_claim_names that is no object says nothing", { _claim_names: ["groups"] }, "groups", absent],
  ["_claim_names has no members by prototype", { _claim_names: {} }, "toString", absent],
  ["hasgroups", { hasgroups: true }, "groups", overage],
  ["hasgroups as text", { hasgroups: "true" }, "groups", overage],
  ["hasgroups that is false", { hasgroups: false }, "groups", absent],
  ["hasgroups speaks of groups alone", { hasgroups: true }, "roles", absent],
];

/** Where a caller knows that the claim could not be had. */
export const toldUnknown: readonly [why: string, claim: JsonValue | undefined, result: ClaimResult][] = [
  ["a claim that is missing is unknown", undefined, { kind: "unknown", reason: "userinfo_failed" }],
  ["so is one of a wrong type", true, { kind: "unknown", reason: "userinfo_failed" }],
  ["an empty one that came says that it is empty", [], empty],
  ["values that came are believed", ["a"], values("a")],
];
