/**
 * Which language a page is in: the one that the browser asks for first among those there are, else English.
 *
 * Only pages are translated. The JSON API, the log and the command line speak English, since programs and search
 * engines compare their words.
 */
import type { Ctx, Web } from "./env.js";
import type { Frame } from "./pages/layout.js";
import type { DoneCode, Messages } from "./pages/messages.js";
import { german } from "./pages/messages-de.js";
import { english } from "./pages/messages-en.js";

/** The languages there are; the first is for everybody who asks for none of them. */
export const allLanguages: readonly [Messages, ...Messages[]] = [english, german];

/** A browser sends a few languages; what is longer is not read. */
const longest = 500;

/**
 * The language for an `Accept-Language` (RFC 9110 §12.5.4). A range matches the language it is about, whatever its
 * region: there is one German for `de`, `de-AT` and `de-CH`.
 */
export function languageFor(
  acceptLanguage: string | null,
  languages: readonly [Messages, ...Messages[]] = allLanguages,
): Messages {
  const [otherwise] = languages;
  if (acceptLanguage === null || acceptLanguage.length > longest) return otherwise;
  let best = otherwise;
  let highest = 0;
  for (const { range, weight } of rangesOf(acceptLanguage)) {
    // The first of equals wins: that is how browsers write them, and what people mean.
    if (weight <= highest) continue;
    const found = languages.find(({ language }) => matches(language, range));
    if (found === undefined) continue;
    best = found;
    highest = weight;
  }
  return best;
}

const primary = (tag: string): string => tag.toLowerCase().split("-", 1)[0] ?? "";
const matches = (language: string, range: string): boolean => range === "*" || primary(language) === primary(range);

function rangesOf(header: string): readonly { readonly range: string; readonly weight: number }[] {
  return header.split(",").map((part) => {
    const [range = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const q = parameters.find((text) => text.startsWith("q="))?.slice(2);
    if (q === undefined) return { range, weight: 1 };
    return { range, weight: /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(q) ? Number(q) : 0 };
  });
}

/** What a page needs besides its own content, for the one who asked. */
export const frameOf = (web: Web, c: Ctx): Frame => ({
  site: web.site,
  assets: web.assets,
  messages: languageFor(c.req.raw.headers.get("accept-language"), web.languages),
});

/** Anybody can put anything into the query: only what a form of ours can have done is said. */
export const isDoneCode = (text: string): text is DoneCode => Object.hasOwn(english.done, text);
