/**
 * `npm run test:faults [-- --json] [--short] [--only TEXT]`: what is lost when processes are killed, databases stop, clocks
 * jump and token endpoints misbehave. Real processes, and a Postgres and a Redis of its own. Exit 1 when a row is not ok.
 */
import { parseArgs } from "node:util";
import { runFaults } from "./table.js";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    short: { type: "boolean", default: false },
    only: { type: "string" },
  },
});
const rows = await runFaults({
  mode: values.short ? "short" : "long",
  note: (text) => void process.stderr.write(`${text}\n`),
  only: values.only,
});
if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
else console.table(rows);
process.exit(rows.length > 0 && rows.every(({ ok }) => ok) ? 0 : 1);
