/**
 * `npm run test:model [-- --sign-ins N] [--seed N] [--database sqlite|postgres]`: the server beside the model, ten thousand
 * sign-ins unless said otherwise. Postgres is the one that tests find (`TEST_POSTGRES_URL`, else 127.0.0.1:5432).
 */
import { parseArgs } from "node:util";
import { postgresUrl } from "../services.js";
import { runModel } from "./run-model.js";

const { values } = parseArgs({
  options: {
    "sign-ins": { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    database: { type: "string", default: "sqlite" },
  },
});
const { database } = values;
const server = database === "postgres" ? await postgresUrl() : undefined;
if (database !== "sqlite" && server === undefined) {
  process.stderr.write(database === "postgres" ? "no Postgres answers\n" : "--database is sqlite or postgres\n");
  process.exit(2);
}
const note = (text: string) => void process.stderr.write(`${text}\n`);
const started = performance.now();
const run = await runModel({
  signIns: Number(values["sign-ins"]),
  seed: Number(values.seed),
  ...(server === undefined ? {} : { postgres: server }),
  note,
});
const seconds = Math.round((performance.now() - started) / 1_000);
process.stdout.write(`${JSON.stringify({ database, seconds, ...run }, null, 2)}\n`);
