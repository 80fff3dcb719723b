/** As many sign-ins as are asked for, spread over installations with rules of their own; the first difference ends it. */
import fc from "fast-check";
import { type FakeProvider, startFakeProvider } from "../../src/testing/fake-provider.js";
import { installation, person, step } from "./generate.js";
import { openInstallation } from "./installation.js";

export interface ModelRun {
  readonly signIns: number;
  readonly installations: number;
  readonly atOnce: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

const parallel = 20;

export async function runModel(options: {
  readonly signIns: number;
  readonly seed: number;
  /** A Postgres on which each installation gets a database of its own. @default SQLite files */
  readonly postgres?: string;
  readonly note?: (text: string) => void;
}): Promise<ModelRun> {
  const idps = [await anIdp(), await anIdp()] as const;
  const outcomes: Record<string, number> = {};
  let [signIns, installations, atOnce] = [0, 0, 0];
  try {
    while (signIns < options.signIns) {
      const seed = options.seed + installations++;
      const [rules] = fc.sample(installation, { seed, numRuns: 1 });
      if (!rules) throw new Error("nothing was generated");
      const place = await openInstallation(rules, idps, options.postgres);
      try {
        for (let round = 0; round < 3; round++) {
          const at = { seed: seed * 10 + round };
          await place.oneByOne(fc.sample(step, { ...at, numRuns: parallel }));
          await place.atOnce(fc.sample(person, { ...at, numRuns: parallel }));
          atOnce += parallel;
        }
      } catch (cause) {
        throw new Error(`installation with seed ${seed}`, { cause });
      } finally {
        for (const [code, count] of place.outcomes) outcomes[code] = (outcomes[code] ?? 0) + count;
        signIns = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
        await place.close();
      }
      options.note?.(`${signIns} sign-ins, ${installations} installations`);
    }
  } finally {
    for (const idp of idps) await idp.stop();
  }
  return { signIns, installations, atOnce, outcomes };
}

/** A provider whose two documents say exactly what a sign-in is to say. */
async function anIdp(): Promise<FakeProvider> {
  const idp = await startFakeProvider();
  type Documents = { idToken: object; userinfo: object | "failed" };
  idp.tweaks.idTokenClaims = ({ said, email, email_verified, name, picture, ...rest }) => ({
    ...rest,
    ...(said as Documents).idToken,
  });
  idp.script({
    userinfo: async (honest) => {
      const answer = await honest();
      if (!("json" in answer)) return answer;
      const { userinfo } = (answer.json as { said: Documents }).said;
      return userinfo === "failed" ? { status: 500 } : { json: userinfo };
    },
  });
  return idp;
}
