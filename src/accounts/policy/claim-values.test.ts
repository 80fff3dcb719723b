import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../kernel/json.js";
import { isElsewhere, longestValue, readValues, withoutPointer } from "./claim-values.js";

const fits = "v".repeat(longestValue);

describe("what a roles or groups claim says", () => {
  test("SI-17 what was dropped is counted, by why", () => {
    const claim = ["a", 1, true, null, {}, [], `${fits}v`, "x\u0007", "\udfff", ""];
    expect(readValues({ roles: claim }, "roles", ",").dropped).toEqual({ wrongType: 4, tooLong: 1, malformed: 2 });
  });

  test("SI-17 AC-18 never throws on any JSON, and says the same each time", () => {
    const claims = fc.dictionary(
      fc.constantFrom("roles", "a", "a.b", "_claim_names", "hasgroups", "__proto__", "constructor"),
      fc.oneof(fc.jsonValue(), fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.double(), fc.jsonValue()))),
    ) as fc.Arbitrary<JsonObject>;
    const name = fc.constantFrom("roles", "a.b", "a..b", "", ".", "__proto__", "hasgroups");
    fc.assert(
      fc.property(claims, name, fc.string({ maxLength: 3 }), (document, called, separator) => {
        const reading = readValues(document, called, separator);
        expect(readValues(document, called, separator)).toEqual(reading);
        if (reading.result.kind !== "values") return;
        const list = reading.result.values;
        expect(new Set(list).size).toBe(list.length);
        expect(list.length).toBeGreaterThan(0);
        for (const value of list) {
          expect(value).toBe(value.trim());
          expect(value.length).toBeGreaterThan(0);
          expect(value.length).toBeLessThanOrEqual(longestValue);
          expect(value).toBe(value.toWellFormed());
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("AC-18 ten thousand groups, one of them 4 KB long, are read in one pass", () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `group-${index}`);
    const { result, dropped } = readValues({ groups: [...many, "x".repeat(4_096)] }, "groups", ";");
    expect(result).toEqual({ kind: "values", values: many });
    expect(dropped).toEqual({ wrongType: 0, tooLong: 1, malformed: 0 });
    const text = readValues({ groups: [...many, "x".repeat(4_096)].join(";") }, "groups", ";");
    expect(text).toEqual({ result, dropped });
  });

  test("SI-17 only the claim that is named lies elsewhere", () => {
    expect(isElsewhere({ _claim_names: { groups: "src1" } }, "groups")).toBe(true);
    expect(isElsewhere({ _claim_names: { groups: "src1" } }, "wids")).toBe(false);
  });

  test("SI-17 a claim that was had from elsewhere lies there no more, and others still do", () => {
    const there = { sub: "a", hasgroups: true, _claim_names: { groups: "src1", wids: "src2" }, groups: [] };
    expect(withoutPointer(there, "groups")).toEqual({ sub: "a", _claim_names: { wids: "src2" }, groups: [] });
    expect(readValues(withoutPointer(there, "groups"), "groups", ";").result).toEqual({ kind: "empty" });
    expect(withoutPointer(there, "wids")).toEqual({ ...there, _claim_names: { groups: "src1" } });
    expect(withoutPointer({ _claim_names: ["groups"] }, "groups")).toEqual({});
  });
});
