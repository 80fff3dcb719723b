/** What the rest of the product sees of somebody who is signed in. */
import type { SessionId, UserId } from "../kernel/ids.js";
import type { Instant } from "../kernel/time.js";

/** The person who is signed in, as they are now: a changed role or group is here at the next check. */
export interface SignedInUser {
  readonly id: UserId;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly name: string;
  /** Absolute URL on our own origin, for whoever is signed in here; null for none. Another picture has another URL. */
  readonly picture: string | null;
  readonly role: string;
  /** Names, sorted. */
  readonly groups: readonly string[];
}

/** One signed-in browser or device, seen from inside it. */
export interface LiveSession {
  readonly id: SessionId;
  readonly provider: string;
  readonly createdAt: Instant;
  readonly lastSeenAt: Instant;
  /** The earlier of idle and absolute end. */
  readonly expiresAt: Instant;
}

/** The answer of a session check that found somebody. */
export interface Authenticated {
  readonly user: SignedInUser;
  readonly session: LiveSession;
  /** How the value came: only a cookie needs SU-5's Origin check. */
  readonly via: "cookie" | "bearer";
}

/** What a request's credentials amount to (LO-4). */
export type SessionCheck =
  | ({ readonly kind: "signed-in" } & Authenticated)
  /** Neither cookie nor Bearer value. */
  | { readonly kind: "none" }
  /** Something came that is no live session. `clearCookie`: an unknown cookie is taken from the browser. */
  | { readonly kind: "invalid"; readonly code: "session.invalid" | "session.conflict"; readonly clearCookie: boolean };
