/**
 * How often one address may do something (SU-5, AT-51): counted in this node's memory, or, where the bus is a Redis, there
 * for all nodes together. While Redis does not answer each node counts by itself: a limit that holds less well is better
 * than a sign-in page that is down, and than none.
 *
 * An IPv6 customer has a whole /64, so that is the unit there. Where no address is known nothing is limited: one
 * bucket for everybody would let a single visitor lock all others out.
 *
 * rate-limiter-flexible reads the system clock itself; it is the named exception to "time is passed in".
 */
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { SharedCounts } from "../../bus/shared-counts.js";
import type { Config } from "../../config/schema.js";
import { LatchkeyError } from "../../kernel/errors.js";
import { parseAddress } from "./request-facts.js";

export interface Limiter {
  /** Counts one. @throws LatchkeyError `server.rate_limited` when it is one too many. */
  take(address: string | null): Promise<void>;
  /** The same for something that has a name of its own. @throws LatchkeyError `server.rate_limited` */
  takeAs(name: string): Promise<void>;
  /** Counts nothing. @throws LatchkeyError `server.rate_limited` when the next one would be one too many. */
  check(address: string | null): Promise<void>;
  /** Counts one and never refuses: for what is only counted when it failed. */
  count(address: string | null): Promise<void>;
}

export interface RateLimits {
  /** Every start of a sign-in. */
  readonly start: Limiter;
  /** Failed callbacks alone. */
  readonly callback: Limiter;
  /** Logout tokens that said all that they must and failed when that was to be proven (LO-9). */
  readonly logout: Limiter;
  /**
   * Logouts that say something wrong, and tokens whose key we may not ask for yet. Apart from `logout`, at the same rate:
   * a hosted provider sends all of its customers' tokens from the same addresses, and theirs must not hold up ours.
   */
  readonly strangersLogout: Limiter;
  /** Whatever services ask for: by address, and by the service that has authenticated (VA-15). */
  readonly token: Limiter;
}

/** What an address is counted under; `undefined` when it is not known. */
export function limitKey(address: string | null): string | undefined {
  const parsed = address === null ? undefined : parseAddress(address);
  if (parsed === undefined) return undefined;
  if (parsed.kind() === "ipv4") return parsed.toString();
  return `${parsed.toNormalizedString().split(":").slice(0, 4).join(":")}::/64`;
}

const tooMany = (msBeforeNext: number): LatchkeyError =>
  new LatchkeyError("server.rate_limited", { data: { retryAfter: Math.max(1, Math.ceil(msBeforeNext / 1000)) } });

type Limit = Exclude<Config["rateLimits"]["start"], "off">;

function counter({ points, per }: Limit, name: string, shared: SharedCounts | undefined) {
  const limit = { points, duration: Math.max(1, Math.ceil(per / 1000)) };
  const memory = new RateLimiterMemory(limit);
  if (shared === undefined) return memory;
  return new RateLimiterRedis({
    ...limit,
    storeClient: shared.client,
    keyPrefix: `${shared.prefix}:${name}`,
    rejectIfRedisNotReady: true,
    insuranceLimiter: memory,
  });
}

function limiter(limit: Limit, name: string, shared: SharedCounts | undefined): Limiter {
  const counts = counter(limit, name, shared);
  async function takeAs(key: string): Promise<void> {
    try {
      await counts.consume(key);
    } catch (refused) {
      if (refused instanceof RateLimiterRes) throw tooMany(refused.msBeforeNext);
      throw refused;
    }
  }
  return {
    async take(address) {
      const key = limitKey(address);
      if (key !== undefined) await takeAs(key);
    },
    takeAs,
    async check(address) {
      const key = limitKey(address);
      const used = key === undefined ? null : await counts.get(key);
      if (used && used.consumedPoints >= limit.points && used.msBeforeNext > 0) throw tooMany(used.msBeforeNext);
    },
    async count(address) {
      const key = limitKey(address);
      if (key !== undefined) await counts.penalty(key);
    },
  };
}

const unlimited: Limiter = {
  take: async () => {},
  takeAs: async () => {},
  check: async () => {},
  count: async () => {},
};

/**
 * One limiter for each configured rate; `off` limits nothing.
 *
 * @param shared where all nodes count together; undefined: each by itself
 */
export function rateLimits(rates: Config["rateLimits"], shared?: SharedCounts): RateLimits {
  const of = (name: keyof RateLimits, rateOf: Exclude<keyof RateLimits, "strangersLogout">): Limiter => {
    const rate = rates[rateOf];
    return rate === "off" ? unlimited : limiter(rate, name, shared);
  };
  return {
    start: of("start", "start"),
    callback: of("callback", "callback"),
    logout: of("logout", "logout"),
    strangersLogout: of("strangersLogout", "logout"),
    token: of("token", "token"),
  };
}
