/** `config print`: every key with the value in force and where it came from, secrets masked (SU-2, VA-5). */
import { isJsonObject } from "../kernel/json.js";
import type { ConfigDocument } from "./load.js";
import { hidesSecret, mask, withoutCredentials } from "./masking.js";
import { valueAt } from "./problems.js";
import { type SchemaNode, schemaTree } from "./schema-tree.js";

export type ConfigSource = "file" | "environment" | "default";

export interface EffectiveValue {
  readonly path: string;
  /** As it would be written; secrets are `[secret]`. */
  readonly value: unknown;
  readonly source: ConfigSource;
  /** The file, the variable, or what was written before `${…}` was replaced; null for a default. */
  readonly from: string | null;
}

/** Every key in the order of the schema; list items one by one where they have keys of their own. */
export function effectiveValues(document: ConfigDocument): readonly EffectiveValue[] {
  const values: EffectiveValue[] = [];

  function visit(node: SchemaNode, path: readonly (string | number)[], value: unknown): void {
    if (node.kind === "object" && (value === undefined || (typeof value === "object" && value !== null))) {
      for (const [name, field] of node.fields) visit(field, [...path, name], valueAt(value, [name]));
    } else if (node.kind === "list" && node.item.kind === "object" && Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(node.item, [...path, index], item);
    } else if (value !== undefined || node.fallback !== undefined) values.push(leaf(node, path, value));
  }

  function leaf(node: SchemaNode, path: readonly (string | number)[], value: unknown): EffectiveValue {
    const at = path.join(".");
    const shownValue = masked(value === undefined ? node.fallback : value, node);
    const set = [...document.variables]
      .filter(([key]) => key === at || key.startsWith(`${at}.`))
      .map(([, variable]) => variable);
    if (set.length > 0) return { path: at, value: shownValue, source: "environment", from: set.join(", ") };
    if (value === undefined) return { path: at, value: shownValue, source: "default", from: null };
    const before = [...document.written]
      .filter(([key]) => key === at || key.startsWith(`${at}.`))
      .map(([, text]) => text);
    // A text around `${…}` may itself be part of a secret, so only the references are told; `$${` begins none.
    const references = before
      .flatMap((text) => text.match(/\$?\$\{(?:[A-Za-z_][A-Za-z0-9_]*|file:[^}]*)\}/g) ?? [])
      .filter((reference) => !reference.startsWith("$$"));
    return {
      path: at,
      value: shownValue,
      source: "file",
      from: [document.file, ...references].filter((part) => part !== null).join(" "),
    };
  }

  visit(schemaTree, [], document.input);
  return values;
}

function masked(value: unknown, node: SchemaNode, secret = hidesSecret(node, value)): unknown {
  if (value === null || value === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => masked(item, node, secret));
  // Only a free map has names that are not in the schema; elsewhere a map is a mistake, and what it holds is unknown.
  if (secret || (isJsonObject(value) && node.kind !== "map")) return mask;
  if (isJsonObject(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, masked(item, node, isSecretName(name, item))]),
    );
  return typeof value === "string" ? withoutCredentials(value, node) : value;
}

/** Of a free map, such as `authorizeParams`, the schema knows no names; `client_secret` has no place there, but may stand there. */
const isSecretName = (name: string, item: unknown) =>
  typeof item === "string" && /secret|password|assertion/i.test(name);
