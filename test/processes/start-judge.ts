/** Starts a judge: a provider in a process of its own. */
import { fork } from "node:child_process";
import { once } from "node:events";
import type { FakeProvider } from "../../src/testing/fake-provider.js";
import { programFile } from "../support/program.js";
import type { JudgeMessage, JudgeReport } from "./judge.js";

export interface Judge extends Pick<FakeProvider, "issuer" | "client"> {
  signInAs(sub: string): Promise<void>;
  /** @param delay how long its token endpoint takes, in milliseconds @param expiresIn how long its tokens live, in seconds */
  answerTokens(tokens: NonNullable<JudgeMessage["tokens"]>): Promise<void>;
  report(): Promise<JudgeReport>;
  stop(): Promise<void>;
}

export async function startJudge(): Promise<Judge> {
  const child = fork(programFile("test/processes/judge.ts"), [], { execArgv: [] });
  const ended = once(child, "exit");
  const endedEarly = ended.then(([code, signal]) => {
    throw new Error(`the judge ended before it was ready: ${signal ?? code}`);
  });
  const [first] = await Promise.race([once(child, "message"), endedEarly]);
  const { issuer, client } = first as Pick<FakeProvider, "issuer" | "client">;
  const waiting = new Map<number, (report: JudgeReport) => void>();
  child.on("message", (report: JudgeReport) => {
    waiting.get(report.id)?.(report);
    waiting.delete(report.id);
  });
  let count = 0;
  const ask = (message: Omit<JudgeMessage, "id">) =>
    new Promise<JudgeReport>((resolve, reject) => {
      const id = ++count;
      waiting.set(id, resolve);
      void ended.then(() => reject(new Error("the judge has ended")));
      child.send({ id, ...message } satisfies JudgeMessage);
    });
  return {
    issuer,
    client,
    signInAs: (signIn) => ask({ signIn }).then(() => {}),
    answerTokens: (tokens) => ask({ tokens }).then(() => {}),
    report: () => ask({}),
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
