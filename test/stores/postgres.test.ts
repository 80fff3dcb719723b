/** The shared suite on Postgres: each test has a schema that was emptied, in a database of this file's own. */
import pg from "pg";
import { afterAll, beforeAll } from "vitest";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import { openPostgresStore } from "../../src/store/postgres.js";
import { describeStore } from "../../src/testing/store-suite.js";
import { describeWith, postgresUrl } from "../services.js";
import { createTestDatabase, type TestDatabase } from "./postgres-database.js";

describeWith("postgres", await postgresUrl(), "on Postgres", (server) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase(server);
  });
  afterAll(() => database.drop());
  const open = (migrate: boolean) =>
    openPostgresStore({ url: database.url, migrate, clock: systemClock, log: silentLog });

  describeStore(
    "Postgres",
    async () => {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      await client.query("drop schema public cascade; create schema public");
      await client.end();
      return open(true);
    },
    { another: () => open(false) },
  );
});
