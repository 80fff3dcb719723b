import { describe, expect, test } from "vitest";
import { milliseconds, minutes, seconds, toInstant } from "../kernel/time.js";
import { createManualClock } from "./manual-clock.js";

describe("SU-15 the manual clock", () => {
  test("SU-15 stands still until it is moved", async () => {
    const clock = createManualClock(toInstant(1_000));
    expect([clock.now(), clock.now(), clock.monotonic()]).toEqual([1_000, 1_000, 0]);
    await clock.advance(seconds(2));
    expect([clock.now(), clock.monotonic()]).toEqual([3_000, 2_000]);
  });

  test("SU-15 fires sleepers and timers in order of their due time, each at its own moment", async () => {
    const clock = createManualClock(toInstant(0));
    const seen: [string, number][] = [];
    clock.after(seconds(3), () => seen.push(["timer 3 s", clock.now()]));
    void clock.sleep(seconds(1)).then(() => seen.push(["sleeper 1 s", clock.now()]));
    clock.after(seconds(1), () => seen.push(["timer 1 s", clock.now()]));
    clock.after(minutes(1), () => seen.push(["not yet", clock.now()]));
    await clock.advance(seconds(3));
    expect(seen.map(([name]) => name)).toEqual(["sleeper 1 s", "timer 1 s", "timer 3 s"]);
    expect(seen.map(([, at]) => at)).toEqual([1_000, 1_000, 3_000]);
    expect(clock.pending).toBe(1);
  });

  test("SU-15 wakes what a woken sleeper set, within the same advance", async () => {
    const clock = createManualClock(toInstant(0));
    const at: number[] = [];
    const loop = async () => {
      for (let i = 0; i < 3; i++) {
        await clock.sleep(seconds(5));
        at.push(clock.now());
      }
    };
    void loop();
    await clock.advance(seconds(60));
    expect(at).toEqual([5_000, 10_000, 15_000]);
  });

  test("SU-15 skips a long stretch in one step: a loop wakes once, and everything due has fired in order", async () => {
    const clock = createManualClock(toInstant(0));
    const seen: string[] = [];
    const loop = async () => {
      for (;;) {
        await clock.sleep(seconds(5));
        seen.push(`loop at ${clock.now()}`);
      }
    };
    void loop();
    clock.after(seconds(1), () => seen.push("timer"));
    await clock.skip(minutes(60));
    expect(seen).toEqual(["timer", "loop at 3600000"]);
    await clock.advance(seconds(5));
    expect(seen.at(-1)).toBe("loop at 3605000");
  });

  test("SU-15 cancels a timer, and rejects an aborted sleeper with the signal's reason", async () => {
    const clock = createManualClock();
    let fired = false;
    const cancel = clock.after(seconds(1), () => {
      fired = true;
    });
    cancel();
    const stop = new AbortController();
    const sleeping = clock.sleep(seconds(1), stop.signal);
    stop.abort(new Error("enough"));
    await expect(sleeping).rejects.toThrow("enough");
    await expect(clock.sleep(seconds(1), stop.signal)).rejects.toThrow("enough");
    await clock.advance(seconds(2));
    expect([fired, clock.pending]).toEqual([false, 0]);
  });

  test("SU-15 set back, changes the time of day and keeps every timer", async () => {
    const clock = createManualClock(toInstant(3_600_000));
    let firedAt = -1;
    clock.after(milliseconds(500), () => {
      firedAt = clock.monotonic();
    });
    await clock.set(toInstant(0));
    expect(clock.now()).toBe(0);
    await clock.set(toInstant(500));
    expect(firedAt).toBe(500);
  });
});
