/**
 * When a grant is refreshed though nobody asks (VA-12). Pure. Each grant has a moment of its own, so that those that end
 * together are not refreshed together; it hangs on the grant's id, so that every node comes to the same one.
 */
import type { GrantId } from "../../kernel/ids.js";
import { before, type Duration, type Instant, milliseconds, minutes } from "../../kernel/time.js";

/** In margins before the end: from here on a grant may be due … */
const earliest = 3;
/** … and here it is, so that callers, who refresh at one margin, find it done. */
const latest = 1.25;

/** How far ahead of an end it is worth looking at all. */
export const horizonOf = (margin: Duration): Duration => milliseconds(margin * earliest);

/** A number in [0, 1) that stays with the grant: the end of a UUIDv7 is random. */
const fractionOf = (id: GrantId): number => Number.parseInt(id.slice(-8), 16) / 2 ** 32;

/** The moment from which a grant is refreshed ahead of its callers. */
export function aheadMoment(
  { id, issuedAt, expiresAt }: { readonly id: GrantId; readonly issuedAt: Instant; readonly expiresAt: Instant },
  margin: Duration,
): Instant {
  // The margin that callers have, too (VA-6).
  const own = Math.min(margin, Math.max(0, expiresAt - issuedAt) * 0.1);
  return before(expiresAt, milliseconds(Math.round(own * (latest + (earliest - latest) * fractionOf(id)))));
}

/** Issued before this, a grant of that id counts as idle: after 80 to 90 % of the time, so that a late look is no loss. */
export const idleSince = (id: GrantId, keepAlive: Duration, now: Instant): Instant =>
  before(now, milliseconds(Math.round(keepAlive * (0.8 + 0.1 * fractionOf(id)))));

/** All that can be idle was issued before this. */
export const idleHorizon = (keepAlive: Duration, now: Instant): Instant =>
  before(now, milliseconds(Math.round(keepAlive * 0.8)));

/** How often idle grants are looked for: that costs a walk through all of them. */
export const idleLookEvery = (keepAlive: Duration): Duration =>
  milliseconds(Math.min(minutes(60), Math.max(minutes(1), keepAlive / 10)));
