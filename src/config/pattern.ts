/**
 * Patterns of operators for roles and groups (AC-16): `exact:`, `glob:`, `regex:`; a bare text is exact unless it holds
 * `*` or `?`. They meet values that strangers send, so the engine is one that takes linear time (RE2), never the
 * language's own. What does not parse is a problem of the configuration: it must not become a rule that never fits.
 *
 * Not here: what a pattern that fits leads to (accounts/policy).
 */
import { RE2JS } from "re2js";
import { z } from "zod";
import type { Pattern } from "../kernel/pattern.js";
import { err, ok, type Result } from "../kernel/result.js";
import { allowing } from "./values.js";

/** Most patterns in one list, and characters in one pattern. */
export const mostPatterns = 100;
const longestPattern = 256;

/** A class, so that two configurations of one text are equal and print as what was written. */
class CompiledPattern implements Pattern {
  readonly text: string;
  readonly #fits: (value: string) => boolean;
  constructor(text: string, fits: (value: string) => boolean) {
    this.text = text;
    this.#fits = fits;
  }
  matches(value: string): boolean {
    return this.#fits(value);
  }
}

/** Compiles what was written. The error is what is wrong, in words. */
export function compilePattern(text: string): Result<Pattern, string> {
  if ([...text].length > longestPattern) return err(`is longer than ${longestPattern} characters`);
  const { kind, body } = kindOf(text);
  if (body === "") return err("is an empty pattern");
  if (kind === "exact") return ok(new CompiledPattern(text, (value) => value === body));
  try {
    const compiled = RE2JS.compile(kind === "glob" ? regexOfGlob(body) : body);
    return ok(new CompiledPattern(text, (value) => compiled.matches(value)));
  } catch (thrown) {
    return err(`is no regular expression: ${thrown instanceof Error ? thrown.message : "it does not parse"}`);
  }
}

function kindOf(text: string): { readonly kind: "exact" | "glob" | "regex"; readonly body: string } {
  for (const kind of ["exact", "glob", "regex"] as const) {
    if (text.startsWith(`${kind}:`)) return { kind, body: text.slice(kind.length + 1) };
  }
  return { kind: /[*?]/.test(text) ? "glob" : "exact", body: text };
}

/** `*` is any text, also none; `?` is one character; everything else stands for itself. */
const regexOfGlob = (glob: string): string =>
  glob.replace(/\*+|\?|[^*?]+/g, (part) => {
    if (part.startsWith("*")) return "[\\s\\S]*";
    return part === "?" ? "[\\s\\S]" : RE2JS.quote(part);
  });

export const pattern = () =>
  allowing(
    z.string().transform((value, ctx): Pattern => {
      const compiled = compilePattern(value);
      if (compiled.ok) return compiled.value;
      ctx.addIssue({ code: "custom", message: compiled.error });
      return z.NEVER;
    }),
    "a pattern: exact:name, glob:name-*, regex:^name-[0-9]+$, or a bare name (with * or ? it is a glob); at most 256 characters",
  );

export const patterns = () => z.array(pattern()).max(mostPatterns);
