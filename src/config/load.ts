/**
 * The configuration of a process: one file, with the environment laid over it, checked as a whole.
 *
 * Reads files and variables through ports and makes no request. Not here: what the keys mean (schema*.ts).
 */
import { readFile } from "node:fs/promises";
import { LatchkeyError } from "../kernel/errors.js";
import { type ConfigFile, type FilePorts, readConfigFile } from "./config-file.js";
import type { Environment } from "./environment.js";
import { interpolate } from "./interpolate.js";
import { applyOverrides } from "./overrides.js";
import type { ConfigProblem } from "./problems.js";
import { configInvalid, resolveUnknown } from "./resolve.js";
import type { Config } from "./schema.js";
import { webhookWarnings } from "./webhook-hosts.js";

export interface LoadOptions extends Partial<FilePorts> {
  /** The file to read; without it the known names in `cwd` are tried. */
  readonly file?: string | undefined;
  readonly cwd: string;
  readonly env: Environment;
}

/** What was written, put together, before it is checked: what `config print` shows. */
export interface ConfigDocument {
  readonly input: unknown;
  /** The file's path; null when everything came from the environment. */
  readonly file: string | null;
  /** Per path, the variable that set it. */
  readonly variables: ReadonlyMap<string, string>;
  /** Per path, the text before `${…}` was replaced. */
  readonly written: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
  readonly problems: readonly ConfigProblem[];
}

export interface LoadedConfig {
  readonly config: Config;
  readonly document: ConfigDocument;
  readonly warnings: readonly string[];
}

const systemPorts: FilePorts = {
  readFile: (path) => readFile(path, "utf8"),
  importModule: (url) => import(url) as Promise<unknown>,
};

/**
 * Reads and puts together, without checking keys and values.
 *
 * @throws LatchkeyError `config.not_found` when there is neither a file nor a variable; `config.unreadable`.
 */
export async function readConfig(options: LoadOptions): Promise<ConfigDocument> {
  const ports: FilePorts = {
    readFile: options.readFile ?? systemPorts.readFile,
    importModule: options.importModule ?? systemPorts.importModule,
  };
  const found: ConfigFile | undefined = await readConfigFile({ file: options.file, cwd: options.cwd }, ports);
  const replaced = await interpolate(found?.content ?? {}, { env: options.env, readFile: ports.readFile });
  const overridden = applyOverrides(replaced.value, options.env);
  if (found === undefined && overridden.variables.size === 0)
    throw new LatchkeyError("config.not_found", { data: { folder: options.cwd } });
  return {
    input: overridden.value,
    file: found?.path ?? null,
    variables: overridden.variables,
    written: replaced.written,
    warnings: overridden.warnings,
    // What a variable replaces need not have been readable before.
    problems: replaced.problems.filter((problem) => !overridden.variables.has(problem.path)),
  };
}

/**
 * The whole configuration, checked.
 *
 * @throws LatchkeyError `config.not_found`, `config.unreadable`, and `config.invalid` or `config.secret_weak` with
 *   every problem in `data.problems`.
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const document = await readConfig(options);
  const resolved = resolveUnknown(document.input);
  const reported = new Set(document.problems.map((problem) => problem.path));
  const problems = [
    ...document.problems,
    ...(resolved.ok ? [] : resolved.error.filter((problem) => !reported.has(problem.path))),
  ];
  if (problems.length > 0) throw configInvalid(problems, document.file, document.warnings);
  // Without problems it resolved; the check is for the compiler.
  if (!resolved.ok) throw configInvalid(resolved.error, document.file, document.warnings);
  return {
    config: resolved.value,
    document,
    warnings: [...document.warnings, ...webhookWarnings(resolved.value.webhooks)],
  };
}
