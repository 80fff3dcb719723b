/** Starts a node that only hands out tokens, as a process of its own. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ConfigInput } from "../../src/config/schema.js";
import type { FaultPoint } from "../../src/kernel/fault.js";
import type { AccessTokenRequest } from "../../src/vault/access-token.js";

export interface VaultNode {
  /** What `callers` calls at once came to: a token, or `failed: <code>`. Never resolves when the node dies first. */
  ask(request: AccessTokenRequest, callers?: number): Promise<readonly string[]>;
  /** Resolves with the signal or code it ended by. */
  readonly ended: Promise<string>;
  kill(): void;
  stop(): Promise<string>;
}

const script = fileURLToPath(new URL("vault-node.ts", import.meta.url));

export async function startVaultNode(config: ConfigInput, killAt: FaultPoint | null = null): Promise<VaultNode> {
  const child = fork(script, [JSON.stringify({ config, killAt })], { execArgv: ["--import", "tsx"] });
  const ended = once(child, "exit").then(([code, signal]) => String(signal ?? code));
  await Promise.race([once(child, "message"), ended]);
  return {
    ended,
    async ask(request, callers = 1) {
      const answered = once(child, "message");
      child.send({ request, callers });
      const [{ answers }] = (await answered) as [{ answers: readonly string[] }];
      return answers;
    },
    kill: () => void child.kill("SIGKILL"),
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
