/** The checks that need nothing but what was read: the configuration and the secrets. Pure. */
import { describeProblem } from "../config/describe-problem.js";
import type { ConfigProblem } from "../config/problems.js";
import type { LatchkeyError } from "../kernel/errors.js";
import { check, type Finding } from "./finding.js";

/** What became of reading the configuration. */
export type ConfigurationRead =
  | {
      readonly ok: true;
      readonly file: string | null;
      readonly warnings: readonly string[];
      readonly secretCount: number;
      /** Files with secrets that every account of this machine can read. */
      readonly openSecretFiles: readonly string[];
    }
  | { readonly ok: false; readonly error: LatchkeyError };

const config = check("config", "Nothing starts with a configuration that is not valid, and nothing is guessed.");
const secrets = check(
  "secrets",
  "Everything kept here is sealed with a key made from the secrets: who can guess one can read tokens and make flows.",
);
const makeOne = "openssl rand -base64 32";
const nothingStored = "a new secret opens nothing that is stored";
const lostSecret = `Restore it, or let the account that Latchkey runs as read it: ${nothingStored}.`;

/** The findings about the configuration as a whole; the others are looked at only when it is valid. */
export function judgeConfiguration(read: ConfigurationRead): readonly Finding[] {
  if (!read.ok) return judgeFailure(read.error);
  return [
    read.warnings.length === 0
      ? config.ok(read.file ?? "The environment alone, which is enough.")
      : config.warn(read.warnings.join("; "), "Correct the name of the variable, or take it away."),
    read.openSecretFiles.length === 0
      ? secrets.ok(`${read.secretCount} of 32 bytes or more; none is a known example or a pattern.`)
      : secrets.warn(
          `Every account of this machine can read ${read.openSecretFiles.join(", ")}.`,
          `chmod 600 ${read.openSecretFiles.join(" ")}`,
        ),
  ];
}

function judgeFailure(error: LatchkeyError): readonly Finding[] {
  const problems = (error.data["problems"] ?? []) as unknown as readonly ConfigProblem[];
  const { reason, file } = error.data;
  if (problems.length === 0) {
    const facts = [file, reason].filter((part) => typeof part === "string").join(": ");
    const found = `${error.entry.message} ${facts === "" ? "" : `${facts} `}(${error.code})`;
    const fix =
      error.code === "config.not_found" ? "Run latchkey init, or name the file: --config FILE" : error.entry.operator;
    return [config.fail(found, fix), secrets.skip("The configuration cannot be read.")];
  }
  const aboutSecrets = problems.filter(({ path }) => /^secrets(\.|$)/.test(path));
  const others = problems.filter((problem) => !aboutSecrets.includes(problem));
  const listed = (list: readonly ConfigProblem[]) => list.map(describeProblem).join(" | ");
  return [
    others.length === 0
      ? config.ok("Nothing is wrong but the secrets.")
      : config.fail(listed(others), "Correct each; docs/reference/config.md describes every key."),
    aboutSecrets.length === 0
      ? secrets.skip("The configuration is not valid.")
      : secrets.fail(listed(aboutSecrets), howToMend(aboutSecrets)),
  ];
}

/** A secret that is only out of reach is not replaced: every row that it sealed would be lost. */
function howToMend(problems: readonly ConfigProblem[]): string {
  const lost = problems.some(({ kind }) => kind === "unresolved");
  const weak = problems.some(({ kind }) => kind === "invalid");
  if (lost) return weak ? `${lostSecret} Instead of the weak one: ${makeOne}` : lostSecret;
  if (problems.some(({ kind }) => kind === "missing"))
    return `Set those that Latchkey had: ${nothingStored}. For a new installation make one with: ${makeOne}`;
  return `Make one with: ${makeOne}`;
}
