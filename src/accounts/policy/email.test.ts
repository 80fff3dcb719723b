import fc from "fast-check";
import { expect, test } from "vitest";
import { domainAllowed, isFolded, isVerified, normaliseEmail } from "./email.js";

test.each([
  ["Ann@Example.COM", "ann@example.com"],
  ["  ann@example.com ", "ann@example.com"],
  ["ann+tag@example.com", "ann+tag@example.com"],
  ["o'brien@example.com", "o'brien@example.com"],
  ["ｅｖｅ@example.com", "eve@example.com"],
  ["ann＠example.com", "ann@example.com"],
  ["jürgen@müller.example", "jürgen@müller.example"],
  ["a@localhost", "a@localhost"],
  ["a@xn--e1afmkfd.example", "a@xn--e1afmkfd.example"],
])("SI-18 %s becomes %s", (text, address) => {
  expect(normaliseEmail(text)).toEqual({ ok: true, value: address });
});

test.each([
  ["two @", "ann@evil.example@example.com"],
  ["a look-alike @ beside a real one", "ann＠evil.example@example.com"],
  ["a small look-alike @", "ann﹫evil.example@example.com"],
  ["a comma list", "ann@example.com,eve@evil.example"],
  ["a semicolon list", "ann@example.com;eve@evil.example"],
  ["two separated by a space", "ann@example.com eve@evil.example"],
  ["a quoted local part", '"ann"@example.com'],
  ["a quoted local part with an @", '"ann@example.com"@evil.example'],
  ["a display name", "Ann <ann@example.com>"],
  ["a comment", "ann(comment)@example.com"],
  ["a trailing dot in the domain", "ann@example.com."],
  ["a leading dot in the domain", "ann@.example.com"],
  ["two dots in the domain", "ann@example..com"],
  ["a trailing dot in the local part", "ann.@example.com"],
  ["no local part", "@example.com"],
  ["no domain", "ann@"],
  ["no @", "ann.example.com"],
  ["an address literal", "ann@[127.0.0.1]"],
  ["a NUL", "ann\u0000@example.com"],
  ["a line break", "ann@example.com\nbcc: eve@evil.example"],
  ["a zero-width space", "an\u200bn@example.com"],
  ["a right-to-left mark", "ann\u202e@example.com"],
  ["a label with a leading hyphen", "ann@-example.com"],
  ["a path", "ann@example.com/evil"],
  ["a percent hack", "ann%evil.example@"],
  ["a very long address", `${"a".repeat(300)}@example.com`],
  ["a list", ["ann@example.com"]],
  ["an object", { value: "ann@example.com" }],
  ["a number", 5],
  ["true", true],
])("SI-18 AT-8 %s is refused", (_what, value) => {
  expect(normaliseEmail(value).ok).toBe(false);
});

test("SI-18 normalising never throws, and doing it twice changes nothing", () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.string({ unit: "binary" }), fc.emailAddress()), (value) => {
      const once = normaliseEmail(value);
      if (once.ok) expect(normaliseEmail(once.value)).toEqual(once);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  [true, true],
  ["true", true],
  ["TRUE", false],
  [1, false],
  ["1", false],
  ["yes", false],
  [{}, false],
  [[true], false],
  [undefined, false],
  [null, false],
  ["false", false],
])("SI-18 email_verified %j counts as verified: %s", (claim, expected) => {
  expect(isVerified(claim)).toBe(expected);
});

test("AC-5 AT-2 a domain is compared label by label", () => {
  const allowed = (domain: string, list: string[]) => domainAllowed(`ann@${domain}`, list);
  expect(allowed("example.com", ["example.com"])).toBe(true);
  expect(allowed("example.com", ["EXAMPLE.com"])).toBe(true);
  expect(allowed("evilexample.com", ["example.com"])).toBe(false);
  expect(allowed("example.com.evil.example", ["example.com"])).toBe(false);
  expect(allowed("example.com", ["*.example.com"])).toBe(false);
  expect(allowed("a.example.com", ["*.example.com"])).toBe(true);
  expect(allowed("a.b.example.com", ["*.example.com"])).toBe(true);
  expect(allowed("evilexample.com", ["*.example.com"])).toBe(false);
  expect(allowed("anything.example", ["*"])).toBe(true);
  expect(allowed("example.com", [])).toBe(false);
});

test.each([
  ["ann@example.com", false],
  ["Ann@Example.COM", false],
  ["jürgen@müller.example", false],
  ["ju\u0308rgen@example.com", false],
  ["иван@пример.example", false],
  ["ａnn@example.com", true],
  ["ann＠example.com", true],
  ["ann@example．com", true],
  ["\u212aate@example.com", true],
  ["ﬁne@example.com", true],
  ["ｱ@example.com", true],
])("SI-18 AT-8 %s is folded into another spelling: %s", (address, expected) => {
  expect(isFolded(address)).toBe(expected);
});
