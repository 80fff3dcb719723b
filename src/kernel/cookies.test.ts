import fc from "fast-check";
import { expect, test } from "vitest";
import { readCookies } from "./cookies.js";

const words = fc
  .array(fc.constantFrom(" ", "\t", "\u00a0", "a", "=", ";", '"'), { maxLength: 12 })
  .map((all) => all.join(""));

test("AT-22 of blanks about a name and a value space and tab go, and nothing else", () => {
  const trimmed = (text: string) => text.replace(/^[ \t]+|[ \t]+$/g, "");
  fc.assert(
    fc.property(words, words, (name, value) => {
      fc.pre(!/[=;]/.test(name) && !/[;"]/.test(value) && trimmed(name) !== "");
      expect(readCookies(`${name}=${value}`)).toEqual([{ name: trimmed(name), value: trimmed(value) }]);
    }),
  );
});

test("SU-5 a header that is all blanks is read as fast as any: hundreds of them hold nobody up", () => {
  const blanks = " ".repeat(16_000);
  for (let time = 0; time < 400; time++) {
    expect(readCookies(`a=x${blanks}y${"\t ".repeat(7_000)}z`)[0]?.name).toBe("a");
  }
});
