/**
 * What counts (TS-20). Pure. The suite's own verdict is not enough: it calls a scenario passed that checked nothing, and
 * in suite mode it says nothing about one that left no result.
 */
export interface Line {
  readonly scenario: string;
  readonly mode: "suite" | "single";
  /** The set of requirements or the version; null: in none of the sets. */
  readonly requirements: string | null;
  readonly checksPassed: number;
  readonly checksFailed: number;
  readonly ok: boolean;
}
export interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

/** A warning fails. One by one the exit code counts too, which covers the client's own and a time-out. */
export function judgeChecks(
  about: Pick<Line, "scenario" | "mode" | "requirements">,
  checks: readonly Check[],
  exit: number,
): { readonly line: Line; readonly failed: readonly Check[] } {
  const failed = checks.filter(({ status }) => status === "FAILURE" || status === "WARNING");
  const checksPassed = checks.filter(({ status }) => status === "SUCCESS").length;
  const ok = failed.length === 0 && checksPassed > 0 && (about.mode === "suite" || exit === 0);
  return { line: { ...about, checksPassed, checksFailed: failed.length, ok }, failed };
}

/** Of what was found only the expected scenarios; one that left no result has failed. */
export function complete(
  found: readonly Line[],
  expected: readonly string[],
  about: Pick<Line, "mode" | "requirements">,
): readonly Line[] {
  const missing = expected.filter((name) => !found.some(({ scenario }) => scenario === name));
  return [
    ...found.filter(({ scenario }) => expected.includes(scenario)),
    ...missing.map((scenario) => ({ ...about, scenario, checksPassed: 0, checksFailed: 0, ok: false })),
  ];
}

/** A run that judged nothing is no success. */
export const isWhole = (lines: readonly Line[]): boolean => lines.length > 0 && lines.every(({ ok }) => ok);
