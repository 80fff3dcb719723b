/**
 * QU-13: a database of so many people, each with an identity, a session and a grant, and how long it takes to look after
 * one whom this process has never seen. SQLite in a file; the rows are written by hand, as the product would have them.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import Database from "better-sqlite3";
import { createKeyring } from "../../dist/crypto/keyring.js";
import { systemRandom } from "../../dist/crypto/random.js";
import { type GrantId, newId, type UserId } from "../../dist/kernel/ids.js";
import { secret } from "../../dist/kernel/secret.js";
import { toInstant } from "../../dist/kernel/time.js";
import { createWorld, type World } from "../../dist/testing/index.js";
import { sealGrant } from "../../dist/vault/sealed-grant.js";
import { given } from "./ready.js";

export interface Grown {
  /** Milliseconds, one for each person. */
  readonly check: number[];
  readonly read: number[];
  readonly signIn: number[];
  readonly logout: number[];
  /** Bytes of heap that a session in memory takes, and that another cap's worth of them adds; null where too few people. */
  readonly perSession: number | null;
  readonly beyondCap: number | null;
  readonly fileMegabytes: number;
}
interface Person {
  readonly value: string;
  readonly user: string;
  readonly session: string;
  readonly sub: string;
  readonly sid: string;
}
type Row = Record<string, unknown>;

const { people } = given<{ people: number }>();
/** How many sessions a node keeps in memory. */
const cap = 50_000;
const connection = "provider:fake";
const hash = (text: string) => createHash("sha256").update(text).digest("base64url");
const valueOf = (number: number) => hash(`session ${number}`);
const subOf = (number: number) => `person-${number}`;

