/**
 * A connection for counts that all nodes share, where the bus is a Redis: rate limits (SU-5). Short of patience: who is
 * counted waits for it, and a node that cannot reach it counts by itself.
 */
import type { Redis } from "ioredis";
import { LatchkeyError } from "../kernel/errors.js";
import type { Log } from "../kernel/log.js";
import { type Duration, milliseconds, seconds } from "../kernel/time.js";
import type { BusLocation } from "./open-bus.js";

export interface SharedCounts {
  /** What rate-limiter-flexible calls a store client. */
  readonly client: Redis;
  /** Begins every key. */
  readonly prefix: string;
  close(): void;
}

const answerTimeout: Duration = milliseconds(250);
const longestPause: Duration = seconds(2);

/**
 * Resolves connected or not; undefined where the bus is none that counts.
 *
 * @throws LatchkeyError `store.driver_missing` when `ioredis` is not installed
 */
export async function openSharedCounts(ports: {
  readonly log: Log;
  readonly bus: BusLocation;
  readonly prefix: string;
}): Promise<SharedCounts | undefined> {
  if (ports.bus.kind !== "redis") return undefined;
  const { Redis } = await import("ioredis").catch((cause: unknown) => {
    throw new LatchkeyError("store.driver_missing", { cause, data: { package: "ioredis" } });
  });
  const client = new Redis(ports.bus.url.reveal(), {
    lazyConnect: true,
    connectTimeout: seconds(2),
    commandTimeout: answerTimeout,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 10), longestPause),
  });
  client.on("error", (error) => ports.log.debug({ err: error }, "rate limits have no connection to Redis"));
  client.on("ready", () => ports.log.debug({}, "rate limits are shared over Redis"));
  await client.connect().catch(() => {});
  return { client, prefix: `${ports.prefix}:limit`, close: () => client.disconnect() };
}
