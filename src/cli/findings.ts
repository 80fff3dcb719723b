/** Findings as people read them: what was found first, and for what is not right also why it matters and the fix. */
import type { Finding, FindingStatus } from "../doctor/finding.js";
import { palette, printable } from "./output.js";
import type { Terminal } from "./terminal.js";

const words: Readonly<Record<FindingStatus, string>> = { ok: "ok", warn: "look", fail: "FAULT", skip: "?" };

export function printFindings(terminal: Terminal, findings: readonly Finding[]): void {
  const { bold, dim, green, red, yellow } = palette(terminal);
  const paint = { ok: green, warn: yellow, fail: (text: string) => bold(red(text)), skip: dim };
  for (const { id, status, found, why, fix } of findings) {
    terminal.out(`${paint[status](words[status].padEnd(5))}  ${bold(printable(id))}  ${printable(found)}\n`);
    if (status !== "ok" && status !== "skip") terminal.out(`       ${dim(`why: ${printable(why)}`)}\n`);
    if (fix !== null) terminal.out(`       fix: ${printable(fix)}\n`);
  }
}

export function printSummary(terminal: Terminal, findings: readonly Finding[]): void {
  const count = (status: FindingStatus) => findings.filter((finding) => finding.status === status).length;
  const [faults, looks] = [count("fail"), count("warn")];
  terminal.out(
    faults > 0
      ? `\n${counted(faults, "fault")} would stop a sign-in.\n`
      : `\nNothing found that would stop a sign-in${looks > 0 ? `; ${counted(looks, "thing")} to look at` : ""}.\n`,
  );
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
