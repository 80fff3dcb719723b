import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePattern } from "./pattern.js";

const fits = (text: string, value: string): boolean | string => {
  const compiled = compilePattern(text);
  return compiled.ok ? compiled.value.matches(value) : compiled.error;
};

describe("a pattern", () => {
  test.each<[pattern: string, value: string, fits: boolean]>([
    ["staff", "staff", true],
    ["staff", "Staff", false],
    ["staff", "staff2", false],
    ["staff", " staff", false],
    ["exact:a*", "a*", true],
    ["exact:a*", "ab", false],
    ["exact:glob:x", "glob:x", true],
    ["exact:exact:x", "exact:x", true],
    ["a.c", "abc", false],
    ["a.c", "a.c", true],
    ["ops-*", "ops-", true],
    ["ops-*", "ops-eu/west", true],
    ["ops-*", "xops-eu", false],
    ["*-ops", "eu-ops", true],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["a?c", "a😀c", true],
    ["a?c", "a\nc", true],
    ["glob:plain", "plain", true],
    ["glob:a[b]*", "a[b]c", true],
    ["glob:a[b]*", "abc", false],
    ["glob:a**b", "ab", true],
    ["glob:*", "", true],
    ["regex:ops", "ops", true],
    ["regex:ops", "xopsx", false],
    ["regex:^ops-[0-9]+$", "ops-12", true],
    ["regex:^ops-[0-9]+$", "ops-12\n", false],
    ["regex:ops|admin", "admins", false],
    ["regex:OPS", "ops", false],
    ["regex:(?i)OPS", "ops", true],
    ["Regex:a", "Regex:a", true],
  ])("AC-16 %s against %j: %s", (pattern, value, expected) => {
    expect(fits(pattern, value)).toBe(expected);
  });

  test.each([
    "regex:(a",
    "regex:(?=a)",
    "regex:(a)\\1",
    "regex:(a{1000}){1000}",
    "regex:",
    "glob:",
    "exact:",
    "",
    "a".repeat(257),
    `regex:${"a".repeat(251)}`,
  ])("AC-16 %s does not parse", (pattern) => {
    expect(fits(pattern, "a")).toMatch(/^is /);
  });

  test("AC-16 a glob fits what its own language says, for any text", () => {
    const piece = fc.constantFrom("*", "?", "a", ".", "[", "\\", "$", "^", "(", "|", "\\E", "é");
    const slow = (glob: readonly string[], value: readonly string[]): boolean => {
      const [first, ...rest] = glob;
      if (first === undefined) return value.length === 0;
      if (first === "*") return slow(rest, value) || (value.length > 0 && slow(glob, value.slice(1)));
      return value.length > 0 && (first === "?" || first === value[0]) && slow(rest, value.slice(1));
    };
    const single = (text: string) => [...text];
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), fc.array(piece, { maxLength: 6 }), (glob, value) => {
        const [pattern, text] = [glob.join(""), value.join("")];
        expect(fits(`glob:${pattern}`, text)).toBe(slow(single(pattern), single(text)));
      }),
      { numRuns: 500 },
    );
  });

  test("AC-16 never throws, and a pattern that takes others' engines for ever does not take this one", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("", "exact:", "glob:", "regex:"),
        fc.string({ unit: "binary" }),
        fc.string({ unit: "binary" }),
        (kind, body, value) => {
          const found = fits(kind + body, value);
          return typeof found === "boolean" || found.startsWith("is ");
        },
      ),
      { numRuns: 1_000 },
    );
    for (let count = 0; count < 200; count++) expect(fits("regex:(x+x+)+y", "x".repeat(256))).toBe(false);
  });
});
