/**
 * `npm run test:stampede [-- --times 100] [--delay MS] [--only sqlite|postgres|postgres+redis] [--json]`: the stampede many
 * times in a row, on one SQLite file and, where they answer, on Postgres with its own bus and with Redis. Exit 1 when one
 * went wrong, or none ran.
 */
import { parseArgs } from "node:util";
import { postgresUrl, redisUrl } from "../services.js";
import { aStampeding, faultOf } from "./stampede.js";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    times: { type: "string", default: "100" },
    delay: { type: "string", default: "300" },
    only: { type: "string" },
  },
});
const [times, delay] = [Number(values.times), Number(values.delay)];
const note = (text: string) => void process.stderr.write(`${text}\n`);
const [postgres, redis] = [await postgresUrl(), await redisUrl()];
const settings = [
  { database: "sqlite", on: {} },
  ...(postgres === undefined ? [] : [{ database: "postgres", on: { postgres } }]),
  ...(postgres === undefined || redis === undefined ? [] : [{ database: "postgres+redis", on: { postgres, redis } }]),
].filter(({ database }) => values.only === undefined || database === values.only);
const rows = [];
for (const { database, on } of settings) {
  const stampeding = await aStampeding(on);
  const faults: string[] = [];
  let done = 0;
  try {
    for (; done < times; done++) {
      const fault = faultOf(await stampeding.once(delay));
      if (fault !== undefined) {
        faults.push(fault);
        note(`${database}, ${done + 1}: ${fault}`);
      }
      if ((done + 1) % 10 === 0) note(`${database}: ${done + 1} of ${times}`);
    }
  } finally {
    await stampeding.close();
  }
  rows.push({ database, times: done, delay, wrong: faults.length, faults });
}
if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
else console.table(rows.map(({ faults: _, ...row }) => row));
process.exit(rows.length > 0 && rows.every(({ wrong }) => wrong === 0) ? 0 : 1);
