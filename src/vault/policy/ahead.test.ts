/** VA-12: when a grant's moment is, that it is the same at every node, and that moments lie apart. */
import { describe, expect, test } from "vitest";
import { days, hours, type Instant, minutes, toInstant } from "../../kernel/time.js";
import { aheadMoment, horizonOf, idleHorizon, idleLookEvery, idleSince } from "./ahead.js";

const now = toInstant(1_767_225_600_000);
/** The last eight digits are what is random in an id: from none to all of them. */
const idAt = (fraction: number) =>
  `019b76da-a800-7000-8000-0000${Math.min(Math.floor(fraction * 2 ** 32), 2 ** 32 - 1)
    .toString(16)
    .padStart(8, "0")}` as never;
const ids = Array.from({ length: 11 }, (_, index) => idAt(index / 10));
const end = (length: number) => toInstant(now + length);
const minutesAhead = (end: Instant, at: Instant) => (end - at) / 60_000;

describe("the moment of a grant", () => {
  test("VA-12 lies between three margins and one and a quarter before its end, each at its own place", () => {
    const expiresAt = end(hours(1));
    const moments = ids.map((id) => minutesAhead(expiresAt, aheadMoment({ id, issuedAt: now, expiresAt }, minutes(5))));
    expect(moments[0]).toBeCloseTo(6.25, 3);
    expect(moments.at(-1)).toBeCloseTo(15, 3);
    // In order of the fraction, evenly: ten thousand that end in one minute are spread over nine.
    for (const [index, moment] of moments.entries()) expect(moment).toBeCloseTo(6.25 + 0.875 * index, 3);
    expect(horizonOf(minutes(5))).toBe(minutes(15));
  });

  test("VA-12 VA-6 a short life has the margin that callers have, a tenth of it", () => {
    const expiresAt = end(minutes(10));
    const moment = aheadMoment({ id: idAt(1), issuedAt: now, expiresAt }, minutes(5));
    expect(minutesAhead(expiresAt, moment)).toBeCloseTo(3, 3);
    const never = aheadMoment({ id: idAt(1), issuedAt: expiresAt, expiresAt: now }, minutes(5));
    expect(never).toBe(now);
  });
});

describe("refresh tokens that nobody uses", () => {
  test("VA-12 [option:vault.keepAlive] count as idle after 80 to 90 % of the time, each at its own moment", () => {
    const since = ids.map((id) => (now - idleSince(id, days(10), now)) / days(1));
    expect(since[0]).toBeCloseTo(8, 6);
    expect(since.at(-1)).toBeCloseTo(9, 6);
    expect(new Set(since).size).toBe(ids.length);
    // None that is idle may be left out by the look.
    for (const id of ids) expect(idleSince(id, days(10), now)).toBeLessThanOrEqual(idleHorizon(days(10), now));
    expect((now - idleHorizon(days(10), now)) / days(1)).toBeCloseTo(8, 6);
  });

  test("VA-12 are looked for ten times in that time, not more than once a minute and at least once an hour", () => {
    expect([days(30), hours(5), minutes(5)].map(idleLookEvery)).toEqual([minutes(60), minutes(30), minutes(1)]);
  });
});
