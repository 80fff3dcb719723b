/**
 * Postgres LISTEN and NOTIFY, on a connection of its own that is made again whenever it breaks. What was said in between
 * is lost, which the bus knows from `onConnected`.
 */
import type { Client } from "pg";
import { LatchkeyError } from "../kernel/errors.js";
import type { Log } from "../kernel/log.js";
import { type Clock, type Duration, milliseconds, seconds } from "../kernel/time.js";
import type { Transport, TransportListener } from "./port.js";

const pauses = { first: milliseconds(100), longest: seconds(2) };
/** A server that was stopped looks connected for as long as one waits. */
const answerTimeout: Duration = seconds(2);

/** @throws LatchkeyError `store.driver_missing` when `pg` is not installed */
export async function openPostgresTransport(
  ports: { readonly clock: Clock; readonly log: Log; readonly url: string; readonly channel: string },
  listener: TransportListener,
): Promise<Transport> {
  const { default: pg } = await import("pg").catch((cause: unknown) => {
    throw new LatchkeyError("store.driver_missing", { cause, data: { package: "pg" } });
  });
  const { clock, channel } = ports;
  let client: Client | undefined;
  let closed = false;
  let pause: Duration = pauses.first;
  let cancel = (): void => {};
  /** One message after the other: the driver is to keep no queue of its own. */
  let turn: Promise<unknown> = Promise.resolve();

  async function connect(): Promise<void> {
    const next = new pg.Client({
      connectionString: ports.url,
      application_name: "latchkey bus",
      connectionTimeoutMillis: answerTimeout,
      query_timeout: answerTimeout,
      keepAlive: true,
    });
    next.on("notification", ({ payload }) => listener.onText(payload ?? ""));
    // Not once: a server that is killed says so and then closes, two errors, and one that nobody hears ends the process.
    next.on("error", () => lost(next));
    next.once("end", () => lost(next));
    try {
      await next.connect();
      await next.query(`listen ${pg.escapeIdentifier(channel)}`);
    } catch (thrown) {
      ports.log.debug({ err: thrown instanceof Error ? thrown : undefined }, "the bus could not connect to Postgres");
      lost(next);
      return;
    }
    if (closed) return void next.end().catch(() => {});
    client = next;
    pause = pauses.first;
    listener.onConnected();
  }

  const gone = new WeakSet<Client>();
  function lost(which: Client): void {
    if (gone.has(which)) return;
    gone.add(which);
    void which.end().catch(() => {});
    if (client === which) listener.onLost();
    client = undefined;
    if (closed) return;
    cancel = clock.after(pause, () => void connect());
    pause = milliseconds(Math.min(pause * 2, pauses.longest));
  }

  await connect();
  return {
    async send(text) {
      const current = client;
      if (!current) throw new LatchkeyError("store.unavailable", { data: { reason: "bus" } });
      const sent = turn.then(() => {
        if (gone.has(current)) throw new LatchkeyError("store.unavailable", { data: { reason: "bus" } });
        return current.query("select pg_notify($1, $2)", [channel, text]);
      });
      turn = sent.catch(() => {});
      try {
        await sent;
      } catch (thrown) {
        lost(current);
        throw thrown;
      }
    },
    async close() {
      closed = true;
      cancel();
      await client?.end().catch(() => {});
    },
  };
}
