/** SU-12: what the doctor says of the bus, over real servers and one that is not there. */
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { startFaultyProxy } from "../bus/faulty-proxy.js";
import { describeWith, postgresUrl, redisUrl } from "../services.js";
import { createTestDatabase } from "../stores/postgres-database.js";
import { aSetting } from "./setting.js";

test("SU-12 one SQLite file needs no bus, and the doctor says why", async () => {
  const setting = await aSetting();
  expect((await setting.examine()).of("bus")).toMatchObject({
    status: "ok",
    found: expect.stringContaining("None is needed"),
  });
});

test("SU-12 a bus that is not there is a warning without its password, since sign-in works without it", async () => {
  const setting = await aSetting();
  const nobody = createServer();
  await new Promise<void>((resolve) => nobody.listen(0, "127.0.0.1", resolve));
  const { port } = nobody.address() as { port: number };
  await new Promise((resolve) => nobody.close(resolve));
  setting.config["bus"] = `redis://:hunter2-of-the-bus@127.0.0.1:${port}`;
  const { all, of } = await setting.examine();
  expect(of("bus")).toMatchObject({
    status: "warn",
    found: `Redis at 127.0.0.1:${port}: no message came back within 3 seconds.`,
    fix: expect.stringContaining("password"),
  });
  expect(JSON.stringify(all)).not.toContain("hunter2");
});

describeWith("redis", await redisUrl(), "the doctor and Redis", (url) => {
  test("SU-12 a bus over Redis is told with how long its own message took", async () => {
    const setting = await aSetting();
    setting.config["bus"] = url;
    expect((await setting.examine()).of("bus")).toMatchObject({
      status: "ok",
      found: expect.stringMatching(/^Redis at .*: a message came back after \d+ ms\.$/),
    });
  });

  test("SU-12 a Redis that takes messages and passes none on is not a bus that works", async () => {
    const { hostname, port } = new URL(url);
    const proxy = await startFaultyProxy({ host: hostname, port: Number(port || 6379) });
    try {
      // What begins so is a message of the channel; answers to commands pass.
      proxy.lose((chunk) => chunk.includes("message"));
      const setting = await aSetting();
      setting.config["bus"] = `redis://127.0.0.1:${proxy.port}`;
      expect((await setting.examine()).of("bus").status).toBe("warn");
    } finally {
      await proxy.close();
    }
  });
});

describeWith("postgres", await postgresUrl(), "the doctor and Postgres", (server) => {
  test("SU-12 a bus over Postgres is told by the database's name", async () => {
    const database = await createTestDatabase(server);
    try {
      const setting = await aSetting();
      setting.config["database"] = database.url;
      expect((await setting.examine()).of("bus")).toMatchObject({
        status: "ok",
        found: expect.stringContaining(`${new URL(database.url).pathname.slice(1)} on `),
      });
    } finally {
      await database.drop();
    }
  });
});