/** A world with one person who signed in as anybody would, and `count` more whose rows are hers but for names and seals. */
async function aWorldOf(count: number, sampled: ReadonlySet<number>) {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-growth-"));
  const file = join(folder, "latchkey.db");
  const world = await createWorld({
    config: { database: `sqlite:${file}`, log: { level: "info" } },
    providerConfig: { scopes: ["openid", "email", "profile", "offline_access"] },
  });
  await world.signIn(world.browser(), "ann-1");
  const keyring = createKeyring({ secrets: world.config.secrets.map((text) => secret(String(text))), random: systemRandom });
  const database = new Database(file);
  database.pragma("busy_timeout = 10000");
  database.pragma("synchronous = off");
  const one = (table: string) => database.prepare(`select * from ${table} limit 1`).get() as Row;
  const [user, identity, session, grant] = [one("users"), one("identities"), one("sessions"), one("grants")];
  const insert = (table: string, row: Row) =>
    database.prepare(`insert into ${table} (${Object.keys(row).join()}) values (${Object.keys(row).map((name) => `@${name}`).join()})`);
  const [users, identities, sessions, grants] = [insert("users", user), insert("identities", identity), insert("sessions", session), insert("grants", grant)];
  const now = Date.now();
  const placeholder = String(grant["sealed"]);
  const tokens = { accessToken: `access-${"x".repeat(60)}`, tokenType: "Bearer", refreshToken: `refresh-${"x".repeat(60)}`, idToken: "x".repeat(700) } as const;
  const found = new Map<number, Person>();
  const write = database.transaction((from: number, to: number) => {
    for (let number = from; number < to; number++) {
      // Spread over a year, as people come.
      const at = toInstant(now - Math.floor(Math.random() * 31_000_000_000));
      const id = () => newId<UserId>(at, systemRandom);
      const [userId, identityId, sessionId, grantId] = [id(), id(), id(), newId<GrantId>(at, systemRandom)];
      const email = `${subOf(number)}@example.com`;
      users.run({ ...user, id: userId, email, role: "user", created_at: at });
      identities.run({ ...identity, id: identityId, user_id: userId, subject: subOf(number), sub: subOf(number), email, claims: null });
      const value = valueOf(number);
      sessions.run({ ...session, id: sessionId, user_id: userId, identity_id: identityId, token_hash: hash(value), sub: subOf(number), sid: `sid-${number}` });
      const isSampled = sampled.has(number);
      const place = { id: grantId, userId: userId as UserId, connection } as Parameters<typeof sealGrant>[1];
      const sealed = isSampled ? sealGrant(keyring, place, tokens) : placeholder;
      grants.run({ ...grant, id: grantId, user_id: userId, session_id: sessionId, issued_at: now, expires_at: now + 86_400_000, sealed });
      if (isSampled) found.set(number, { value, user: userId, session: sessionId, sub: subOf(number), sid: `sid-${number}` });
    }
  });
  for (let from = 0; from < count; from += 20_000) write(from, Math.min(count, from + 20_000));
  database.pragma("wal_checkpoint(truncate)");
  const pages = database.pragma("page_count", { simple: true }) as number;
  const fileMegabytes = (pages * (database.pragma("page_size", { simple: true }) as number)) / 1e6;
  database.close();
  const close = async () => {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { world, found, fileMegabytes, close };
}

const bearer = (value: string) => new Request("http://localhost:3000/", { headers: { authorization: `Bearer ${value}` } });
async function timed(times: number[], act: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  if (!(await act())) throw new Error("not what was expected");
  times.push(performance.now() - start);
}

/** The callback alone, and the provider's time taken out. */
async function signsIn(world: World, { sub }: Person, times: number[]): Promise<void> {
  world.provider.people.set(sub, { sub, email: `${sub}@example.com`, name: sub });
  const browser = world.browser();
  const callback = await world.approve(browser, sub);
  const cookie = browser.cookies.header(callback) ?? "";
  const before = world.log.lines.length;
  const start = performance.now();
  const answer = await world.latchkey.fetch(new Request(callback, { headers: { cookie } }));
  const total = performance.now() - start;
  if (answer.status !== 303 || !answer.headers.get("location")?.endsWith("/account")) throw new Error(`sign-in: ${answer.headers.get("location")}`);
  const outbound = world.log.lines.slice(before).filter(({ message }) => message === "outbound request");
  times.push(total - outbound.reduce((sum, line) => sum + Number(line.fields["duration"]), 0));
}

/** Each operation for people of its own, so that nothing of them is in memory. */
async function measured(world: World, all: readonly Person[], counts: { check: number; read: number; signIn: number; logout: number }) {
  const times = { check: [] as number[], read: [] as number[], signIn: [] as number[], logout: [] as number[] };
  const left = [...all];
  const next = (count: number) => left.splice(0, count);
  for (const person of next(counts.check)) await timed(times.check, () => world.latchkey.sessions.authenticate(bearer(person.value)));
  for (const { user, session } of next(counts.read)) await timed(times.read, () => world.latchkey.vault.accessToken({ user, session, connection }));
  for (const person of next(counts.signIn)) await signsIn(world, person, times.signIn);
  for (const { sid } of next(counts.logout)) {
    const body = new URLSearchParams({ logout_token: await world.provider.logoutToken({ sid }) });
    await timed(times.logout, async () => (await world.request("/backchannel-logout", { method: "POST", body })).status === 200);
  }
  return times;
}

function sampleOf(count: number, size: number): Set<number> {
  const numbers = new Set<number>();
  while (numbers.size < size) numbers.add(Math.floor(Math.random() * count));
  return numbers;
}

function heap(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

// All sizes begin with the same compiled code: without this the smallest would be measured cold.
const practice = await aWorldOf(4_000, sampleOf(4_000, 4_000));
await measured(practice.world, [...practice.found.values()], { check: 1_500, read: 1_500, signIn: 60, logout: 900 });
await practice.close();

const all = people < 10_000 ? { check: 400, read: 400, signIn: 50, logout: 150 } : { check: 4_000, read: 4_000, signIn: 200, logout: 1_800 };
const size = Object.values(all).reduce((sum, count) => sum + count, 0);
const { world, found, fileMegabytes, close } = await aWorldOf(people, sampleOf(people, size));
const order = [...found.values()].sort(() => Math.random() - 0.5);
const times = await measured(world, order, all);
let memory: Pick<Grown, "perSession" | "beyondCap"> = { perSession: null, beyondCap: null };
if (people >= 5 * cap) {
  const warm = async (from: number) => {
    for (let number = from, done = 0; done < cap; number++) if (await world.latchkey.sessions.authenticate(bearer(valueOf(number)))) done++;
    // Every commit leaves a callback for the end of this turn, which the checks above have not let come.
    await new Promise((resolve) => setTimeout(resolve, 50));
    return heap();
  };
  // Whoever was looked at above is pushed out by the first cap's worth.
  const empty = heap();
  const full = await warm(0);
  // Maps that delete as they add grow once more, and no further.
  const settled = await warm(2 * cap);
  const again = await warm(3 * cap);
  memory = { perSession: (full - empty) / (cap - all.check), beyondCap: (again - settled) / cap };
}
await close();
process.stdout.write(`${JSON.stringify({ ...times, ...memory, fileMegabytes } satisfies Grown)}\n`);
process.exit(0);
