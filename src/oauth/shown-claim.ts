/**
 * What a refusal tells of a claim that a stranger may have written: enough for an operator to compare, never long, and
 * never at the price of an exception. JSON nested thousands deep can be read, and writing it overflows the stack.
 */
import { type JsonObject, type JsonValue, member } from "../kernel/json.js";

const longest = 200;

/** Text, a number, a boolean, null or a flat list of texts as JSON, cut; of anything else its type alone. */
export function shownClaim(payload: JsonObject, name: string): string | undefined {
  const value = member(payload, name);
  return value === undefined ? undefined : shown(value).slice(0, longest);
}

function shown(value: JsonValue): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (!Array.isArray(value)) return "object";
  return value.every((one) => typeof one === "string") ? JSON.stringify(value) : "list";
}
