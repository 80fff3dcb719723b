/**
 * A backend that may ask for people's tokens, and what it may ask for (VA-15). It has authenticated: of its secret nothing
 * is left here.
 *
 * Not here: people. A service acts for somebody only with what that person's session, an assertion or a provider says,
 * or, where the operator allows `offline`, by a user's id.
 */
import type { SessionId, UserId } from "../kernel/ids.js";
import type { Instant } from "../kernel/time.js";

export interface Service {
  readonly id: string;
  /** `*`, or names of connections. */
  readonly connections: readonly string[];
  readonly offline: boolean;
  /** `aud` of the assertions meant for it; null: none are. */
  readonly audience: string | null;
}

/**
 * Reads one of our assertions (LO-11): its signature, times, issuer and audience, all of them.
 *
 * @returns whose it is and by which session; undefined when anything about it is wrong. Whether that session still
 *   lives is for the caller to ask.
 */
export type VerifyAssertion = (input: {
  readonly assertion: string;
  /** The calling service's own: an assertion that another one was given is worth nothing to it. */
  readonly audience: string;
  readonly now: Instant;
}) => Promise<{ readonly userId: UserId; readonly sessionId: SessionId } | undefined>;
