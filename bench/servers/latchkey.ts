import { silentLog } from "../../dist/kernel/log.js";
import { systemClock } from "../../dist/kernel/time.js";
import { serve } from "../../dist/server/serve.js";
import { tell } from "./ready.js";
import { aSignedInLatchkey } from "./signed-in.js";

const { latchkey, cookie } = await aSignedInLatchkey();
const serving = await serve({ handler: latchkey.fetch, host: "127.0.0.1", port: 0, clock: systemClock, log: silentLog });
tell({ url: serving.url, path: "/auth/session", cookie });
