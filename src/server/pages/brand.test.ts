import fc from "fast-check";
import { expect, test } from "vitest";
import { brandStyle, contrast, shadesOf } from "./brand.js";

const color = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, "0")}`);
const grounds = { light: ["#f4f5f7", "#ffffff"], dark: ["#11151c", "#1a202a"] } as const;

test("SU-10 contrast is that of WCAG", () => {
  expect(contrast("#000000", "#ffffff")).toBe(21);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
});

test.each(["light", "dark"] as const)("SU-10 whatever the colour, %s text in it and on it can be read", (scheme) => {
  fc.assert(
    fc.property(color, (given) => {
      const { accent, ink, wash } = shadesOf(given, scheme);
      for (const other of [...grounds[scheme], wash, ink]) expect(contrast(accent, other)).toBeGreaterThanOrEqual(4.5);
    }),
  );
});

test("SU-10 a colour that can be read is left as it is", () => {
  expect(shadesOf("#7a1f5c", "light").accent).toBe("#7a1f5c");
  expect(shadesOf("#ffd400", "dark").accent).toBe("#ffd400");
  expect(shadesOf("#ffd400", "light").accent).not.toBe("#ffd400");
  expect(brandStyle(null)).toBe("");
});
