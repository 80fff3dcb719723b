/**
 * Which rule and which option is proven by which test: pure functions behind `npm run spec`.
 *
 * A rule is a list item `- **SI-9** …` in docs/spec. A test proves it by carrying the id at the front of its own
 * title or of a suite's around it ("SI-9 AT-18 refuses …"; `SI-9.3` names a step of SI-9). An option is proven by
 * a test with `[option:signIn.autoStart]` anywhere in its title. Passed proves; skipped and failed do not.
 */
import type { z } from "zod";
import type { TestResult } from "./spec-reporter.js";

export interface RuleText {
  readonly id: string;
  readonly file: string;
  readonly title: string;
}
export interface SpecReport {
  readonly rules: readonly (RuleText & { readonly tests: readonly TestResult[] })[];
  /** Rules that no passed test carries. */
  readonly missing: readonly string[];
  /** Ids at the front of a test that no spec file has. */
  readonly unknown: readonly { readonly id: string; readonly test: string }[];
}
export interface OptionReport {
  readonly option: string;
  readonly tests: readonly TestResult[];
}

/** The rules of one spec file. @throws Error when an id is there twice: an id is never reused. */
export function readRules(file: string, markdown: string): readonly RuleText[] {
  const rules: RuleText[] = [];
  for (const match of markdown.matchAll(/^- \*\*([A-Z]{2}-\d+)\*\*[ \t]*(.*(?:\n[ \t]+\S.*)*)/gm)) {
    const [, id = "", text = ""] = match;
    rules.push({ id, file, title: titleOf(text) });
  }
  return rules;
}

/** The first sentence, as plain text. */
function titleOf(markdown: string): string {
  const text = markdown.replace(/\s+/g, " ").replace(/[*`]/g, "").trim();
  const sentence = /^.*?[.:;](?=\s|$)/.exec(text)?.[0].slice(0, -1) ?? text;
  return sentence.length > 140 ? `${sentence.slice(0, 139)}…` : sentence;
}

/** The rule ids at the front of any level of a test's name. */
export function idsOf(name: string): readonly string[] {
  const ids = new Set<string>();
  for (const level of name.split(" > ")) {
    const front = /^(?:[A-Z]{2}-\d+(?:\.\d+)?[\s,:·+/]*)+(?=$|[^\w-])/.exec(`${level} `)?.[0] ?? "";
    for (const [, id] of front.matchAll(/([A-Z]{2}-\d+)/g)) if (id !== undefined) ids.add(id);
  }
  return [...ids];
}

export function reportRules(rules: readonly RuleText[], results: readonly TestResult[]): SpecReport {
  const carried = results.map((test) => ({ test, ids: idsOf(test.name) }));
  const known = new Set(rules.map((rule) => rule.id));
  const listed = rules.map((rule) => ({
    ...rule,
    tests: carried.filter((one) => one.ids.includes(rule.id)).map((one) => one.test),
  }));
  return {
    rules: listed,
    missing: listed.filter((rule) => !rule.tests.some(proves)).map((rule) => rule.id),
    unknown: carried.flatMap(({ test, ids }) =>
      ids.filter((id) => !known.has(id)).map((id) => ({ id, test: `${test.file} > ${test.name}` })),
    ),
  };
}

export const proves = (test: TestResult): boolean => test.status === "passed";

/** A path with the marks of a list left out: `providers[].clientId`, `providers.*.clientId` and `providers.clientId` are one. */
const optionName = (path: string): string => path.replaceAll("[]", "").replaceAll(".*", "");

export function optionsOf(name: string): readonly string[] {
  return [...name.matchAll(/\[option:((?:[^\][\s]|\[\])+)\]/g)].map(([, path = ""]) => optionName(path));
}

export function reportOptions(leaves: readonly string[], results: readonly TestResult[]): readonly OptionReport[] {
  const carried = results.map((test) => ({ test, options: optionsOf(test.name) }));
  return leaves.map((option) => ({
    option,
    tests: carried.filter((one) => one.options.includes(option)).map((one) => one.test),
  }));
}

/** Options that a test is tagged with and the schema does not have. */
export function unknownOptions(
  leaves: readonly string[],
  results: readonly TestResult[],
): readonly { option: string; test: string }[] {
  return results.flatMap((test) =>
    optionsOf(test.name)
      .filter((option) => !leaves.includes(option))
      .map((option) => ({ option, test: `${test.file} > ${test.name}` })),
  );
}

/** Every leaf of a zod schema as a dotted path, in the order of the schema; a list of objects adds its members' names. */
export function leavesOf(schema: z.core.$ZodType, path: readonly string[] = []): readonly string[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const below = (inner: z.core.$ZodType) => leavesOf(inner, path);
  const leaf = [path.join(".")];
  switch (def.type) {
    case "object":
      return unique(Object.entries(def.shape).flatMap(([name, member]) => leavesOf(member, [...path, name])));
    case "array":
      return below(def.element);
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "nonoptional":
    case "readonly":
    case "catch":
      return below(def.innerType);
    case "pipe":
      // What people write goes in; a `preprocess` has its function there and the schema behind it.
      return below((def.in as z.core.$ZodTypes)._zod.def.type === "transform" ? def.out : def.in);
    case "lazy":
      return below(def.getter());
    case "union": {
      // `off` or `{ … }`: the members are the options.
      const found = unique(def.options.flatMap(below));
      return found.length > 1 ? found.filter((one) => one !== leaf[0]) : found;
    }
    case "intersection":
      return unique([...below(def.left), ...below(def.right)]);
    default:
      return leaf;
  }
}

const unique = (paths: readonly string[]): readonly string[] => [...new Set(paths)];
