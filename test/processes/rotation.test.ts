/** A rotation that is killed and begun again, on a SQLite file and on Postgres. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWith, postgresUrl } from "../services.js";
import { createTestDatabase } from "../stores/postgres-database.js";
import { describeRotation } from "./rotation-suite.js";

describeRotation("one SQLite file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-rotation-file-"));
  return {
    database: `sqlite:${join(folder, "latchkey.db")}`,
    drop: () => rm(folder, { recursive: true, force: true }),
  };
});

describeWith("postgres", await postgresUrl(), "on Postgres", (server) => {
  describeRotation("Postgres", async () => {
    const database = await createTestDatabase(server);
    return { database: database.url, drop: database.drop };
  });
});
