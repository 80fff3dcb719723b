/**
 * A backend that may ask for people's tokens, and what it may ask for (VA-15). It has authenticated: of its secret nothing
 * is left here.
 *
 * Not here: people. A service acts for somebody only with what that person's session, an assertion or a provider says,
 * or, where the operator allows `offline`, by a user's id.
 */

export interface Service {
  readonly id: string;
  /** `*`, or names of connections. */
  readonly connections: readonly string[];
  readonly offline: boolean;
  /** `aud` of the assertions meant for it; null: none are. */
  readonly audience: string | null;
}
