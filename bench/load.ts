/** Load from the second core: Debian's wrk where it is installed, else autocannon. */
import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { pinned, type Running } from "./server.js";

const run = promisify(execFile);
export interface Load {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p99: number;
  readonly tool: string;
}

const hasWrk = (() => {
  try {
    execFileSync("wrk", ["--version"], { stdio: "ignore" });
    return true;
  } catch (error) {
    // wrk ends with 1 when it only tells its version.
    return (error as { status?: number }).status === 1;
  }
})();

export async function load(server: Running, seconds: number): Promise<Load> {
  return hasWrk ? byWrk(server, seconds) : byAutocannon(server, seconds);
}

async function byWrk(server: Running, seconds: number): Promise<Load> {
  const [command = "", ...rest] = pinned(1, [
    "wrk", "-t1", "-c32", `-d${seconds}s`, "--latency", "-H", `Cookie: ${server.cookie}`, server.url + server.path,
  ]);
  const { stdout } = await run(command, rest);
  if (/Non-2xx/.test(stdout)) throw new Error(`not every answer was a success:\n${stdout}`);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  const [, number = "", unit = "ms"] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? [];
  return { perSecond, p99: Number(number) * { us: 0.001, ms: 1, s: 1_000 }[unit as "us" | "ms" | "s"], tool: "wrk" };
}

async function byAutocannon(server: Running, seconds: number): Promise<Load> {
  const [command = "", ...rest] = pinned(1, [
    process.execPath, "node_modules/autocannon/autocannon.js", "-c", "32", "-d", String(seconds), "-j", "-H", `Cookie=${server.cookie}`, server.url + server.path,
  ]);
  const { stdout } = await run(command, rest, { cwd: new URL(".", import.meta.url), maxBuffer: 1e7 });
  const result = JSON.parse(stdout) as { requests: { average: number }; latency: { p99: number }; non2xx: number };
  if (result.non2xx > 0) throw new Error("not every answer was a success");
  return { perSecond: result.requests.average, p99: result.latency.p99, tool: "autocannon" };
}
