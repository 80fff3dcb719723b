/** The faults, each as what is done to a setting while everybody asks. What must come of it is table.ts's to judge. */
import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { promisify } from "node:util";
import Database from "better-sqlite3";
import pg from "pg";
import { type FaultPoint, faultPoints } from "../../src/kernel/fault.js";
import { createBrowser } from "../../src/testing/browser.js";
import type { Scripted } from "../../src/testing/fake-provider/answers.js";
import { startNode } from "../processes/start-node.js";
import { startVaultNode } from "../processes/start-vault-node.js";
import type { DatabaseName, FaultSetting } from "./fault-setting.js";

const run = promisify(execFile);
/** `short` is for the test suite, `long` for a look by hand: all points on all databases, and the full 30 seconds. */
export type Mode = "short" | "long";

export interface Fault {
  readonly name: string;
  /** Between the provider's commit and our write: a strict judge may take the grant, and nothing can be done about it. */
  readonly cutsAnswers?: boolean;
  /** Requests are answered with failures, so there are more of them than expiries. */
  readonly failsRequests?: boolean;
  act(setting: FaultSetting, mode: Mode): Promise<void>;
}

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1_000));
/** Everybody asks both nodes; what they are told while a fault is there is not judged. */
const everybodyAsks = (setting: FaultSetting) =>
  Promise.all(setting.nodes.map((node) => node.askAll(setting.people))).then(() => {});

/** A token endpoint that answers like that, until everybody had an answer. */
const endpoint = (name: string, token: (mode: Mode) => Scripted, more: Partial<Fault> = {}): Fault => ({
  name: `token endpoint ${name}`,
  ...more,
  async act(setting, mode) {
    setting.provider.script({ token: token(mode) });
    const asking = everybodyAsks(setting);
    await Promise.race([asking, seconds(mode === "short" ? 2 : 10)]);
    if (!more.failsRequests && !more.cutsAnswers) await asking;
    setting.provider.reset();
    await asking;
  },
});
const cut: Scripted = { raw: (request) => void request.socket.destroy() };

const endpoints: readonly Fault[] = [
  endpoint("takes 30 s (3 s in the short mode)", (mode) => async (honest) => {
    const answer = await honest();
    await seconds(mode === "short" ? 3 : 30);
    return answer;
  }),
  endpoint("dies after receiving, nothing done", () => cut, { failsRequests: true }),
  endpoint(
    "dies after rotating",
    () => async (honest) => {
      await honest();
      return cut;
    },
    { cutsAnswers: true },
  ),
  endpoint("answers 200 with error", () => ({ json: { error: "temporarily_unavailable" } }), { failsRequests: true }),
  endpoint("answers 429", () => ({ status: 429, headers: { "Retry-After": "1" } }), { failsRequests: true }),
  endpoint("answers 503", () => ({ status: 503 }), { failsRequests: true }),
  endpoint(
    "answers HTML",
    () => ({ status: 200, headers: { "Content-Type": "text/html" }, body: "<h1>Welcome</h1>" }),
    {
      failsRequests: true,
    },
  ),
];

/** Something is wrong with a server for a while, and everybody asks while it is. */
const during = (
  name: string,
  begin: (setting: FaultSetting) => unknown,
  end: (setting: FaultSetting) => unknown,
  length: { short: number; long: number },
  more: Partial<Fault> = {},
): Fault => ({
  name,
  ...more,
  async act(setting, mode) {
    await begin(setting);
    const asking = everybodyAsks(setting);
    await seconds(length[mode]);
    await end(setting);
    await asking;
  },
});

/** The server goes while requests are out: their answers find no database to be written to, for a while. */
const whileAnswersAreOut = (name: string, act: (setting: FaultSetting) => Promise<void>): Fault => ({
  name,
  async act(setting) {
    setting.provider.script({
      token: async (honest) => {
        const answer = await honest();
        await seconds(0.5);
        return answer;
      },
    });
    const asking = everybodyAsks(setting);
    await seconds(0.3);
    await act(setting);
    await asking;
  },
});

async function withoutConnections(setting: FaultSetting, length: number): Promise<void> {
  const url = String(setting.config.database);
  const taken: pg.Client[] = [];
  const take = async () => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on("error", () => {});
    await client.connect();
    taken.push(client);
  };
  await take();
  // Ours are cut, and what becomes free is taken before they come back.
  await taken[0]?.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'latchkey'");
  const until = Date.now() + length * 1_000;
  while (Date.now() < until) await take().catch(() => seconds(0.02));
  await Promise.all(taken.map((client) => client.end().catch(() => {})));
}

