/** QU-16 for the rotation of keys: a run is killed at each numbered point, and the next one ends what it began. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { systemRandom } from "../../src/crypto/random.js";
import { type FaultPoint, faultPoints } from "../../src/kernel/fault.js";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import { rotateKeys } from "../../src/keys/rotate-keys.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { aKeyring, aSecret, contents, fill, tables } from "../keys/filling.js";
import { programFile } from "../support/program.js";

// A process that compiles as it loads, on a busy machine: a limit for what hangs.
vi.setConfig({ testTimeout: 120_000 });

const points = Object.entries(faultPoints)
  .filter(([, what]) => what.startsWith("rotation: "))
  .map(([number, what]) => [Number(number) as FaultPoint, what] as const);

test.each(points)("QU-16 VA-4 killed at point %i (%s): nothing is lost, and the next run ends it", async (killAt) => {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-rotation-"));
  const path = join(folder, "latchkey.db");
  const store = await openSqliteStore({
    path,
    migrate: true,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });
  try {
    const [old, fresh] = [aSecret(), aSecret()];
    const filled = await fill(store, aKeyring(old), 20);
    const input = JSON.stringify({ path, secrets: [fresh.reveal(), old.reveal()], killAt });
    const process_ = spawn(process.execPath, [programFile("test/faults/children/rotation.ts"), input], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    expect((await once(process_, "exit"))[1]).toBe("SIGKILL");
    const both = aKeyring(fresh, old);
    const read = async (keyring: typeof both) => {
      for (const table of tables) expect(await contents(store, keyring, table), table).toEqual(filled[table]);
    };
    await read(both);
    // What the transaction had not committed is as it was.
    await read(aKeyring(old));
    expect(await rotateKeys({ store, keyring: both, clock: systemClock }, { batch: 4 })).toMatchObject({
      end: "done",
      resealed: 20,
      unopened: 0,
    });
    await read(aKeyring(fresh));
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
});
