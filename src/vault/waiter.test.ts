import { expect, test } from "vitest";
import type { GrantId } from "../kernel/ids.js";
import { milliseconds } from "../kernel/time.js";
import { createManualClock } from "../testing/manual-clock.js";
import { createWaiter } from "./waiter.js";

const grant = "0195a000-0000-7000-8000-000000000001" as GrantId;
const other = "0195a000-0000-7000-8000-000000000002" as GrantId;

/** A node whose database tells nothing by itself, as Postgres, and whose pauses are as long as they can be. */
function aNode() {
  const clock = createManualClock();
  const heard: ((about: string) => void)[] = [];
  const waiter = createWaiter({
    store: { changeCounter: () => undefined } as never,
    hints: { hint: async () => {}, onHint: (listener) => void heard.push(listener), isAlive: () => true },
    waitingClock: clock,
    random: { bytes: (length) => new Uint8Array(length).fill(255) },
  });
  const hint = (about: string) => {
    for (const listener of heard) listener(about);
  };
  const isOver = async (wait: Promise<void>): Promise<boolean> => {
    const turn = new Promise<false>((resolve) => void setImmediate(() => resolve(false)));
    return Promise.race([wait.then(() => true), turn]);
  };
  return { clock, waiter, hint, isOver };
}

test("VA-7 who waits for another node's refresh looks again when that node says so", async () => {
  const { waiter, hint, isOver } = aNode();
  const watch = waiter.watch(grant);
  watch.mark();
  const wait = watch.changed(9);
  hint(other);
  expect(await isOver(wait)).toBe(false);
  hint(grant);
  expect(await isOver(wait)).toBe(true);
});

test("VA-7 a hint that comes while the row is being read is not lost: nothing is waited for", async () => {
  const { waiter, hint, isOver } = aNode();
  const watch = waiter.watch(grant);
  watch.mark();
  hint(grant);
  expect(await isOver(watch.changed(9))).toBe(true);
});

test("VA-7 a hint from before the row was read says nothing about it, and is not looked after again", async () => {
  const { clock, waiter, hint, isOver } = aNode();
  const watch = waiter.watch(grant);
  hint(grant);
  watch.mark();
  const wait = watch.changed(9);
  expect(await isOver(wait)).toBe(false);
  await clock.advance(milliseconds(500));
  expect(await isOver(wait)).toBe(true);
});

test("VA-7 a node that stops waits for nobody, and has no timer left", async () => {
  const { clock, waiter, isOver } = aNode();
  const watch = waiter.watch(grant);
  watch.mark();
  const wait = watch.changed(0);
  waiter.stop();
  expect(await isOver(wait)).toBe(true);
  watch.mark();
  expect(await isOver(watch.changed(9))).toBe(true);
  expect(clock.pending).toBe(0);
});
