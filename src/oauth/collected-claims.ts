/**
 * One set of claims out of two documents (SI-11). Pure: which document wins is a table, not a mood of the code.
 *
 * The odd part is `email_verified`: it vouches for the address beside it and for no other. A verified flag from one
 * document joined to an address from the other would hand somebody's account to whoever can edit a profile (AT-11).
 */
import { readClaim, readVerifiedFlag } from "../kernel/claims.js";
import { isJsonObject, type JsonObject, type JsonValue, member } from "../kernel/json.js";
import type { AuthorizationServer, IdTokenClaims } from "./types.js";

/** The names that an operator may give claims (SI-16); `null`: not used. */
export interface CollectedClaimNames {
  readonly subject: string;
  readonly email: string;
  readonly name: string;
  readonly picture: string | null;
  readonly roles?: string | null | undefined;
  readonly groups?: string | null | undefined;
  /** Whether a flag beside the e-mail is looked at (SI-18). @default true */
  readonly emailFlag?: boolean;
}

export const standardClaimNames: CollectedClaimNames = {
  subject: "sub",
  email: "email",
  name: "name",
  picture: "picture",
  roles: "roles",
  groups: "groups",
};

/** What only the ID token may say: it is signed, and userinfo answers a bearer token. */
const fromIdTokenOnly: ReadonlySet<string> = new Set(["iss", "sub", "aud", "exp", "iat", "nonce", "tid", "azp", "sid"]);

/**
 * The claims of one sign-in.
 *
 * | claim | taken from |
 * |---|---|
 * | `iss sub aud exp iat nonce tid azp sid` | the ID token, always |
 * | e-mail, name, picture, roles, groups (as `names` calls them) | userinfo if present there, else the ID token |
 * | `email_verified` (or the flag beside a nested e-mail) | the document that the e-mail came from |
 * | everything else | the ID token if present there, else userinfo |
 *
 * `null` counts as not present.
 */
export function mergeClaims(
  idToken: IdTokenClaims,
  userinfo: JsonObject | undefined,
  names: CollectedClaimNames = standardClaimNames,
): JsonObject {
  if (!userinfo) return idToken;
  const allowed = without(userinfo, fromIdTokenOnly);
  let merged: JsonObject = { ...allowed, ...idToken };
  for (const name of [names.name, names.picture, names.roles, names.groups]) {
    if (name && isPresent(allowed, name)) merged = take(merged, allowed, name);
  }
  const source = isPresent(allowed, names.email) ? allowed : idToken;
  for (const name of [names.email, ...verifiedFlags(names.email)]) merged = take(merged, source, name);
  return merged;
}

/**
 * True when userinfo has to be asked: it exists, and a claim that is named and used is not in the ID token (SI-11). An
 * e-mail there without its flag is not enough: a thin ID token leaves it to userinfo (OpenID Connect Core §5.4).
 */
export function userinfoNeeded(input: {
  readonly as: AuthorizationServer;
  readonly names: CollectedClaimNames;
  readonly idToken: JsonObject;
}): boolean {
  if (!input.as.userinfo_endpoint) return false;
  const { subject, email, name, picture, roles, groups } = input.names;
  const used = [subject, email, name, picture, roles, groups];
  if ((input.names.emailFlag ?? true) && readVerifiedFlag(input.idToken, email) === null) return true;
  return used.some((one) => typeof one === "string" && !isPresent(input.idToken, one));
}

const isPresent = (claims: JsonObject, name: string): boolean => (readClaim(claims, name) ?? null) !== null;

/** `email_verified`, and for a nested e-mail such as `contact.email` also `contact.email_verified`. */
function verifiedFlags(email: string): readonly string[] {
  return email.endsWith(".email") ? ["email_verified", `${email}_verified`] : ["email_verified"];
}

/** `claims` with the named claim as `source` has it, in the place where `source` has it; without it if it has none. */
function take(claims: JsonObject, source: JsonObject, name: string): JsonObject {
  if (fromIdTokenOnly.has(name) || fromIdTokenOnly.has(name.split(".")[0] ?? "")) return claims;
  const path = member(source, name) === undefined ? name.split(".") : [name];
  const removed = set(set(claims, [name], undefined), name.split("."), undefined);
  return set(removed, path, readClaim(source, name));
}

/** A copy in which the value at `path` is another, or, for `undefined`, is gone. Never writes to a prototype. */
function set(claims: JsonObject, path: readonly string[], value: JsonValue | undefined): JsonObject {
  const [step = "", ...rest] = path;
  const inner = member(claims, step);
  const next =
    rest.length === 0
      ? value
      : isJsonObject(inner)
        ? set(inner, rest, value)
        : value === undefined
          ? inner
          : set({}, rest, value);
  const entries = Object.entries(claims).filter(([name]) => name !== step);
  return Object.fromEntries(next === undefined ? entries : [...entries, [step, next]]);
}

const without = (claims: JsonObject, names: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => !names.has(name)));
