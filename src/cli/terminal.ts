/**
 * What a command may touch of the process it runs in, as one port, so that commands can be run in a test and nothing
 * reaches around it. Standard output is for the answer, standard error for everything said about it.
 */
import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { type Environment, processEnvironment, wantsColor } from "../config/environment.js";

export interface Terminal {
  readonly cwd: string;
  readonly env: Environment;
  out(text: string): void;
  err(text: string): void;
  /** Resolves when standard output takes more, so that a long answer does not pile up in memory. @default at once */
  drained?(): Promise<void>;
  /** Standard input, as it comes. @default none */
  input?(): AsyncIterable<Uint8Array>;
  /** True when a person reads standard output. */
  readonly outIsTerminal: boolean;
  /** True when a person reads standard error. */
  readonly errIsTerminal: boolean;
  /** True when somebody can answer a question. */
  readonly canAsk: boolean;
  readonly color: boolean;
  /** Asks on standard error; true for `y` or `yes`. */
  confirm(question: string): Promise<boolean>;
  /** Asks on standard error for a line of text. `hidden`: what is typed is not shown. Empty where input has ended. */
  ask(question: string, options?: { readonly hidden?: boolean }): Promise<string>;
  /** Calls `act` at SIGINT and SIGTERM, each time. */
  onStopSignal(act: () => void): void;
  /** Ends the process at once, without waiting for anything. */
  exitNow(code: number): void;
}

export function processTerminal(): Terminal {
  const env = processEnvironment();
  const outIsTerminal = process.stdout.isTTY === true;
  const errIsTerminal = process.stderr.isTTY === true;
  // `latchkey user list | head` closes our output early; that is no failure of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  return {
    cwd: process.cwd(),
    env,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    async drained() {
      if (process.stdout.writableNeedDrain) await once(process.stdout, "drain");
    },
    input: () => process.stdin,
    outIsTerminal,
    errIsTerminal,
    canAsk: process.stdin.isTTY === true && errIsTerminal,
    color: outIsTerminal && wantsColor(env),
    async confirm(question) {
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
      } finally {
        lines.close();
      }
    },
    ask: (question, options = {}) => askLine(question, options.hidden ?? false),
    onStopSignal(act) {
      process.on("SIGINT", act);
      process.on("SIGTERM", act);
    },
    exitNow: (code) => process.exit(code),
  };
}

async function askLine(question: string, hidden: boolean): Promise<string> {
  let muted = false;
  // readline echoes through its output, so a hidden answer is one whose echo goes nowhere.
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!muted) process.stderr.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    const closed = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
    const answer = lines.question(question);
    muted = hidden;
    return await Promise.race([answer, closed]);
  } finally {
    lines.close();
    if (hidden) process.stderr.write("\n");
  }
}
