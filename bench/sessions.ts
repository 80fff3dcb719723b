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
    return [...rows, await tail(ours, options), await inProcess(options.note)];
  } finally {
    await Promise.all(all.map((server) => server.stop()));
  }
}

/**
 * The slowest hundredth, in short turns whose order changes: whoever came next to a server that was still busy with what
 * it was sent would be measured with that. The bare route is there twice, which tells what a difference means.
 */
async function tail(ours: Running, { rounds, note }: { rounds: number; note: (text: string) => void }): Promise<Row> {
  const answer = { headers: ours.headers, body: ours.body };
  const [bare, again] = [await startServer("bare", answer), await startServer("bare", answer)];
  try {
    const servers = [ours, bare, again];
    for (const server of servers) await load(server, 1);
    const turns: { ours: number; bare: number; again: number }[] = [];
    for (let turn = 0; turn < rounds * 4; turn++) {
      if (turn % 4 === 0) note(`sessions: slowest hundredth, turn ${turn + 1} of ${rounds * 4}`);
      const took = new Map<Running, number>();
      for (let place = 0; place < 3; place++) {
        const server = servers[(turn + place) % 3] ?? ours;
        took.set(server, (await load(server, 1)).p99);
      }
      const of = (server: Running) => took.get(server) ?? Number.NaN;
      turns.push({ ours: of(ours), bare: of(bare), again: of(again) });
    }
    const more = turns.map((turn) => turn.ours - turn.bare);
    const goal: Goal = { op: "<=", value: 1 };
    const noise = median(turns.map((turn) => turn.again - turn.bare)).toFixed(2);
    return {
      id: "QU-8.session-http-p99", what: `p99 of GET /session over the bare route's (a second bare route's: ${noise})`, ours: median(more), unit: "ms more",
      peer: "bare Hono route, same answer", theirs: median(turns.map((turn) => turn.bare)), ratio: null, goal,
      met: reaches(median(more), goal), spread: Math.max(...more) - Math.min(...more), runs: turns.length,
    };
  } finally {
    await Promise.all([bare.stop(), again.stop()]);
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
