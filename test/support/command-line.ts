/** One command line in this process, in a folder of its own with a configuration and a migrated database. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { runProgram } from "../../src/cli/program.js";
import type { Terminal } from "../../src/cli/terminal.js";
import { systemRandom } from "../../src/crypto/random.js";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import type { Store } from "../../src/store/contract.js";
import { openSqliteStore } from "../../src/store/sqlite.js";

/** What its configuration seals with. */
export const strong = "q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1";
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  // biome-ignore lint/suspicious/noExplicitAny: a document, looked into as a script would
  json(): any;
}

export interface Running {
  /** What was written to standard output so far. */
  out(): string;
  stop(): void;
  readonly ended: Promise<Ran>;
}

export interface CommandLine {
  /** The same database, opened once more. */
  readonly store: Store;
  /** Words are separated by spaces; a word in the list stays whole. */
  start(words: readonly string[]): Running;
  run(...words: string[]): Promise<Ran>;
  /** What somebody at a terminal is asked by this command, who says no. */
  asked(...words: string[]): Promise<string>;
  /** Makes a file in the folder of the command line. */
  write(name: string, content: string | Uint8Array): Promise<void>;
  /** What the next commands find on standard input. */
  feed(content: string | Uint8Array): void;
  /** The database's file. */
  readonly database: string;
}

export async function aCommandLine(config: Record<string, unknown> = {}): Promise<CommandLine> {
  const cwd = await mkdtemp(join(tmpdir(), "latchkey-command-"));
  closing.push(() => rm(cwd, { recursive: true, force: true }));
  const path = join(cwd, "test.db");
  const written = {
    baseUrl: "http://localhost:3000",
    secrets: [strong],
    database: `sqlite:${path}`,
    providers: [{ id: "corp", issuer: "https://idp.corp.test", clientId: "x" }],
    ...config,
  };
  await writeFile(join(cwd, "latchkey.json"), JSON.stringify(written));
  const store = await openSqliteStore({
    path,
    migrate: true,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });
  closing.push(() => store.close());

  let fed: Uint8Array = new Uint8Array();
  function start(words: readonly string[], atTerminal: Partial<Terminal> = {}): Running {
    let [out, err] = ["", ""];
    let stop = () => {};
    const terminal: Terminal = {
      cwd,
      env: {},
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      async *input() {
        yield fed;
      },
      outIsTerminal: false,
      errIsTerminal: false,
      canAsk: false,
      color: false,
      confirm: async () => false,
      ask: async () => "",
      onStopSignal: (act) => {
        stop = act;
      },
      exitNow: () => {},
      ...atTerminal,
    };
    const ended = runProgram(terminal, words).then((code) => ({ code, out, err, json: () => JSON.parse(out) }));
    return { out: () => out, stop: () => stop(), ended };
  }
  return {
    store,
    start,
    run: (...words) => start(words).ended,
    async asked(...words) {
      let asked = "";
      const confirm = async (question: string) => {
        asked = question;
        return false;
      };
      await start(words, { canAsk: true, confirm }).ended;
      return asked;
    },
    write: (name, content) => writeFile(join(cwd, name), content),
    feed: (content) => {
      fed = Buffer.from(content);
    },
    database: path,
  };
}
