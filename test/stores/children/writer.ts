/** One of several processes that write one file: `file name count`. Prints when each commit was, and the worst stall. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { toInstant } from "../../../src/kernel/time.js";
import { openSqliteStore } from "../../../src/store/sqlite.js";
import { ports, print, told } from "./ports.js";

const [, , path = "", name = "", count = "0"] = process.argv;
const lanes = 4;

const store = await openSqliteStore({ path, ...ports });
print("ready");
await told();

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const commits: number[] = [];
const waits: number[] = [];
let left = Number(count);
await Promise.all(
  Array.from({ length: lanes }, async () => {
    while (left > 0) {
      const number = left--;
      const asked = performance.now();
      await store.transaction(async (tx) => {
        // It reads first and writes then: what a plain `begin` could not do beside other processes.
        const latest = await tx.announcements.latest();
        await tx.announcements.append("user", `${name} ${number}`, toInstant(latest + 1));
        const counter = await tx.settings.byKey("count");
        const value = Number(counter?.value ?? 0) + 1;
        const version = counter?.version ?? 0;
        const saved = await tx.settings.save(
          { key: "count", value, version: version + 1, updatedAt: toInstant(1) },
          version,
        );
        if (!saved) throw new Error("somebody wrote in between");
      });
      const now = performance.now();
      waits.push(now - asked);
      commits.push(performance.timeOrigin + now);
    }
  }),
);
delay.disable();
print({ commits, worstStall: delay.max / 1e6, worstWait: Math.max(...waits) });
await store.close();
