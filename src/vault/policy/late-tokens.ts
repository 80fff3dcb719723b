/**
 * A refresh was out when its grant went: what came for it is stored nowhere, and must not live on. Pure. Why the row went is
 * in what went with it.
 */

export interface LateTokens {
  /** Whether their person, the identity of that issuer, and their session are still there; null: it had no session. */
  readonly user: boolean;
  readonly identity: boolean;
  readonly session: boolean | null;
  /** Another active grant of this person and client: at some servers a revocation ends that as well. */
  readonly sibling: boolean;
  /** What a sign-out would do with them (LO-5). */
  readonly revokedAtSignOut: "always" | "alone" | "never";
}

export function mustRevokeLate(late: LateTokens): boolean {
  const { revokedAtSignOut } = late;
  if (revokedAtSignOut === "always" || (revokedAtSignOut === "alone" && !late.sibling)) return true;
  // A person or a sign-in method that went, or a connection that was given up: always revoked (VA-14).
  if (!late.user || !late.identity || late.session === true) return true;
  // One that outlived its session may have made way for a newer one (LO-8); a person who signed out comes back (LO-5).
  return late.session === null && !late.sibling;
}
