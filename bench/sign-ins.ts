/** QU-12: how long a callback takes, the provider's time taken out. */
import { type Goal, median, type Row, reaches, spread } from "./figures.js";
import { runOnce } from "./once.js";

/** Of each: people, groups in the claim, and whether it is the same people with the same groups once more. */
const suites = [
  { id: "QU-12.callback", what: "", given: { count: 200, warm: 20 } },
  ...[3, 300, 1_000].flatMap((groups) => [
    { id: `QU-12.groups-${groups}`, what: `, ${groups} groups in the claim, joined`, given: { count: 30, warm: 5, groups } },
    { id: `QU-12.groups-${groups}-again`, what: `, ${groups} groups in the claim, unchanged`, given: { count: 30, warm: 5, groups, again: true } },
  ]),
];

export async function signInRows(options: { rounds: number; note: (text: string) => void }): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { id, what, given } of suites) {
    const medians: number[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      options.note(`${id}: round ${round} of ${options.rounds}`);
      const { times } = await runOnce<{ times: number[] }>("sign-ins", given);
      medians.push(median(times));
    }
    const goal: Goal = { op: "<=", value: 15 };
    const ours = median(medians);
    rows.push({
      id, what: `callback to redirect, SQLite in a file, provider's time taken out${what}, median`, ours, unit: "ms",
      peer: null, theirs: null, ratio: null, goal, met: reaches(ours, goal), spread: spread(medians), runs: options.rounds,
    });
  }
  return rows;
}
