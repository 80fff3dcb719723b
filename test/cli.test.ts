/** The command line as a real process: exit statuses, what is on which stream, start, stop and signals. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { programFile } from "./support/program.js";

const strong = "q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1";

let cwd: string;
const children: ChildProcess[] = [];
const servers: Server[] = [];
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "latchkey-process-"));
});
afterEach(async () => {
  for (const child of children.splice(0))
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await rm(cwd, { recursive: true, force: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<number | null>;
}
function start(parameters: readonly string[], env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [programFile("src/cli/main.ts"), ...parameters], {
    cwd,
    env: {
      PATH: process.env["PATH"],
      LATCHKEY_SECRET: strong,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let out = "";
  let err = "";
  child.stdout?.on("data", (part) => (out += part));
  child.stderr?.on("data", (part) => (err += part));
  const ended = new Promise<number | null>((resolve) => child.on("close", (code) => resolve(code)));
  return { child, out: () => out, err: () => err, ended };
}

async function configure(more: Record<string, unknown> = {}): Promise<void> {
  const config = {
    baseUrl: "http://localhost:3000",
    secrets: ["${LATCHKEY_SECRET}"],
    providers: [{ id: "corp", issuer: "https://idp.corp.test", clientId: "x", clientSecret: "canary-client-secret" }],
    server: { port: 0 },
    log: { level: "debug" },
    ...more,
  };
  await writeFile(join(cwd, "latchkey.json"), JSON.stringify(config));
}

interface Ready {
  readonly event: string;
  readonly url: string;
  readonly baseUrl: string;
  readonly setupUrl?: string;
}
/** Resolves with the ready line, or fails when the process ends without one. */
function ready(running: Running): Promise<Ready> {
  return new Promise((resolve, reject) => {
    running.child.stdout?.on("data", () => {
      const end = running.out().indexOf("\n");
      if (end > 0) resolve(JSON.parse(running.out().slice(0, end)) as Ready);
    });
    void running.ended.then((code) => reject(new Error(`ended with ${code}: ${running.err()}`)));
  });
}
async function answersTo(parameters: readonly string[], env?: Record<string, string>) {
  const running = start(parameters, env);
  return { code: await running.ended, out: running.out(), err: running.err() };
}

describe("exit statuses of a real process", () => {
  test("SU-11 0, 1, 2, 3 and 4", async () => {
    await configure();
    const codes = await Promise.all([
      answersTo(["version", "--json"]),
      answersTo(["migrate", "--status"]),
      answersTo(["user", "list", "--limit", "x"]),
      answersTo(["config", "check", "--config", "missing.yaml", "--json"]),
      answersTo(["migrate"], { LATCHKEY_DATABASE: `sqlite:${join(cwd, "no/folder/x.db")}` }),
    ]);
    expect(codes.map(({ code }) => code)).toEqual([0, 1, 2, 3, 4]);
    expect(JSON.parse(codes[0].out)).toHaveProperty("latchkey");
    expect(JSON.parse(codes[3].out).error.code).toBe("config.unreadable");
  });
});

