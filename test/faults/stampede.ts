/**
 * The stampede (VA-7, QU-10): four processes with 250 callers each, at the moment a token ends, before a provider that is
 * slow, rotates its refresh tokens, and revokes the whole family when one is used twice (AT-30). As often as is wanted, on
 * the same nodes: tokens live for seconds, and each time the last one is left to end by itself.
 */
import { startVaultNode } from "../processes/start-vault-node.js";
import { aRefreshSetting } from "./refresh-setting.js";

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
  /** By caller: from the first one's asking to this one's answer, the provider's own time taken out. Milliseconds. */
  readonly addedWait: readonly number[];
}

export interface Stampeding {
  /** @param delay how long the token endpoint takes, in milliseconds */
  once(delay: number): Promise<Stampede>;
  close(): Promise<void>;
}

/**
 * @param on a Postgres server, and a Redis as its bus; without either one SQLite file
 * @param longest delay that will be asked for, in milliseconds: a token must outlive the request that brings it
 */
export async function aStampeding(
  on: { postgres?: string | undefined; redis?: string | undefined },
  longest: number,
): Promise<Stampeding> {
  const accessTokenLifetime = Math.ceil((longest * 1.5) / 1_000) + 3;
  const setting = await aRefreshSetting({
    postgres: on.postgres,
    bus: on.redis,
    provider: { accessTokenLifetime },
    // Shorter than a long delay: a holder that lives renews it. Else as it is by default.
    vault: { leaseTtl: longest > 2_000 ? "2s" : "30s" },
  });
  const nodes = await Promise.all(Array.from({ length: processes }, () => startVaultNode(setting.config)));
  return {
    async once(delay) {
      let own = 0;
      setting.provider.script({
        token: async (honest) => {
          const start = performance.now();
          const answer = await honest();
          await new Promise((resolve) => setTimeout(resolve, delay));
          own = performance.now() - start;
          return answer;
        },
      });
      const before = { requests: setting.refreshes(), revoked: setting.provider.familyRevocations };
      const { expiresAt } = await setting.grantOf(setting.mine.user);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, (expiresAt ?? 0) - Date.now()) + 100));
      const start = performance.timeOrigin + performance.now();
      const all = await Promise.all(nodes.map((node) => node.askTimed(setting.mine, callersEach)));
      const answers = all.flatMap((one) => one.answers);
      const { status, leaseOwner } = await setting.grantOf(setting.mine.user);
      return {
        requests: setting.refreshes() - before.requests,
        answers: answers.length,
        tokens: new Set(answers).size,
        failed: answers.filter((answer) => !answer.startsWith("access-")),
        familyRevocations: setting.provider.familyRevocations - before.revoked,
        grant: leaseOwner === null ? status : `${status}, leased`,
        addedWait: all.flatMap(({ ends }) => ends.map((end) => end - start - own)),
      };
    },
    async close() {
      await Promise.all(nodes.map((node) => node.stop()));
      await setting.close();
    },
  };
}

/** Undefined where it went as it must. */
export function faultOf({ requests, answers, tokens, failed, familyRevocations, grant }: Stampede): string | undefined {
  const good = requests === 1 && answers === processes * callersEach && tokens === 1 && failed.length === 0;
  if (good && familyRevocations === 0 && grant === "active") return undefined;
  return `${requests} requests, ${answers} answers, ${tokens} tokens, ${failed.length} failed (${failed[0] ?? ""}), ${familyRevocations} families revoked, grant ${grant}`;
}
