/**
 * How often one address may do something, counted in this node's memory (SU-5, AT-51).
 *
 * An IPv6 customer has a whole /64, so that is the unit there. Where no address is known nothing is limited: one
 * bucket for everybody would let a single visitor lock all others out.
 *
 * rate-limiter-flexible reads the system clock itself; it is the named exception to "time is passed in".
 */
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
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
  /** Logouts that a provider began and that failed (LO-9). */
  readonly logout: Limiter;
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

function limiter(limit: Exclude<Config["rateLimits"]["start"], "off">): Limiter {
  const memory = new RateLimiterMemory({ points: limit.points, duration: Math.max(1, Math.ceil(limit.per / 1000)) });
  async function takeAs(key: string): Promise<void> {
    try {
      await memory.consume(key);
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
      const used = key === undefined ? null : await memory.get(key);
      if (used && used.consumedPoints >= limit.points && used.msBeforeNext > 0) throw tooMany(used.msBeforeNext);
    },
    async count(address) {
      const key = limitKey(address);
      if (key !== undefined) await memory.penalty(key);
    },
  };
}

const unlimited: Limiter = {
  take: async () => {},
  takeAs: async () => {},
  check: async () => {},
  count: async () => {},
};

/** One limiter for each configured rate; `off` limits nothing. */
export const rateLimits = (rates: Config["rateLimits"]): RateLimits => ({
  start: rates.start === "off" ? unlimited : limiter(rates.start),
  callback: rates.callback === "off" ? unlimited : limiter(rates.callback),
  logout: rates.logout === "off" ? unlimited : limiter(rates.logout),
  token: rates.token === "off" ? unlimited : limiter(rates.token),
});
