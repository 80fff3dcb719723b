/**
 * A logout that overtakes a sign-in (LO-8): the ID token is there and what else the provider says of the person is still
 * awaited when the provider ends them. There is no session yet to be found, and the provider says it once. So what was
 * ended is kept for a while, as hashes that are used up, and the transaction that would begin the session asks for them.
 *
 * A hash is used up until `kept` after the newest ID token that it ends was issued. One that was issued later says that the
 * provider has let the person in again.
 */
import { sha256Base64Url } from "../crypto/digest.js";
import { after, type Duration, type Instant, minutes, seconds } from "../kernel/time.js";
import type { Transaction } from "../store/contract.js";
import type { LogoutOf } from "./policy/logged-out-sessions.js";

/** Longer than a sign-in takes from its ID token to its session, with clocks that differ. */
const kept: Duration = minutes(20);

/**
 * By how much the clocks of a provider's own servers differ: one of them wrote both tokens. No more, for a provider that
 * takes our access away and keeps its session may give the same `sid` again at the next sign-in.
 */
export const ofOneProvider: Duration = seconds(5);

/** What a provider ended. */
export interface EndedAtProvider extends LogoutOf {
  readonly issuers: readonly string[];
  /** When it did, by its clock. */
  readonly at: Instant;
  /**
   * For how much longer an ID token that names this very `sid` is ended as well: clocks differ, and a `sid` is seldom
   * given again. One that names a person alone may be that of their next sign-in.
   */
  readonly tolerance: Duration;
}

/** A sign-in of which the provider's ID token is known. */
export interface SignInUnderWay {
  readonly issuer: string;
  readonly clientId: string;
  readonly sub: string;
  readonly sid: string | null;
  readonly issuedAt: Instant;
}

type Tx = Pick<Transaction, "consumedFlows">;

/** Part of the transaction that ends the sessions. */
export async function endSignInsUnderWay(tx: Tx, ended: EndedAtProvider): Promise<void> {
  const { sub, sid, at, tolerance } = ended;
  for (const issuer of ended.issuers) {
    for (const clientId of ended.clientIds) {
      const of = { issuer, clientId };
      if (sid !== undefined) await tx.consumedFlows.consumeUntil(hash(of, sub, sid), after(after(at, tolerance), kept));
      // LO-8: both mean that session, and the person's for which no `sid` was told.
      const bySub = sub !== undefined && hash(of, sub, sid === undefined ? undefined : noSid);
      if (bySub) await tx.consumedFlows.consumeUntil(bySub, after(at, kept));
    }
  }
}

/** Part of the transaction that would begin its session. */
export async function isEndedAtProvider(tx: Tx, signIn: SignInUnderWay): Promise<boolean> {
  const { sub, sid } = signIn;
  const bySid = sid === null ? [hash(signIn, sub, noSid)] : [hash(signIn, undefined, sid), hash(signIn, sub, sid)];
  const until = await tx.consumedFlows.consumedUntil([hash(signIn, sub, undefined), ...bySid]);
  return until !== undefined && after(signIn.issuedAt, kept) <= until;
}

/** Not a text, so no provider's `sid`. */
const noSid = 0;

/** `undefined`: whatever it is. */
const hash = (
  { issuer, clientId }: Pick<SignInUnderWay, "issuer" | "clientId">,
  sub: string | undefined,
  sid: string | typeof noSid | undefined,
): string => sha256Base64Url(JSON.stringify(["logged out", issuer, clientId, sub ?? null, sid ?? null]));
