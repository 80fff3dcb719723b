/** A bus that speaks while a node is being started, as the others of a rolling restart do. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import { openPostgresStore } from "../../src/store/postgres.js";
import { describeWith, postgresUrl, redisUrl } from "../services.js";
import { createTestDatabase } from "../stores/postgres-database.js";
import { programFile } from "../support/program.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** `latchkey serve` as a real process, which need not have started when this resolves. */
async function serves(config: object) {
  const cwd = await mkdtemp(join(tmpdir(), "latchkey-start-up-"));
  closing.push(() => rm(cwd, { recursive: true, force: true }));
  await writeFile(join(cwd, "latchkey.json"), JSON.stringify(config));
  const child = spawn(process.execPath, [programFile("src/cli/main.ts"), "serve"], {
    cwd,
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "pipe"],
  });
  closing.push(async () => void child.kill("SIGKILL"));
  let err = "";
  child.stderr.on("data", (part) => (err += part));
  const ready = once(child.stdout, "data").then(([line]) => String(line));
  const ended = once(child, "close").then(([code]) => `ended with ${code}`);
  return { child, ready, ended, err: () => err };
}

/** Somebody else on the bus. */
interface Stranger {
  say(text: string): Promise<unknown>;
  /** How many heartbeats were heard that are not the stranger's own. */
  beats(): number;
}

const redis = await redisUrl();

describeWith("postgres", await postgresUrl(), "on Postgres", (server) => {
  /** Starts a node, speaks while it reads the table of tool servers, and lets it read only when it has heard that. */
  async function startsWhile(
    prefix: string,
    bus: string | undefined,
    join: (database: string) => Promise<Stranger>,
  ): Promise<void> {
    const database = await createTestDatabase(server);
    closing.push(() => database.drop());
    const store = await openPostgresStore({ url: database.url, migrate: true, clock: systemClock, log: silentLog });
    await store.close();
    const stranger = await join(database.url);
    const held = await connected(database.url);
    await held.query("begin; lock table tool_servers in access exclusive mode");

    const node = await serves({
      baseUrl: "http://localhost:3000",
      secrets: ["a-secret-of-this-test-alone-kX9f2LqP0sT7vZ"],
      database: database.url,
      busPrefix: prefix,
      ...(bus === undefined ? {} : { bus }),
      providers: [{ id: "corp", issuer: "https://idp.corp.test", clientId: "x" }],
      server: { port: 0 },
    });
    const waits = "select from pg_locks where not granted and relation = 'tool_servers'::regclass";
    await expect.poll(async () => (await held.query(waits)).rowCount, { timeout: 30_000, interval: 20 }).toBe(1);
    await stranger.say("news");
    await stranger.say("beat stranger 1000");
    // It sends the second heartbeat after it was told that the first had arrived, and by then it has heard the rest.
    const before = stranger.beats();
    const lives = expect.poll(() => stranger.beats() - before, { timeout: 8_000, interval: 20 }).toBeGreaterThan(1);
    expect(await Promise.race([lives.then(() => "goes on"), node.ended])).toBe("goes on");
    await held.query("rollback");

    const { url } = JSON.parse(await node.ready) as { url: string };
    expect((await fetch(`${url}/auth/session`)).status).toBe(401);
    node.child.kill("SIGTERM");
    expect(await node.ended).toBe("ended with 0");
    expect(node.err()).not.toContain(`"level":"error"`);
  }

  async function connected(url: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    closing.push(() => client.end());
    return client;
  }

  test("LO-3 a node that hears of news on Postgres while it starts goes on starting", async () => {
    const prefix = `start-${process.pid}`;
    await startsWhile(prefix, undefined, async (database) => {
      const client = await connected(database);
      let beats = 0;
      client.on("notification", ({ payload = "" }) => {
        if (payload.startsWith("beat ") && !payload.startsWith("beat stranger")) beats++;
      });
      await client.query(`listen "${prefix}:news"`);
      return { say: (text) => client.query("select pg_notify($1, $2)", [`${prefix}:news`, text]), beats: () => beats };
    });
  });

  describeWith("redis", redis, "with Redis", (url) => {
    test("LO-3 a node that hears of news on Redis while it starts goes on starting", async () => {
      const prefix = `start-${process.pid}`;
      await startsWhile(prefix, url, async () => {
        const [hears, says] = [new Redis(url), new Redis(url)];
        closing.push(async () => [hears, says].map((one) => one.disconnect()));
        let beats = 0;
        hears.on("message", (_channel, text) => {
          if (text.startsWith("beat ") && !text.startsWith("beat stranger")) beats++;
        });
        await hears.subscribe(`${prefix}:news`);
        return { say: (text) => says.publish(`${prefix}:news`, text), beats: () => beats };
      });
    });
  });
});
