/**
 * Metrics for Prometheus, kept by prom-client in a registry of our own: the package's global one belongs to the app
 * that embeds us. prom-client is loaded only when metrics are switched on.
 *
 * What there is stands in `metricList`, from which the registry and docs/reference/metrics.md are made. Not here:
 * metrics of the process (memory, event loop), which whoever runs it has from elsewhere.
 */
import type { Counter, Gauge, Histogram } from "prom-client";
import type { Metrics, SessionCheckOutcome, VaultReadOutcome } from "../kernel/metrics.js";
import type { Duration } from "../kernel/time.js";
import { countRequests } from "./request-counts.js";

export interface MetricEntry {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds in seconds, of a histogram. */
  readonly buckets?: readonly number[];
}

/** Every metric there is. Names and labels are part of the interface: dashboards and alerts are written against them. */
export const metricList = {
  signInStarts: {
    name: "latchkey_sign_in_starts_total",
    type: "counter",
    labels: ["provider"],
    help: "Browsers that were sent to a provider to sign in.",
  },
  signIns: {
    name: "latchkey_sign_ins_total",
    type: "counter",
    labels: ["provider", "outcome"],
    help: "Sign-ins that ended, by outcome: ok, or the code of the failure.",
  },
  sessionChecks: {
    name: "latchkey_session_checks_total",
    type: "counter",
    labels: ["outcome"],
    help: "Questions whether somebody is signed in: signed_in, none (nothing was presented), invalid, or unknown (the database could not be asked).",
  },
  egress: {
    name: "latchkey_egress_duration_seconds",
    type: "histogram",
    labels: ["purpose", "outcome"],
    buckets: [0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    help: "Outbound requests from name lookup to the last byte, by purpose and outcome: 2xx to 5xx, or the code of the failure.",
  },
  vaultReads: {
    name: "latchkey_vault_reads_total",
    type: "counter",
    labels: ["outcome"],
    help: "Access tokens asked of the vault: fresh, refreshed, kept (still valid where a refresh was not to be had), or refused.",
  },
  refreshes: {
    name: "latchkey_refreshes_total",
    type: "counter",
    labels: ["connection", "outcome"],
    help: "Refreshes of grants: refreshed, ended (the person has to connect again), client_fault, configuration_fault, transient, overtaken (another process was faster), or failed (not tried or not written).",
  },
  leaseWaits: {
    name: "latchkey_lease_waits_total",
    type: "counter",
    labels: ["connection"],
    help: "Times a process waited for another one that was refreshing the same grant.",
  },
  outboxTries: {
    name: "latchkey_outbox_tries_total",
    type: "counter",
    labels: ["outcome"],
    help: "Attempts to deliver a row of the outbox: delivered, failed (tried again later), given_up, dead (given up, and kept for an operator to see), or unreadable (no configured secret opens it).",
  },
  outboxRows: {
    name: "latchkey_outbox_rows",
    type: "gauge",
    labels: [],
    help: "Rows that wait in the outbox. Absent while the database cannot be asked.",
  },
  outboxLag: {
    name: "latchkey_outbox_lag_seconds",
    type: "gauge",
    labels: [],
    help: "Age of the oldest row that waits in the outbox; 0 when none does. Absent while the database cannot be asked.",
  },
  outboxDead: {
    name: "latchkey_outbox_dead_rows",
    type: "gauge",
    labels: [],
    help: "Messages to webhooks that were given up and are kept: latchkey webhook list --dead. Absent while the database cannot be asked.",
  },
  requests: {
    name: "latchkey_http_requests_total",
    type: "counter",
    labels: ["method", "route", "status"],
    help: "Requests answered, by the pattern of the route (unmatched where there is none) and status.",
  },
  requestDuration: {
    name: "latchkey_http_request_duration_seconds",
    type: "histogram",
    labels: ["route"],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    help: "Time from the arrival of a request to its answer.",
  },
} as const satisfies Record<string, MetricEntry>;

/** What waits in the outbox, or nothing when it cannot be known now. */
export type OutboxWaiting = { readonly rows: number; readonly lag: Duration; readonly dead: number } | undefined;

export interface Prometheus {
  readonly metrics: Metrics;
  /** The page that Prometheus reads. */
  page(waiting: OutboxWaiting): Promise<{ readonly contentType: string; readonly body: string }>;
}

const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

export async function createPrometheus(): Promise<Prometheus> {
  const prometheus = await import("prom-client");
  const registry = new prometheus.Registry();
  const options = ({ name, help, labels }: MetricEntry) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  });
  const counter = (entry: MetricEntry): Counter => new prometheus.Counter(options(entry));
  const gauge = (entry: MetricEntry): Gauge => new prometheus.Gauge(options(entry));
  const histogram = (entry: MetricEntry): Histogram =>
    new prometheus.Histogram({ ...options(entry), buckets: [...(entry.buckets ?? [])] });

  const signInStarts = counter(metricList.signInStarts);
  const signIns = counter(metricList.signIns);
  const sessionChecks = counter(metricList.sessionChecks);
  const egress = histogram(metricList.egress);
  const vaultReads = counter(metricList.vaultReads);
  const refreshes = counter(metricList.refreshes);
  const leaseWaits = counter(metricList.leaseWaits);
  const outboxTries = counter(metricList.outboxTries);
  const outboxRows = gauge(metricList.outboxRows);
  const outboxLag = gauge(metricList.outboxLag);
  const outboxDead = gauge(metricList.outboxDead);
  const requests = counter(metricList.requests);

  // A session check takes microseconds, and building a label object each time would show: four plain numbers, which
  // go to the counter when somebody looks.
  const checked: Record<SessionCheckOutcome, number> = { signed_in: 0, none: 0, invalid: 0, unknown: 0 };
  function handOverChecks(): void {
    for (const outcome of Object.keys(checked) as SessionCheckOutcome[]) {
      sessionChecks.inc({ outcome }, checked[outcome]);
      checked[outcome] = 0;
    }
  }

  // As hot as a session check.
  const reads: Record<VaultReadOutcome, number> = { fresh: 0, refreshed: 0, kept: 0, refused: 0 };
  function handOverReads(): void {
    for (const outcome of Object.keys(reads) as VaultReadOutcome[]) {
      vaultReads.inc({ outcome }, reads[outcome]);
      reads[outcome] = 0;
    }
  }

  const { observe, handOver } = countRequests(metricList.requestDuration, requests, (histogram) =>
    registry.registerMetric(histogram),
  );

  return {
    metrics: {
      signInStarted: (provider) => signInStarts.inc({ provider }),
      signInEnded: (provider, outcome) => signIns.inc({ provider, outcome }),
      sessionChecked: (outcome) => {
        checked[outcome]++;
      },
      egressEnded: ({ purpose, outcome, duration }) => egress.observe({ purpose, outcome }, duration / 1_000),
      outboxTried: (outcome) => outboxTries.inc({ outcome }),
      refreshEnded: (connection, outcome) => refreshes.inc({ connection, outcome }),
      leaseWaited: (connection) => leaseWaits.inc({ connection }),
      vaultRead: (outcome) => {
        reads[outcome]++;
      },
      requestEnded: ({ method, route, status, duration }) => {
        observe(methods.has(method) ? method : "other", route, status, duration / 1_000);
      },
    },
    async page(waiting) {
      handOverChecks();
      handOverReads();
      handOver();
      // What is not known now must be absent: the last known value would look like news.
      outboxRows.remove();
      outboxLag.remove();
      outboxDead.remove();
      if (waiting) {
        outboxRows.set(waiting.rows);
        outboxLag.set(waiting.lag / 1_000);
        outboxDead.set(waiting.dead);
      }
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}
