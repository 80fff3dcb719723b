/**
 * What is wrong with a configuration, in words an operator can act on: the path, what was found there (never a
 * secret), what is allowed, and the nearest key that exists.
 */
import type { z } from "zod";
import { isJsonObject } from "../kernel/json.js";
import { isLaterKey } from "./later.js";
import { hidesSecret, mask, withoutCredentials } from "./masking.js";
import { nearest } from "./nearest.js";
import { nodeAt, type SchemaNode, schemaLeaves } from "./schema-tree.js";

/** `unresolved`: something is written there, and the variable or the file that it names gives nothing. */
export type ConfigProblemKind = "missing" | "unresolved" | "invalid" | "unknown" | "not_yet";

export interface ConfigProblem {
  /** Dotted, list indexes as numbers: `providers.0.clientId`. Empty for the document itself. */
  readonly path: string;
  readonly kind: ConfigProblemKind;
  /** One sentence without the path. */
  readonly message: string;
  /** What stands there, shortened, secrets masked; null where nothing does. */
  readonly found: string | null;
  readonly allowed: string | null;
  /** For an unknown key: the known key that is most like it. */
  readonly nearest: string | null;
}

/** The value at a path, own members only; undefined where there is none. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, part)) return undefined;
    at = Reflect.get(at, part);
  }
  return at;
}

/** A value as a problem may show it. */
function shown(value: unknown, secret: boolean, node: SchemaNode | undefined): string | null {
  if (value === undefined) return null;
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (value === "") return "an empty text";
  if (secret) return mask;
  if (typeof value !== "string") return typeof value === "function" ? "a function" : String(value);
  const text = withoutCredentials(value, node).replace(/\p{Cc}/gu, "�");
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/** True when the value, or a list or map it stands in, is not to be shown. */
function isHidden(path: readonly PropertyKey[], input: unknown): boolean {
  const above = [...path.keys(), path.length].map((length) => path.slice(0, length));
  return above.some((part) => hidesSecret(nodeAt(part), valueAt(input, part)));
}

export function problem(
  path: readonly PropertyKey[],
  kind: ConfigProblemKind,
  message: string,
  input: unknown,
  more: { allowed?: string | undefined; nearest?: string | undefined } = {},
): ConfigProblem {
  return {
    path: path.map(String).join("."),
    kind,
    message,
    found:
      kind === "unknown" || (kind === "not_yet" && nodeAt(path) === undefined)
        ? null
        : shown(valueAt(input, path), isHidden(path, input), nodeAt(path)),
    allowed: more.allowed ?? null,
    nearest: more.nearest ?? null,
  };
}

/** Everything zod found, as problems. `input` is the value that was parsed. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], input: unknown): readonly ConfigProblem[] {
  const found = issues.flatMap((issue) => fromIssue(issue, [], input));
  // One value can break several checks of its kind; the first is the broadest, and one line per key is enough.
  return found.filter((problem, index) => found.findIndex((other) => other.path === problem.path) === index);
}

function fromIssue(issue: z.core.$ZodIssue, prefix: readonly PropertyKey[], input: unknown): readonly ConfigProblem[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(path, key, input));
  const value = valueAt(input, path);
  if (issue.code === "invalid_union" && isJsonObject(value)) {
    // Of "off, or a map" the map was meant: its own issues say more than "matches neither".
    const meant = issue.errors.find((option) =>
      option.some((inner) => inner.path.length > 0 || inner.code === "unrecognized_keys"),
    );
    if (meant !== undefined) return meant.flatMap((inner) => fromIssue(inner, path, input));
  }
  const node = nodeAt(path);
  const allowed = allowedAt(node);
  if (issue.code === "custom") {
    if (issue.params?.["reason"] === "not_yet")
      return [problem(path, "not_yet", "is not yet available", input, { allowed })];
    const found = problem(path, "invalid", issue.message, input, { allowed });
    // One of the reserved names is client_secret, so what stands there is not shown.
    return [issue.params?.["reason"] === "reserved" ? { ...found, found: null } : found];
  }
  if (value === undefined) return [problem(path, "missing", "is missing", input, { allowed })];
  return [problem(path, "invalid", `is not ${kindWords(issue, node)}`, input, { allowed })];
}

function allowedAt(node: SchemaNode | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (node.allowed !== "") return node.allowed;
  if (node.kind === "object") return `a map of ${[...node.fields.keys()].join(", ")}`;
  if (node.kind === "list") return `a list; each: ${allowedAt(node.item) ?? "a value"}`;
  return undefined;
}

function kindWords(issue: z.core.$ZodIssue, node: SchemaNode | undefined): string {
  if (issue.code === "too_small" || issue.code === "too_big") return "of an allowed length or size";
  if (issue.code !== "invalid_type") return "one of the allowed values";
  if (node?.kind === "object" || node?.kind === "map") return "a map";
  if (node?.kind === "list") return "a list";
  return node?.kind === "text" ? "text (quote it)" : `a ${node?.kind ?? "known value"}`;
}

function unknownKey(parent: readonly PropertyKey[], key: string, input: unknown): ConfigProblem {
  const path = [...parent, key];
  if (isLaterKey(path))
    return problem(
      path,
      "not_yet",
      "is not yet available: this key belongs to a feature that does not exist yet",
      input,
    );
  const node = nodeAt(parent);
  const siblings = node?.kind === "object" ? [...node.fields.keys()] : [];
  const elsewhere = schemaLeaves().find((leaf) => leaf.path.split(".").at(-1) === key)?.path;
  return problem(path, "unknown", "is not a known key", input, { nearest: nearest(key, siblings) ?? elsewhere });
}
