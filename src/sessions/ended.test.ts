/** LO-12: what looks for news goes on when one look fails. */
import { expect, test } from "vitest";
import { milliseconds } from "../kernel/time.js";
import { createManualClock } from "../testing/manual-clock.js";
import { createEndedSessions } from "./ended.js";

test("LO-12 a look that the database refuses ends neither the process nor the looking", async () => {
  const clock = createManualClock();
  let looks = 0;
  const news = {
    isCurrent() {
      looks++;
      if (looks <= 2) throw new Error("disk I/O error");
      return false;
    },
    subscribe: () => {},
  };
  const said: string[] = [];
  const write = (_: unknown, message: string) => void said.push(message);
  const log = { debug: write, info: write, warn: write, error: write };
  let told = 0;
  const watch = { clock, onNews: () => void told++ };
  const ended = createEndedSessions({ news: news as never, log, userOf: () => undefined, watch });
  ended.onEnded(() => {});
  expect([looks, told]).toEqual([1, 0]);
  await clock.advance(milliseconds(50));
  await clock.advance(milliseconds(50));
  expect([looks, told]).toEqual([3, 1]);
  expect(said).toEqual(Array(2).fill("whether sessions ended could not be looked up; it is tried again"));
  ended.stop();
});
