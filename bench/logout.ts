/**
 * QU-11: from the answer to a logout token to the refusal on another node, three processes on Postgres; and what a storm of bad
 * logout tokens, as fast as one core can send them, does to ordinary traffic: with rate limits off, as an attack from many addresses
 * that no limit by address helps against, and with the default ones, as operators run it and one sender meets them.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pg from "pg";
import { createBrowser, type FakeProvider, startFakeProvider } from "../dist/testing/index.js";
import { type Goal, median, type Row, reaches, spread } from "./figures.js";
import { pinned } from "./server.js";

const run = promisify(execFile);
const baseUrl = "http://127.0.0.1:3000";
const base = `${baseUrl}/auth`;
const person = "ann-1";

interface Options {
  readonly rounds: number;
  /** A storm takes ten where three are asked for, as the bench does by itself. */
  readonly seconds: number;
  readonly note: (text: string) => void;
}

export async function logoutRows(options: Options): Promise<Row[]> {
  return [...(await propagation(options)), ...(await storm(options)), ...(await limitedStorm(options))];
}

/** The q-th part of the values: 0.99 is the slowest of a hundred but one. */
const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))] ?? Number.NaN;

const configOf = (provider: FakeProvider, database: string, more: object = {}) => ({
  baseUrl,
  secrets: ["a-secret-for-the-bench-alone-kX9f2LqP0sT7vZ-42"],
  database,
  rateLimits: "off",
  signIn: { signUp: true },
  roles: { default: "user" },
  sessions: { maxPerUserAndProvider: 1_000 },
  egress: { allow: ["127.0.0.0/8", "localhost"], allowHttp: ["127.0.0.1", "localhost"] },
  providers: [
    { id: "corp", displayName: "Corp", issuer: provider.issuer, clientId: provider.client.clientId, clientSecret: provider.client.clientSecret ?? null },
  ],
  ...more,
});

interface Node {
  readonly url: string;
  stop(): Promise<void>;
}

