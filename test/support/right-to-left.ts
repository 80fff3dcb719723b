/**
 * A language that is read from right to left, made of the English words with Hebrew letters in place of the Latin
 * ones. It says nothing; it shows what a real one would meet: the mirrored layout, and names, addresses and codes of
 * Latin letters in the middle of the text.
 */
import type { Messages } from "../../src/server/pages/messages.js";
import { english } from "../../src/server/pages/messages-en.js";

const letters = "אבגדהוזחטיכלמנסעפצקרשתאבגד";
const turned = (text: string): string =>
  text.replace(/[a-z]/gi, (letter) => letters[letter.toLowerCase().charCodeAt(0) - 97] ?? letter);

/** What came in as an argument stays as it is. */
function turnedAround(text: string, gaps: readonly unknown[]): string {
  const [gap, ...others] = gaps.filter((one): one is string => typeof one === "string" && one !== "");
  if (gap === undefined) return turned(text);
  return text
    .split(gap)
    .map((part) => turnedAround(part, others))
    .join(gap);
}

function turnedAll(value: unknown): unknown {
  if (typeof value === "string") return turned(value);
  if (typeof value === "function") {
    return (...gaps: readonly unknown[]) => turnedAround(String(value(...gaps)), gaps);
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, turnedAll(below)]));
}

export const rightToLeft: Messages = {
  ...(turnedAll(english) as Messages),
  language: "he-x-pseudo",
  direction: "rtl",
};
