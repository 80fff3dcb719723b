/** Latchkey as `serve` runs it, SQLite in a file, its log written at the default level (to nowhere); rate limits off, as one address signs everybody in. */
import { createWriteStream, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLatchkey } from "../../dist/create-latchkey.js";
import { systemClock } from "../../dist/kernel/time.js";
import { createPinoLog } from "../../dist/server/pino-log.js";
import { serve } from "../../dist/server/serve.js";
import type { ProviderTold } from "./provider.js";
import { given, tell } from "./ready.js";

const { issuer, clientId, clientSecret } = given<ProviderTold>();
const log = createPinoLog({ level: "info", format: "json", stream: createWriteStream("/dev/null") });
const latchkey = await createLatchkey({
  baseUrl: "http://127.0.0.1:3000",
  secrets: ["a-secret-for-the-bench-alone-kX9f2LqP0sT7vZ-42"],
  database: `sqlite:${join(mkdtempSync(join(tmpdir(), "latchkey-bench-")), "latchkey.db")}`,
  rateLimits: "off",
  egress: { allow: ["127.0.0.0/8"], allowHttp: ["127.0.0.1"] },
  signIn: { signUp: true },
  providers: [{ id: "fake", displayName: "Fake", issuer, clientId, clientSecret, roles: { default: "user" } }],
  ports: { log },
});
const { url } = await serve({ handler: latchkey.fetch, host: "127.0.0.1", port: 0, clock: systemClock, log });
tell({ url });
