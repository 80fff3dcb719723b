import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { safeReturnTo } from "../../src/flows/policy/return-to.js";
import { openRedirects, ownTargets } from "./open-redirect-corpus.js";

const origin = "https://app.example";

describe("AT-1 SI-7 a target after sign-in", () => {
  test("the corpus has at least 300 payloads, each different", () => {
    expect(new Set(openRedirects).size).toBeGreaterThanOrEqual(300);
  });

  test("what a naive check lets through really leaves the origin (the attack is real)", () => {
    const naive = openRedirects.filter((text) => text.startsWith("/"));
    const escaped = naive.filter((text) => URL.canParse(text, origin) && new URL(text, origin).origin !== origin);
    expect(escaped.length).toBeGreaterThan(20);
  });

  test.each(openRedirects.map((text) => [text.slice(0, 60), text]))(
    "%j is refused or stays on our origin",
    (_name, text) => {
      const path = safeReturnTo(text, origin);
      if (path === undefined) return;
      expect(path).toMatch(/^\/(?![/\\]|%2f|%5c)/i);
      expect(new URL(path, origin).origin).toBe(origin);
      // Also when somebody in between decodes it once more.
      expect(new URL(decodeURIComponent(path), origin).origin).toBe(origin);
    },
  );

  test.each(ownTargets)("%j is kept as %j", (given, becomes) => {
    expect(safeReturnTo(given, origin)).toBe(becomes);
  });

  test.each([
    "//evil.example",
    "/\\evil.example",
    "/%09/evil.example",
    "https://app.example/x",
    "/a\\b",
    "/a\tb",
    "/%5cevil.example",
    "/.//evil.example",
  ])("%j is refused, not repaired", (text) => {
    expect(safeReturnTo(text, origin)).toBeUndefined();
  });

  test("any text at all is refused or stays on our origin, and is stable", () => {
    const piece = fc.constantFrom(
      "/",
      "\\",
      "%",
      "2",
      "f",
      "5",
      "c",
      ".",
      "@",
      ":",
      "evil.example",
      "#",
      "?",
      "\t",
      "a",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(piece, { maxLength: 12 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (tail) => {
        const path = safeReturnTo(`/${tail}`, origin);
        if (path === undefined) return;
        expect(new URL(path, origin).origin).toBe(origin);
        expect(safeReturnTo(path, origin)).toBe(path);
      }),
      { numRuns: 5_000 },
    );
  });
});
