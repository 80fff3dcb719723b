/**
 * Characters that move an operator's cursor or turn a line around, in text that strangers write: names, user agents,
 * subjects, a provider's error. For what a terminal shows and what a log keeps; pages escape on their own.
 */

/** C0, DEL and C1 controls (`U+009B` is CSI to a terminal), line separators, and what overrides the direction of text. */
export const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** `\u009b` for each of them. */
export const escapeUnprintable = (text: string): string =>
  text.replace(unprintable, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/**
 * The same for text that is JSON already, and stays JSON with the same meaning. What JSON escapes by itself (C0) can
 * stand there only between values, where it is layout.
 */
export const escapeUnprintableJson = (json: string): string =>
  json.replace(unprintable, (character) => (character < " " ? character : escapeUnprintable(character)));