/** @param core where it runs; left out: wherever there is room */
async function startNode(config: object, core?: 0): Promise<Node> {
  const script = fileURLToPath(new URL("servers/logout-node.ts", import.meta.url));
  const command = [process.execPath, "--import", "tsx", script, JSON.stringify(config)];
  const [program = "", ...rest] = core === undefined ? command : pinned(core, command);
  const child = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, NODE_ENV: "production" } });
  const line = await Promise.race([
    once(child.stdout, "data").then(([data]) => String(data)),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`a node ended with ${code}`))),
  ]);
  const { url } = JSON.parse(line) as { url: string };
  return {
    url,
    stop: async () => {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** A sign-in at this node: the cookie, and the provider's name of the session. */
async function signIn(provider: FakeProvider, { url }: Node): Promise<{ cookie: string; sid: string }> {
  provider.signInAs(person);
  const browser = createBrowser((request) => {
    const at = new URL(request.url);
    return fetch(at.origin === baseUrl ? new Request(url + at.pathname + at.search, request) : request, { redirect: "manual" });
  });
  const page = await browser.get(`${base}/providers/corp/start?return_to=/auth/session`);
  if (page.status !== 200) throw new Error(`no sign-in: ${page.status} ${page.text.slice(0, 200)}`);
  return { cookie: browser.cookies.header(`${base}/session`) ?? "", sid: provider.sidOf(person) ?? "" };
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
/** A plain request: `fetch` would add a millisecond of its own to what is measured. */
const ask = (url: string, cookie: string): Promise<number> =>
  new Promise((resolve, reject) => {
    httpRequest(url, { agent, headers: { cookie } }, (answer) => {
      answer.resume();
      answer.once("end", () => resolve(answer.statusCode ?? 0));
    })
      .once("error", reject)
      .end();
  });

async function post(url: string, token: string): Promise<number> {
  const answer = await fetch(`${url}/auth/backchannel-logout`, { method: "POST", body: new URLSearchParams({ logout_token: token }) });
  await answer.arrayBuffer();
  return answer.status;
}

async function propagation({ rounds, note }: Options): Promise<Row[]> {
  const server = process.env["TEST_POSTGRES_URL"] ?? "postgres://postgres@127.0.0.1:5432/postgres";
  const name = `latchkey_bench_${process.pid}`;
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  await admin.query(`create database ${name}`);
  const provider = await startFakeProvider();
  const database = new URL(server);
  database.pathname = `/${name}`;
  const config = configOf(provider, database.href);
  const nodes = await Promise.all([startNode(config), startNode(config), startNode(config)]);
  try {
    const p99: number[] = [];
    const all: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      note(`logout: round ${round} of ${rounds}`);
      const took: number[] = [];
      for (let one = 0; one < (round === 0 ? 10 : 50); one++) {
        const [first, ...others] = [0, 1, 2].map((index) => nodes[(index + one) % 3] as Node) as [Node, Node, Node];
        const { cookie, sid } = await signIn(provider, first);
        for (const node of others) if ((await ask(`${node.url}/auth/session`, cookie)) !== 200) throw new Error("not known everywhere");
        const token = await provider.logoutToken({ sid });
        if ((await post(first.url, token)) !== 200) throw new Error("the token was refused");
        const answered = performance.now();
        const refused = async (node: Node) => {
          while ((await ask(`${node.url}/auth/session`, cookie)) !== 401) {
            if (performance.now() - answered > 10_000) throw new Error("never refused");
          }
          return performance.now() - answered;
        };
        took.push(...(await Promise.all(others.map(refused))));
      }
      // The first round warms up.
      if (round === 0) continue;
      p99.push(quantile(took, 0.99));
      all.push(...took);
    }
    const goal: Goal = { op: "<=", value: 100 };
    const slowest = quantile(all, 0.99);
    return [
      {
        id: "QU-11.logout-refused-elsewhere",
        what: `p99 from the answer to a logout token to the refusal on another node, three on Postgres, ${all.length} refusals (median ${median(all).toFixed(1)})`,
        ours: slowest, unit: "ms", peer: null, theirs: null, ratio: null, goal, met: reaches(slowest, goal), spread: spread(p99), runs: rounds,
      },
    ];
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
    await provider.stop();
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  }
}

/** Bad in every way that there is: five tokens of a known issuer, and one of an unknown one. None may cost a request. */
async function badTokens(provider: FakeProvider, sid: string): Promise<readonly string[]> {
  const seconds = Math.floor(Date.now() / 1_000);
  const good = await provider.logoutToken({ sid });
  const [head = "", payload = ""] = good.split(".");
  return [
    await provider.logoutToken({ sid, iss: "https://nobody.example" }),
    await provider.logoutToken({ sid, aud: "another-app" }),
    await provider.logoutToken({ sid, iat: seconds - 3_600, exp: seconds - 3_000 }),
    await provider.logoutToken({ sid, nonce: "an ID token has one" }),
    await provider.logoutToken({ sid, events: [] }),
    // The right words under a signature that is none, by the name of a key that is known: this one costs cryptography.
    `${head}.${payload}.${"A".repeat(86)}`,
  ];
}

const script = (tokens: readonly string[]): string => `
local tokens = { ${tokens.map((token) => JSON.stringify(`logout_token=${token}`)).join(", ")} }
sent = 0
function request()
  sent = sent + 1
  return wrk.format("POST", nil, { ["Content-Type"] = "application/x-www-form-urlencoded" }, tokens[sent % #tokens + 1])
end
local threads = {}
function setup(thread) table.insert(threads, thread) end
function done(summary)
  io.write(string.format("SENT %d ANSWERED %d DURATION %d\\n", threads[1]:get("sent"), summary.requests, summary.duration))
end
`;

/** Ordinary traffic: somebody who is signed in, 200 times a second, whatever the last answer took. @returns milliseconds of each */
async function ordinary(url: string, cookie: string, until: Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  let over = false;
  void until.finally(() => { over = true; });
  const pending: Promise<void>[] = [];
  const start = performance.now();
  for (let one = 0; !over; one++) {
    const due = start + one * 5;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    // From when it was due, not from when this process got round to it: waiting for a core is waiting as well.
    pending.push(ask(url, cookie).then((status) => {
      if (status !== 200) throw new Error(`an ordinary request was answered ${status}`);
      took.push(performance.now() - due);
    }));
  }
  await Promise.all(pending);
  return took;
}

async function outboundOf(url: string, cookie: string): Promise<number> {
  const text = await (await fetch(`${url}/auth/metrics`, { headers: { cookie } })).text();
  return [...text.matchAll(/^latchkey_egress_duration_seconds_count\{[^}]*\} (\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** What was seen in one storm after another, each at a node of its own. */
interface Storms {
  /** p99 of ordinary traffic, milliseconds. */
  readonly before: number[];
  readonly during: number[];
  /** A second. */
  readonly sent: number[];
  readonly answered: number[];
  readonly outbound: number[];
  /** Of each single token of an unknown issuer, milliseconds. */
  readonly alone: number[];
}

const stormSeconds = ({ seconds }: Options): number => Math.ceil((seconds * 10) / 3);

async function storms(options: Options, limits: "off" | "default"): Promise<Storms> {
  const { rounds, note } = options;
  const provider = await startFakeProvider();
  const folder = mkdtempSync(join(tmpdir(), "latchkey-bench-"));
  const seen: Storms = { before: [], during: [], sent: [], answered: [], outbound: [], alone: [] };
  for (let round = 1; round <= Math.min(rounds, 3); round++) {
    note(`storm, rate limits ${limits}: round ${round} of ${Math.min(rounds, 3)}`);
    const config = { observability: { metrics: { enabled: true } }, ...(limits === "off" ? {} : { rateLimits: {} }) };
    const node = await startNode(configOf(provider, `sqlite:${join(folder, `storm-${round}.db`)}`, config), 0);
    try {
      const { cookie, sid } = await signIn(provider, node);
      // One that is good makes the keys known, as they are in an installation that runs.
      const other = await signIn(provider, node);
      if ((await post(node.url, await provider.logoutToken({ sid: other.sid }))) !== 200) throw new Error("a good token was refused");
      for (let one = 0; one < (limits === "off" ? 200 : 0); one++) {
        const stranger = await provider.logoutToken({ sid, iss: "https://nobody.example" });
        const start = performance.now();
        if ((await post(node.url, stranger)) !== 400) throw new Error("a stranger's token was taken");
        seen.alone.push(performance.now() - start);
      }
      const file = join(folder, "storm.lua");
      const bad = await badTokens(provider, sid);
      writeFileSync(file, script(bad));
      // A signature that does not fit may have the keys fetched once a minute (SI-10). That is over before the storm.
      for (const token of bad) if ((await post(node.url, token)) !== 400) throw new Error("a bad token was taken");
      const session = `${node.url}/auth/session`;
      const pause = () => new Promise((resolve) => setTimeout(resolve, stormSeconds(options) * 1_000));
      await ordinary(session, cookie, new Promise((resolve) => setTimeout(resolve, 2_000)));
      seen.before.push(quantile(await ordinary(session, cookie, pause()), 0.99));
      const [asked, metered] = [provider.requests.length, await outboundOf(node.url, cookie)];
      // Below ordinary traffic on the core that both use, so that what is measured is the server and not the sender.
      const [command = "", ...rest] = pinned(1, ["nice", "-n", "19", "wrk", "-t1", "-c64", `-d${stormSeconds(options)}s`, "-s", file, `${node.url}/auth/backchannel-logout`]);
      const raging = run(command, rest);
      seen.during.push(quantile(await ordinary(session, cookie, raging), 0.99));
      const [, offered = "", served = "", duration = ""] = /SENT (\d+) ANSWERED (\d+) DURATION (\d+)/.exec((await raging).stdout) ?? [];
      seen.sent.push(Number(offered) / (Number(duration) / 1e6));
      seen.answered.push(Number(served) / (Number(duration) / 1e6));
      seen.outbound.push(Math.max(provider.requests.length - asked, (await outboundOf(node.url, cookie)) - metered));
      if ((await ask(session, cookie)) !== 200) throw new Error("a bad token ended a session");
      // Who sent a storm waits, also with a good token; whoever sent none does not.
      const good = await post(node.url, await provider.logoutToken({ sid }));
      if (good !== (limits === "off" ? 200 : 429)) throw new Error(`after the storm a good token was answered ${good}`);
    } finally {
      await node.stop();
    }
  }
  await provider.stop();
  return seen;
}

/** QU-11 asks for these to be printed beside each other and sets no limit but for the requests that are made. */
const told = (id: string, what: string, values: readonly number[], unit: string, goal: Goal, beside: { peer: string; theirs: readonly number[] } | null = null): Row => ({
  id, what, ours: median(values), unit, peer: beside?.peer ?? null, theirs: beside ? median(beside.theirs) : null,
  ratio: beside ? median(values) / median(beside.theirs) : null, goal, met: reaches(median(values), goal),
  spread: Math.min(...values) === 0 ? 0 : spread(values), runs: values.length,
});
const none: Goal = { op: ">=", value: 0 };
const noRequest: Goal = { op: "<=", value: 0 };

async function storm(options: Options): Promise<Row[]> {
  const { before, during, sent, answered, outbound, alone } = await storms(options, "off");
  const unknown = quantile(alone, 0.99);
  const soon: Goal = { op: "<=", value: 50 };
  return [
    {
      id: "QU-11.unknown-issuer", what: "p99 of the answer to a logout token of an unknown issuer, one at a time (LO-9)", ours: unknown, unit: "ms",
      peer: null, theirs: null, ratio: null, goal: soon, met: reaches(unknown, soon), spread: 0, runs: alone.length,
    },
    told("QU-11.storm-served", `bad logout tokens answered, ${stormSeconds(options)} seconds, rate limits off (sent: ${Math.round(median(sent))}/s)`, answered, "tokens/s", none),
    told("QU-11.storm-p99", "p99 of GET /session, 200 a second, during the storm, rate limits off", during, "ms", none, { peer: "the same without the storm", theirs: before }),
    told("QU-11.storm-outbound", "outbound requests that the storm caused, the one key fetch a minute for a bad signature (SI-10) taken before it", outbound, "requests", noRequest),
  ];
}

/** The same from one address under the default limits: after the first few each is turned away with 429. */
async function limitedStorm(options: Options): Promise<Row[]> {
  const { before, during, sent, answered, outbound } = await storms(options, "default");
  return [
    told("QU-11.storm-limited-served", `bad logout tokens answered, nearly all with 429, ${stormSeconds(options)} seconds, default rate limits (sent: ${Math.round(median(sent))}/s)`, answered, "tokens/s", none),
    told("QU-11.storm-limited-p99", "p99 of GET /session, 200 a second, during the storm from one address, default rate limits", during, "ms", none, { peer: "the same without the storm", theirs: before }),
    told("QU-11.storm-limited-outbound", "outbound requests that the storm caused, default rate limits", outbound, "requests", noRequest),
  ];
}
