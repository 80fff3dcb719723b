/** A value of the right type from the text of an environment variable. What does not fit stays text, for the schema to refuse. */
import { parseJson } from "../kernel/json.js";
import type { SchemaNode } from "./schema-tree.js";

/**
 * Numbers and `true`/`false` where the key holds such; lists and maps as JSON, a list also separated by commas;
 * an empty text or `null` is null where the key may be null.
 */
export function fromText(node: SchemaNode, text: string): unknown {
  if (node.nullable && (text === "" || text === "null")) return null;
  switch (node.kind) {
    case "number":
      return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "list":
      if (text.trimStart().startsWith("[")) return parseJson(text) ?? text;
      return node.item.kind === "object"
        ? text
        : text
            .split(",")
            .map((item) => item.trim())
            .filter((item) => item !== "");
    case "map":
      return parseJson(text) ?? text;
    case "object":
      return parseJson(text) ?? text;
    case "text":
      return text;
  }
}
