/**
 * A Postgres and a Redis of a run's own, on free ports of loopback, to be stopped, killed and starved: what the machine's
 * own servers, which others use, cannot be asked for. Debian's programs; where they are missing there is none.
 */
import { execFile, spawn } from "node:child_process";
import { accessSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../support/free-port.js";

const run = promisify(execFile);

export interface OwnServer {
  readonly url: string;
  /** Ends it without a word to its clients, and starts it again. */
  restart(): Promise<void>;
  /** SIGSTOP and SIGCONT for it and all its children: connections stay, and nothing answers. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

const isThere = (path: string): boolean => {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
};

/** Where Debian puts it; undefined where it is not installed. */
export function postgresPrograms(): string | undefined {
  const base = "/usr/lib/postgresql";
  if (!isThere(base)) return undefined;
  const folders = readdirSync(base).sort((a, b) => Number(b) - Number(a));
  return folders.map((version) => join(base, version, "bin")).find((bin) => isThere(join(bin, "postgres")));
}
export const redisProgram = (): string | undefined =>
  ["/usr/bin/redis-server", "/usr/local/bin/redis-server"].find(isThere);

async function answering(port: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: "127.0.0.1", port });
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (open) return;
    if (tries === 300) throw new Error(`nothing answers on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
function signalTree(pid: number, signal: NodeJS.Signals): void {
  for (const one of [pid, ...childrenOf(pid)]) {
    try {
      process.kill(one, signal);
    } catch {
      // It ended in between.
    }
  }
}

/** Connections that it takes; few, so that they can be used up. */
export const mostConnections = 50;

export async function startOwnPostgres(bin: string): Promise<OwnServer> {
  const asRoot = process.getuid?.() === 0;
  // Postgres refuses to run as root, and its account must be able to read the folder.
  const as = (program: string, ...rest: readonly string[]): [string, string[]] =>
    asRoot ? ["runuser", ["-u", "postgres", "--", join(bin, program), ...rest]] : [join(bin, program), [...rest]];
  const folder = asRoot
    ? (
        await run("runuser", ["-u", "postgres", "--", "mktemp", "-d", "-t", "latchkey-own-postgres-XXXXXX"])
      ).stdout.trim()
    : await mkdtemp(join(tmpdir(), "latchkey-own-postgres-"));
  const data = join(folder, "data");
  await run(...as("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"));
  const port = await freePort();
  const options = `-p ${port} -h 127.0.0.1 -k ${folder} -c fsync=off -c max_connections=${mostConnections} -c superuser_reserved_connections=0`;
  const control = (...rest: string[]) => run(...as("pg_ctl", "-D", data, "-w", "-t", "60", ...rest));
  const start = async () => {
    // Its children would keep our pipes open.
    const [program, list] = as(
      "pg_ctl",
      "-D",
      data,
      "-l",
      join(folder, "log"),
      "-w",
      "-t",
      "60",
      "-o",
      options,
      "start",
    );
    const child = spawn(program, list, { stdio: "ignore" });
    await new Promise((resolve) => child.once("exit", resolve));
    await answering(port);
  };
  const pid = () => Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")[0]);
  await start();
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async restart() {
      await control("-m", "immediate", "stop");
      await start();
    },
    pause: () => signalTree(pid(), "SIGSTOP"),
    resume: () => signalTree(pid(), "SIGCONT"),
    async stop() {
      await control("-m", "immediate", "stop").catch(() => {});
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function startOwnRedis(program: string): Promise<OwnServer> {
  const port = await freePort();
  const list = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", tmpdir()];
  const begin = async () => {
    const child = spawn(program, list, { stdio: "ignore" });
    await answering(port);
    return child;
  };
  let child = await begin();
  const end = async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    async restart() {
      await end();
      child = await begin();
    },
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    stop: end,
  };
}
