/** QU-8: the session check over HTTP beside the bare route and the peers, and in process. Rounds are interleaved. */
import { type Goal, median, type Row, reaches, spread } from "./figures.js";
import { type Load, load } from "./load.js";
import { runOnce } from "./once.js";
import { type Running, startServer } from "./server.js";

export async function sessionRows(options: { rounds: number; seconds: number; note: (text: string) => void }): Promise<Row[]> {
  const ours = await startServer("latchkey");
  const peers: [name: string, server: Running, goal: Goal][] = [
    ["bare Hono route, same answer", await startServer("bare", { headers: ours.headers, body: ours.body }), { op: ">=", value: 0.9 }],
    ["@auth/core session", await startServer("auth-core"), { op: ">=", value: 18 }],
    ["better-auth get-session", await startServer("better-auth", { cookieCache: false }), { op: ">=", value: 18 }],
    ["better-auth get-session, cookie cache", await startServer("better-auth", { cookieCache: true }), { op: ">=", value: 18 }],
  ];
  const all = [ours, ...peers.map(([, server]) => server)];
  try {
    for (const server of all) await load(server, 1);
    const results = new Map<Running, Load[]>(all.map((server) => [server, []]));
    for (let round = 1; round <= options.rounds; round++) {
      options.note(`sessions: round ${round} of ${options.rounds}`);
      for (const server of all) results.get(server)?.push(await load(server, options.seconds));
    }
    const of = (server: Running) => results.get(server) ?? [];
    const rows = peers.map(([peer, server, goal], index): Row => {
      const ratios = of(ours).map((mine, round) => mine.perSecond / (of(server)[round]?.perSecond ?? Number.NaN));
      const ratio = median(ratios);
      return {
        id: index === 0 ? "QU-8.session-http" : `QU-8.session-http-${index}`,
        what: "GET /session, warm, a user in three groups",
        ours: median(of(ours).map((one) => one.perSecond)), unit: "requests/s", peer,
        theirs: median(of(server).map((one) => one.perSecond)), ratio, goal, met: reaches(ratio, goal),
        spread: spread(ratios), runs: options.rounds,
      };
    });
    const bare = peers[0]?.[1];
    const slower = of(ours).map((mine, round) => mine.p99 - ((bare && of(bare)[round]?.p99) ?? Number.NaN));
    const goal: Goal = { op: "<=", value: 1 };
    rows.push({
      id: "QU-8.session-http-p99", what: "p99 of GET /session over the bare route's", ours: median(slower), unit: "ms more",
      peer: "bare Hono route, same answer", theirs: bare ? median(of(bare).map((one) => one.p99)) : null, ratio: null, goal,
      met: reaches(median(slower), goal), spread: Math.max(...slower) - Math.min(...slower), runs: options.rounds,
    });
    return [...rows, await inProcess(options.note)];
  } finally {
    await Promise.all(all.map((server) => server.stop()));
  }
}

async function inProcess(note: (text: string) => void): Promise<Row> {
  note("sessions: in process");
  const { perSecond } = await runOnce<{ perSecond: number[] }>("in-process");
  const goal: Goal = { op: ">=", value: 200_000 };
  return {
    id: "QU-8.session-in-process", what: "sessions.authenticate, warm", ours: median(perSecond), unit: "calls/s", peer: null,
    theirs: null, ratio: null, goal, met: reaches(median(perSecond), goal), spread: spread(perSecond), runs: perSecond.length,
  };
}
