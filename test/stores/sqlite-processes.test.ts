/** SQLite across processes: starting together, dying in the middle, running out of disk. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { codeVersion } from "../../src/store/sql/migrations/all.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { startChild } from "./child.js";
import { ports } from "./children/ports.js";

const folder = mkdtempSync(join(tmpdir(), "latchkey-processes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let path = "";
let files = 0;
beforeEach(() => {
  path = join(folder, `${files++}.db`);
});

test("QU-21 of four processes that migrate one new file at once, one does it and all can use it", async () => {
  const children = Array.from({ length: 4 }, () => startChild("migrate", path));
  try {
    await Promise.all(children.map((child) => child.line()));
    for (const child of children) child.say("go");
    const reports = await Promise.all(children.map((child) => child.line()));
    for (const child of children) expect(await child.ended).toEqual({ code: 0, signal: null, errors: "" });
    const version = { database: codeVersion, code: codeVersion };
    expect(reports).toHaveLength(4);
    expect(
      reports.filter((report) => JSON.stringify(report) === JSON.stringify({ from: 0, to: codeVersion, version })),
    ).toHaveLength(1);
    expect(
      reports.filter(
        (report) => JSON.stringify(report) === JSON.stringify({ from: codeVersion, to: codeVersion, version }),
      ),
    ).toHaveLength(3);
  } finally {
    for (const child of children) child.process.kill("SIGKILL");
  }
}, 60_000);

test("LO-3 what another process committed moves the change counter, although it is asked once in a turn", async () => {
  const store = await openSqliteStore({ path, migrate: true, ...ports });
  const child = startChild("stuck", path);
  try {
    const before = store.changeCounter();
    expect(await child.line()).toBe("inside");
    expect(store.changeCounter()).not.toBe(before);
  } finally {
    child.process.kill("SIGKILL");
    await store.close();
  }
}, 60_000);

test("QU-21 kill -9 in the middle of a transaction leaves nothing half-done, and the lock is free", async () => {
  const store = await openSqliteStore({ path, migrate: true, ...ports });
  const child = startChild("stuck", path);
  try {
    expect(await child.line()).toBe("inside");
    const keys = async (from = store) => (await from.announcements.after(0)).map(({ key }) => key);
    expect(await keys()).toEqual(["committed"]);
    child.process.kill("SIGKILL");
    expect(await child.ended).toMatchObject({ signal: "SIGKILL" });

    const next = await openSqliteStore({ path, ...ports });
    for (const node of [store, next]) {
      expect(await keys(node)).toEqual(["committed"]);
      expect(await node.metadata.byUrl("https://example.test/0")).toBeUndefined();
    }
    await next.transaction((tx) => tx.announcements.append("user", "next", ports.clock.now()));
    expect(await keys()).toEqual(["committed", "next"]);
    await next.close();
  } finally {
    child.process.kill("SIGKILL");
    await store.close();
  }
}, 60_000);

test("QU-21 a full disk is store.unavailable; nothing of the transaction stays, and what was there does", async () => {
  await (await openSqliteStore({ path, migrate: true, ...ports })).close();
  const child = startChild({ name: "full", largestFile: 4_000 }, path);
  try {
    const report = (await child.line()) as Record<string, unknown>;
    expect(report).toMatchObject({ first: "committed", full: "store.unavailable", swallowed: "store.unavailable" });
    const after = report["small"] === "committed" ? ["after"] : [];
    expect(report["keys"]).toEqual(["before", ...after]);
    expect(await child.ended).toMatchObject({ code: 0 });
  } finally {
    child.process.kill("SIGKILL");
  }
  const store = await openSqliteStore({ path, ...ports });
  expect((await store.announcements.after(0))[0]?.key).toBe("before");
  expect(await store.metadata.byUrl("https://example.test/0")).toBeUndefined();
  await store.close();
}, 60_000);
