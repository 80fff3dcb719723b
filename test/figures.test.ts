/**
 * What the figures of `npm run bench` rest on. How long something takes is measured there, on a machine that is left
 * alone; here is held what would undo it anywhere: a question to the database on a way that has none, a table that is
 * walked through, a request that grows with the people, a package too many.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withJson } from "../src/testing/fake-provider/answers.js";
import { logOut, signedIn } from "./support/logout-setting.js";
import { createSharedWorld, type SharedWorld } from "./support/shared-file.js";

let world: SharedWorld;
let asked: string[] = [];
const { prepare } = Database.prototype;
beforeEach(async () => {
  Database.prototype.prepare = function (this: Database.Database, source: string) {
    const statement = prepare.call(this, source);
    for (const name of ["run", "get", "all", "iterate"] as const) {
      const act = statement[name] as (...values: unknown[]) => unknown;
      Object.defineProperty(statement, name, {
        value(this: unknown, ...values: unknown[]) {
          asked.push(source);
          return act.apply(this, values);
        },
      });
    }
    return statement;
  } as typeof prepare;
  asked = [];
  const scopes = ["openid", "email", "profile", "offline_access"];
  world = await createSharedWorld({ config: { roles: { default: "user" } }, providerConfig: { scopes } });
});
afterEach(async () => {
  Database.prototype.prepare = prepare;
  await world.close();
});
const connection = "provider:fake";
/** What does not grow with the people, and looks that end at the first row. */
const isShort = (sql: string) =>
  /from "(migrations|tool_servers)"|from sqlite_master|order by "sequence" desc limit|select "id" from "users" limit/.test(
    sql,
  );
/** A whole table or index, or all that one issuer or one provider has in it. */
const isWalk = (detail: string) => /^SCAN |\((issuer|provider|connection|kind|status)=\?\)$/.test(detail);
const questions = () => asked.filter((sql) => /^\s*(select|insert|update|delete|with)\b/i.test(sql));

test("QU-8 LO-3 a session that this node has seen is answered without a question to the database", async () => {
  const ann = await signedIn(world, "ann-1");
  await world.session(ann.browser);
  asked = [];
  for (let times = 0; times < 3; times++) expect((await world.session(ann.browser)).status).toBe(200);
  expect(questions()).toEqual([]);
});

test("QU-9 VA-6 a fresh token that was handed out before comes without a question to the database", async () => {
  const ann = await signedIn(world, "ann-1");
  const { user, session } = (await world.session(ann.browser)).body;
  const mine = { user: user?.id ?? "", session: session?.id ?? "", connection };
  const first = await world.latchkey.vault.accessToken(mine);
  asked = [];
  for (let times = 0; times < 3; times++) expect(await world.latchkey.vault.accessToken(mine)).toEqual(first);
  expect(questions()).toEqual([]);
});

test("QU-10 VA-7 a token that has ended is followed by the next with two writes to its row, and without reading it", async () => {
  world.provider.script({ token: async (honest) => withJson(await honest(), { expires_in: 1 }) });
  const ann = await signedIn(world, "ann-1");
  const { user, session } = (await world.session(ann.browser)).body;
  const mine = { user: user?.id ?? "", session: session?.id ?? "", connection };
  const first = await world.latchkey.vault.accessToken(mine);
  world.provider.script({});
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  asked = [];
  expect((await world.latchkey.vault.accessToken(mine)).accessToken).not.toBe(first.accessToken);
  const ofGrants = questions().filter((sql) => sql.includes("grants"));
  expect(ofGrants.map((sql) => sql.replaceAll('"', "").split(/ (?:set|from) /)[0])).toEqual([
    "select version",
    "update grants",
    "select version",
    "update grants",
  ]);
  expect(questions().filter((sql) => /from "?sessions"?/.test(sql))).toEqual([]);
});

test("QU-12 a sign-in asks the provider for the token and the claims and nothing else once its documents are known", async () => {
  await signedIn(world, "ben-2");
  const browser = world.browser();
  const callback = await world.approve(browser, "ann-1");
  const before = world.provider.requests.length;
  await browser.get(callback, { follow: false });
  expect(world.provider.requests.slice(before).map(({ endpoint }) => endpoint)).toEqual(["token", "userinfo"]);
});

test("QU-13 nothing that people wait for walks through a table that grows with them", async () => {
  const ann = await signedIn(world, "ann-1");
  const ben = await signedIn(world, "ben-2");
  // A node that knows nobody yet.
  const other = await world.node();
  const cookie = ann.browser.cookies.header(world.url("/session")) ?? "";
  const there = new Request(world.url("/session"), { headers: { cookie } });
  expect((await other.fetch(there, { address: "127.0.0.1" })).status).toBe(200);
  const { user, session } = (await world.session(ann.browser)).body;
  await other.vault.accessToken({ user: user?.id ?? "", session: session?.id ?? "", connection });
  expect(await logOut(world, world.provider.logoutToken({ sid: ben.sid }))).toBe("200");
  const raw = new Database(String(world.config.database).slice("sqlite:".length), { readonly: true });
  const walked = new Set<string>();
  for (const sql of new Set(questions())) {
    const places = (sql.match(/\?/g) ?? []).length;
    const explained = prepare.call(raw, `explain query plan ${sql}`) as Database.Statement<unknown[]>;
    const plan = explained.all(...Array.from({ length: places }, () => null)) as { detail: string }[];
    for (const { detail } of plan) if (isWalk(detail) && !isShort(sql)) walked.add(`${detail}: ${sql}`);
  }
  raw.close();
  expect([...walked]).toEqual([]);
});

test("QU-14 what is installed beside Latchkey are few packages", () => {
  const { packages } = JSON.parse(readFileSync(join(import.meta.dirname, "../package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>;
  };
  const installed = Object.entries(packages).filter(
    ([path, { dev, devOptional }]) => path !== "" && !dev && !devOptional,
  );
  expect(installed.length).toBeGreaterThan(20);
  expect(installed.length).toBeLessThanOrEqual(150);
});
