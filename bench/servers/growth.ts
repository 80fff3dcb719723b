/**
 * QU-13: a database of so many people, each with an identity, a session and a grant, and how long it takes to look after
 * one whom this process has never seen. SQLite in a file; the rows are written by hand, as the product would have them.
 */
import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
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
  readonly http: number[];
  readonly read: number[];
  readonly signIn: number[];
  readonly logout: number[];
  /**
   * One for each database: for how long the event loop was busy with one session that is checked and was last seen a while
   * ago, until it is written that it was.
   */
  readonly back: number[];
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
      // Of nobody is it time to write again that they were seen, however long it takes to fill this.
      const seen = { last_seen_at: now + 3_600_000, idle_ends_at: now + 86_400_000 };
      sessions.run({ ...session, id: sessionId, user_id: userId, identity_id: identityId, token_hash: hash(value), sub: subOf(number), sid: `sid-${number}`, ...seen });
      const isSampled = sampled.has(number);
      const place = { id: grantId, userId: userId as UserId, connection } as Parameters<typeof sealGrant>[1];
      const sealed = isSampled ? sealGrant(keyring, place, tokens) : placeholder;
      grants.run({ ...grant, id: grantId, user_id: userId, session_id: sessionId, issued_at: now, expires_at: now + 86_400_000, sealed });
      if (isSampled) found.set(number, { value, user: userId, session: sessionId, sub: subOf(number), sid: `sid-${number}` });
    }
  });
  for (let from = 0; from < count; from += 20_000) write(from, Math.min(count, from + 20_000));
  database.pragma("wal_checkpoint(truncate)");
  const cameBefore = database.prepare(`update sessions set last_seen_at = ${now - 600_000} where id = ?`);
  const pages = database.pragma("page_count", { simple: true }) as number;
  const fileMegabytes = (pages * (database.pragma("page_size", { simple: true }) as number)) / 1e6;
  readWhole(file);
  const close = async () => {
    database.close();
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  };
  /** From now on it is a while ago that these were seen. */
  const wereSeenLongAgo = (those: readonly Person[]) => {
    database.transaction(() => those.forEach((person) => cameBefore.run(person.session)))();
    database.pragma("wal_checkpoint(truncate)");
  };
  const seenAgain = database.prepare(`select last_seen_at > ${now - 600_000} from sessions where id = ?`).pluck();
  const wasSeenAgain = (person: Person | undefined) => person === undefined || seenAgain.get(person.session) === 1;
  return { world, found, fileMegabytes, wereSeenLongAgo, wasSeenAgain, close };
}
type Filled = Awaited<ReturnType<typeof aWorldOf>>;

/** What is measured is ours and SQLite's; that the system reads a file of gigabytes from the disk is neither. */
function readWhole(file: string): void {
  const opened = openSync(file, "r");
  const some = Buffer.alloc(1 << 20);
  while (readSync(opened, some) > 0);
  closeSync(opened);
}

const bearer = (value: string, url = "http://localhost:3000/") => new Request(url, { headers: { authorization: `Bearer ${value}` } });
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

const operations = ["check", "http", "read", "signIn", "logout", "back"] as const;
type Counts = Record<(typeof operations)[number], number>;
type Times = Record<(typeof operations)[number], number[]>;
const none = (): Times => ({ check: [], http: [], read: [], signIn: [], logout: [], back: [] });
const sum = (counts: Counts) => Object.values(counts).reduce((all, count) => all + count, 0);

/** Each operation for people of its own, so that nothing of them is in memory. */
async function measure({ world, found, wereSeenLongAgo, wasSeenAgain }: Filled, counts: Counts, times: Times): Promise<void> {
  const left = [...found.values()].sort(() => Math.random() - 0.5);
  const next = (count: number) => left.splice(0, count);
  const url = world.url("/session");
  for (const person of next(counts.check)) await timed(times.check, () => world.latchkey.sessions.authenticate(bearer(person.value)));
  for (const person of next(counts.http)) await timed(times.http, async () => (await world.latchkey.fetch(bearer(person.value, url))).status === 200);
  for (const { user, session } of next(counts.read)) await timed(times.read, () => world.latchkey.vault.accessToken({ user, session, connection }));
  for (const person of next(counts.signIn)) await signsIn(world, person, times.signIn);
  for (const { sid } of next(counts.logout)) {
    const body = new URLSearchParams({ logout_token: await world.provider.logoutToken({ sid }) });
    await timed(times.logout, async () => (await world.request("/backchannel-logout", { method: "POST", body })).status === 200);
  }
  const backAgain = next(counts.back);
  wereSeenLongAgo(backAgain);
  const before = performance.eventLoopUtilization();
  for (const person of backAgain) {
    if (!(await world.latchkey.sessions.authenticate(bearer(person.value)))) throw new Error("nobody came back");
    // As requests do, each comes in a turn of its own.
    await new Promise((resolve) => setImmediate(resolve));
  }
  // They are written in the order they came in.
  for (const until = performance.now() + 60_000; !wasSeenAgain(backAgain.at(-1)); await new Promise((resolve) => setTimeout(resolve, 5))) {
    if (performance.now() > until) throw new Error("last-seen was not written within a minute");
  }
  times.back.push(performance.eventLoopUtilization(before).active / backAgain.length);
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

// All sizes begin with the same compiled code, and are as many people: without that the smallest would be measured cold.
const practised: Counts = { check: 1_000, http: 1_000, read: 700, signIn: 60, logout: 500, back: 700 };
for (let time = 0; time < 2; time++) {
  const practice = await aWorldOf(4_000, sampleOf(4_000, sum(practised)));
  await measure(practice, practised, none());
  await practice.close();
}

const isSmall = people < 10_000;
const counts: Counts = isSmall ? { check: 250, http: 250, read: 200, signIn: 20, logout: 120, back: 120 } : { check: 4_000, http: 4_000, read: 3_200, signIn: 320, logout: 1_920, back: 1_920 };
const times = none();
for (let more = isSmall ? 15 : 0; more > 0; more--) {
  const one = await aWorldOf(people, sampleOf(people, sum(counts)));
  await measure(one, counts, times);
  await one.close();
}
const last = await aWorldOf(people, sampleOf(people, sum(counts)));
const { world, fileMegabytes, close } = last;
await measure(last, counts, times);
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
  memory = { perSession: (full - empty) / (cap - counts.check - counts.http - counts.back), beyondCap: (again - settled) / cap };
}
await close();
const grown: Grown = { ...times, ...memory, fileMegabytes };
const shortened = (_: string, value: unknown) => (typeof value === "number" ? Math.round(value * 1e5) / 1e5 : value);
// Not before all of it has gone through the pipe.
process.stdout.write(`${JSON.stringify(grown, shortened)}\n`, () => process.exit(0));
