/** Several processes on one database: SQLite's file, Postgres with its own bus, Postgres with Redis. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWith, postgresUrl, redisUrl } from "../services.js";
import { createTestDatabase } from "../stores/postgres-database.js";
import { describeNodes } from "./nodes-suite.js";

describeNodes("one SQLite file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-nodes-"));
  return {
    config: { database: `sqlite:${join(folder, "latchkey.db")}` },
    atOnce: true,
    drop: () => rm(folder, { recursive: true, force: true }),
  };
});

const postgres = await postgresUrl();
const redis = await redisUrl();

describeWith("postgres", postgres, "on Postgres", (server) => {
  describeNodes("Postgres", async () => {
    const database = await createTestDatabase(server);
    return { config: { database: database.url }, atOnce: false, drop: database.drop };
  });
  describeWith("redis", redis, "with Redis", (bus) => {
    describeNodes("Postgres and Redis", async () => {
      const database = await createTestDatabase(server);
      const config = { database: database.url, bus, busPrefix: `test-${process.pid}` };
      return { config, atOnce: false, drop: database.drop };
    });
  });
});
