/** Redis publish and subscribe: two connections, since one that listens can say nothing. ioredis connects again by itself. */
import { LatchkeyError } from "../kernel/errors.js";
import type { Log } from "../kernel/log.js";
import { type Duration, seconds } from "../kernel/time.js";
import type { Transport, TransportListener } from "./port.js";

const answerTimeout: Duration = seconds(2);
const longestPause: Duration = seconds(2);

/** @throws LatchkeyError `store.driver_missing` when `ioredis` is not installed */
export async function openRedisTransport(
  ports: { readonly log: Log; readonly url: string; readonly channel: string },
  listener: TransportListener,
): Promise<Transport> {
  const { Redis } = await import("ioredis").catch((cause: unknown) => {
    throw new LatchkeyError("store.driver_missing", { cause, data: { package: "ioredis" } });
  });
  const { channel } = ports;
  const connection = () => {
    const made = new Redis(ports.url, {
      lazyConnect: true,
      connectTimeout: answerTimeout,
      // Without a limit a command waits for a Redis that comes back tomorrow.
      commandTimeout: answerTimeout,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      autoResubscribe: false,
      retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 10), longestPause),
    });
    made.on("error", (error) => ports.log.debug({ err: error }, "the bus has no connection to Redis"));
    return made;
  };
  const [hears, says] = [connection(), connection()];
  hears.on("message", (_channel: string, text: string) => listener.onText(text));
  hears.on("ready", () => {
    hears.subscribe(channel).then(
      () => listener.onConnected(),
      (error: unknown) => {
        ports.log.debug({ err: error instanceof Error ? error : undefined }, "the bus could not subscribe");
        hears.disconnect(true);
      },
    );
  });
  hears.on("close", () => listener.onLost());
  says.on("close", () => listener.onLost());
  await Promise.all([hears, says].map((one) => one.connect().catch(() => {})));
  return {
    async send(text) {
      await says.publish(channel, text);
    },
    async close() {
      hears.disconnect();
      says.disconnect();
    },
  };
}
