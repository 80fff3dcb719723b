/**
 * The bus that the configuration names. Undefined where none is needed: SQLite itself says when any process has committed.
 */
import type { Log } from "../kernel/log.js";
import type { Secret } from "../kernel/secret.js";
import type { Clock } from "../kernel/time.js";
import { createHeartbeatBus } from "./heartbeat-bus.js";
import type { Bus, Transport, TransportListener } from "./port.js";

export type BusLocation = { readonly kind: "auto" } | { readonly kind: "redis"; readonly url: Secret };

export interface OpenBusOptions {
  readonly bus: BusLocation;
  /** The database, which a bus by the name of `auto` goes through. */
  readonly database: { readonly kind: "sqlite" } | { readonly kind: "postgres"; readonly url: Secret };
  /** Where several installations share one server, each has its own. */
  readonly prefix: string;
  readonly node: string;
  readonly sequence: () => number;
}

/** @throws LatchkeyError `store.driver_missing` */
export async function openBus(
  ports: { readonly clock: Clock; readonly log: Log },
  options: OpenBusOptions,
): Promise<Bus | undefined> {
  const open = await transportOf(ports, options);
  return open && createHeartbeatBus({ ...ports, node: options.node, sequence: options.sequence, open });
}

async function transportOf(
  ports: { readonly clock: Clock; readonly log: Log },
  { bus, database, prefix }: OpenBusOptions,
): Promise<((listener: TransportListener) => Promise<Transport>) | undefined> {
  const channel = `${prefix}:news`;
  if (bus.kind === "redis") {
    const { openRedisTransport } = await import("./redis-transport.js");
    return (listener) => openRedisTransport({ ...ports, url: bus.url.reveal(), channel }, listener);
  }
  if (database.kind === "sqlite") return undefined;
  const { openPostgresTransport } = await import("./postgres-transport.js");
  return (listener) => openPostgresTransport({ ...ports, url: database.url.reveal(), channel }, listener);
}
