/** Reading one claim by the name an operator gave it (SI-16). What a claim's value means is not decided here. */
import { isJsonObject, type JsonObject, type JsonValue, member } from "./json.js";

/**
 * What the document says of whether the address is verified. `email_verified` speaks of `email` and of nothing else. When
 * the operator reads the address from another claim, only a flag beside it counts: `contact.email` is vouched for by
 * `contact.email_verified`.
 *
 * @returns null where it says nothing; undefined where no flag would count
 */
export function readVerifiedFlag(claims: JsonObject, emailClaim: string): JsonValue | undefined {
  if (emailClaim === "email") return readClaim(claims, "email_verified") ?? null;
  if (!emailClaim.endsWith(".email") || Object.hasOwn(claims, emailClaim)) return undefined;
  const parent = readClaim(claims, emailClaim.slice(0, -".email".length));
  return isJsonObject(parent) ? (readClaim(parent, "email_verified") ?? null) : undefined;
}

/**
 * The claim's value: as a literal member first, so that `https://x.example/groups` works, then as a dotted path
 * through objects. `undefined` when it is absent; whatever lies in the way that is no object means absent.
 */
export function readClaim(claims: JsonObject, name: string): JsonValue | undefined {
  const literal = member(claims, name);
  if (literal !== undefined || !name.includes(".")) return literal;
  let at: JsonValue | undefined = claims;
  for (const step of name.split(".")) {
    if (!isJsonObject(at)) return undefined;
    at = member(at, step);
  }
  return at;
}
