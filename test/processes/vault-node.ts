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
  /** How far from the system's clock this node's is from now on. */
  readonly clock?: number | undefined;
}

process.on("message", async ({ id, requests, clock }: VaultNodeMessage) => {
  if (clock !== undefined) offset = milliseconds(clock);
  const start = performance.timeOrigin + performance.now();
  const ends: number[] = [];
  const answers = await Promise.all(
    requests.map((request, number) =>
      latchkey.vault
        .accessToken(request)
        .then(
          ({ accessToken }) => accessToken,
          (thrown: unknown) => `failed: ${isLatchkeyError(thrown) ? thrown.code : String(thrown)}`,
        )
        .finally(() => {
          ends[number] = performance.timeOrigin + performance.now();
        }),
    ),
  );
  process.send?.({ id, answers, start, ends });
});
process.on("SIGTERM", async () => {
  await latchkey.close();
  process.exit(0);
});
process.send?.({ ready: true });
