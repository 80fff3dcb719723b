/** What a bus does with those who listen to it; what it does over real servers is in test/bus. */
import { expect, test } from "vitest";
import { createCapturedLog } from "../testing/captured-log.js";
import { createManualClock } from "../testing/manual-clock.js";
import { createHeartbeatBus } from "./heartbeat-bus.js";
import type { TransportListener } from "./port.js";

test("LO-3 a listener that throws keeps nobody else from hearing, brings nothing down, and is told of", async () => {
  const log = createCapturedLog();
  let transport: TransportListener | undefined;
  const bus = await createHeartbeatBus({
    clock: createManualClock(),
    log,
    node: "a",
    sequence: () => 0,
    async open(listener) {
      transport = listener;
      return { send: async (text) => listener.onText(text), close: async () => {} };
    },
  });
  const heard: string[] = [];
  bus.onNews(() => {
    throw new Error("of news");
  });
  bus.onNews(() => heard.push("news"));
  bus.onHint(() => {
    throw new Error("of hints");
  });
  bus.onHint((about) => heard.push(about));

  transport?.onText("news");
  transport?.onText("beat b 7");
  transport?.onText("hint grant-1");
  transport?.onConnected();
  expect(heard).toEqual(["news", "news", "grant-1", "news"]);
  // Once by itself, once by its own message that came back.
  await bus.publish();
  expect(heard.slice(4)).toEqual(["news", "news"]);
  expect(bus.isAlive()).toBe(true);
  const errors = log.lines.filter(({ level }) => level === "error");
  expect(errors.map(({ fields, message }) => [message, (fields["err"] as Error).message])).toEqual([
    ["a listener of the bus failed", "of news"],
    ["a listener of the bus failed", "of news"],
    ["a listener of the bus failed", "of hints"],
    ["a listener of the bus failed", "of news"],
    ["a listener of the bus failed", "of news"],
    ["a listener of the bus failed", "of news"],
  ]);
  await bus.close();
});
