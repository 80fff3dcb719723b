/** Runs a measuring script that ends by itself and prints its result. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { pinned } from "./server.js";

const run = promisify(execFile);

export async function runOnce<T>(name: string, argument: object = {}, core: 0 | 1 = 0): Promise<T> {
  const script = fileURLToPath(new URL(`servers/${name}.ts`, import.meta.url));
  const [command = "", ...rest] = pinned(core, [process.execPath, "--import", "tsx", script, JSON.stringify(argument)]);
  const { stdout } = await run(command, rest, { maxBuffer: 1e7, env: { ...process.env, NODE_ENV: "production" } });
  return JSON.parse(stdout) as T;
}
