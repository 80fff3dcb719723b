/**
 * The stampede (VA-7, QU-10): four processes with 250 callers each, at the moment a token ends, before a provider that is
 * slow, rotates its refresh tokens, and revokes the whole family when one is used twice (AT-30). As often as is wanted, on
 * the same nodes: tokens live for seconds, and each time the last one is left to end by itself. Two people take turns, so
 * that the token of the one ends while the other's is asked for.
 */
import { startJudge } from "../processes/start-judge.js";
import { startVaultNode, type VaultNode } from "../processes/start-vault-node.js";
import { aSettingBefore } from "./refresh-setting.js";

const processes = 4;
const callersEach = 250;

export interface Stampede {
  /** What came of it: anything but one request, one token and no revocation is a failure. */
  readonly requests: number;
  readonly answers: number;
  readonly tokens: number;
  /** Answers that were no token. */
  readonly failed: readonly string[];
  readonly familyRevocations: number;
  readonly grant: string;
  /** By caller: from asking to the answer, but for as much of that as the provider had the request. Milliseconds. */
  readonly addedWait: readonly number[];
  /** The same from the first one's asking in any process. */
  readonly sinceFirst: readonly number[];
}

export interface Stampeding {
  /** Every process refreshes so many times by itself: what runs the first times is loaded and compiled on the way. */
  warm(times: number): Promise<void>;
  /**
   * @param delay how long the token endpoint takes, in milliseconds
   * @param by `one`: a single caller in one process, for what a refresh costs where nobody is in its way
   */
  once(delay: number, by?: "all" | "one"): Promise<Stampede>;
  close(): Promise<void>;
}

/**
 * @param on a Postgres server, and a Redis as its bus; without either one SQLite file
 * @param leaseTtl shorter than a delay, it shows that a holder renews it; so short that a busy machine stops a process for half of it, a
 *   second one goes. The default is what everybody has.
 */
export async function aStampeding(
  on: { postgres?: string | undefined; redis?: string | undefined },
  leaseTtl = "30s",
): Promise<Stampeding> {
  const judge = await startJudge();
  const settings = { postgres: on.postgres, bus: on.redis, vault: { leaseTtl } };
  const setting = await aSettingBefore(judge, settings).catch(async (thrown: unknown) => {
    await judge.stop();
    throw thrown;
  });
  const nodes: VaultNode[] = [];
  const close = async () => {
    try {
      await Promise.all(nodes.map((node) => node.stop()));
    } finally {
      await setting.close();
    }
  };
  const started = await Promise.allSettled(Array.from({ length: processes }, () => startVaultNode(setting.config)));
  for (const one of started) if (one.status === "fulfilled") nodes.push(one.value);
  const unstarted = started.find((one) => one.status === "rejected");
  if (unstarted) {
    await close();
    throw unstarted.reason;
  }
  let rounds = 0;
  return {
    close,
    async warm(times) {
      // Each is over when it comes, so that the next call asks again.
      await judge.answerTokens({ expiresIn: 0, delay: 0 });
      await setting.expire(setting.mine.user);
      for (const node of nodes) for (let time = 0; time < times; time++) await node.ask(setting.mine);
    },
    async once(delay, by = "all") {
      const who = rounds++ % 2 === 0 ? setting.mine : setting.other;
      // It must outlive the request that brings it, and a thousand callers on a busy machine.
      await judge.answerTokens({ expiresIn: Math.ceil((delay * 1.5) / 1_000) + 3, delay });
      const before = await judge.report();
      const { expiresAt } = await setting.grantOf(who.user);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, (expiresAt ?? 0) - Date.now()) + 100));
      const [asked, callers] = by === "all" ? [nodes, callersEach] : [nodes.slice(0, 1), 1];
      const all = await Promise.all(asked.map((node) => node.askTimed(who, callers)));
      const answers = all.flatMap((one) => one.answers);
      const { requests, familyRevocations, arrived, left } = await judge.report();
      const first = Math.min(...all.map(({ start }) => start));
      const waits = (since: number, ends: readonly number[]) =>
        ends.map((end) => end - since - Math.max(0, Math.min(left, end) - Math.max(arrived, since)));
      const { status, leaseOwner } = await setting.grantOf(who.user);
      return {
        requests: requests - before.requests,
        answers: answers.length,
        tokens: new Set(answers).size,
        failed: answers.filter((answer) => !answer.startsWith("access-")),
        familyRevocations: familyRevocations - before.familyRevocations,
        grant: leaseOwner === null ? status : `${status}, leased`,
        addedWait: all.flatMap(({ start, ends }) => waits(start, ends)),
        sinceFirst: all.flatMap(({ ends }) => waits(first, ends)),
      };
    },
  };
}

/** Undefined where it went as it must. */
export function faultOf({ requests, answers, tokens, failed, familyRevocations, grant }: Stampede): string | undefined {
  const good = requests === 1 && answers === processes * callersEach && tokens === 1 && failed.length === 0;
  if (good && familyRevocations === 0 && grant === "active") return undefined;
  return `${requests} requests, ${answers} answers, ${tokens} tokens, ${failed.length} failed (${failed[0] ?? ""}), ${familyRevocations} families revoked, grant ${grant}`;
}
