/**
 * Text on its way into a column. A lone surrogate (half of a UTF-16 pair) has no UTF-8 form: drivers replace it,
 * so that two different subjects would become one. Keys with one are therefore refused, never replaced; what only
 * people read is repaired.
 *
 * Not here: NUL, which policies refuse before the store is reached.
 */

/** True when the text has a UTF-8 form, so that it comes back as it went in. */
export const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

/** For text that people read: a lone surrogate becomes U+FFFD. */
export const repaired = (text: string): string => text.replace(/\p{Surrogate}/gu, "\ufffd");
export const repairedOrNull = (text: string | null): string | null => (text === null ? null : repaired(text));

/** The form in which names and addresses are searched: composed, and in lower case of every script. */
export const folded = (text: string): string => repaired(text).normalize("NFC").toLowerCase();

/** A `like` pattern (with `escape '\'`) that finds `text` anywhere, letter for letter. */
export const containsPattern = (text: string): string => `%${text.replace(/[\\%_]/g, "\\$&")}%`;
