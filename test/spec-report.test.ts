import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  idsOf,
  leavesOf,
  optionsOf,
  readRules,
  reportOptions,
  reportRules,
  unknownOptions,
} from "../scripts/spec-report.js";
import { missingService, type TestResult } from "../scripts/spec-reporter.js";
import { serviceNames } from "./services.js";

const result = (name: string, status: TestResult["status"] = "passed"): TestResult => ({
  file: "a.test.ts",
  name,
  status,
});

describe("rules", () => {
  test("are the list items that begin with a bold id, and nothing else", () => {
    const markdown = `# Sign-in (SI)
- **SI-1** A *first* rule
  that goes on: and on.
- **SI-2** \`Second\`. More.
- an item
Text with **SI-3** inside.
`;
    expect(readRules("x.md", markdown)).toEqual([
      { id: "SI-1", file: "x.md", title: "A first rule that goes on" },
      { id: "SI-2", file: "x.md", title: "Second" },
    ]);
  });

  test.each<[name: string, ids: string[]]>([
    ["SI-9 refuses", ["SI-9"]],
    ["SI-9 AT-18 refuses", ["SI-9", "AT-18"]],
    ["SI-9, AT-18: refuses", ["SI-9", "AT-18"]],
    ["SI-9.3 is a step of SI-9", ["SI-9"]],
    ["AT-34 attacks > SI-9 is refused", ["AT-34", "SI-9"]],
    ["a suite > SI-9 inside", ["SI-9"]],
    ["refuses as SI-9 says", []],
    ["SI-9x is no id", []],
    ["UTF-8 and SHA-256 are no ids", []],
    ["SI-9", ["SI-9"]],
  ])("are carried at the front of any level: %j", (name, ids) => {
    expect(idsOf(name)).toEqual(ids);
  });

  test("are proven by what passed; what was skipped, failed or is not there leaves them missing", () => {
    const rules = ["SI-1", "SI-2", "SI-3", "SI-4"].map((id) => ({ id, file: "x.md", title: "" }));
    const report = reportRules(rules, [
      result("SI-1 a"),
      result("SI-2 a", "skipped"),
      result("SI-3 a", "failed"),
      result("ZZ-9 a"),
    ]);
    expect(report.missing).toEqual(["SI-2", "SI-3", "SI-4"]);
    expect(report.unknown).toEqual([{ id: "ZZ-9", test: "a.test.ts > ZZ-9 a" }]);
    expect(report.rules[1]?.tests).toEqual([result("SI-2 a", "skipped")]);
  });
});

describe("a suite that was skipped for want of a service", () => {
  test.each(serviceNames)("is known by what is missing: %s", (service) => {
    expect(missingService.exec(`a suite > in Python [no ${service}]`)?.groups?.["service"]).toBe(service);
  });
});

describe("options", () => {
  const schema = z.strictObject({
    baseUrl: z.string().transform((text) => new URL(text)),
    database: z.string().prefault("x").readonly(),
    signIn: z
      .strictObject({ autoStart: z.boolean().default(false), domains: z.array(z.string()).default([]) })
      .prefault({}),
    providers: z.array(
      z.strictObject({ id: z.string(), client: z.object({ secret: z.string().nullable() }).optional() }),
    ),
    limits: z.union([z.literal("off"), z.object({ start: z.string(), callback: z.string() })]).optional(),
    headers: z.record(z.string(), z.string()),
    port: z.preprocess((value) => value, z.object({ number: z.number() })),
  });
  const leaves = [
    "baseUrl",
    "database",
    "signIn.autoStart",
    "signIn.domains",
    "providers.id",
    "providers.client.secret",
    "limits.start",
    "limits.callback",
    "headers",
    "port.number",
  ];

  test("are the leaves of the schema", () => {
    expect(leavesOf(schema)).toEqual(leaves);
  });

  test("are proven by a tag anywhere in a name, whatever marks the list", () => {
    expect(
      optionsOf("opens [option:signIn.autoStart] twice [option:providers[].id] [option:providers.*.client.secret]"),
    ).toEqual(["signIn.autoStart", "providers.id", "providers.client.secret"]);
    const tests = [result("x [option:headers]"), result("y [option:nowhere]")];
    expect(reportOptions(["headers", "port"], tests)).toEqual([
      { option: "headers", tests: [tests[0]] },
      { option: "port", tests: [] },
    ]);
    expect(unknownOptions(["headers"], tests)).toEqual([{ option: "nowhere", test: "a.test.ts > y [option:nowhere]" }]);
  });
});
