/**
 * `npm run bench [-- --json] [--only QU-8] [--rounds N] [--seconds N] [--delay N] [--people N,N]`: Latchkey beside its peers in one run, as medians
 * of ratios. Never part of the tests: a figure depends on the machine, and this one may be busy.
 */
import { parseArgs } from "node:util";
import type { Row } from "./figures.js";
import { growthRows } from "./growth.js";
import { logoutRows } from "./logout.js";
import { refreshRows } from "./refreshes.js";
import { sessionRows } from "./sessions.js";
import { signInRateRows } from "./sign-in-rates.js";
import { signInRows } from "./sign-ins.js";
import { startRows } from "./start.js";
import { vaultRows } from "./vault.js";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    delay: { type: "string", default: "3" },
    people: { type: "string", default: "1000,100000,1000000" },
  },
});
const options = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  delay: Number(values.delay),
  people: values.people.split(",").map(Number),
  note: (text: string) => void process.stderr.write(`${text}\n`),
};
const suites: Record<string, () => Promise<Row[]>> = {
  "QU-8": () => sessionRows(options),
  "QU-9": () => vaultRows(options),
  "QU-10": () => refreshRows(options),
  "QU-11": () => logoutRows(options),
  "QU-12": async () => [...(await signInRows(options)), ...(await signInRateRows(options))],
  "QU-13": () => growthRows(options),
  "QU-14": () => startRows(options),
};
const only = values.only === undefined ? Object.keys(suites) : [values.only];
const unknown = only.filter((id) => !(id in suites));
if (unknown.length > 0) {
  process.stderr.write(`no such measurement: ${unknown.join()}; there are ${Object.keys(suites).join(", ")}\n`);
  process.exit(2);
}
const rows: Row[] = [];
for (const id of only) rows.push(...((await suites[id]?.()) ?? []));

const figure = (value: number | null) => (value === null ? "" : value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(2));
if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
else {
  for (const row of rows) {
    const beside = row.peer === null ? "" : `, ${row.peer}: ${figure(row.theirs)}`;
    const ratio = row.ratio === null ? "" : `, ratio ${row.ratio.toFixed(2)}`;
    const goal = `goal ${row.goal.op} ${row.goal.value}`;
    process.stdout.write(
      `${row.met ? "met    " : "NOT met"} ${row.id}: ${row.what}: ${figure(row.ours)} ${row.unit}${beside}${ratio} (${goal}, spread ${row.spread.toFixed(2)}, ${row.runs} runs)\n`,
    );
  }
}
process.exit(rows.every((row) => row.met) ? 0 : 1);
