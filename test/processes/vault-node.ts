/**
 * A node whose vault is asked over IPC: many calls at once, each answered with its token or its code. Its argument is
 * JSON: the configuration, and at which fault point it dies.
 */
import type { ConfigInput } from "../../src/config/schema.js";
import { createLatchkey } from "../../src/create-latchkey.js";
import { isLatchkeyError } from "../../src/kernel/errors.js";
import type { FaultPoint } from "../../src/kernel/fault.js";
import { silentLog } from "../../src/kernel/log.js";
import type { AccessTokenRequest } from "../../src/vault/access-token.js";

const { config, killAt } = JSON.parse(process.argv[2] ?? "") as { config: ConfigInput; killAt: FaultPoint | null };
const faults = {
  point(number: FaultPoint) {
    if (number === killAt) process.kill(process.pid, "SIGKILL");
  },
};
const latchkey = await createLatchkey({ ...config, ports: { log: silentLog, faults } });

process.on("message", async ({ request, callers }: { request: AccessTokenRequest; callers: number }) => {
  const answers = await Promise.all(
    Array.from({ length: callers }, () =>
      latchkey.vault.accessToken(request).then(
        ({ accessToken }) => accessToken,
        (thrown: unknown) => `failed: ${isLatchkeyError(thrown) ? thrown.code : String(thrown)}`,
      ),
    ),
  );
  process.send?.({ answers });
});
process.on("SIGTERM", async () => {
  await latchkey.close();
  process.exit(0);
});
process.send?.({ ready: true });
