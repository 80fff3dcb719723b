/**
 * Assertions: short-lived signed statements of who is signed in, for apps behind us that would rather check a signature
 * than ask (LO-11).
 *
 * One that was issued cannot be taken back before its end, five minutes at most; whoever must know sooner asks
 * `POST /introspect`. Where we take one ourselves its session is looked at as well, each time: an assertion of a
 * session that has ended counts for nothing here.
 */
import { verifySigned } from "../crypto/signing-key.js";
import { isAudience } from "../kernel/assertion-limits.js";
import { LatchkeyError } from "../kernel/errors.js";
import { type AuditEventId, newId, type SessionId } from "../kernel/ids.js";
import type { RandomSource } from "../kernel/random.js";
import type { Clock, Duration, Instant } from "../kernel/time.js";
import type { SigningKeys } from "../keys/signing-keys.js";
import type { Authenticated } from "../sessions/session.js";
import {
  type AboutWhom,
  type AssertionRefusal,
  assertionClaims,
  assertionType,
  checkAssertion,
  type ProvenAssertion,
} from "./policy/assertion.js";

/** A signed statement of who is signed in. */
export interface Assertion {
  /** A compact JWT. */
  readonly assertion: string;
  /** Epoch milliseconds; never after the session's own end. */
  readonly expiresAt: Instant;
}

/** An assertion that was believed, and whose session lives. */
export type AssertedSession = Authenticated & { readonly proven: ProvenAssertion };

export interface Assertions {
  /**
   * @param audience the app that it is for; any other must refuse it
   * @throws LatchkeyError `account.pending` · `server.bad_request` for an audience that is no name
   */
  issue(about: AboutWhom, audience: string): Promise<Assertion>;
  /**
   * Checks signature, `typ`, `iss`, `aud` and times, then that its session still lives.
   *
   * @param audiences whose assertions are taken here
   * @returns why not: a reason for the log, never for a caller
   * @throws LatchkeyError `store.unavailable` · `store.busy` when it cannot know
   */
  verify(assertion: string, audiences: readonly string[]): Promise<AssertedSession | AssertionFailure>;
}

export interface AssertionFailure {
  readonly refused: AssertionRefusal | "too_long" | "signature" | "session_ended";
}

const longestAssertion = 65_536;

export function createAssertions(ports: {
  readonly keys: SigningKeys;
  readonly sessionOf: (id: SessionId) => Promise<Authenticated | undefined>;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Our own: `{baseUrl}{basePath}`. */
  readonly issuer: string;
  readonly lifetime: Duration;
}): Assertions {
  const { keys, clock, random, issuer, lifetime } = ports;
  return {
    async issue(about, audience) {
      if (!isAudience(audience)) throw new LatchkeyError("server.bad_request", { data: { reason: "audience" } });
      // They may see nothing yet, in this app and in any behind it (AC-8).
      if (about.user.role === "pending") throw new LatchkeyError("account.pending");
      const now = clock.now();
      const jti = newId<AuditEventId>(now, random);
      const { claims, expiresAt } = assertionClaims(about, { issuer, audience, jti, now, lifetime });
      const signer = await keys.signer();
      return { assertion: await signer.sign(assertionType, claims), expiresAt };
    },

    async verify(assertion, audiences) {
      if (assertion.length > longestAssertion) return { refused: "too_long" };
      const signed = await verifySigned(assertion, await keys.known());
      if (!signed) return { refused: "signature" };
      const proven = checkAssertion(signed, { issuer, audiences, now: clock.now() });
      if (!proven.ok) return { refused: proven.error };
      const session = await ports.sessionOf(proven.value.sessionId);
      if (session?.user.id !== proven.value.userId) return { refused: "session_ended" };
      return { ...session, proven: proven.value };
    },
  };
}
