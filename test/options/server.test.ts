/** What `server`, `log` and `rateLimits` change: the last at the app's own door, the first two in `serve` itself. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runProgram } from "../../src/cli/program.js";
import type { Terminal } from "../../src/cli/terminal.js";
import { createLatchkey } from "../../src/create-latchkey.js";
import { type FakeProvider, startFakeProvider } from "../../src/testing/fake-provider.js";
import type { World } from "../../src/testing/world.js";
import { programFile } from "../support/program.js";
import { aWorld } from "./setting.js";

describe("requests", () => {
  const hour = async (world: World, path: string, times: number) => {
    const statuses: number[] = [];
    for (let round = 0; round < times; round++) statuses.push((await world.request(path)).status);
    return statuses;
  };
  const start = "/providers/fake/start";
  const callback = "/providers/fake/callback?state=unknown&code=x&repeat=1";

  test("SU-5 [option:rateLimits.start] limits the sign-ins that one address begins, and nothing else", async () => {
    const world = await aWorld({ config: { rateLimits: { start: "2/h" } } });
    expect(await hour(world, start, 3)).toEqual([303, 303, 429]);
    expect(await hour(world, callback, 3)).toEqual([303, 303, 303]);
    const off = await aWorld({ config: { rateLimits: "off" } });
    expect(await hour(off, start, 3)).toEqual([303, 303, 303]);
  });

  test("SU-5 [option:rateLimits.callback] limits the callbacks of one address that fail, and nothing else", async () => {
    const world = await aWorld({ config: { rateLimits: { callback: "2/h" } } });
    expect(await hour(world, callback, 3)).toEqual([303, 303, 429]);
    expect(await hour(world, start, 3)).toEqual([303, 303, 303]);
  });

  test("SU-3 [option:server.trustedProxies] says whose X-Forwarded-For counts", async () => {
    for (const [trusted, addresses] of [
      [[], ["127.0.0.1"]],
      [["127.0.0.0/8"], ["203.0.113.9"]],
      [["::ffff:0:0/96"], ["203.0.113.9"]],
      [["::ffff:126.0.0.0/104"], ["127.0.0.1"]],
    ] as const) {
      const world = await aWorld({ config: { server: { trustedProxies: [...trusted] } } });
      const browser = world.browser();
      const headers = { "x-forwarded-for": "203.0.113.9" };
      await browser.get(world.url(`${start}?return_to=/auth/account`), { headers });
      const sessions = (await browser.get(world.url("/api/sessions"))).text;
      expect(sessions.match(/"address":"([^"]*)"/g)).toEqual(addresses.map((address) => `"address":"${address}"`));
    }
  });

  test("SU-3 [option:server.insecureHttp] lets baseUrl be http on a public name", async () => {
    const { config } = await aWorld();
    const open = { ...config, baseUrl: "http://app.corp.test" };
    await expect(createLatchkey(open)).rejects.toMatchObject({ code: "config.invalid" });
    const world = await aWorld({ config: { baseUrl: open.baseUrl, server: { insecureHttp: true } } });
    expect((await world.request("/sign-in")).status).toBe(200);
  });
});

describe("serve", () => {
  let cwd: string;
  let provider: FakeProvider;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), "latchkey-options-"));
    provider = await startFakeProvider();
    provider.script({ metadata: { raw: () => {} } });
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await provider.stop();
    await rm(cwd, { recursive: true, force: true });
  });

  /** Writes a configuration and answers its path. Each has its own database. */
  async function configured(name: string, more: object): Promise<string> {
    const config = {
      baseUrl: "http://localhost:3000",
      secrets: ["a-secret-of-this-test-alone-kX9f2LqP0sT7vZ"],
      database: `sqlite:${join(cwd, `${name}.db`)}`,
      egress: { allow: ["127.0.0.0/8"], allowHttp: ["127.0.0.1"], timeout: "5m" },
      providers: [{ id: "slow", issuer: provider.issuer, clientId: "x" }],
      ...more,
    };
    const path = join(cwd, `${name}.json`);
    await writeFile(path, JSON.stringify(config));
    return path;
  }

  /** `serve` in this process, for starts that must fail. */
  async function refusal(name: string, server: object) {
    let err = "";
    const terminal: Terminal = {
      cwd,
      env: {},
      color: false,
      outIsTerminal: false,
      errIsTerminal: false,
      canAsk: false,
      out: () => {},
      err: (text) => {
        err += text;
      },
      confirm: async () => false,
      ask: async () => "",
      // Should it start after all, it ends at once and with 0.
      onStopSignal: (stop) => stop(),
      exitNow: () => {},
    };
    const config = await configured(name, { server, log: { level: "silent" } });
    return { code: await runProgram(terminal, ["serve", "--config", config]), err };
  }

  test("SU-14 [option:server.port] is the port that it listens on", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const taken = await refusal("port", { port });
    expect(taken.code).toBe(3);
    expect(taken.err).toContain(`127.0.0.1 port ${port} (EADDRINUSE)`);
    await new Promise((resolve) => other.close(resolve));
    expect(await refusal("free", { port: 0 })).toEqual({ code: 0, err: "" });
  });

  test("SU-14 [option:server.host] is the address that it listens on", async () => {
    // An address for documentation (RFC 5737), which no machine has.
    const { code, err } = await refusal("host", { host: "192.0.2.1", port: 0 });
    expect(code).toBe(3);
    expect(err).toContain("cannot listen on 192.0.2.1 port 0");
  });

  interface Running {
    readonly child: ChildProcess;
    readonly url: string;
    readonly lines: () => string[];
    readonly ended: Promise<unknown>;
  }
  async function start(name: string, more: object): Promise<Running> {
    const parameters = [programFile("src/cli/main.ts"), "serve", "--config", await configured(name, more)];
    const env = { PATH: process.env["PATH"] };
    const child = spawn(process.execPath, parameters, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    children.push(child);
    let err = "";
    child.stderr.on("data", (part) => (err += part));
    const ended = new Promise((resolve) => child.on("close", resolve));
    const ready = new Promise<string>((resolve) => child.stdout.once("data", (data) => resolve(String(data))));
    const line = await Promise.race([
      ready,
      ended.then((code) => Promise.reject(new Error(`ended with ${code}: ${err}`))),
    ]);
    return { child, url: (JSON.parse(line) as { url: string }).url, lines: () => err.trim().split("\n"), ended };
  }

  test("SU-14 [option:log.level] [option:log.format] [option:server.shutdownGrace] what it logs, how, and how long it waits when it is stopped", async () => {
    const [usual, other] = await Promise.all([
      start("usual", { server: { port: 0, shutdownGrace: "10m" } }),
      start("other", { server: { port: 0, shutdownGrace: 0 }, log: { level: "debug", format: "pretty" } }),
    ]);
    const answers = [usual, other].map(({ url }) => fetch(`${url}/auth/providers/slow/start`).catch(() => "cut"));
    await expect.poll(() => provider.requests.length, { timeout: 20_000 }).toBe(2);
    for (const { url } of [usual, other]) expect((await fetch(`${url}/auth/healthz`)).status).toBe(200);

    usual.child.kill("SIGTERM");
    other.child.kill("SIGTERM");
    // Both have a request under way that is never answered; only the one without grace ends.
    await other.ended;
    expect(await answers[1]).toBe("cut");
    expect(other.lines().join("\n")).toContain("were cut");
    expect(usual.child.exitCode).toBeNull();

    const json = usual.lines().map((line) => JSON.parse(line) as { level: string; msg: string });
    expect(json.map(({ level }) => level)).toContain("info");
    expect(json.map(({ level }) => level)).not.toContain("debug");
    expect(other.lines().filter((line) => /^\d\d:\d\d:\d\d\.\d{3} (DEBUG|INFO |WARN |ERROR) /.test(line))).toHaveLength(
      other.lines().length,
    );
    expect(other.lines().some((line) => /DEBUG request .*path=\/auth\/healthz/.test(line))).toBe(true);
  });
});
