/** The claims whose shape matters: a subject that must not be bent, and texts that people will see (SI-16). */
import { readClaim } from "../../kernel/claims.js";
import type { JsonObject } from "../../kernel/json.js";

/** Longest subject that is accepted; OpenID Connect Core §2 says 255 ASCII characters, some providers say more. */
const longestSubject = 1_024;

/**
 * The subject: a string, or a whole number in its decimal form; anything else is refused. Nothing is trimmed, folded or
 * unescaped: two subjects that differ in one byte are two people (AT-9).
 */
export function readSubject(claims: JsonObject, name: string): string | undefined {
  const value = readClaim(claims, name);
  const text = typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== "string" || text.length === 0 || text.length > longestSubject) return undefined;
  // A NUL would end the text early in some database; no provider sends control characters. Half a surrogate pair has
  // no UTF-8: every one of them would be stored as the same replacement character.
  return /[\u0000-\u001f\u007f]/.test(text) || !text.isWellFormed() ? undefined : text;
}

/** A display text: one line, at most 200 characters; `undefined` when the claim is absent, empty or no text. */
export function readText(claims: JsonObject, name: string): string | undefined {
  const value = readClaim(claims, name);
  if (typeof value !== "string") return undefined;
  const text = value
    .toWellFormed()
    .normalize("NFC")
    .replace(/[\s\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, " ")
    .trim();
  return text === "" ? undefined : [...text].slice(0, 200).join("");
}
