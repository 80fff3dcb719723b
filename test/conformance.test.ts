/** TS-20: what counts as passed when the official suite judges us, and that it is asked. What it says is its own run's to show. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { complete, isWhole, judgeChecks } from "../conformance/judge.js";

const about = { scenario: "auth/x", requirements: "2026-07-28" } as const;
const checks = (...statuses: string[]) => statuses.map((status, at) => ({ id: `check-${at}`, status }));

describe("a scenario of the official suite", () => {
  test.each<[what: string, mode: "suite" | "single", statuses: string[], exit: number, ok: boolean]>([
    ["all is well", "suite", ["SUCCESS", "INFO"], 0, true],
    ["all is well", "single", ["SUCCESS"], 0, true],
    ["nothing was checked", "suite", [], 0, false],
    ["nothing was checked but noted", "single", ["INFO", "SKIPPED"], 0, false],
    ["there was a warning", "suite", ["SUCCESS", "WARNING"], 0, false],
    ["there was a failure", "single", ["SUCCESS", "FAILURE"], 0, false],
    ["the client failed or took too long", "single", ["SUCCESS"], 1, false],
    ["others of the set failed", "suite", ["SUCCESS"], 1, true],
  ])("TS-20 where %s (%s, %o, exit %i): %s", (_, mode, statuses, exit, ok) => {
    expect(judgeChecks({ ...about, mode }, checks(...statuses), exit).line.ok).toBe(ok);
  });

  test("TS-20 one that left no result has failed, and one that is none of ours counts neither way", () => {
    const mode = "suite" as const;
    const found = ["auth/x", "tools/y"].map(
      (scenario) => judgeChecks({ ...about, scenario, mode }, checks("SUCCESS"), 0).line,
    );
    const lines = complete(found, ["auth/x", "auth/z"], { mode, requirements: null });
    expect(lines.map(({ scenario, ok }) => [scenario, ok])).toEqual([
      ["auth/x", true],
      ["auth/z", false],
    ]);
    expect([isWhole(lines), isWhole(lines.slice(0, 1)), isWhole([])]).toEqual([false, true, false]);
  });

  test("TS-20 CI asks the suite, pinned to one version, without a list of expected failures", () => {
    const read = (path: string) => readFileSync(join(import.meta.dirname, "..", path), "utf8");
    expect(read(".ci/run")).toContain('npm run conformance || fail "npm run conformance"');
    const { dependencies } = JSON.parse(read("conformance/package.json")) as { dependencies: Record<string, string> };
    expect(dependencies["@modelcontextprotocol/conformance"]).toMatch(/^\d+\.\d+\.\d+/);
    expect(read("conformance/run.ts")).not.toContain("expected-failures");
  });

  test("QU-7 the suite has a lock file and a newer Node of its own; neither is in ours", () => {
    const read = (path: string) =>
      JSON.parse(readFileSync(join(import.meta.dirname, "..", path), "utf8")) as {
        engines?: { node?: string };
        packages: Record<string, { version?: string }>;
      };
    const [theirs, ours] = [read("conformance/package-lock.json"), read("package-lock.json")];
    expect(Number(theirs.packages["node_modules/node"]?.version?.split(".")[0])).toBeGreaterThanOrEqual(22);
    expect(theirs.packages["node_modules/@modelcontextprotocol/conformance"]).toBeDefined();
    for (const name of ["node", "@modelcontextprotocol/conformance"])
      expect(ours.packages[`node_modules/${name}`]).toBeUndefined();
    expect(read("package.json").engines?.node).toBe(">=20.19");
  });
});