describe("serve", () => {
  test("SU-14 prints one ready line, answers, and stops with 0 at SIGTERM", async () => {
    await configure();
    const running = start(["serve"]);
    const line = await ready(running);
    expect(line).toEqual({
      event: "ready",
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      baseUrl: "http://localhost:3000",
    });
    expect((await fetch(`${line.url}/auth/healthz`)).status).toBe(200);
    expect((await fetch(`${line.url}/auth/session`)).status).toBe(401);
    expect((await fetch(`${line.url}/auth/sign-in`)).status).toBe(200);
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    expect(running.out().trim().split("\n")).toHaveLength(1);
    expect(running.err()).toContain("the database was migrated");
    // Empty, open, and on loopback: a warning, and no link is needed.
    expect(running.err()).toContain("the first person to sign in becomes admin");
    expect(running.out() + running.err()).not.toMatch(/canary|q8Xo1/);
    for (const logged of running.err().trim().split("\n")) expect(() => JSON.parse(logged)).not.toThrow();
  });

  test("AC-9 where strangers can reach it, the one-time set-up link is printed, and is in no log", async () => {
    await configure({ baseUrl: "https://app.corp.test" });
    const running = start(["serve"]);
    const line = await ready(running);
    expect(line.setupUrl).toMatch(/^https:\/\/app\.corp\.test\/auth\/sign-in\?setup=[\w.-]{40,}$/);
    running.child.kill("SIGINT");
    expect(await running.ended).toBe(0);
    expect(running.err()).not.toContain("setup=");
  });

  test("AC-9 with signIn.bootstrapAdmins there is neither link nor warning", async () => {
    await configure({ baseUrl: "https://app.corp.test", signIn: { bootstrapAdmins: ["ann@corp.test"] } });
    const running = start(["serve"]);
    expect(await ready(running)).not.toHaveProperty("setupUrl");
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    expect(running.err()).not.toContain("becomes admin");
  });

  test("SI-8 SU-5 warns of http on a public name and of missing rate limits", async () => {
    await configure({ baseUrl: "http://app.corp.test", server: { port: 0, insecureHttp: true }, rateLimits: "off" });
    const running = start(["serve"]);
    await ready(running);
    running.child.kill("SIGTERM");
    await running.ended;
    expect(running.err()).toContain("server.insecureHttp is on");
    expect(running.err()).toContain("rateLimits are off");
  });

  test("SU-14 a request that Node cannot parse is answered, and the next one too", async () => {
    await configure();
    const running = start(["serve"]);
    const { url } = await ready(running);
    const raw = (bytes: string) =>
      new Promise<string>((resolve) => {
        const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(bytes));
        let text = "";
        socket.on("data", (part) => (text += part));
        socket.on("error", () => {});
        socket.on("close", () => resolve(text));
      });
    expect(await raw("GARBAGE\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw(`GET / HTTP/1.1\r\nHost: x\r\nCookie: ${"a".repeat(40_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    expect((await fetch(`${url}/auth/healthz`)).status).toBe(200);
  });

  test("SU-14 a port that is taken is exit 3 and says which", async () => {
    await configure();
    const other = createServer();
    servers.push(other);
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const { code, err } = await answersTo(["serve", "--port", String(port)]);
    expect(code).toBe(3);
    expect(err).toContain(`port ${port} (EADDRINUSE)`);
  });

  /** A provider that answers discovery only when it is told to, so that a start is under way as long as we like. */
  async function slowProvider() {
    let release = () => {};
    let arrive = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const server = createServer((_request, response) => {
      arrive();
      void released.then(() => response.writeHead(503).end());
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await configure({
      providers: [{ id: "slow", issuer, clientId: "x" }],
      egress: { allow: ["127.0.0.1"], allowHttp: ["127.0.0.1"], timeout: "60s" },
      server: { port: 0, shutdownGrace: "60s" },
    });
    return { release, arrived };
  }

  test("SU-14 at SIGTERM the request under way finishes and no new one is taken", async () => {
    const provider = await slowProvider();
    const running = start(["serve"]);
    const { url } = await ready(running);
    const answer = fetch(`${url}/auth/providers/slow/start`, { redirect: "manual" });
    await provider.arrived;
    running.child.kill("SIGTERM");
    await expect
      .poll(
        () =>
          fetch(`${url}/auth/healthz`).then(
            () => "open",
            () => "closed",
          ),
        { timeout: 10_000 },
      )
      .toBe("closed");
    provider.release();
    expect((await answer).status).toBe(303);
    expect(await running.ended).toBe(0);
    expect(running.err()).not.toContain("were cut");
  });

  test("SU-14 a second signal ends the process at once", async () => {
    const provider = await slowProvider();
    const running = start(["serve"]);
    const { url } = await ready(running);
    const answer = fetch(`${url}/auth/providers/slow/start`).catch(() => "cut");
    await provider.arrived;
    running.child.kill("SIGTERM");
    await expect.poll(() => running.err(), { timeout: 10_000 }).toContain("a second signal ends at once");
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(1);
    expect(await answer).toBe("cut");
  });
});
