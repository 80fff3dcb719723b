/** SU-12: what the doctor says of a database that was made and never used. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeWith, postgresUrl } from "../services.js";
import { createTestDatabase } from "../stores/postgres-database.js";
import { aSetting } from "./setting.js";

const empty = { status: "ok", found: expect.stringMatching(/is there, and empty; serve makes its tables/) };

test("SU-12 a file of SQLite's without tables is said to be empty, not older than this version", async () => {
  const setting = await aSetting();
  await writeFile(join(setting.folder, "latchkey.db"), "");
  expect((await setting.examine()).of("database")).toMatchObject(empty);
});

describeWith("postgres", await postgresUrl(), "the doctor and an empty Postgres", (url) => {
  test("SU-12 a database without tables is said to be empty, not older than this version", async () => {
    const setting = await aSetting();
    const database = await createTestDatabase(url);
    try {
      setting.config["database"] = database.url;
      expect((await setting.examine()).of("database")).toMatchObject(empty);
    } finally {
      await database.drop();
    }
  });
});
