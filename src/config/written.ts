/** Reads the written form of a configuration for checks between keys: tolerant, since the schema reports wrong types. */
import { type Duration, parseDuration } from "../kernel/time.js";
import { valueAt } from "./problems.js";
import { nodeAt } from "./schema-tree.js";

export type Path = readonly (string | number)[];

/** What is written at a path, else its default. */
export function written(input: unknown, ...path: Path): unknown {
  return valueAt(input, path) ?? nodeAt(path)?.fallback;
}
export function textAt(input: unknown, ...path: Path): string | undefined {
  const value = written(input, ...path);
  return typeof value === "string" ? value : undefined;
}
export function urlAt(input: unknown, ...path: Path): URL | undefined {
  const text = textAt(input, ...path);
  return text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
}
export function durationAt(input: unknown, ...path: Path): Duration | undefined {
  const text = textAt(input, ...path);
  return text === undefined ? undefined : parseDuration(text);
}
export const providersOf = (input: unknown): readonly unknown[] => {
  const list = written(input, "providers");
  return Array.isArray(list) ? list : [];
};
