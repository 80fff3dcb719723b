/**
 * How many requests were answered and how long they took, counted in plain numbers. Every request passes here, also a
 * session check that takes microseconds; prom-client's own histogram makes a key of the labels at each observation, which
 * cost as much as a third of that check. What is shown on the page is the same.
 */
import type { Counter, Histogram } from "prom-client";

interface Served {
  readonly labels: { readonly method: string; readonly route: string; readonly status: number };
  count: number;
}
interface Durations {
  /** Observations at or below each bound and above the one before it; the last is for those above all. */
  readonly counts: number[];
  sum: number;
}

export function countRequests(
  entry: { readonly name: string; readonly help: string; readonly buckets: readonly number[] },
  requests: Counter,
  register: (histogram: Histogram) => void,
) {
  const served = new Map<string, Map<number, Served>>();
  const durations = new Map<string, Durations>();
  const bounds = entry.buckets;

  function servedOf(method: string, route: string, status: number): Served {
    // A route and its method are few, and none comes from a request.
    const key = method === "GET" ? route : `${method} ${route}`;
    const byStatus = served.get(key) ?? new Map<number, Served>();
    const series = byStatus.get(status) ?? { labels: { method, route, status }, count: 0 };
    if (series.count === 0) served.set(key, byStatus.set(status, series));
    return series;
  }

  function durationsOf(route: string): Durations {
    const known = durations.get(route);
    if (known) return known;
    const made = { counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 };
    durations.set(route, made);
    return made;
  }

  function values() {
    return [...durations].flatMap(([route, { counts, sum }]) => {
      let sofar = 0;
      const upTo = counts.map((count, at) => {
        sofar += count;
        return { metricName: `${entry.name}_bucket`, labels: { route, le: bounds[at] ?? "+Inf" }, value: sofar };
      });
      const rest = { sum, count: sofar };
      return [
        ...upTo,
        ...Object.entries(rest).map(([part, value]) => ({
          metricName: `${entry.name}_${part}`,
          labels: { route },
          value,
        })),
      ];
    });
  }

  // What a registry asks of a metric: its name, and what to print.
  const metric = {
    name: entry.name,
    get: async () => ({ name: entry.name, help: entry.help, type: "histogram", values: values(), aggregator: "sum" }),
  };
  register(metric as unknown as Histogram);

  return {
    /** @param took seconds */
    observe(method: string, route: string, status: number, took: number): void {
      servedOf(method, route, status).count++;
      const found = durationsOf(route);
      let at = 0;
      while (at < bounds.length && took > (bounds[at] ?? 0)) at++;
      found.counts[at] = (found.counts[at] ?? 0) + 1;
      found.sum += took;
    },
    /** Gives the counter what was counted since the last time. */
    handOver(): void {
      for (const byStatus of served.values()) {
        for (const series of byStatus.values()) {
          requests.inc(series.labels, series.count);
          series.count = 0;
        }
      }
    },
  };
}
