/** Rounds of calls one after the other: how many a second, and how long the slowest hundredth takes. */
export interface Rounds {
  readonly perSecond: number[];
  /** Milliseconds. */
  readonly p99: number[];
}

export async function measured(calls: number, call: () => Promise<unknown>): Promise<Rounds> {
  const perSecond: number[] = [];
  const p99: number[] = [];
  for (let round = 0; round < 6; round++) {
    const times = new Float64Array(calls);
    const start = performance.now();
    let last = start;
    for (let i = 0; i < calls; i++) {
      await call();
      const now = performance.now();
      times[i] = now - last;
      last = now;
    }
    perSecond.push((calls / (last - start)) * 1_000);
    p99.push(times.sort()[Math.floor(calls * 0.99)] ?? 0);
  }
  // The first warms up.
  return { perSecond: perSecond.slice(1), p99: p99.slice(1) };
}
