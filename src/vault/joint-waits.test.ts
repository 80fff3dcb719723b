import { expect, test } from "vitest";
import { milliseconds, seconds } from "../kernel/time.js";
import { createManualClock } from "../testing/manual-clock.js";
import { createJointWaits, type Wanted } from "./joint-waits.js";

const ann: Wanted = { user: "ann", session: "s1", connection: "provider:fake", minValidity: 0 };
const wait = seconds(15);

/** As a caller asks: the last one's wait, else one of their own. Each that is begun is answered with its number. */
function aCrowd() {
  const clock = createManualClock();
  const news = { generation: 0, current: true, isCurrent: (): boolean => news.current };
  const waits = createJointWaits<number>({ clock, news: news as never });
  const ends: ((n: number) => void)[] = [];
  const ask = (request: Wanted, long = wait): Promise<number> =>
    waits.latest(request, long) ?? waits.join(request, long, () => new Promise((resolve) => void ends.push(resolve)));
  return { clock, news, waits, ends, ask };
}

test("VA-7 who asks for the same within 50 ms waits with the first, and who asks later by themselves", async () => {
  const { clock, ends, ask } = aCrowd();
  const first = ask(ann);
  await clock.advance(milliseconds(49));
  expect(ask({ ...ann })).toBe(first);
  await clock.advance(milliseconds(1));
  expect(ask(ann)).not.toBe(first);
  expect(ends).toHaveLength(2);
});

test.each<[string, Partial<Wanted>]>([
  ["person", { user: "ben" }],
  ["session", { session: "s2" }],
  ["session than none", { session: undefined }],
  ["connection", { connection: "tool:files" }],
  ["validity", { minValidity: 60_000 }],
])(
  "VA-7 VA-16 who asks for another %s never waits for the first one's answer, in whatever order they ask",
  (_, other) => {
    const { ends, ask } = aCrowd();
    const theirs = { ...ann, ...other };
    const [a, b] = [ask(ann), ask(theirs)];
    for (let turn = 0; turn < 5; turn++) {
      expect(ask(ann)).toBe(a);
      expect(ask(theirs)).toBe(b);
    }
    expect(a).not.toBe(b);
    expect(ends).toHaveLength(2);
  },
);

test("VA-15 who waits less long has a wait of their own", () => {
  const { ask } = aCrowd();
  expect(ask(ann, seconds(1))).not.toBe(ask(ann));
});

test("LO-3 who asks after something ended, or while that cannot be known, does not get what was asked for before", async () => {
  const { news, waits, ask } = aCrowd();
  const before = ask(ann);
  news.current = false;
  expect(waits.latest(ann, wait)).toBeUndefined();
  news.current = true;
  news.generation++;
  expect(waits.latest(ann, wait)).toBeUndefined();
  expect(ask(ann)).not.toBe(before);
});

test("VA-7 once it is answered, or has failed, the next caller begins anew", async () => {
  const { waits, ends, ask } = aCrowd();
  const first = ask(ann);
  ends[0]?.(1);
  expect(await first).toBe(1);
  expect(waits.latest(ann, wait)).toBeUndefined();
  const failing = waits.join(ann, wait, () => Promise.reject(new Error("no luck")));
  await expect(failing).rejects.toThrow("no luck");
  expect(waits.latest(ann, wait)).toBeUndefined();
  expect(ask(ann)).not.toBe(failing);
});
