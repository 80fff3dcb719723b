/**
 * Runs a file of `children/` in a process of its own, as another node would run. It prints one JSON value per line;
 * what it throws ends it with its error on stderr.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { programFile } from "../support/program.js";

export interface Child {
  readonly process: ChildProcess;
  /** The next line, or a rejection with stderr when it ended without one. */
  line(): Promise<unknown>;
  say(word: string): void;
  /** Ends when the process has ended, with its exit code or signal. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly errors: string }>;
}

/** @param what The file's name, and in blocks of 512 bytes how large the files may grow that it writes. */
export function startChild(
  what: string | { readonly name: string; readonly largestFile: number },
  ...parameters: readonly string[]
): Child {
  const { name, largestFile } = typeof what === "string" ? { name: what, largestFile: undefined } : what;
  const command = [process.execPath, programFile(`test/stores/children/${name}.ts`), ...parameters];
  // A write beyond the limit fails as on a full disk; Node ignores the signal that comes with it.
  const limited =
    largestFile === undefined ? command : ["sh", "-c", `ulimit -f ${largestFile}; exec "$@"`, "sh", ...command];
  const process_ = spawn(limited[0] ?? "", limited.slice(1), { stdio: "pipe" });
  let errors = "";
  process_.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString("utf8");
  });
  const lines = createInterface({ input: process_.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<Awaited<Child["ended"]>>((resolve) => {
    process_.once("close", (code, signal) => resolve({ code, signal, errors }));
  });
  return {
    process: process_,
    ended,
    async line() {
      const next = await lines.next();
      if (next.done === true) throw new Error(`${name} ended without a line: ${(await ended).errors}`);
      return JSON.parse(next.value) as unknown;
    },
    say: (word) => void process_.stdin.write(`${word}\n`),
  };
}
