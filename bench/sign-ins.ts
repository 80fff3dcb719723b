/** QU-12: how long a callback takes, the provider's time taken out. */
import { type Goal, median, type Row, reaches, spread } from "./figures.js";
import { runOnce } from "./once.js";

export async function signInRows(options: { rounds: number; note: (text: string) => void }): Promise<Row[]> {
  const medians: number[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    options.note(`sign-ins: round ${round} of ${options.rounds}`);
    const { times } = await runOnce<{ times: number[] }>("sign-ins", { count: 200, warm: 20 });
    medians.push(median(times));
  }
  const goal: Goal = { op: "<=", value: 15 };
  const ours = median(medians);
  return [{
    id: "QU-12.callback", what: "callback to redirect, SQLite in a file, provider's time taken out, median", ours, unit: "ms",
    peer: null, theirs: null, ratio: null, goal, met: reaches(ours, goal), spread: spread(medians), runs: options.rounds,
  }];
}
