/**
 * Rules about the sources and papers of the project that are neither imports (architecture.test.ts) nor types:
 * words at the top of files, documented exports, reasons for dependencies, codes of failures.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { errorCatalog } from "../src/kernel/error-catalog.js";
import { asLatchkeyError, LatchkeyError } from "../src/kernel/errors.js";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .map((path) => `src/${path.replaceAll("\\", "/")}`)
  .filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path));

describe("QU-2 failures", () => {
  const families = [
    "signin",
    "link",
    "account",
    "session",
    "grant",
    "connect",
    "token",
    "logout",
    "config",
    "egress",
    "store",
    "server",
    "webhook",
  ];

  test("every code is of a known family", () => {
    const codes = Object.keys(errorCatalog);
    expect(codes.filter((code) => !families.includes(code.split(".")[0] ?? ""))).toEqual([]);
    expect(codes.filter((code) => !/^[a-z]+\.[a-z]+(_[a-z]+)*$/.test(code))).toEqual([]);
  });

  test("every code has a status of a failure and words for people and operators", () => {
    for (const [code, entry] of Object.entries(errorCatalog)) {
      expect(entry.status, code).toBeGreaterThanOrEqual(400);
      expect(entry.status, code).toBeLessThan(600);
      for (const words of [entry.message, entry.person, entry.operator]) expect(words, code).toMatch(/\S{3}/);
    }
  });

  test("private data stays out of what an error says of itself", () => {
    const error = new LatchkeyError("signin.denied", {
      data: { subject: "ann-4711" },
      cause: new Error("from ann-4711"),
    });
    expect(error.message).toBe("signin.denied");
    expect(`${error}`).not.toContain("ann-4711");
  });

  test("anything else that is thrown becomes server.unexpected with its cause kept", () => {
    const cause = new RangeError("x");
    expect(asLatchkeyError(cause)).toMatchObject({ code: "server.unexpected", cause });
    const own = new LatchkeyError("signin.denied");
    expect(asLatchkeyError(own)).toBe(own);
  });
});

describe("QU-4 words", () => {
  test("every module opens with what it is for", () => {
    const silent = sources.filter((path) => !/^(#!.*\n)?\/\*\*\s*\S/.test(read(path)));
    expect(silent).toEqual([]);
  });

  test("what the library exports is documented where it is declared", () => {
    const bare = publicNames("src/index.ts").filter(({ file, name }) => !isDocumented(file, name));
    expect(bare).toEqual([]);
  });

  interface PublicName {
    readonly file: string;
    readonly name: string;
  }

  function publicNames(entry: string): PublicName[] {
    const source = ts.createSourceFile(entry, read(entry), ts.ScriptTarget.ES2023, true);
    return source.statements.filter(ts.isExportDeclaration).flatMap(({ moduleSpecifier, exportClause }) => {
      if (!moduleSpecifier || !ts.isStringLiteral(moduleSpecifier) || !exportClause || !ts.isNamedExports(exportClause))
        return [];
      const file = `src/${moduleSpecifier.text.slice(2).replace(/\.js$/, ".ts")}`;
      return exportClause.elements.map((one) => ({ file, name: (one.propertyName ?? one.name).text }));
    });
  }

  function isDocumented(file: string, name: string): boolean {
    const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2023, true);
    const found = source.statements.find((statement) => {
      if (ts.isVariableStatement(statement))
        return statement.declarationList.declarations.some((one) => one.name.getText() === name);
      return "name" in statement && (statement.name as ts.Identifier | undefined)?.text === name;
    });
    return found !== undefined && ts.getJSDocCommentsAndTags(found).length > 0;
  }
});

describe("QU-5 papers", () => {
  test("decisions are numbered once each, dated, and listed", () => {
    const records = readdirSync(join(root, "docs/decisions")).filter((name) => name !== "README.md");
    const list = read("docs/decisions/README.md");
    expect(records.length).toBeGreaterThan(0);
    expect(new Set(records.map((name) => name.slice(0, 4))).size).toBe(records.length);
    for (const name of records) {
      expect(name).toMatch(/^\d{4}-[a-z0-9-]+\.md$/);
      expect(read(`docs/decisions/${name}`), name).toMatch(
        new RegExp(`^# ${Number(name.slice(0, 4))}\\. .+\\n\\n\\d{4}-\\d{2}-\\d{2}\\n`),
      );
      expect(list).toContain(`](${name})`);
    }
  });

  test("the papers that a newcomer looks for are there", () => {
    for (const name of ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE"])
      expect(read(name).length, name).toBeGreaterThan(500);
  });

  test("what CI runs is the check and the tests that the README names", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    for (const tool of ["tsc", "biome", "knip", "architecture"]) expect(scripts["check"]).toContain(tool);
    expect(read("README.md")).toContain("npm ci && npm test");
    for (const command of ["npm ci", "npm run check", "npm test"]) expect(read(".ci/run")).toContain(command);
  });
});

test("QU-6 every dependency has its reason in the decisions, and every reason its dependency", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
  const [taken = "", notTaken = "", development = "", apart = ""] = read("docs/decisions/0002-dependencies.md")
    .split(/^## /m)
    .slice(1);
  const firstColumn = (section: string) =>
    section
      .split("\n")
      .filter((line) => line.startsWith("| `"))
      .flatMap((line) => [...(line.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name))
      .sort();
  expect(firstColumn(taken)).toEqual(Object.keys(dependencies ?? {}).sort());
  expect(firstColumn(development)).toEqual(Object.keys(devDependencies ?? {}).sort());
  const ofFolder = (folder: string) =>
    Object.keys((JSON.parse(read(`${folder}/package.json`)) as { dependencies: Record<string, string> }).dependencies);
  const own = ["bench", "conformance", "interop"].flatMap(ofFolder);
  expect([...new Set(firstColumn(apart))]).toEqual([...new Set(own)].sort());
  expect(
    firstColumn(notTaken).filter((name) => name !== undefined && name in { ...dependencies, ...devDependencies }),
  ).toEqual([]);
});
