/**
 * What a tool server's challenge asks for (TS-1): the parameters of its `Bearer` or `DPoP` challenge, and of no other
 * scheme (RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1).
 */
import { type AuthChallenge, parseAuthChallenges } from "../../kernel/auth-challenges.js";
import type { Challenge } from "../found.js";

/** RFC 6749 §3.3; what has other characters in it is no scope, and would break the request that names it. */
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * The challenge to act on, of several: one that says where the resource metadata lies before one that does not, then
 * `Bearer` before `DPoP` (a server that offers both does not insist on bound tokens), then the first.
 */
export function readChallenge(header: string | null): Challenge | null {
  if (header === null) return null;
  const ours = parseAuthChallenges(header).filter(({ scheme }) => scheme === "bearer" || scheme === "dpop");
  const rank = ({ scheme, parameters }: AuthChallenge): number =>
    (parameters.has("resource_metadata") ? 0 : 2) + (scheme === "bearer" ? 0 : 1);
  const [best] = ours.toSorted((a, b) => rank(a) - rank(b));
  if (!best) return null;
  const text = (name: string): string | null => best.parameters.get(name) || null;
  const scopes = (text("scope") ?? "").split(" ").filter((one) => scopeToken.test(one));
  return {
    scheme: best.scheme === "bearer" ? "Bearer" : "DPoP",
    resourceMetadata: text("resource_metadata"),
    scopes: scopes.length === 0 ? null : [...new Set(scopes)],
    error: text("error"),
  };
}
