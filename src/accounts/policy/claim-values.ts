/**
 * What a roles or groups claim says (SI-16, SI-17). The whole point is that four answers stay apart: a claim that is not
 * there, one that names nothing, one that names something, and one that could not be had. Taking one for another gives
 * somebody a role, or takes it from everybody (AT-16).
 *
 * Pure, and never throws: the claims are JSON that a stranger may have shaped.
 */
import { readClaim } from "../../kernel/claims.js";
import { isJsonObject, type JsonObject, type JsonValue, member } from "../../kernel/json.js";

/** Why nobody can say what the claim holds. */
export type UnknownReason =
  /** The provider says that the values are elsewhere: there were too many for the token. */
  | "overage"
  /** The claim was to come from userinfo, and userinfo failed. */
  | "userinfo_failed"
  /** It stands in the ID token, and a refresh brought no new one. */
  | "not_told_again"
  /** It holds more than `limits.groupsPerClaim`, and the person is admitted whatever it says. */
  | "too_many";

export type ClaimResult =
  | { readonly kind: "absent" }
  | { readonly kind: "empty" }
  /** At least one; trimmed, each once, in the order of the claim. */
  | { readonly kind: "values"; readonly values: readonly string[] }
  | { readonly kind: "unknown"; readonly reason: UnknownReason };

/** Members of a claim that count for nothing, by why; for the log. */
export interface Dropped {
  /** Neither text nor number. */
  readonly wrongType: number;
  readonly tooLong: number;
  /** Control characters or half a surrogate pair: no name that could be stored or shown. */
  readonly malformed: number;
}

export interface ClaimReading {
  readonly result: ClaimResult;
  readonly dropped: Dropped;
}

/** Characters of the longest value that counts. */
export const longestValue = 256;
const nothingDropped: Dropped = { wrongType: 0, tooLong: 0, malformed: 0 };

/**
 * @param name tried as it stands, then as a dotted path
 * @param separator splits a text; empty: it is one value
 * @param unknown set by a caller who knows that the claim could not be had; then a claim that is missing is *unknown*
 */
export function readValues(
  claims: JsonObject,
  name: string,
  separator: string,
  unknown: UnknownReason | null = null,
): ClaimReading {
  const reading = valuesOf(readClaim(claims, name), separator);
  if (reading.result.kind === "values") return reading;
  if (isElsewhere(claims, name)) return { ...reading, result: { kind: "unknown", reason: "overage" } };
  const missing = reading.result.kind === "absent" && unknown !== null;
  return missing ? { ...reading, result: { kind: "unknown", reason: unknown } } : reading;
}

/**
 * True when the claims say that this one is to be asked for elsewhere: distributed claims (OpenID Connect Core §5.6.2),
 * as Entra sends them instead of more than 200 groups, and its `hasgroups` where there is no room even for that.
 *
 * Who can ask elsewhere puts the whole list under the claim's name, and takes the pointer away, before the claims are
 * read. Values that are there are believed in any case.
 */
export function isElsewhere(claims: JsonObject, name: string): boolean {
  const names = member(claims, "_claim_names");
  const first = name.split(".")[0] ?? name;
  if (isJsonObject(names) && (member(names, name) ?? member(names, first)) !== undefined) return true;
  const hasGroups = member(claims, "hasgroups");
  return name === "groups" && (hasGroups === true || hasGroups === "true");
}

/** The claims when this one has been had from elsewhere: nothing says any more that it is there. */
export function withoutPointer<T extends JsonObject>(claims: T, name: string): T {
  const { hasgroups, _claim_names: names, ...rest } = claims as JsonObject;
  const others = isJsonObject(names) ? Object.entries(names).filter(([one]) => one !== name) : [];
  return {
    ...rest,
    ...(name === "groups" || hasgroups === undefined ? {} : { hasgroups }),
    ...(others.length > 0 ? { _claim_names: Object.fromEntries(others) } : {}),
  } as unknown as T;
}

/** A boolean or an object is no role: as if nothing were there (SI-17). */
function valuesOf(claim: JsonValue | undefined, separator: string): ClaimReading {
  if (typeof claim === "number") return collected([claim]);
  if (typeof claim === "string") return collected(separator === "" ? [claim] : claim.split(separator));
  if (isList(claim)) return collected(claim);
  return { result: { kind: "absent" }, dropped: nothingDropped };
}

function collected(members: readonly JsonValue[]): ClaimReading {
  const values = new Set<string>();
  const dropped = { wrongType: 0, tooLong: 0, malformed: 0 };
  for (const each of members) {
    if (typeof each !== "string" && !(typeof each === "number" && Number.isFinite(each))) dropped.wrongType++;
    else {
      const value = String(each).trim();
      if (value.length > longestValue) dropped.tooLong++;
      else if (/\p{Cc}/u.test(value) || !value.isWellFormed()) dropped.malformed++;
      else if (value !== "") values.add(value);
    }
  }
  const result: ClaimResult = values.size === 0 ? { kind: "empty" } : { kind: "values", values: [...values] };
  return { result, dropped };
}

const isList = (value: JsonValue | undefined): value is readonly JsonValue[] => Array.isArray(value);
