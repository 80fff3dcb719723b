/** Starts a node that only hands out tokens, as a process of its own. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ConfigInput } from "../../src/config/schema.js";
import type { FaultPoint } from "../../src/kernel/fault.js";
import type { AccessTokenRequest } from "../../src/vault/access-token.js";
import type { VaultNodeMessage } from "./vault-node.js";

export interface VaultNode {
  readonly pid: number;
  /** What `callers` calls at once came to: a token, or `failed: <code>`. */
  ask(request: AccessTokenRequest, callers?: number): Promise<readonly string[]>;
  /** One call for each, at once. */
  askAll(requests: readonly AccessTokenRequest[]): Promise<readonly string[]>;
  /** From now on its clock is that far from the system's, in milliseconds. */
  setClock(offset: number): Promise<void>;
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
  const waiting = new Map<number, (answers: readonly string[]) => void>();
  child.on("message", ({ id, answers }: { id: number; answers: readonly string[] }) => {
    waiting.get(id)?.(answers);
    waiting.delete(id);
  });
  let count = 0;
  const send = (requests: readonly AccessTokenRequest[], clock?: number) =>
    new Promise<readonly string[]>((resolve) => {
      const id = ++count;
      waiting.set(id, resolve);
      if (!child.connected) return resolve(requests.map(() => "failed: the node has ended"));
      child.send({ id, requests, clock } satisfies VaultNodeMessage);
      void ended.then(() => resolve(requests.map(() => "failed: the node has ended")));
    });
  return {
    ended,
    pid: child.pid ?? 0,
    ask: (request, callers = 1) => send(Array.from({ length: callers }, () => request)),
    askAll: (requests) => send(requests),
    setClock: (offset) => send([], offset).then(() => {}),
    kill: () => void child.kill("SIGKILL"),
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
