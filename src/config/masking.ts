/**
 * What of a configuration may be shown, by `config print` and in a problem (VA-5). Where the shape is wrong nobody knows
 * which part is the secret, so all of it is hidden.
 */
import { isJsonObject } from "../kernel/json.js";
import type { SchemaNode } from "./schema-tree.js";

export const mask = "[secret]";

/** True when this value must not be shown: it is a secret, or stands where secrets lie below and has not their shape. */
export function hidesSecret(node: SchemaNode | undefined, value: unknown): boolean {
  if (node === undefined) return false;
  if (node.secret) return true;
  if (!holdsSecrets(node)) return false;
  return node.kind === "list" ? !Array.isArray(value) : !isJsonObject(value);
}

const holdsSecrets = (node: SchemaNode): boolean =>
  node.secret ||
  (node.kind === "list" && holdsSecrets(node.item)) ||
  (node.kind === "object" && [...node.fields.values()].some(holdsSecrets));
