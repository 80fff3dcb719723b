/**
 * A node whose vault is asked over IPC: many calls at once, each answered with its token or its code. Its argument is
 * JSON: the configuration, and at which fault point it dies. Its clock can be set.
 */
import type { ConfigInput } from "../../src/config/schema.js";
import { createLatchkey } from "../../src/create-latchkey.js";
import { isLatchkeyError } from "../../src/kernel/errors.js";
import type { FaultPoint } from "../../src/kernel/fault.js";
import { silentLog } from "../../src/kernel/log.js";
import { after, milliseconds, systemClock } from "../../src/kernel/time.js";
import type { AccessTokenRequest } from "../../src/vault/access-token.js";

const { config, killAt } = JSON.parse(process.argv[2] ?? "") as { config: ConfigInput; killAt: FaultPoint | null };
const faults = {
  point(number: FaultPoint) {
    if (number === killAt) process.kill(process.pid, "SIGKILL");
  },
};
let offset = milliseconds(0);
const clock = { ...systemClock, now: () => after(systemClock.now(), offset) };
const latchkey = await createLatchkey({ ...config, ports: { log: silentLog, faults, clock } });

export interface VaultNodeMessage {
  readonly id: number;
  readonly requests: readonly AccessTokenRequest[];
  /** How often each is asked. */
  readonly times: number;
  /** How far from the system's clock this node's is from now on. */
  readonly clock?: number | undefined;
}

export interface TimedReply {
  readonly id: number;
  /** What was answered, each once, and which of them each call got. */
  readonly texts: readonly string[];
  readonly which: readonly number[];
  readonly start: number;
  readonly ends: readonly number[];
}

process.on("message", async ({ id, requests: each, times, clock }: VaultNodeMessage) => {
  if (clock !== undefined) offset = milliseconds(clock);
  const start = performance.timeOrigin + performance.now();
  const requests = each.flatMap((request) => Array.from({ length: times }, () => request));
  const ends: number[] = [];
  const answers: string[] = [];
  const has = (number: number, answer: string) => {
    answers[number] = answer;
    ends[number] = performance.timeOrigin + performance.now();
  };
  await Promise.all(
    requests.map((request, number) =>
      latchkey.vault.accessToken(request).then(
        ({ accessToken }) => has(number, accessToken),
        (thrown: unknown) => has(number, `failed: ${isLatchkeyError(thrown) ? thrown.code : String(thrown)}`),
      ),
    ),
  );
  // What is written now would be written while others still wait for a core to get their answer on.
  if (times > 1) await new Promise((resolve) => setTimeout(resolve, 50));
  // A thousand copies of one token would be written and parsed while others still wait for theirs.
  const texts = [...new Set(answers)];
  process.send?.({
    id,
    texts,
    which: answers.map((answer) => texts.indexOf(answer)),
    start,
    ends,
  } satisfies TimedReply);
});
process.on("SIGTERM", async () => {
  await latchkey.close();
  process.exit(0);
});
// Whoever started it is gone.
process.on("disconnect", () => process.exit(1));
process.send?.({ ready: true });
