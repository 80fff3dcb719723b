/** Whether an access token may be handed out as it is (VA-6). Pure: instants in, a word out. */
import type { Duration, Instant } from "../../kernel/time.js";

export interface TokenLife {
  readonly issuedAt: Instant;
  /** Null: the server did not say (SI-20). */
  readonly expiresAt: Instant | null;
}

/** `fresh`: hand it out · `stale`: valid, to be refreshed first · `expired`: of no use to anybody. */
export type Freshness = "fresh" | "stale" | "expired";

/**
 * An unknown end is fresh: the token is used until a server refuses it, which is told by `reportRejected`.
 *
 * The margin is a tenth of the lifetime at most, so that a token of one minute is not refreshed at every call. For the
 * same reason what a caller asks for is cut at nine tenths: a token just issued must satisfy it.
 */
export function freshnessOf(
  { issuedAt, expiresAt }: TokenLife,
  { now, margin, minValidity }: { readonly now: Instant; readonly margin: Duration; readonly minValidity: Duration },
): Freshness {
  if (expiresAt === null) return "fresh";
  const left = expiresAt - now;
  if (left <= 0) return "expired";
  // Its end was counted from a clock that ran ahead, and is later than the server's.
  if (isAhead(issuedAt, now)) return "stale";
  const lifetime = expiresAt - issuedAt;
  const needed = Math.max(Math.min(margin, lifetime * 0.1), Math.min(minValidity, lifetime * 0.9));
  return left > needed ? "fresh" : "stale";
}

/** A rejection of a token that young is not believed a second time: a new one would be refused for the same reason. */
const rejectionPause = 10_000;

/**
 * Whether a server's refusal of the current token is a reason to refresh: yes, unless that token came from a refresh a
 * moment ago. An API that answers everybody with 401 must not make one refresh of every call.
 */
export const rejectionCounts = (lastRefreshAt: Instant | null, now: Instant): boolean =>
  lastRefreshAt === null || now - lastRefreshAt >= rejectionPause || isAhead(lastRefreshAt, now);

/** Clocks of machines that keep time are not further apart. */
const clockTolerance = 60_000;

/** A moment that has not come yet: somebody's clock was set back since it was written, and nothing can be counted from it. */
export const isAhead = (moment: Instant, now: Instant): boolean => moment - now > clockTolerance;

/** Whether a refresh that was written at `lastRefreshAt` came after `since`. */
export const refreshedSince = (lastRefreshAt: Instant | null, since: Instant, now: Instant): boolean =>
  lastRefreshAt !== null && lastRefreshAt >= since && !isAhead(lastRefreshAt, now);
