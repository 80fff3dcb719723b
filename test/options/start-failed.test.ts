/** SU-15: a start that fails leaves nothing open behind, in an app that goes on or tries again. */
import { mkdtemp, readdir, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, expect, test } from "vitest";
import { createLatchkey } from "../../src/create-latchkey.js";
import { silentLog } from "../../src/kernel/log.js";

const folder = await mkdtemp(join(tmpdir(), "latchkey-start-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What this process holds open of the database. Linux only. */
async function openFiles(): Promise<string[]> {
  const files = await readdir("/proc/self/fd");
  const targets = await Promise.all(files.map((one) => readlink(`/proc/self/fd/${one}`).catch(() => "")));
  return targets.filter((target) => target.startsWith(folder));
}

test.skipIf(process.platform !== "linux")("SU-15 a start that fails late closes the database again", async () => {
  const path = join(folder, "latchkey.db");
  const start = () =>
    createLatchkey({
      baseUrl: "http://localhost:3000",
      secrets: ["kD93hsdf8Jsd02kkLw9asdkfj3hf9Qpq1"],
      database: `sqlite:${path}`,
      providers: [{ id: "corp", issuer: "https://idp.example", clientId: "app", clientSecret: "secret" }],
      ports: { log: silentLog },
    });
  const latchkey = await start();
  expect(await openFiles()).not.toEqual([]);
  await latchkey.close();
  expect(await openFiles()).toEqual([]);

  // Read by the last step that asks the database.
  new Database(path).exec("DROP TABLE tool_servers").close();
  await expect(start()).rejects.toThrow();
  expect(await openFiles()).toEqual([]);
});
