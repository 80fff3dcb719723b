/**
 * One node as a process of its own, for tests that kill it or run several on one database.
 * Its argument is JSON: the configuration, and at which fault point it dies.
 */

import type { ConfigInput } from "../../src/config/schema.js";
import { createLatchkey } from "../../src/create-latchkey.js";
import type { FaultPoint } from "../../src/kernel/fault.js";
import { silentLog } from "../../src/kernel/log.js";
import { milliseconds, systemClock } from "../../src/kernel/time.js";
import { serve } from "../../src/server/serve.js";

const { config, killAt } = JSON.parse(process.argv[2] ?? "") as { config: ConfigInput; killAt: FaultPoint | null };
const faults = {
  point(number: FaultPoint) {
    // SIGKILL to oneself is delivered before the next JavaScript statement matters: nothing is flushed or rolled back.
    if (number === killAt) process.kill(process.pid, "SIGKILL");
  },
};
const latchkey = await createLatchkey({ ...config, ports: { log: silentLog, faults } });
const serving = await serve({
  handler: latchkey.fetch,
  host: "127.0.0.1",
  port: 0,
  clock: systemClock,
  log: silentLog,
});
process.stdout.write(`${JSON.stringify({ url: serving.url })}\n`);
process.on("SIGTERM", async () => {
  await serving.stop(milliseconds(2_000));
  await latchkey.close();
  process.exit(0);
});
