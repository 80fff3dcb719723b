/** `latchkey keys rotate` as a process that dies at a fault point. Its argument is JSON: the file, the secrets, the point. */
import { createKeyring } from "../../../src/crypto/keyring.js";
import { systemRandom } from "../../../src/crypto/random.js";
import type { FaultPoint } from "../../../src/kernel/fault.js";
import { silentLog } from "../../../src/kernel/log.js";
import { secret } from "../../../src/kernel/secret.js";
import { systemClock } from "../../../src/kernel/time.js";
import { rotateKeys } from "../../../src/keys/rotate-keys.js";
import { openSqliteStore } from "../../../src/store/sqlite.js";

const { path, secrets, killAt } = JSON.parse(process.argv[2] ?? "") as {
  path: string;
  secrets: readonly string[];
  killAt: FaultPoint;
};
const store = await openSqliteStore({ path, clock: systemClock, random: systemRandom, log: silentLog });
const keyring = createKeyring({ secrets: secrets.map((text) => secret(text)), random: systemRandom });
const faults = {
  point(number: FaultPoint) {
    if (number === killAt) process.kill(process.pid, "SIGKILL");
  },
};
await rotateKeys({ store, keyring, clock: systemClock, faults }, { batch: 4 });
