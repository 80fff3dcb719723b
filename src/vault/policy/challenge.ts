/**
 * Reads the `error` and `scope` of a Bearer challenge (RFC 6750 §3, RFC 9110 §11.6.1). Pure, and tolerant: the header
 * is an API's, and what cannot be read is no challenge.
 */
import { parseAuthChallenges } from "../../kernel/auth-challenges.js";

export interface BearerChallenge {
  readonly error: string | undefined;
  readonly scopes: readonly string[];
}

const longest = 8_192;

export function bearerChallenge(header: string | null): BearerChallenge | undefined {
  if (header === null || header.length > longest) return undefined;
  const bearer = parseAuthChallenges(header).filter(({ scheme }) => scheme === "bearer");
  if (bearer.length === 0) return undefined;
  const first = (name: string): string | undefined =>
    bearer.map(({ parameters }) => parameters.get(name)).find((value) => value !== undefined);
  return { error: first("error"), scopes: (first("scope") ?? "").split(/\s+/).filter((one) => one !== "") };
}
