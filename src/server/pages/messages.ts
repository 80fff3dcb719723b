/**
 * What every language has to say. The shape comes from the English words, so that a word which is missing in another
 * language does not compile.
 */
import type { ErrorCode } from "../../kernel/error-catalog.js";
import type { english } from "./messages-en.js";

/** The same shape with any text in it: a word stays a word, a sentence with gaps keeps its gaps. */
type Worded<T> = T extends string
  ? string
  : T extends (...gaps: infer Gaps) => string
    ? (...gaps: Gaps) => string
    : { readonly [Key in keyof T]: Worded<T[Key]> };

/** A failure as a person is told it. What the operator is told is in the catalog, in English only. */
export interface FailureWords {
  readonly message: string;
  readonly person: string;
}

type Written = Worded<Omit<typeof english, "language" | "direction" | "failures">>;

export interface Messages extends Written {
  /** A language tag (RFC 5646): the `lang` of the page, and what Accept-Language is compared with. */
  readonly language: string;
  readonly direction: "ltr" | "rtl";
  readonly failures: Readonly<Record<ErrorCode, FailureWords>>;
}

/** What a form has just done. */
export type DoneCode = keyof Messages["done"];
