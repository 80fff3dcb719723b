/** One node as `serve` runs it, with the configuration that it is given. Its metrics say how often it called out. */
import { createLatchkey } from "../../dist/create-latchkey.js";
import { silentLog } from "../../dist/kernel/log.js";
import { systemClock } from "../../dist/kernel/time.js";
import { serve } from "../../dist/server/serve.js";
import { given } from "./ready.js";

const config = given<Parameters<typeof createLatchkey>[0]>();
const latchkey = await createLatchkey({ ...config, ports: { log: silentLog } });
const serving = await serve({ handler: latchkey.fetch, host: "127.0.0.1", port: 0, clock: systemClock, log: silentLog });
process.stdout.write(`${JSON.stringify({ url: serving.url })}\n`);
