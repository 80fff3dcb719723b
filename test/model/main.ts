/** `npm run test:model [-- --sign-ins N] [--seed N]`: the server beside the model, ten thousand sign-ins unless said otherwise. */
import { parseArgs } from "node:util";
import { runModel } from "./run-model.js";

const { values } = parseArgs({
  options: { "sign-ins": { type: "string", default: "10000" }, seed: { type: "string", default: "1" } },
});
const note = (text: string) => void process.stderr.write(`${text}\n`);
const run = await runModel({ signIns: Number(values["sign-ins"]), seed: Number(values.seed), note });
process.stdout.write(`${JSON.stringify(run, null, 2)}\n`);