const onPostgres: readonly Fault[] = [
  whileAnswersAreOut("Postgres killed and started while answers are out", async ({ postgres }) => postgres?.restart()),
  during(
    "Postgres stopped (SIGSTOP)",
    ({ postgres }) => postgres?.pause(),
    ({ postgres }) => postgres?.resume(),
    { short: 3, long: 25 },
  ),
  {
    name: "Postgres out of connections",
    async act(setting, mode) {
      const asking = everybodyAsks(setting);
      await withoutConnections(setting, mode === "short" ? 3 : 10);
      await asking;
    },
  },
];
/** The provider has rotated, and nothing can be written for longer than a query and then a new connection are waited for. */
const onPostgresForLong: readonly Fault[] = [
  {
    name: "Postgres stopped (SIGSTOP) by the first answer",
    async act(setting) {
      let stop = (): void => {};
      const stopped = new Promise<void>((resolve) => {
        stop = resolve;
      }).then(() => setting.postgres?.pause());
      setting.provider.script({
        token: async (honest) => {
          const answer = await honest();
          // So that others are out as well: their writes wait behind the first one's.
          await seconds(0.5);
          stop();
          await stopped;
          return answer;
        },
      });
      const asking = everybodyAsks(setting);
      await Promise.race([stopped, asking]);
      await seconds(25);
      setting.provider.reset();
      setting.postgres?.resume();
      await asking;
    },
  },
];
const onRedis: readonly Fault[] = [
  whileAnswersAreOut("Redis killed and started while answers are out", async ({ redis }) => redis?.restart()),
  during(
    "Redis stopped (SIGSTOP)",
    ({ redis }) => redis?.pause(),
    ({ redis }) => redis?.resume(),
    { short: 4, long: 15 },
  ),
];
const onSqlite: readonly Fault[] = [
  {
    name: "SQLite locked by another process",
    async act(setting, mode) {
      const other = new Database(setting.file);
      setting.provider.script({
        token: async (honest) => {
          const answer = await honest();
          if (!other.inTransaction) other.exec("begin exclusive");
          return answer;
        },
      });
      const asking = everybodyAsks(setting);
      await seconds(mode === "short" ? 3 : 9);
      // First: who asks only now must not find the script at a closed database, and the provider dead after it rotated.
      setting.provider.reset();
      if (other.inTransaction) other.exec("rollback");
      other.close();
      await asking;
    },
  },
  {
    name: "disk full (no file may grow)",
    async act(setting, mode) {
      const wal = statSync(`${setting.file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
      const limit = (to: string) =>
        Promise.all(setting.nodes.map(({ pid }) => run("prlimit", ["--pid", String(pid), `--fsize=${to}:unlimited`])));
      setting.provider.script({
        token: async (honest) => {
          const answer = await honest();
          await limit(String(Math.max(4_096, Math.floor(wal / 2))));
          return answer;
        },
      });
      const asking = everybodyAsks(setting);
      await seconds(mode === "short" ? 2 : 8);
      setting.provider.reset();
      await limit("unlimited");
      await asking;
    },
  },
];

const clocks: readonly Fault[] = (
  [
    ["back", -3_600_000],
    ["forward", 3_600_000],
  ] as const
).map(([word, offset]) => ({
  name: `a node's clock set ${word} an hour while answers are out`,
  // Two nodes an hour apart do not agree on what is fresh: the later one asks again, rightly by its clock.
  failsRequests: true,
  async act(setting) {
    setting.provider.script({
      token: async (honest) => {
        const answer = await honest();
        await seconds(0.5);
        return answer;
      },
    });
    const asking = everybodyAsks(setting);
    await setting.nodes[0]?.setClock(offset);
    await asking;
    await everybodyAsks(setting);
    await setting.nodes[0]?.setClock(0);
  },
}));

const pointsOf = (what: string) =>
  Object.entries(faultPoints)
    .filter(([, text]) => text.startsWith(`${what}: `))
    .map(([number, text]) => ({ number: Number(number) as FaultPoint, text }));
/** From the answer to the commit nobody but the process has the new tokens. */
const onlyInMemory: ReadonlySet<FaultPoint> = new Set([10, 11] as const);

const killedRefresh: readonly Fault[] = pointsOf("refresh").map(({ number, text }) => ({
  name: `kill -9 at ${number} (${text})`,
  cutsAnswers: onlyInMemory.has(number),
  async act({ config, people }) {
    const doomed = await startVaultNode(config, number);
    const [first] = people;
    if (!first) throw new Error("nobody");
    void doomed.ask(first);
    const end = await doomed.ended;
    if (end !== "SIGKILL") throw new Error(`the node ended with ${end}`);
  },
}));

const base = "http://localhost:3000/auth";
const killedSignIn: readonly Fault[] = pointsOf("sign-in").map(({ number, text }) => ({
  name: `kill -9 at ${number} (${text})`,
  async act({ config, people, provider }) {
    const doomed = await startNode(config, number);
    provider.signInAs(people[0]?.sub ?? null);
    const browser = createBrowser((request) => doomed.fetch(request));
    await browser.get(`${base}/providers/fake/start`).catch(() => {});
    const end = await doomed.ended;
    if (end !== "SIGKILL") throw new Error(`the node ended with ${end}`);
    if (browser.cookies.header(`${base}/session`)?.includes("latchkey="))
      throw new Error("a cookie came from a dead node");
  },
}));

/** What a database can suffer, and in the short mode what no other test walks through already. */
export function faultsOf(database: DatabaseName, mode: Mode): readonly Fault[] {
  const own =
    database === "sqlite"
      ? onSqlite
      : database === "postgres"
        ? [...onPostgres, ...(mode === "long" ? onPostgresForLong : [])]
        : mode === "long"
          ? [...onPostgres, ...onPostgresForLong, ...onRedis]
          : onRedis;
  if (mode === "long") return [...killedRefresh, ...killedSignIn, ...endpoints, ...own, ...clocks];
  // Every point has its test in refresh.test.ts and sign-in.test.ts; here is one, so that this way of judging is proven.
  const short = killedRefresh.filter(({ name }) => name.includes("at 11 "));
  if (database === "sqlite") return [...short, ...endpoints, ...own, ...clocks];
  return own;
}
