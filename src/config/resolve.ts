/**
 * From what was written to what code uses, or every problem at once. Pure: no file, no environment, no request.
 */
import { LatchkeyError } from "../kernel/errors.js";
import { err, ok, type Result } from "../kernel/result.js";
import { crossChecks } from "./cross-checks.js";
import { type ConfigProblem, problemsOf } from "./problems.js";
import { type Config, type ConfigInput, configSchema } from "./schema.js";

/** Fills in defaults and checks everything. Never throws, whatever the input is. */
export function resolveUnknown(input: unknown): Result<Config, readonly ConfigProblem[]> {
  const parsed = configSchema.safeParse(input);
  const own = parsed.success ? [] : problemsOf(parsed.error.issues, input);
  // One problem per path is enough, and the schema's says more about the value itself. Of baseUrl both are told: a path
  // and plain http are two mistakes, and mending one would only bring the other to light.
  const reported = new Set(own.map((problem) => problem.path).filter((path) => path !== "baseUrl"));
  const problems = [...own, ...crossChecks(input).filter((problem) => !reported.has(problem.path))];
  return parsed.success && problems.length === 0 ? ok(parsed.data) : err(problems);
}

/** For embedders, who write the configuration in TypeScript. */
export const resolveConfig = (input: ConfigInput): Result<Config, readonly ConfigProblem[]> => resolveUnknown(input);

/** The error for shells: `data.problems` holds each problem, `data.file` where they were found, `data.warnings` the rest. */
export function configInvalid(
  problems: readonly ConfigProblem[],
  file: string | null,
  warnings: readonly string[] = [],
): LatchkeyError {
  const weak =
    problems.length > 0 &&
    problems.every((problem) => problem.kind === "invalid" && /^secrets\.\d+$/.test(problem.path));
  return new LatchkeyError(weak ? "config.secret_weak" : "config.invalid", {
    data: { file, problems: problems.map((problem) => ({ ...problem })), warnings },
  });
}
