/** Starts a program that is no module of ours, and waits until it answers. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where interop/debian unpacks. @throws when it did not */
export function debianRoot(): string {
  const root = fileURLToPath(new URL("../.debian", import.meta.url));
  if (!existsSync(`${root}/done`)) throw new Error("Debian's packages are not here: interop/debian says why");
  return root;
}

export interface Program {
  stop(): Promise<void>;
}

/** @param alive a URL that answers with any status once it is up */
export async function startProgram(
  command: string,
  args: readonly string[],
  alive: string,
  env: Record<string, string> = {},
): Promise<Program> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      output = `${output}${chunk}`.slice(-4_000);
      if (process.env["INTEROP_OUTPUT"]) process.stderr.write(chunk);
    });
  const ended = once(child, "exit");
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const end = Date.now() + 30_000;
  for (;;) {
    if (over) throw new Error(`${command} ended: ${output.trim().split("\n").at(-1)}`);
    if (
      await fetch(alive).then(
        () => true,
        () => false,
      )
    )
      break;
    if (Date.now() > end) throw new Error(`${command} does not answer: ${output.trim().split("\n").at(-1)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    async stop() {
      child.kill("SIGTERM");
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 3_000))]);
      if (!over) child.kill("SIGKILL");
    },
  };
}
