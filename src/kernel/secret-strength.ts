/**
 * Whether a text may be one of `secrets` (VA-3). Pure, so that the configuration can say it beside its other problems.
 *
 * It cannot measure entropy; it refuses what is certainly bad: too short, copied from documentation, or a pattern.
 */
import { err, ok, type Result } from "./result.js";

export type SecretWeakness = "too_short" | "known_example" | "low_entropy";

/** Bytes of UTF-8. 32 random bytes in base64 are 44 characters, in hex 64. */
export const shortestSecret = 32;

/** Words that examples, templates and tutorials are made of; a value made by a generator does not contain them. */
const exampleWords = [
  "changeme",
  "change-me",
  "change_me",
  "change this",
  "change-this",
  "changethis",
  "replaceme",
  "replace-me",
  "replace_me",
  "replace-with",
  "replace_with",
  "your-secret",
  "your_secret",
  "yoursecret",
  "my-secret",
  "my_secret",
  "mysecret",
  "supersecret",
  "super-secret",
  "super_secret",
  "example",
  "placeholder",
  "insecure",
  "do-not-use",
  "not-a-secret",
  "notasecret",
  "this-is-a",
  "this_is_a",
  "thisisa",
  "this is a",
  "at-least-32",
  "at_least_32",
  "atleast32",
  "32-characters",
  "32_characters",
  "32characters",
  "32-bytes",
  "secretsecret",
  "passwordpassword",
  "correct horse",
  "correct-horse",
  "correcthorse",
  "lorem ipsum",
  "xxxxxxxx",
];

/** Runs that fingers and keyboards make. A random value holds eight of one run in a row about never. */
const sequences = [
  "0123456789012345678901234567890123456789",
  "abcdefghijklmnopqrstuvwxyz",
  "qwertyuiopasdfghjklzxcvbnm",
  "0123456789abcdef",
];

/** Fewer different characters than this in 32 or more is a pattern: random hex of that length has 16, with luck 10. */
const fewestDifferent = 8;

export function checkSecret(text: string): Result<void, SecretWeakness> {
  if (new TextEncoder().encode(text).length < shortestSecret) return err("too_short");
  const lower = text.toLowerCase();
  if (exampleWords.some((word) => lower.includes(word))) return err("known_example");
  if (new Set(text).size < fewestDifferent || isRepeated(text) || isSequence(lower)) return err("low_entropy");
  return ok();
}

/** True for one piece over and over, the last time perhaps cut: `abcabcab…`. */
function isRepeated(text: string): boolean {
  for (let length = 1; length <= text.length / 2; length++) {
    if (text.slice(length) === text.slice(0, text.length - length)) return true;
  }
  return false;
}

/** True when half of the text or more is made of keyboard and counting runs. */
function isSequence(lower: string): boolean {
  const runs = sequences.flatMap((run) => [run, [...run].reverse().join("")]);
  let covered = 0;
  for (let at = 0; at + 8 <= lower.length; ) {
    const piece = lower.slice(at, at + 8);
    if (runs.some((run) => run.includes(piece))) {
      covered += 8;
      at += 8;
    } else at += 1;
  }
  return covered * 2 >= lower.length;
}
