/** Starts a node that only hands out tokens, as a process of its own. */
import { fork } from "node:child_process";
import { once } from "node:events";
import type { ConfigInput } from "../../src/config/schema.js";
import type { FaultPoint } from "../../src/kernel/fault.js";
import type { AccessTokenRequest } from "../../src/vault/access-token.js";
import { programFile } from "../support/program.js";
import type { TimedReply, VaultNodeMessage } from "./vault-node.js";

export interface TimedAnswers {
  readonly answers: readonly string[];
  /** When the first of the calls was made, and when each ended, in milliseconds of the epoch. */
  readonly start: number;
  readonly ends: readonly number[];
}

export interface VaultNode {
  readonly pid: number;
  /** What `callers` calls at once came to: a token, or `failed: <code>`. */
  ask(request: AccessTokenRequest, callers?: number): Promise<readonly string[]>;
  /** The same, with when each asked and had its answer. */
  askTimed(request: AccessTokenRequest, callers: number): Promise<TimedAnswers>;
  /** One call for each, at once. */
  askAll(requests: readonly AccessTokenRequest[]): Promise<readonly string[]>;
  /** From now on its clock is that far from the system's, in milliseconds. */
  setClock(offset: number): Promise<void>;
  /** Resolves with the signal or code it ended by. */
  readonly ended: Promise<string>;
  kill(): void;
  stop(): Promise<string>;
}

export async function startVaultNode(config: ConfigInput, killAt: FaultPoint | null = null): Promise<VaultNode> {
  const child = fork(programFile("test/processes/vault-node.ts"), [JSON.stringify({ config, killAt })], {
    execArgv: [],
  });
  const ended = once(child, "exit").then(([code, signal]) => String(signal ?? code));
  const endedEarly = ended.then((how) => {
    throw new Error(`the node ended before it was ready: ${how}`);
  });
  await Promise.race([once(child, "message"), endedEarly]);
  const waiting = new Map<number, (answered: TimedAnswers) => void>();
  child.on("message", ({ id, texts, which, start, ends }: TimedReply) => {
    waiting.get(id)?.({ answers: which.map((index) => texts[index] ?? ""), start, ends });
    waiting.delete(id);
  });
  let count = 0;
  const send = (requests: readonly AccessTokenRequest[], times: number, clock?: number) =>
    new Promise<TimedAnswers>((resolve) => {
      const id = ++count;
      const answers = requests.flatMap(() => Array.from({ length: times }, () => "failed: the node has ended"));
      const none = { answers, start: Number.NaN, ends: [] };
      waiting.set(id, resolve);
      if (!child.connected) return resolve(none);
      child.send({ id, requests, times, clock } satisfies VaultNodeMessage);
      void ended.then(() => resolve(none));
    });
  return {
    ended,
    pid: child.pid ?? 0,
    ask: async (request, callers = 1) => (await send([request], callers)).answers,
    askTimed: (request, callers) => send([request], callers),
    askAll: async (requests) => (await send(requests, 1)).answers,
    setClock: (offset) => send([], 1, offset).then(() => {}),
    kill: () => void child.kill("SIGKILL"),
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
