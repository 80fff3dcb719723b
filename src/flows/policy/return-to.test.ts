import fc from "fast-check";
import { expect, test } from "vitest";
import { safeReturnTo } from "./return-to.js";

const origin = "https://app.example";

test.each([
  ["path", `/${"\u20ac".repeat(1_000)}`],
  ["query", `/?q=${"\u20ac".repeat(1_000)}`],
  ["fragment", `/#${"\u20ac".repeat(1_000)}`],
])("SI-8 a target counts as long as its encoded form is, which is what the cookie carries: %s", (_where, text) => {
  expect(text.length).toBeLessThan(1_024);
  expect(safeReturnTo(text, origin)).toBeUndefined();
});

test("SI-8 what comes out is at most 1,024 characters, and goes in again as it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 400 }), (text) => {
      const path = safeReturnTo(`/${text}`, origin);
      if (path === undefined) return;
      expect(path.length).toBeLessThanOrEqual(1_024);
      expect(safeReturnTo(path, origin)).toBe(path);
    }),
  );
});
