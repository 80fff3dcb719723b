/**
 * A vitest reporter that leaves two things behind: `.results/tests.json` for `npm run spec`, and a closing line
 * `N passed, N failed` that a script can read, after everything else that vitest prints.
 *
 * A run of some files alone replaces the results of those files and leaves the others as they were; a run of some
 * names alone (`-t`) is a look at them and changes nothing. A run of everything begins anew.
 *
 * A file that does not load and an error outside any test each count as one failure, so that the line never
 * says 0 failed when the run is red.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from "vitest/node";

export interface TestResult {
  readonly file: string;
  /** Titles of the suites around the test and its own, joined with ` > `. */
  readonly name: string;
  readonly status: "passed" | "failed" | "skipped";
}

const resultsFile = ".results/tests.json";

/** What `test/services.ts` puts behind the title of a suite that was skipped. */
export const missingService = /\[no (?<service>[a-z0-9-]+)\]$/;

export default class SpecReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  async onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): Promise<void> {
    const results = modules.flatMap((module) => [...module.children.allTests()].map((one) => resultOf(module, one)));
    const count = (status: TestResult["status"]) => results.filter((one) => one.status === status).length;
    const unloaded = modules.filter((module) => !module.ok() && [...module.children.allTests("failed")].length === 0);
    const failed = count("failed") + unloaded.length + errors.length;
    const skipped = count("skipped");
    const closing = `${count("passed")} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;

    mkdirSync(".results", { recursive: true });
    if (this.#vitest?.config.testNamePattern === undefined) {
      const everything = (await this.#vitest?.globTestSpecifications())?.length ?? 0;
      const ran = new Set(modules.map(pathOf));
      const kept = ran.size < everything ? readResults().filter(({ file }) => !ran.has(file) && existsSync(file)) : [];
      writeFileSync(resultsFile, `${JSON.stringify([...kept, ...results], null, 1)}\n`);
    }
    writeFileSync(".results/closing-line.txt", `${closing}\n`);

    const notes = modules.flatMap((module) =>
      [...module.children.allSuites()].flatMap((suite) => skipNote(module, suite)),
    );
    // Vitest prints its own summary after the reporters have run; what is written at exit comes last.
    process.once("exit", () => process.stdout.write(`${["", ...notes, closing].join("\n")}\n`));
  }
}

function readResults(): readonly TestResult[] {
  try {
    return JSON.parse(readFileSync(resultsFile, "utf8")) as TestResult[];
  } catch {
    return [];
  }
}

const pathOf = (module: TestModule): string => relative(process.cwd(), module.moduleId).replaceAll("\\", "/");

function resultOf(module: TestModule, test: TestCase): TestResult {
  const { state } = test.result();
  return {
    file: pathOf(module),
    name: test.fullName,
    status: state === "passed" || state === "failed" ? state : "skipped",
  };
}

function skipNote(module: TestModule, suite: TestSuite): string[] {
  const service = missingService.exec(suite.name)?.groups?.["service"];
  return service === undefined ? [] : [`skipped for want of ${service}: ${pathOf(module)} > ${suite.fullName}`];
}
