/** The decision tables: each row is one question to the one function that a sign-in acts on. */
import { describe, expect, test } from "vitest";
import { readValues } from "../../src/accounts/policy/claim-values.js";
import type { JsonObject, JsonValue } from "../../src/kernel/json.js";
import { names, shapes, toldUnknown } from "./claim-table.js";
import { groupTables } from "./group-table.js";
import { roleTables } from "./role-table.js";
import { decide, groupsInWords, roleInWords } from "./setting.js";

const claiming = (name: string, value: JsonValue | undefined): JsonObject =>
  value === undefined ? {} : { [name]: value };

describe("SI-17 what a claim is read as", () => {
  test.each(shapes)("%s", (_why, claim, separator, result) => {
    expect(readValues(claiming("roles", claim), "roles", separator).result).toEqual(result);
  });
});
describe("SI-16 SI-17 where a claim is found", () => {
  test.each(names)("%s", (_why, claims, name, result) => {
    expect(readValues(claims, name, ",").result).toEqual(result);
  });
});
describe("SI-17 when userinfo failed", () => {
  test.each(toldUnknown)("%s", (_why, claim, result) => {
    expect(readValues(claiming("roles", claim), "roles", ",", "userinfo_failed").result).toEqual(result);
  });
});

describe.each(Object.entries(roleTables))("%s", (_table, rows) => {
  test.each(rows)("%s", (_why, claim, known, question, decision) => {
    const asked = { ...question, known, claims: claiming("roles", claim) };
    expect(roleInWords(decide(asked))).toBe(decision);
    expect(decide(asked)).toEqual(decide(asked));
  });
});

describe.each(Object.entries(groupTables))("%s", (_table, rows) => {
  test.each(rows)("%s", (_why, claim, memberships, existing, question, steps) => {
    const known = memberships === null ? "new" : { role: "user", groups: memberships };
    const asked = { ...question, known, existing, claims: claiming("groups", claim) } as const;
    expect(groupsInWords(decide(asked))).toEqual(steps);
    expect(decide(asked)).toEqual(decide(asked));
  });
});

test("SI-17 AC-12 AC-15 the tables hold 200 decisions or more, none of them twice", () => {
  const roles = Object.values(roleTables).flat();
  const groups = Object.values(groupTables).flat();
  expect(roles.length + groups.length).toBeGreaterThanOrEqual(200);
  const questions = [...roles, ...groups].map((row) =>
    JSON.stringify(row.slice(1), (_, value) => (value === undefined ? "none" : value)),
  );
  expect(new Set(questions).size).toBe(questions.length);
});
