/** What every command has in common: its options, its configuration, and how an action becomes an exit status. */
import { Command } from "commander";
import type { LoadedConfig } from "../config/load.js";
import { isLatchkeyError } from "../kernel/errors.js";
import { type Log, silentLog } from "../kernel/log.js";
import { exitCodeOf, exitCodes, UsageError } from "./exit-codes.js";
import { printFailure } from "./output.js";
import type { Terminal } from "./terminal.js";

/** Where a command leaves its exit status. */
export interface Session {
  readonly terminal: Terminal;
  exitCode: number;
}

export interface CommonOptions {
  readonly json?: boolean;
  readonly config?: string;
}

/** A command with `--json`; examples are shown below its help, one a line. */
export function command(name: string, description: string, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  $ ${example}`).join("\n");
  return new Command(name)
    .description(description)
    .option("--json", "answer with one JSON document")
    .addHelpText("after", `\nExamples:\n${lines}`);
}

/** The same for a command that reads the configuration. */
export const commandWithConfig = (name: string, description: string, examples: readonly string[]): Command =>
  command(name, description, examples).option(
    "-c, --config <file>",
    "the configuration file; without it latchkey.yaml, .yml, .json, latchkey.config.ts or .mjs of this folder",
  );

/** Wraps an action: what it throws is told once, here, and becomes the exit status; what it returns is the status. */
export function running<T extends unknown[]>(session: Session, act: (...parameters: T) => Promise<number | undefined>) {
  return async (...parameters: T): Promise<void> => {
    try {
      session.exitCode = (await act(...parameters)) ?? exitCodes.fine;
    } catch (thrown) {
      session.exitCode = thrown instanceof UsageError ? exitCodes.usage : exitCodeOf(thrown);
      // Commander passes the options last but one.
      const options = parameters.at(-2) as CommonOptions | undefined;
      printFailure(session.terminal, thrown, options?.json === true);
    }
  };
}

/** The configuration, with its warnings told on standard error. */
export async function load(session: Session, options: CommonOptions): Promise<LoadedConfig> {
  const { terminal } = session;
  // Loaded here and not above: `version` and `--help` answer without the schema and the YAML parser (QU-14).
  const { loadConfig } = await import("../config/load.js");
  const loaded = await loadConfig({ file: options.config, cwd: terminal.cwd, env: terminal.env });
  for (const warning of loaded.warnings) terminal.err(`warning: ${warning}\n`);
  return loaded;
}

/** The log of a command: in the configuration's form, but only what is wrong, since the answer is on standard output. */
export async function commandLog({ config }: LoadedConfig): Promise<Log> {
  const { createPinoLog } = await import("../server/pino-log.js");
  return createPinoLog({ ...config.log, level: config.log.level === "silent" ? "silent" : "warn" });
}

/** For commands whose answer says what went wrong, so that a log line would only say it again. */
export const quietLog: Log = silentLog;

/** True when the failure means that the database has to be migrated first. */
export const isNotMigrated = (thrown: unknown): boolean => isLatchkeyError(thrown, "store.not_migrated");
