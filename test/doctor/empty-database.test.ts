/** SU-12: what the doctor says of a Postgres database that was made and never used. */
import { expect, test } from "vitest";
import { describeWith, postgresUrl } from "../services.js";
import { createTestDatabase } from "../stores/postgres-database.js";
import { aSetting } from "./setting.js";

describeWith("postgres", await postgresUrl(), "the doctor and an empty Postgres", (url) => {
  test("SU-12 a database without tables is said to be empty, not older than this version", async () => {
    const setting = await aSetting();
    const database = await createTestDatabase(url);
    try {
      setting.config["database"] = database.url;
      expect((await setting.examine()).of("database")).toMatchObject({
        status: "ok",
        found: expect.stringMatching(/is there, and empty; serve makes its tables/),
      });
    } finally {
      await database.drop();
    }
  });
});
