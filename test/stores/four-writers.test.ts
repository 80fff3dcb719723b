/**
 * Four processes write one SQLite file. What is asserted is what must be true on any machine: every row is there, no
 * count is lost, nobody fails. How long an event loop stood still and how even the shares are is printed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { expect, test } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { startChild } from "./child.js";
import { ports } from "./children/ports.js";

interface Report {
  readonly commits: readonly number[];
  readonly worstStall: number;
  readonly worstWait: number;
}
const names = ["one", "two", "three", "four"];
const each = 200;

test("QU-21 four processes write one file: nothing is lost, nobody fails, no event loop waits inside SQLite", async () => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-four-"));
  const path = join(folder, "four.db");
  const store = await openSqliteStore({ path, migrate: true, ...ports });
  const children = names.map((name) => startChild("writer", path, name, `${each}`));
  try {
    expect(await Promise.all(children.map((child) => child.line()))).toEqual(names.map(() => "ready"));
    const beside = monitorEventLoopDelay({ resolution: 1 });
    beside.enable();
    for (const child of children) child.say("go");
    const reports = (await Promise.all(children.map((child) => child.line()))) as Report[];
    beside.disable();
    for (const child of children) expect(await child.ended).toEqual({ code: 0, signal: null, errors: "" });

    const keys = (await store.announcements.after(0)).map(({ key }) => key);
    expect(keys).toHaveLength(names.length * each);
    expect(new Set(keys).size).toBe(names.length * each);
    expect(await store.settings.byKey("count")).toMatchObject({
      value: names.length * each,
      version: names.length * each,
    });

    // Until the first one has finished, all four want the lock all the time: that span shows the shares.
    const firstEnd = Math.min(...reports.map(({ commits }) => Math.max(...commits)));
    const until = reports.map(({ commits }) => commits.filter((commit) => commit <= firstEnd).length);
    const total = until.reduce((sum, count) => sum + count, 0);
    for (const [index, report] of reports.entries()) {
      const share = Math.round((100 * (until[index] ?? 0)) / total);
      const [stall, wait] = [report.worstStall.toFixed(1), report.worstWait.toFixed(0)];
      console.info(
        `${names[index]}: share ${share} %, worst stall ${stall} ms, longest wait for a transaction ${wait} ms`,
      );
    }
    // What the machine's load alone does to an event loop that only waits.
    console.info(`a process beside them that does nothing: worst stall ${(beside.max / 1e6).toFixed(1)} ms`);
  } finally {
    for (const child of children) child.process.kill("SIGKILL");
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
