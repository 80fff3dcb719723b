/** Starts a measured server on one core, and asks it once whether it really answers somebody who is signed in. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Ready } from "./servers/ready.js";

export interface Running extends Ready {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** One core for the server and the other for the load, where the machine has `taskset`. */
export const pinned = (core: 0 | 1, command: readonly string[]): readonly string[] =>
  process.platform === "linux" ? ["taskset", "-c", String(core), ...command] : command;

/** A process of its own that tells that it is there by a line of JSON. */
export async function startProcess<T>(core: 0 | 1, name: string, argument: object = {}): Promise<{ told: T; pid: number; stop(): Promise<void> }> {
  const script = fileURLToPath(new URL(`servers/${name}.ts`, import.meta.url));
  const [command = "", ...rest] = pinned(core, [process.execPath, "--import", "tsx", script, JSON.stringify(argument)]);
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, NODE_ENV: "production" } });
  const line = await Promise.race([
    once(child.stdout, "data").then(([data]) => String(data)),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`${name} ended with ${code}`))),
  ]);
  return {
    told: JSON.parse(line) as T,
    pid: child.pid ?? 0,
    stop: async () => {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

export async function startServer(name: string, argument: object = {}): Promise<Running> {
  const { told: ready, stop } = await startProcess<Ready>(0, name, argument);
  const answer = await fetch(ready.url + ready.path, { headers: { cookie: ready.cookie } });
  const body = await answer.text();
  if (answer.status !== 200 || !/ann@|"user"/i.test(body)) throw new Error(`${name}: ${answer.status} ${body.slice(0, 200)}`);
  const own = new Set(["connection", "keep-alive", "date", "transfer-encoding", "content-length"]);
  const headers = Object.fromEntries([...answer.headers].filter(([header]) => !own.has(header)));
  return { ...ready, body, headers, stop };
}
