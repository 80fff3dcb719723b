/** How answers and failures look: one JSON document with `--json`, else text for people. */
import { describeProblem } from "../config/describe-problem.js";
import type { ConfigProblem } from "../config/problems.js";
import { asLatchkeyError, isLatchkeyError, type LatchkeyError } from "../kernel/errors.js";
import type { JsonValue } from "../kernel/json.js";
import { escapeUnprintableJson, unprintable } from "../kernel/unprintable.js";
import { UsageError } from "./exit-codes.js";
import type { Terminal } from "./terminal.js";

/** Colours as the terminal wants them: none where nobody looks. */
export function palette(terminal: Pick<Terminal, "color">) {
  const paint = (code: number) => (text: string) => (terminal.color ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { bold: paint(1), dim: paint(90), red: paint(31), yellow: paint(33), green: paint(32) };
}

/** Names and addresses come from strangers, and must not move the operator's cursor. */
export const printable = (text: string): string => text.replace(unprintable, "�");

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** Columns as wide as their widest cell; the last is not padded. */
export function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(printable));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join("  ");
  return `${cells.map(line).join("\n")}\n`;
}

export const printJson = (terminal: Pick<Terminal, "out">, value: unknown): void =>
  terminal.out(`${escapeUnprintableJson(JSON.stringify(value, null, 2))}\n`);

/** A failure: with `--json` one document on standard output, else sentences on standard error. */
export function printFailure(terminal: Terminal, thrown: unknown, json: boolean): void {
  if (thrown instanceof UsageError) {
    terminal.err(`error: ${thrown.message}\n`);
    return;
  }
  const error = asLatchkeyError(thrown);
  const problems = (error.data["problems"] ?? []) as unknown as readonly ConfigProblem[];
  const data = error.data as Readonly<Record<string, JsonValue | undefined>>;
  if (json) {
    printJson(terminal, {
      error: { code: error.code, message: error.entry.message, operator: error.entry.operator, data },
    });
    return;
  }
  const { red, dim } = palette({ color: terminal.color && terminal.errIsTerminal });
  const { reason } = data;
  const aboutConfig = error.code.startsWith("config.");
  terminal.err(`${red("error")} ${headline(error)} ${dim(`(${error.code})`)}\n`);
  if (typeof data["file"] === "string") terminal.err(`  file: ${printable(data["file"])}\n`);
  if (data["file"] === null) terminal.err("  no configuration file in this folder: only the environment was read\n");
  if (typeof data["path"] === "string") terminal.err(`  database: ${printable(data["path"])}\n`);
  if (typeof reason === "string") terminal.err(`  ${printable(reason)}\n`);
  for (const problem of problems) terminal.err(`  - ${printable(describeProblem(problem))}\n`);
  // A misspelt variable is often why a key is missing.
  for (const warning of (data["warnings"] ?? []) as readonly string[]) terminal.err(`  - ${printable(warning)}\n`);
  // What is known exactly says more than the catalog's words, which have to fit every case of the code.
  const exact = aboutConfig ? typeof reason === "string" : error.code === "store.unavailable" && error.cause;
  if (problems.length === 0 && !exact) terminal.err(`  ${error.entry.operator}\n`);
  if (isLatchkeyError(error, "server.unexpected") && error.cause instanceof Error)
    terminal.err(`${error.cause.stack ?? error.cause.message}\n`);
  else if (error.cause instanceof Error && !aboutConfig && error.cause.message !== reason)
    terminal.err(`  cause: ${printable(error.cause.message)}\n`);
}

/** The catalog words a failure of the database for people in a browser, who are told nothing about it. An operator is. */
const headline = (error: LatchkeyError): string =>
  error.code.startsWith("store.") ? "The database cannot be used." : error.entry.message;
