/**
 * `npm run conformance`: the official suite's client scenarios about authorization, against the small client beside this file
 * (TS-20). `--json` prints one document, everything else goes to stderr; `--only NAME` runs what has NAME in it.
 *
 * Twice over: in suite mode, where scenarios run at once and a warning fails, for both requirement sets and for what is in
 * neither of them; and one by one, where the client's exit and a time-out count as well. No failure is expected, and a
 * scenario that checks nothing has failed: the referee would call it passed.
 *
 * The suite needs a newer Node than Latchkey and brings it along (QU-7); the client runs on the one that runs this.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { programFile } from "../test/support/program.js";
import { type Check, complete, isWhole, judgeChecks, type Line } from "./judge.js";

const { values: flags } = parseArgs({ options: { json: { type: "boolean" }, only: { type: "string" } } });
const bin = join(import.meta.dirname, "node_modules", ".bin");
const root = join(import.meta.dirname, "..");
const versions = ["2025-11-25", "2026-07-28"] as const;
const tell = (text: string): void => void process.stderr.write(`${text}\n`);

/** Where clients of one run of the suite take turns. */
const turns = mkdtempSync(join(tmpdir(), "conformance-turns-"));

/** Runs the suite; answers its exit code and what it printed. */
function suite(...args: string[]): Promise<{ readonly exit: number; readonly printed: string }> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LATCHKEY_CONFORMANCE_TURNS: turns };
    const child = spawn(join(bin, "node"), [join(bin, "conformance"), ...args], { cwd: root, env });
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (printed += String(chunk)));
    child.on("error", reject);
    child.on("close", (code) => resolve({ exit: code ?? 1, printed }));
  });
}

/** The suite splits it at spaces and appends the tool server's URL. */
let command = "";

async function judge(mode: Line["mode"], requirements: string | null, ...args: string[]): Promise<readonly Line[]> {
  const out = mkdtempSync(join(tmpdir(), "conformance-"));
  try {
    const { exit, printed } = await suite("client", "--command", command, "--timeout", "600000", "-o", out, ...args);
    const lines = resultsIn(out).map(({ scenario, checks }): Line => {
      const { line, failed } = judgeChecks({ scenario, mode, requirements }, checks, exit);
      for (const { id, status, errorMessage = "" } of failed) tell(`    ${scenario} ${status} ${id}: ${errorMessage}`);
      if (!line.ok && failed.length === 0)
        tell(`    ${scenario}: ${line.checksPassed === 0 ? "nothing was checked" : printed.slice(-2_000)}`);
      return line;
    });
    if (lines.length === 0) tell(printed.slice(-2_000));
    return lines;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** The scenarios about authorization that left results: `auth/<name>-<time>/checks.json`. */
function resultsIn(out: string): readonly { scenario: string; checks: readonly Check[] }[] {
  const folders = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith("checks.json"),
  );
  return folders.sort().flatMap((path) => {
    const scenario = /(auth\/.+)-\d{4}-\d{2}-\d{2}T[^/]*\/checks\.json$/.exec(path)?.[1];
    return scenario === undefined
      ? []
      : [{ scenario, checks: JSON.parse(readFileSync(join(out, path), "utf8")) as Check[] }];
  });
}

/** Every `auth/*` scenario of the suite with the versions it is for. */
async function scenarios(): Promise<readonly { name: string; versions: readonly string[] }[]> {
  const { printed } = await suite("list", "--client");
  return [...printed.matchAll(/- (auth\/\S+) \[([^\]]*)\]/g)]
    .map(([, name = "", list = ""]) => ({ name, versions: list.split(",") }))
    .filter(({ name }) => flags.only === undefined || name.includes(flags.only));
}

async function run(): Promise<readonly Line[]> {
  // As one file: in suite mode two dozen of them start at once, and finding hundreds of modules each would take longer
  // than a scenario waits.
  command = `node ${relative(root, programFile("conformance/client.ts"))}`;
  const all = await scenarios();
  const lines: Line[] = [];
  const add = (
    about: Pick<Line, "mode" | "requirements">,
    more: readonly Line[],
    expected: readonly string[],
  ): void => {
    const wanted = complete(more, expected, about);
    for (const line of wanted) show(line);
    lines.push(...wanted);
  };
  if (flags.only === undefined) {
    for (const version of versions) {
      const names = all.filter((one) => one.versions.includes(version)).map(({ name }) => name);
      const about = { mode: "suite", requirements: version } as const;
      add(about, await judge("suite", version, "--requirements", version), names);
    }
    const neither = all.filter((one) => !versions.some((version) => one.versions.includes(version)));
    for (const name of ["extensions", "backcompat"]) {
      const found = await judge("suite", null, "--suite", name);
      add(
        { mode: "suite", requirements: null },
        found,
        neither.filter((one) => one.versions.includes("extension") === (name === "extensions")).map((one) => one.name),
      );
    }
  }
  for (const { name, versions: of } of all) {
    const both = versions.filter((version) => of.includes(version));
    for (const version of both)
      add(
        { mode: "single", requirements: version },
        await judge("single", version, "--scenario", name, "--spec-version", version),
        [name],
      );
    if (both.length === 0)
      add({ mode: "single", requirements: null }, await judge("single", null, "--scenario", name), [name]);
  }
  return lines;
}

function show({ scenario, mode, requirements, checksPassed, checksFailed, ok }: Line): void {
  const about = `${mode.padEnd(7)}${(requirements ?? "-").padEnd(12)}${scenario.padEnd(46)}`;
  const text = `${ok ? "✓" : "✗"} ${about}${String(checksPassed).padStart(3)} passed ${String(checksFailed).padStart(3)} failed`;
  if (flags.json) tell(text);
  else console.log(text);
}

const startedAt = performance.now();
const lines = await run();
rmSync(turns, { recursive: true, force: true });
tell(`${Math.round((performance.now() - startedAt) / 1_000)} s`);
const failed = lines.filter(({ ok }) => !ok).length;
if (flags.json) console.log(JSON.stringify(lines, null, 2));
(flags.json ? tell : console.log)(`${lines.length - failed} passed, ${failed} failed`);
process.exitCode = isWhole(lines) ? 0 : 1;
