/**
 * Time, passed in. The only file that reads the system clock or sets a timer; everything else is given
 * a `Clock`, so that a test can stand at any moment and a step takes the time once, at its start.
 *
 * Instants are epoch milliseconds, durations are milliseconds, both branded so that they cannot be mixed.
 */
declare const instant: unique symbol;
declare const duration: unique symbol;
/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number & { readonly [instant]: true };
/** A length of time in milliseconds. */
export type Duration = number & { readonly [duration]: true };

export const toInstant = (epochMs: number): Instant => epochMs as Instant;
export const milliseconds = (n: number): Duration => n as Duration;
export const seconds = (n: number): Duration => (n * 1_000) as Duration;
export const minutes = (n: number): Duration => (n * 60_000) as Duration;
export const hours = (n: number): Duration => (n * 3_600_000) as Duration;
export const days = (n: number): Duration => (n * 86_400_000) as Duration;

export const after = (start: Instant, length: Duration): Instant => (start + length) as Instant;
export const before = (end: Instant, length: Duration): Instant => (end - length) as Instant;
/** RFC 3339 text, as the product's JSON shows instants. */
export const toRfc3339 = (at: Instant): string => new Date(at).toISOString();
/** Reads the date of an HTTP header (RFC 9110 §5.6.7); `undefined` when it is none, e.g. `Expires: 0`. */
export function parseHttpDate(text: string): Instant | undefined {
  const at = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isFinite(at) ? (at as Instant) : undefined;
}
/** Reads a date, or a date and a time with an offset (RFC 3339 §5.6); a date alone is its first moment in UTC. */
export function parseRfc3339(text: string): Instant | undefined {
  const date = /^\d{4}-\d\d-\d\d$/.test(text);
  if (!date && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i.test(text)) return undefined;
  const at = Date.parse(text);
  // Date.parse takes 30 February for a day in March.
  const day = Date.parse(text.slice(0, 10));
  if (!Number.isFinite(at) || new Date(day).toISOString().slice(0, 10) !== text.slice(0, 10)) return undefined;
  return at as Instant;
}
/** JavaScript's `Date`, by a name that can be used where no clock may be read. */
export type StandardDate = Date;
/** For libraries and callers that want a `Date`. */
export const toDate = (at: Instant): Date => new Date(at);

/** The parts of an instant on the UTC calendar; `month` counts from 1. For showing, where a sentence is built around them. */
export function utcParts(at: Instant): {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
} {
  const date = new Date(at);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
  };
}

/** The time as Latchkey sees it. A test passes the manual clock of `latchkey/testing`. */
export interface Clock {
  now(): Instant;
  /** Milliseconds that only go forward, for measuring; unrelated to `now`. */
  monotonic(): number;
  /** Resolves after `length`; rejects with the signal's reason when it is aborted first. */
  sleep(length: Duration, signal?: AbortSignal): Promise<void>;
  /** Calls `act` once after `length`; the answer cancels it. Never keeps the process alive. */
  after(length: Duration, act: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now() as Instant,
  monotonic: () => performance.now(),
  sleep: (length, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", abort);
        resolve();
      }, length);
      signal?.addEventListener("abort", abort, { once: true });
    }),
  after: (length, act) => {
    const timer = setTimeout(act, length);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads `30d`, `12h`, `90m`, `10s`, `250ms`; `undefined` for anything else. */
export function parseDuration(text: string): Duration | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (!match) return undefined;
  return (Number(match[1]) * units[match[2] as keyof typeof units]) as Duration;
}

/** Resolves in the next turn of the event loop: for work that whoever waits now should not wait for. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/**
 * The answer of `ask`, asked at most once in a turn of the event loop. For a question that costs more than the work it
 * is asked for, and whose answer can only have changed through something that arrives in a later turn.
 *
 * @returns `forget` makes the next `get` ask again within the same turn
 */
export function oncePerTurn<T>(ask: () => T): { get(): T; forget(): void } {
  let known: { readonly answer: T } | undefined;
  const forget = (): void => {
    known = undefined;
  };
  return {
    get() {
      if (known) return known.answer;
      const answer = ask();
      known = { answer };
      setImmediate(forget).unref();
      return answer;
    },
    forget,
  };
}
