/**
 * A bus over any transport, that knows whether it works: it sends itself a heartbeat every second, and is alive while the
 * last one that came back is younger than three.
 *
 * A heartbeat also carries the number of the newest announcement its node has read. A node that has read less missed a
 * message, and reads: a transport that loses one now and then costs a second, not the five of the poll.
 */
import type { Log } from "../kernel/log.js";
import { type Clock, type Duration, seconds } from "../kernel/time.js";
import type { Bus, Transport, TransportListener } from "./port.js";

const heartbeatInterval: Duration = seconds(1);
const aliveFor: Duration = seconds(3);

export interface HeartbeatBusPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** This process's name among the nodes. */
  readonly node: string;
  /** The newest announcement that this node has read. */
  readonly sequence: () => number;
  readonly open: (listener: TransportListener) => Promise<Transport>;
}

/** Resolves when the transport was asked to connect, connected or not: a bus that is down stops no start. */
export async function createHeartbeatBus(ports: HeartbeatBusPorts): Promise<Bus> {
  const { clock, log, node } = ports;
  const listeners: (() => void)[] = [];
  const hintListeners: ((about: string) => void)[] = [];
  /** One listener that fails keeps nobody else from hearing, and ends nothing: drivers call from where nobody catches. */
  function inform<T extends unknown[]>(those: readonly ((...said: T) => void)[], ...said: T): void {
    for (const listener of those) {
      try {
        listener(...said);
      } catch (thrown) {
        log.error({ err: thrown instanceof Error ? thrown : undefined }, "a listener of the bus failed");
      }
    }
  }
  const tell = (): void => inform(listeners);
  let lastBeat = Number.NEGATIVE_INFINITY;
  let cancel = (): void => {};
  let closed = false;
  let wasAlive = false;

  const isAlive = (): boolean => clock.monotonic() - lastBeat < aliveFor;

  function lose(reason: string): void {
    lastBeat = Number.NEGATIVE_INFINITY;
    // Transports report the end that close() asked for, too.
    if (wasAlive && !closed)
      log.warn({ reason }, "the bus is down: every session check asks the database until it is back");
    wasAlive = false;
  }

  // A transport may report before it is handed over: the first heartbeat goes out when it has been.
  let transport: Transport | undefined;
  async function send(text: string): Promise<void> {
    try {
      await transport?.send(text);
    } catch (thrown) {
      if (!closed) log.debug({ err: thrown instanceof Error ? thrown : undefined }, "the bus took no message");
    }
  }

  const beat = (): Promise<void> => send(`beat ${node} ${ports.sequence()}`);

  transport = await ports.open({
    onText(text) {
      const [kind, from, sequence] = text.split(" ");
      if (kind === "news") return tell();
      if (kind === "hint" && from !== undefined) inform(hintListeners, from);
      if (kind !== "beat") return;
      if (from === node) {
        lastBeat = clock.monotonic();
        if (!wasAlive) log.info({}, "the bus works: nodes hear of changes at once");
        wasAlive = true;
      }
      if (Number(sequence) > ports.sequence()) tell();
    },
    onConnected() {
      // Whatever was said while nobody listened is in the rows.
      tell();
      void beat();
    },
    onLost: () => lose("the connection broke"),
  });

  function everySecond(): void {
    if (closed) return;
    if (wasAlive && !isAlive()) lose("its heartbeat did not come back");
    void beat();
    cancel = clock.after(heartbeatInterval, everySecond);
  }
  everySecond();

  return {
    publish: () => {
      // This node knows it already: it must not trust its memory until its own message has come back.
      tell();
      return send("news");
    },
    onNews: (listener) => void listeners.push(listener),
    hint: (about) => send(`hint ${about}`),
    onHint: (listener) => void hintListeners.push(listener),
    isAlive,
    async close() {
      closed = true;
      cancel();
      await transport?.close();
    },
  };
}
