/**
 * Runs the faults and judges them: the table of `npm run test:faults`. Each row ends all access tokens, lets everybody ask
 * while the fault is there, waits until it is over, and asks until all have an answer that holds. Then every grant that is
 * left is refreshed once more: one whose stored refresh token is dead would look alive until its next expiry.
 */

import { aFaultSetting, type DatabaseName, type FaultSetting, type Judge } from "./fault-setting.js";
import { type Fault, faultsOf, type Mode } from "./faults.js";
import { postgresPrograms, redisProgram, startOwnPostgres, startOwnRedis } from "./own-servers.js";

export interface FaultRow {
  readonly fault: string;
  readonly database: DatabaseName;
  readonly judge: Judge;
  readonly grantsBefore: number;
  /** Ended, and not for the one reason that nothing can be done about; or alive only by name. */
  readonly grantsLost: number;
  /** Ended with `ambiguous_refresh`, told to the person. */
  readonly unavoidable: number;
  readonly tokenRequests: number;
  readonly expiries: number;
  readonly familyRevocations: number;
  readonly ok: boolean;
  /** What else was not as it must be. */
  readonly why?: string;
}

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1_000));
const isToken = (answer: string | undefined) => answer?.startsWith("access-") ?? false;
const isTold = (answer: string | undefined) => answer === "failed: grant.needs_reconnect";

/** Until each has a token, or was told that the connection must be made again. */
async function settled(
  setting: FaultSetting,
  old: ReadonlySet<string>,
  patience: number,
): Promise<readonly (readonly string[])[]> {
  const until = Date.now() + patience * 1_000;
  for (;;) {
    const answers = await Promise.all(setting.nodes.map((node) => node.askAll(setting.people)));
    const all = answers.flat();
    if (all.every((answer) => (isToken(answer) && !old.has(answer)) || isTold(answer)) || Date.now() > until)
      return answers;
    await seconds(0.3);
  }
}

async function judged(setting: FaultSetting, fault: Fault, mode: Mode): Promise<FaultRow> {
  await setting.heal();
  const before = { asked: setting.refreshes(), revoked: setting.provider.familyRevocations };
  const grantsBefore = setting.people.length;
  let why = "";
  const old = new Set((await setting.nodes[0]?.askAll(setting.people)) ?? []);
  let expiries = await setting.expireAll();
  try {
    await fault.act(setting, mode);
  } catch (thrown) {
    why = `the fault could not be made: ${String(thrown)}`;
  }
  setting.provider.reset();
  const answers = await settled(setting, old, mode === "short" ? 45 : 120);
  const unavoidable = new Set<string>();
  const lost = new Set<string>();
  for (const [number, holder] of setting.people.entries()) {
    const grant = await setting.grantOf(holder);
    if (grant?.status === "active") {
      if (!answers.every((ofNode) => isToken(ofNode[number]) && !old.has(ofNode[number] ?? ""))) lost.add(holder.sub);
    } else if (grant?.statusReason === "ambiguous_refresh" && answers.every((ofNode) => isTold(ofNode[number])))
      unavoidable.add(holder.sub);
    else lost.add(holder.sub);
  }
  // Not how many: a request for each may have been under way when it happened. Beyond that, one for each expiry.
  expiries += await setting.expireAll();
  const again = await settled(setting, new Set(answers.flat()), 30);
  for (const [number, holder] of setting.people.entries())
    if (
      !unavoidable.has(holder.sub) &&
      !again.every((ofNode, node) => isToken(ofNode[number]) && ofNode[number] !== answers[node]?.[number])
    )
      lost.add(holder.sub);
  const tokenRequests = setting.refreshes() - before.asked;
  const familyRevocations = setting.provider.familyRevocations - before.revoked;
  const mayLose = setting.judge === "strict" && fault.cutsAnswers === true;
  const ok =
    why === "" &&
    lost.size === 0 &&
    (mayLose || unavoidable.size === 0) &&
    familyRevocations === unavoidable.size &&
    (fault.failsRequests === true || fault.cutsAnswers === true || tokenRequests === expiries);
  return {
    fault: fault.name,
    database: setting.database,
    judge: setting.judge,
    grantsBefore,
    grantsLost: lost.size,
    unavoidable: unavoidable.size,
    tokenRequests,
    expiries,
    familyRevocations,
    ok,
    ...(why === "" ? {} : { why }),
  };
}

export interface TableOptions {
  readonly mode: Mode;
  readonly note: (text: string) => void;
  readonly only?: string | undefined;
}

export async function runFaults({ mode, note, only }: TableOptions): Promise<readonly FaultRow[]> {
  const bin = postgresPrograms();
  const redisAt = redisProgram();
  const postgres = bin === undefined ? undefined : await startOwnPostgres(bin);
  const redis = redisAt === undefined ? undefined : await startOwnRedis(redisAt);
  if (!postgres) note("skipped: Postgres [no programs in /usr/lib/postgresql]");
  if (!redis) note("skipped: Redis [no redis-server]");
  const databases: readonly DatabaseName[] = [
    "sqlite",
    ...(postgres ? (["postgres"] as const) : []),
    ...(postgres && redis ? (["postgres+redis"] as const) : []),
  ];
  const rows: FaultRow[] = [];
  try {
    for (const database of databases) {
      for (const judge of ["lenient", "strict"] as const) {
        const faults = faultsOf(database, mode).filter(({ name }) => only === undefined || name.includes(only));
        if (faults.length === 0) continue;
        const how = { people: mode === "short" ? 3 : 8, vault: { callerWait: mode === "short" ? "8s" : "45s" } };
        const setting = await aFaultSetting(judge, database, { postgres, redis }, how);
        try {
          for (const fault of faults) {
            const started = performance.now();
            const row = await judged(setting, fault, mode);
            rows.push(row);
            const time = ((performance.now() - started) / 1_000).toFixed(1);
            note(
              `${row.ok ? "ok    " : "NOT ok"} ${database}, ${judge}: ${fault.name} (${time} s)${row.why ? ` ${row.why}` : ""}`,
            );
          }
        } finally {
          await setting.close();
        }
      }
    }
  } finally {
    await postgres?.stop();
    await redis?.stop();
  }
  return rows;
}
