/** The command line as a real process in a folder of its own, with nothing in its environment but what it is given. */
import { spawn } from "node:child_process";
import { afterEach } from "vitest";
import { programFile } from "../support/program.js";

const running: { kill(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.kill();
});

/** Several starts of a process, on a machine that may be busy with others. */
export const patiently = { timeout: 180_000 };

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export function latchkey(cwd: string, parameters: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [programFile("src/cli/main.ts"), ...parameters], {
    cwd,
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, out, err })));
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (part) => {
      out += part;
      if (out.includes("\n")) resolve(out.slice(0, out.indexOf("\n")));
    });
    void ended.then(({ code }) => reject(new Error(`ended with ${code}: ${err}`)));
  });
  // Only those who wait for a line are told that none came.
  firstLine.catch(() => {});
  child.stderr.on("data", (part) => {
    err += part;
  });
  running.push({
    kill() {
      if (child.exitCode === null) child.kill("SIGKILL");
      return ended;
    },
  });
  return { ended, firstLine, stop: () => child.kill("SIGTERM"), kill: () => child.kill("SIGKILL") };
}
