/**
 * QU-12: whole sign-ins per second of one process on one core, beside better-auth's, and beside what openid-client's
 * bare code exchange does as the ceiling. Each has a provider of its own, in a process on the other core, where the
 * browsers are too. Rounds are interleaved.
 */
import { type Goal, median, type Row, reaches, spread } from "./figures.js";
import { runOnce } from "./once.js";
import { startProcess } from "./server.js";
import type { Browsing } from "./servers/browsers.js";
import type { Exchanging } from "./servers/exchanges.js";
import type { ProviderTold } from "./servers/provider.js";

/** Everybody signs in once beforehand, so that those measured are known; they come round seldom enough to stay below the limit of sessions. */
const people = 1_000;
const browsers = 16;

interface Measured {
  readonly name: string;
  readonly rates: number[];
  /** Per second of processor time, where the system tells: without the waiting for the disk, and for other programs on a busy machine. */
  readonly perProcessor: number[];
  warm(): Promise<unknown>;
  round(seconds: number): Promise<Pick<Browsing, "perSecond" | "busy">>;
}

export async function signInRateRows(options: { rounds: number; seconds: number; note: (text: string) => void }): Promise<Row[]> {
  const running: { stop(): Promise<void> }[] = [];
  const started = async <T>(core: 0 | 1, name: string, argument: object) => {
    const one = await startProcess<T>(core, name, argument);
    running.push(one);
    return one;
  };
  const app = async (name: string, kind: "latchkey" | "better-auth", argument: object = {}): Promise<Measured> => {
    const provider = await started<ProviderTold>(1, "provider", { people });
    const server = await started<{ url: string }>(0, `sign-in-${kind}`, { ...provider.told, ...argument });
    let from = 0;
    const browse = async (until: { count: number } | { seconds: number }) => {
      const one = await runOnce<Browsing>("browsers", { ...server.told, pid: server.pid, app: kind, people, browsers, from, ...until }, 1);
      from += one.done;
      return one;
    };
    return { name, rates: [], perProcessor: [], warm: () => browse({ count: people }), round: (seconds) => browse({ seconds }) };
  };
  const exchange = async (): Promise<Measured> => {
    const { told } = await started<ProviderTold>(1, "provider", { people });
    const round = () => runOnce<Exchanging>("exchanges", { ...told, count: 2_000, warm: 1_000, atOnce: browsers });
    return { name: "openid-client", rates: [], perProcessor: [], warm: async () => {}, round };
  };
  try {
    const ours = await app("Latchkey", "latchkey");
    const better = await app("better-auth", "better-auth", { alike: false });
    const alike = await app("better-auth, alike", "better-auth", { alike: true });
    const raw = await exchange();
    const all = [ours, better, alike, raw];
    for (const one of all) await one.warm();
    for (let round = 1; round <= options.rounds; round++) {
      for (const one of all) {
        const { perSecond, busy } = await one.round(options.seconds);
        one.rates.push(perSecond);
        if (busy !== null) one.perProcessor.push(perSecond / busy);
        const share = busy === null ? "" : `, ${Math.round(busy * 100)} % of its core`;
        options.note(`sign-ins: round ${round} of ${options.rounds}: ${one.name} ${Math.round(perSecond)}/s${share}`);
      }
    }
    const row = (id: string, peer: string, other: Measured, goal: Goal, of: "rates" | "perProcessor" = "rates"): Row => {
      const ratios = ours[of].map((mine, round) => mine / (other[of][round] ?? Number.NaN));
      const what = `whole sign-ins of people who are known, one process on one core, SQLite in a file, ${browsers} browsers at once`;
      return {
        id: `QU-12.signins-${id}`, what: of === "rates" ? what : `${what}, by processor time alone`, ours: median(ours[of]),
        unit: of === "rates" ? "sign-ins/s" : "sign-ins per processor second", peer, theirs: median(other[of]), ratio: median(ratios), goal,
        met: reaches(median(ratios), goal), spread: spread(ratios), runs: options.rounds,
      };
    };
    const inClear = "better-auth with genericOAuth, WAL, commits not waited for, tokens in clear";
    // No goal is promised beside better-auth; to be behind should show.
    const [ahead, told]: [Goal, Goal] = [{ op: ">=", value: 1 }, { op: ">=", value: 0 }];
    return [
      row("better-auth", inClear, better, ahead),
      row("better-auth-alike", "better-auth with genericOAuth, WAL, commits on the disk and tokens sealed, as ours", alike, ahead),
      ...(ours.perProcessor.length > 0 ? [row("better-auth-processor", inClear, better, told, "perProcessor")] : []),
      row("raw", "openid-client's bare code exchange, no session and no database, exchanges/s", raw, told),
    ];
  } finally {
    await Promise.all(running.map((one) => one.stop()));
  }
}
