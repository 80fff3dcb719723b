/** LO-3: how often the news are read when many ask at once, as all do while a bus is down, and what each may rely on. */
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { createLatchkey } from "../create-latchkey.js";
import { systemRandom } from "../crypto/random.js";
import { silentLog } from "../kernel/log.js";
import { systemClock, toInstant } from "../kernel/time.js";
import type { Store } from "../store/contract.js";
import type { Announcement } from "../store/records.js";
import { openSqliteStore } from "../store/sqlite.js";
import { createWorld } from "../testing/world.js";
import { startNews } from "./news.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A store whose database does not say by itself that something was committed, and whose reads of news can be held. */
async function aStore() {
  const opened = await openSqliteStore({ path: ":memory:", clock: systemClock, random: systemRandom, log: silentLog });
  closing.push(() => opened.close());
  const seen = { reads: 0 };
  let held = Promise.resolve();
  const after: Store["announcements"]["after"] = async (sequence) => {
    seen.reads++;
    const until = held;
    // What was committed until now, whenever it is handed out.
    const rows = await opened.announcements.after(sequence);
    await until;
    return rows;
  };
  const store: Store = Object.create(opened, {
    announcements: { value: { ...opened.announcements, after }, enumerable: true },
    changeCounter: { value: () => undefined, enumerable: true },
  });
  /** Keeps the reads that begin from now on. @returns lets them end, with an error where one is given */
  function hold(): (error?: Error) => void {
    let letGo: (error?: Error) => void = () => {};
    held = new Promise((resolve, reject) => {
      letGo = (error) => (error ? reject(error) : resolve());
    });
    held.catch(() => {});
    return letGo;
  }
  const say = (key: string) => opened.transaction((tx) => tx.announcements.append("user", key, systemClock.now()));
  return { store, seen, hold, say };
}

test("LO-3 four hundred session checks at once on a node whose bus is down read the news a few times, not four hundred", async () => {
  const { store, seen } = await aStore();
  const world = await createWorld({ ports: { store } });
  closing.push(() => world.close());
  const ann = world.browser();
  await world.signIn(ann, "ann-1");
  const node = await createLatchkey({ ...world.config, ports: { store, log: silentLog } });
  closing.push(() => node.close());
  const headers = { cookie: ann.cookies.header(world.url("/session")) ?? "" };
  const checks = (count: number) =>
    Promise.all(Array.from({ length: count }, () => node.fetch(new Request(world.url("/session"), { headers }))));
  await checks(1);
  seen.reads = 0;
  expect(new Set((await checks(400)).map(({ status }) => status))).toEqual(new Set([200]));
  expect(seen.reads).toBeLessThanOrEqual(3);

  await ann.get(world.url("/account"));
  await ann.post(world.url("/account/sessions/end-all"));
  expect(new Set((await checks(400)).map(({ status }) => status))).toEqual(new Set([401]));
});

test("LO-3 whoever asks while the news are read shares the next read, which sees what was committed meanwhile", async () => {
  const { store, seen, hold, say } = await aStore();
  const news = await startNews({ store, log: silentLog });
  const heard: string[] = [];
  news.subscribe(({ key }) => heard.push(key));
  const letGo = hold();
  const first = news.catchUp();
  // The rows of the first read are taken; what is said from here on is not among them.
  await store.announcements.latest();
  await say("ann");
  const rest = Array.from({ length: 399 }, () => news.catchUp().then(() => heard.includes("ann")));
  letGo();
  await first;
  expect(new Set(await Promise.all(rest))).toEqual(new Set([true]));
  expect([seen.reads, heard]).toEqual([2, ["ann"]]);
});

test("LO-3 a read that fails is told at once to all who share it, and whoever asks then reads anew", async () => {
  const { store, seen, hold, say } = await aStore();
  const news = await startNews({ store, log: silentLog });
  const told: string[] = [];
  const ask = (name: string) =>
    news.catchUp().then(
      () => void told.push(`${name}: read`),
      (error: Error) => void told.push(`${name}: ${error.message}`),
    );
  const [endFirst, began] = [hold(), ask("began")];
  const shared = Promise.all(Array.from({ length: 3 }, (_, number) => ask(`shared ${number}`)));
  const endSecond = hold();
  endFirst(new Error("stopped"));
  await began;
  expect(told).toEqual(["began: stopped"]);
  await expect.poll(() => seen.reads).toBe(2);
  const endThird = hold();
  const later = ask("later");
  endSecond(new Error("stopped again"));
  await shared;
  expect(told.slice(1)).toEqual([0, 1, 2].map((number) => `shared ${number}: stopped again`));
  await say("ann");
  endThird();
  await later;
  expect([told.at(-1), seen.reads]).toEqual(["later: read", 3]);
});

type Step = "commit" | "ask" | "answer" | "fail" | "turn" | "rest";

test("LO-3 in whatever order people ask, things are committed and reads end, everybody is told by the first read that began after they asked", async () => {
  // Many turns: between the end of one read and the beginning of the next there are a few of them.
  const step = fc.constantFrom<Step>("commit", "ask", "ask", "answer", "fail", "turn", "turn", "turn", "rest");
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), fc.boolean(), async (steps, tells) => {
      const rows: Announcement[] = [];
      let [begun, ended] = [0, 0];
      let end: ((failed: boolean) => void) | undefined;
      const after = (sequence: number) => {
        const [number, found] = [++begun, rows.slice(sequence)];
        expect(begun - ended).toBe(1);
        return new Promise<readonly Announcement[]>((resolve, reject) => {
          end = (failed) => {
            end = undefined;
            ended++;
            if (failed) reject(number);
            else resolve(found);
          };
        });
      };
      const changeCounter = () => (tells ? rows.length : undefined);
      const store = { announcements: { after, latest: async () => 0 }, changeCounter };
      const news = await startNews({ store: store as never, log: silentLog });
      const heard: number[] = [];
      news.subscribe(({ sequence }) => heard.push(sequence));

      /** Whoever was not told yet, by the read that they wait for. */
      const waiting = new Set<{ readonly read: number }>();
      const wrong: unknown[] = [];
      function ask(): void {
        const [committed, one] = [rows.length, { read: begun + 1 }];
        waiting.add(one);
        const told = news.catchUp().then(
          () => expect(heard.length).toBeGreaterThanOrEqual(committed),
          (failed: unknown) => expect(failed).toBe(one.read),
        );
        told.catch((thrown: unknown) => wrong.push(thrown)).finally(() => waiting.delete(one));
      }
      async function rest(): Promise<void> {
        await new Promise((resolve) => setImmediate(resolve));
        for (const { read } of waiting) expect(ended).toBeLessThan(read);
      }
      const acts: Record<Step, () => unknown> = {
        commit: () => rows.push({ sequence: rows.length + 1, kind: "user", key: "somebody", at: toInstant(0) }),
        ask,
        answer: () => end?.(false),
        fail: () => end?.(true),
        turn: () => Promise.resolve(),
        rest,
      };
      for (const one of steps) {
        const done = acts[one]();
        if (one === "turn" || one === "rest") await done;
      }
      for (await rest(); end !== undefined; await rest()) end(false);
      expect(waiting.size).toBe(0);
      expect(wrong).toEqual([]);
      expect(heard).toEqual(heard.map((_, index) => index + 1));
    }),
    { numRuns: 500 },
  );
});
