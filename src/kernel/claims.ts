/** Reading one claim by the name an operator gave it (SI-16). What a claim's value means is not decided here. */
import { isJsonObject, type JsonObject, type JsonValue, member } from "./json.js";

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
