/**
 * `npm run test:rotation [-- --rows 1000000]`: a rotation of that many sealed rows on one SQLite file by the command line, as a process
 * of its own. It is killed in the middle and run again, while this process goes on reading what it can open. Exit 1 when a
 * row was lost, or could not be read at some moment (VA-4).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemRandom } from "../../src/crypto/random.js";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { openGrant } from "../../src/vault/sealed-grant.js";
import { programFile } from "../support/program.js";
import { aKeyring, aSecret, contents, fill, tables } from "./filling.js";

const { values } = parseArgs({ options: { rows: { type: "string", default: "1000000" } } });
const rows = Number(values.rows);
const atOnce = Math.min(rows, 10_000);
const note = (text: string) => void process.stderr.write(`${text}\n`);

const folder = await mkdtemp(join(tmpdir(), "latchkey-rotation-"));
const [old, fresh] = [aSecret(), aSecret()];
const path = join(folder, "latchkey.db");
const store = await openSqliteStore({ path, migrate: true, clock: systemClock, random: systemRandom, log: silentLog });
const filled: Awaited<ReturnType<typeof fill>>[] = [];
const someGrants: string[] = [];
for (let made = 0; made < rows; made += atOnce) {
  const more = await fill(store, aKeyring(old), atOnce);
  filled.push(more);
  someGrants.push(...[...more.grants.keys()].filter((_, number) => number % 100 === 0));
  if (filled.length % 10 === 0) note(`${made + atOnce} of ${rows} rows made`);
}
const config = {
  baseUrl: "http://localhost:3000",
  secrets: [fresh.reveal(), old.reveal()],
  database: `sqlite:${path}`,
  providers: [{ id: "corp", issuer: "https://idp.corp.test", clientId: "x" }],
};
await writeFile(join(folder, "latchkey.json"), JSON.stringify(config), { mode: 0o600 });

const both = aKeyring(fresh, old);
let [reads, unreadable, reading] = [0, 0, true];
/** As a server would: somebody's grants, again and again. */
const reader = (async () => {
  for (let round = 0; reading; round++) {
    const found = await store.grants.byId(someGrants[round % someGrants.length] as never);
    if (!found || openGrant(both, found) === undefined) unreadable++;
    reads++;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
})();

const main = programFile("src/cli/main.ts");
const rotate = () =>
  spawn(process.execPath, [main, "keys", "rotate", "--json"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
const firstStart = Date.now();
const first = rotate();
const enough = setInterval(async () => {
  const { resealed } = await progress();
  if (resealed >= rows / 2) first.kill("SIGKILL");
}, 500);
await once(first, "exit");
clearInterval(enough);
const cut = (Date.now() - firstStart) / 1_000;
const before = (await progress()).resealed;
note(`killed after ${cut.toFixed(1)} s with about ${before} of ${rows} rows sealed anew`);
const second = rotate();
let told = "";
second.stdout.on("data", (part) => {
  told += part;
});
const secondStart = Date.now();
await once(second, "close");
const rest = (Date.now() - secondStart) / 1_000;
reading = false;
await reader;

let lost = 0;
for (const table of tables) {
  const found = await contents(store, aKeyring(fresh), table);
  for (const one of filled) for (const [id, content] of one[table]) if (found.get(id) !== content) lost++;
}
await store.close();
await rm(folder, { recursive: true, force: true });
process.stdout.write(`${told.trim()}\n`);
console.table([
  { rows, killedAfter: cut, secondRun: rest, perSecond: Math.round(rows / (cut + rest)), reads, unreadable, lost },
]);
process.exit(lost === 0 && unreadable === 0 && second.exitCode === 0 ? 0 : 1);

/** How far it came, by a thousand grants spread over the table. */
async function progress(): Promise<{ readonly resealed: number }> {
  const step = Math.max(1, Math.floor(someGrants.length / 1_000));
  const onlyNew = aKeyring(fresh);
  let [seen, done] = [0, 0];
  for (let at = 0; at < someGrants.length; at += step) {
    const row = await store.grants.byId(someGrants[at] as never);
    seen++;
    if (row && openGrant(onlyNew, row) !== undefined) done++;
  }
  return { resealed: Math.round((rows * done) / seen) };
}
