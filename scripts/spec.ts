/**
 * `npm run spec`: every rule id of docs/spec with the tests that carry it, from the last test run.
 * `--json` prints one JSON document on stdout; `--options` does the same for every leaf of the configuration.
 * Exit code 1 when a rule or an option has no passed test, or a test names one that does not exist.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { parseArgs } from "node:util";
import {
  leavesOf,
  type OptionReport,
  proves,
  readRules,
  reportOptions,
  reportRules,
  type SpecReport,
  unknownOptions,
} from "./spec-report.js";
import type { TestResult } from "./spec-reporter.js";

const resultsFile = ".results/tests.json";
const { values: flags } = parseArgs({ options: { json: { type: "boolean" }, options: { type: "boolean" } } });
const tell = (line = ""): void => void process.stderr.write(`${line}\n`);
const print = (line = ""): void => void process.stdout.write(`${line}\n`);

const results = readResults();
process.exitCode = (flags.options ? await showOptions(results) : showRules(results)) ? 0 : 1;

function readResults(): readonly TestResult[] {
  try {
    tell(`results of ${statSync(resultsFile).mtime.toISOString()}`);
    return JSON.parse(readFileSync(resultsFile, "utf8")) as TestResult[];
  } catch {
    tell(`no ${resultsFile}: run the tests first (npm test)`);
    return [];
  }
}

function showRules(tests: readonly TestResult[]): boolean {
  const folder = "docs/spec";
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".md") && name !== "README.md")
    .sort();
  const rules = files.flatMap((name) => readRules(`${folder}/${name}`, readFileSync(`${folder}/${name}`, "utf8")));
  const twice = rules.filter((rule, at) => rules.findIndex((other) => other.id === rule.id) !== at);
  for (const { id, file } of twice) tell(`${id} is written twice, the second time in ${file}`);
  const report = reportRules(rules, tests);
  if (flags.json) print(JSON.stringify(report, null, 2));
  else printRules(report);
  return rules.length > 0 && twice.length === 0 && report.missing.length === 0 && report.unknown.length === 0;
}

function printRules({ rules, missing, unknown }: SpecReport): void {
  const width = Math.max(40, (process.stdout.columns ?? 110) - 1);
  let file = "";
  for (const rule of rules) {
    if (rule.file !== file) print(`\n${rule.file}`);
    file = rule.file;
    const proof = `${rule.tests.filter(proves).length}`.padStart(4);
    print(`  ${missing.includes(rule.id) ? "✗" : "✓"} ${rule.id.padEnd(7)}${proof}  ${rule.title}`.slice(0, width));
  }
  print(`\n${rules.length} rules, ${rules.length - missing.length} proven by passed tests`);
  if (missing.length > 0) print(`missing: ${missing.join(" ")}`);
  for (const id of new Set(unknown.map((one) => one.id))) {
    const [first, ...others] = unknown.filter((one) => one.id === id);
    print(`unknown: ${id} in ${first?.test}${others.length > 0 ? ` and ${others.length} more` : ""}`);
  }
}

async function showOptions(tests: readonly TestResult[]): Promise<boolean> {
  const { configSchema } = await import("../src/config/schema.js");
  const leaves = leavesOf(configSchema);
  const report = reportOptions(leaves, tests);
  const unknown = unknownOptions(leaves, tests);
  if (flags.json) print(JSON.stringify(report, null, 2));
  else printOptions(report);
  for (const { option, test } of unknown) tell(`unknown: ${option} in ${test}`);
  return unknown.length === 0 && report.every((one) => one.tests.some(proves));
}

function printOptions(report: readonly OptionReport[]): void {
  const widest = Math.max(...report.map(({ option }) => option.length));
  for (const { option, tests } of report) {
    const proof = tests.filter(proves);
    print(`  ${proof.length > 0 ? "✓" : "✗"} ${option.padEnd(widest)}  ${proof.length}`);
  }
  const proven = report.filter(({ tests }) => tests.some(proves)).length;
  print(`\n${report.length} options, ${proven} proven by passed tests`);
}
