/**
 * QU-10: one token ends, and four processes with 250 callers each ask for the next at once. The provider is the judge: it
 * counts the requests, and its own time is taken out of what callers waited. The source runs here, not the build.
 */
import { postgresUrl } from "../test/services.js";
import { aStampeding, faultOf } from "../test/faults/stampede.js";
import { type Goal, median, type Row, reaches, spread } from "./figures.js";

/** What an hour brings a node with a few hundred people. A process that never did compiles for 10 to 20 ms, once in its life. */
const refreshedBefore = 150;

/** @param options.delay what the token endpoint takes, in seconds */
export async function refreshRows(options: { rounds: number; delay: number; note: (text: string) => void }): Promise<Row[]> {
  const postgres = await postgresUrl();
  if (postgres === undefined) options.note("QU-10: no Postgres answers, SQLite alone is measured");
  const rows: Row[] = [];
  for (const [database, on] of [["SQLite", {}], ...(postgres === undefined ? [] : [["Postgres", { postgres }] as const])] as const) {
    const stampeding = await aStampeding(on);
    const waits: number[] = [];
    const sinceFirst: number[] = [];
    const requests: number[] = [];
    const alone: number[] = [];
    try {
      await stampeding.warm(refreshedBefore);
      await stampeding.once(300);
      for (let round = 1; round <= options.rounds; round++) {
        options.note(`refreshes on ${database}: round ${round} of ${options.rounds}`);
        const one = await stampeding.once(options.delay * 1_000);
        const fault = faultOf(one);
        if (fault !== undefined) options.note(`refreshes on ${database}: ${fault}`);
        requests.push(one.requests);
        waits.push(median(one.addedWait));
        sinceFirst.push(median(one.sinceFirst));
        alone.push(median((await stampeding.once(options.delay * 1_000, "one")).addedWait));
      }
    } finally {
      await stampeding.close();
    }
    const of = `4 processes x 250 callers, each process with ${refreshedBefore} refreshes behind it, ${database}, an endpoint that takes ${options.delay} s`;
    const rest = { peer: null, theirs: null, ratio: null, runs: options.rounds } as const;
    const [one, ten]: [Goal, Goal] = [{ op: "<=", value: 1 }, { op: "<=", value: 10 }];
    const most = Math.max(...requests);
    const lone = median(alone);
    const beside = `${median(sinceFirst).toFixed(1)} ms counted from the first one's asking; ${lone.toFixed(1)} ms for one caller in one of them, ${(median(waits) / lone).toFixed(1)} times`;
    const id = `QU-10.${database.toLowerCase()}`;
    rows.push(
      { id: `${id}-requests`, what: `most refresh requests at one expiry, ${of}`, ours: most, unit: "requests", ...rest, goal: one, met: reaches(most, one), spread: spread(requests) },
      { id: `${id}-wait`, what: `median added wait of a caller (${beside}), ${of}`, ours: median(waits), unit: "ms", ...rest, goal: ten, met: reaches(median(waits), ten), spread: spread(waits) },
    );
  }
  return rows;
}
