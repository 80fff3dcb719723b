/** The shared suite on SQLite: in memory, and in a file. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { systemRandom } from "../../src/crypto/random.js";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { describeStore } from "../../src/testing/store-suite.js";

const ports = { clock: systemClock, random: systemRandom, log: silentLog };

describeStore("SQLite memory", () => openSqliteStore({ path: ":memory:", ...ports }));

const folder = mkdtempSync(join(tmpdir(), "latchkey-store-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const path = () => join(folder, `${files}.db`);
describeStore(
  "SQLite file",
  () => {
    files++;
    return openSqliteStore({ path: path(), migrate: true, ...ports });
  },
  { another: () => openSqliteStore({ path: path(), ...ports }) },
);
