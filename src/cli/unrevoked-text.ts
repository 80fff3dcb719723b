/** What is said of tokens that are gone here and stay valid where they came from. */
import type { EndedGrants } from "../administration.js";

/** @param foreign why, of those that a secret opens */
export function unrevokedLines({ ended, revoked, unreadable }: EndedGrants, foreign: string): readonly string[] {
  const line = (count: number, why: string): readonly string[] => {
    const subject = ended === 1 ? "It was" : `${count} of them ${count === 1 ? "was" : "were"}`;
    return count === 0 ? [] : [`${subject} deleted here and could not be revoked there: ${why}.`];
  };
  const tokens = unreadable === 1 ? "its tokens" : "their tokens";
  return [...line(unreadable, `no secret opens ${tokens}`), ...line(ended - revoked - unreadable, foreign)];
}
