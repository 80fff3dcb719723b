/**
 * The metrics port: what is counted, in our own words. Whoever implements it decides how the numbers are kept and
 * shown; `server/prometheus.ts` does for Prometheus.
 *
 * Every argument becomes a label, so it comes from the configuration, the error catalog or our own code, and never
 * from a request: each new value is a new series, and a stranger could fill the memory with them.
 */
import type { Duration } from "./time.js";

/** `unknown`: the store could not be asked, so it was neither yes nor no. */
export type SessionCheckOutcome = "signed_in" | "none" | "invalid" | "unknown";
/** What a refresh came to (VA-9). `failed`: it could not be tried or written; the log has why. */
export type RefreshMetricOutcome =
  | "refreshed"
  | "ended"
  | "client_fault"
  | "configuration_fault"
  | "transient"
  | "overtaken"
  | "failed";
/**
 * How an access token was had: from memory or the store as it was (`fresh`), after a refresh, still valid where a refresh
 * was not to be had (`kept`), or not at all.
 */
export type VaultReadOutcome = "fresh" | "refreshed" | "kept" | "refused";
/** `unreadable`: no configured secret opens the row, which is kept. `given_up`: its time is over. `dead`: the same, and it is kept. */
export type OutboxOutcome = "delivered" | "failed" | "given_up" | "dead" | "unreadable";

export interface Metrics {
  /** A browser was sent to a provider. */
  signInStarted(provider: string): void;
  /** A sign-in ended. @param provider an id of the configuration @param outcome `ok`, or a code of the catalog */
  signInEnded(provider: string, outcome: string): void;
  /** The hottest of them: it must cost next to nothing. */
  sessionChecked(outcome: SessionCheckOutcome): void;
  /** An outbound request ended. @param outcome `2xx` … `5xx`, or a code of the catalog */
  egressEnded(line: { readonly purpose: string; readonly outcome: string; readonly duration: Duration }): void;
  /** An outbox row was tried. */
  outboxTried(outcome: OutboxOutcome): void;
  /** A refresh ended. @param connection of the configuration */
  refreshEnded(connection: string, outcome: RefreshMetricOutcome): void;
  /** Another node was refreshing the grant, and this one waited. */
  leaseWaited(connection: string): void;
  /** Somebody asked for an access token: as hot as `sessionChecked`. */
  vaultRead(outcome: VaultReadOutcome): void;
  /** A request was answered. @param line.route the pattern of a route, never the path that was asked for */
  requestEnded(line: {
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly duration: Duration;
  }): void;
}

/** Counts nothing. */
export const silentMetrics: Metrics = {
  signInStarted: () => {},
  signInEnded: () => {},
  sessionChecked: () => {},
  egressEnded: () => {},
  outboxTried: () => {},
  refreshEnded: () => {},
  leaseWaited: () => {},
  vaultRead: () => {},
  requestEnded: () => {},
};
