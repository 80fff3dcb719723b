/** QU-9: an access token that is fresh, beside better-auth's getAccessToken with its encryption on. Rounds are interleaved. */
import { type Goal, median, type Row, reaches, spread } from "./figures.js";
import { runOnce } from "./once.js";
import type { Rounds } from "./servers/vault-rounds.js";

export async function vaultRows(options: { rounds: number; note: (text: string) => void }): Promise<Row[]> {
  const ours: number[] = [];
  const theirs: number[] = [];
  const slowest: number[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    options.note(`vault: round ${round} of ${options.rounds}`);
    const mine = await runOnce<Rounds>("vault-in-process");
    const other = await runOnce<Rounds>("vault-better-auth");
    ours.push(median(mine.perSecond));
    theirs.push(median(other.perSecond));
    slowest.push(median(mine.p99));
  }
  const ratios = ours.map((mine, round) => mine / (theirs[round] ?? Number.NaN));
  const times: Goal = { op: ">=", value: 20 };
  const limit: Goal = { op: "<=", value: 1 };
  return [
    {
      id: "QU-9.access-token", what: "vault.accessToken of a fresh grant, in process, SQLite", ours: median(ours), unit: "calls/s",
      peer: "better-auth getAccessToken, encryption on", theirs: median(theirs), ratio: median(ratios), goal: times,
      met: reaches(median(ratios), times), spread: spread(ratios), runs: options.rounds,
    },
    {
      id: "QU-9.access-token-p99", what: "p99 of one call", ours: median(slowest), unit: "ms", peer: null, theirs: null, ratio: null,
      goal: limit, met: reaches(median(slowest), limit), spread: spread(slowest), runs: options.rounds,
    },
  ];
}
