import { expect, test } from "vitest";
import { seconds } from "../kernel/time.js";
import { createCapturedLog } from "../testing/captured-log.js";
import { createManualClock } from "../testing/manual-clock.js";
import { supervise } from "./supervise.js";

/** A job whose rounds end when the test says so. */
function aJob() {
  const rounds: { end: () => void; fail: (error: Error) => void; stop: AbortSignal }[] = [];
  const run = (stop: AbortSignal) => new Promise<void>((end, fail) => void rounds.push({ end, fail, stop }));
  return { rounds, job: { name: "work", every: seconds(5), run } };
}
const settle = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

test("LO-5 a job runs at its interval, never twice at once, and a nudge during a round brings another", async () => {
  const clock = createManualClock();
  const { rounds, job } = aJob();
  const supervisor = supervise({ clock, log: createCapturedLog() }, [job]);
  await clock.advance(seconds(4));
  expect(rounds).toHaveLength(0);
  await clock.advance(seconds(1));
  expect(rounds).toHaveLength(1);
  supervisor.nudge("work");
  supervisor.nudge("work");
  await settle();
  expect(rounds).toHaveLength(1);
  rounds[0]?.end();
  await settle();
  expect(rounds).toHaveLength(2);
  rounds[1]?.end();
  await settle();
  expect(rounds).toHaveLength(2);
  await supervisor.stop();
});

test("a round that fails is logged and tried again; stop waits for the round under way and begins no other", async () => {
  const clock = createManualClock();
  const log = createCapturedLog();
  const { rounds, job } = aJob();
  const supervisor = supervise({ clock, log }, [job]);
  supervisor.nudge("work");
  await settle();
  rounds[0]?.fail(new Error("no luck"));
  await settle();
  expect(log.text()).toContain("no luck");
  await clock.advance(seconds(5));
  expect(rounds).toHaveLength(2);

  let stopped = false;
  const stopping = supervisor.stop().then(() => {
    stopped = true;
  });
  await settle();
  expect(stopped).toBe(false);
  expect(rounds[1]?.stop.aborted).toBe(true);
  supervisor.nudge("work");
  rounds[1]?.end();
  await stopping;
  await clock.advance(seconds(60));
  expect(rounds).toHaveLength(2);
});
