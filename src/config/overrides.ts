/**
 * `LATCHKEY_…` variables over single keys: `LATCHKEY_PROVIDERS__0__CLIENT_SECRET` is `providers.0.clientSecret`.
 * Two underscores go one level down, one underscore is where camelCase has a capital.
 */

import type { Environment } from "./environment.js";
import { fromText } from "./from-text.js";
import { isLaterKey, laterKeys } from "./later.js";
import { nodeAt } from "./schema-tree.js";

const prefix = "LATCHKEY_";
/** Variables that are not keys: for tests of Latchkey itself. */
const ignored = /^LATCHKEY_TEST_/;
const aliases: Readonly<Record<string, readonly (string | number)[]>> = { LATCHKEY_SECRET: ["secrets", 0] };
/** More entries than anybody writes by variable; a huge index must not make a huge list. */
const maxIndex = 999;

export interface Overridden {
  readonly value: unknown;
  /** Per path, the variable that set it. */
  readonly variables: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/** `clientSecret` → `CLIENT_SECRET`. */
export const upperSnake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** The path that a variable names, or undefined. Keys that do not exist yet have a path too: they are refused later, not ignored. */
export function pathOfVariable(variable: string): readonly (string | number)[] | undefined {
  const alias = aliases[variable];
  if (alias !== undefined) return alias;
  const path: (string | number)[] = [];
  for (const segment of variable.slice(prefix.length).split("__")) {
    const node = nodeAt(path);
    if (node?.kind === "list" && /^\d{1,3}$/.test(segment) && Number(segment) <= maxIndex) path.push(Number(segment));
    else if (node?.kind === "map" && segment !== "") path.push(segment.toLowerCase());
    else if (node?.kind === "object") {
      const name = [...node.fields.keys()].find((key) => upperSnake(key) === segment) ?? laterName(path, segment);
      if (name === undefined) return undefined;
      path.push(name);
      if (isLaterKey(path)) return path;
    } else return undefined;
  }
  return path;
}

function laterName(parent: readonly (string | number)[], segment: string): string | undefined {
  const pattern = parent.map((part) => (typeof part === "number" ? "*" : part)).join(".");
  const names = laterKeys
    .filter((key) => key.split(".").slice(0, -1).join(".") === pattern)
    .map((key) => key.split(".").at(-1) ?? "");
  return names.find((name) => upperSnake(name) === segment);
}

/** Lays the variables over what the file said. An unknown `LATCHKEY_` variable is a warning. */
export function applyOverrides(input: unknown, env: Environment): Overridden {
  const variables = new Map<string, string>();
  const warnings: string[] = [];
  let value = input;
  // The alias first, so that LATCHKEY_SECRETS__0 wins; otherwise by name, so that the order never depends on the system.
  const names = Object.keys(env).filter(
    (name) => name.startsWith(prefix) && !ignored.test(name) && env[name] !== undefined,
  );
  for (const name of names.sort((a, b) => Number(b in aliases) - Number(a in aliases) || (a < b ? -1 : 1))) {
    const path = pathOfVariable(name);
    if (path === undefined) {
      warnings.push(`${name} names no key of the configuration and was ignored`);
      continue;
    }
    const text = env[name] ?? "";
    const node = nodeAt(path);
    const inMap = path.length > 1 && nodeAt(path.slice(0, -1))?.kind === "map";
    value = withValue(value, path, node === undefined || inMap ? text : fromText(node, text));
    variables.set(path.join("."), name);
  }
  return { value, variables, warnings };
}

/** A copy with one value set. A container of the wrong type is left alone: the schema says so better. */
function withValue(container: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (typeof first === "number") {
    if (container !== undefined && container !== null && !Array.isArray(container)) return container;
    const items = [...((container as readonly unknown[] | null | undefined) ?? [])];
    while (items.length < first) items.push(undefined);
    items[first] = withValue(items[first], rest, value);
    return items;
  }
  if (container !== undefined && container !== null && (typeof container !== "object" || Array.isArray(container)))
    return container;
  const before = (container ?? {}) as Readonly<Record<string, unknown>>;
  return { ...before, [first]: withValue(Object.hasOwn(before, first) ? before[first] : undefined, rest, value) };
}
