/**
 * Many people at many tool servers through three processes of one database: nobody ever has a token of somebody else's or
 * of another server's, a server is looked at and registered at once, and nobody but the very first person costs a request
 * before the consent page (TS-6, TS-10, AT-44, QU-15). A refused token is refreshed once, however many processes are told.
 *
 * Small in the suite; `npm run test:crowd` is the whole of it: 200 people at five servers.
 */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { type Browser, createBrowser } from "../../src/testing/browser.js";
import { startFakeProvider } from "../../src/testing/fake-provider.js";
import { startNode } from "../processes/start-node.js";
import { closeLater } from "./connect-setting.js";
import { startCrowdServer } from "./crowd-server.js";

const [people = 9, servers = 2] = (process.env["CROWD"] ?? "9x2").split("x").map(Number);
const base = "http://localhost:3000/auth";
const service = { id: "chat", secret: "x4Jc1vN8sQ0pT6yR2wK9mB5hD7gF3zLa", audience: "https://chat.example" };

interface Person {
  readonly name: string;
  readonly browser: Browser;
  readonly session: string;
}

async function inTurns<T>(items: readonly T[], work: (item: T, at: number) => Promise<unknown>) {
  const left = items.map((item, at) => [item, at] as const);
  const one = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) await work(...next);
  };
  await Promise.all(Array.from({ length: 8 }, one));
}

test("TS-6 TS-10 AT-44 QU-15 VA-16 a crowd through three processes: everybody their own, one registration, no request for the second, one refresh", async () => {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-crowd-"));
  closeLater(() => rm(folder, { recursive: true, force: true }));
  const names = Array.from({ length: people }, (_, at) => `p${at}`);
  const provider = await startFakeProvider({
    people: names.map((sub) => ({ sub, email: `${sub}@crowd.test`, emailVerified: true, name: sub })),
  });
  closeLater(() => provider.stop());
  const places = Array.from({ length: servers }, (_, at) => `s${at}`);
  const all = await Promise.all(places.map((place) => startCrowdServer(place, 3_600)));
  const config: ConfigInput = {
    baseUrl: "http://localhost:3000",
    secrets: ["a-secret-of-this-test-alone-kX9f2LqP0sT7vZ"],
    database: `sqlite:${join(folder, "latchkey.db")}`,
    rateLimits: "off",
    signIn: { signUp: true },
    roles: { default: "user" },
    services: [service],
    egress: { allow: ["127.0.0.0/8", "localhost"], allowHttp: ["127.0.0.1", "localhost"] },
    providers: [
      {
        id: "fake",
        issuer: provider.issuer,
        clientId: provider.client.clientId,
        clientSecret: provider.client.clientSecret ?? null,
      },
    ],
    toolServers: all.map(({ url }, at) => ({ id: `s${at}`, url })),
  };
  // The first makes the database.
  const first = await startNode(config);
  const nodes = [first, ...(await Promise.all([startNode(config), startNode(config)]))];
  closeLater(() => Promise.all(nodes.map((node) => node.stop())));
  const nodeAt = (turn: number) => nodes[turn % nodes.length] as (typeof nodes)[number];

  async function signsIn(name: string, at: number): Promise<Person> {
    let turn = at;
    // Each request of theirs comes to another process.
    const browser = createBrowser((request) => nodeAt(turn++).fetch(request));
    const started = await browser.get(`${base}/providers/fake/start?return_to=/auth/account`, { follow: false });
    const page = await browser.get(`${started.location}&login_hint=${name}`, { from: started.url, follow: false });
    await browser.follow(page, { from: provider.issuer });
    for (const [place, { origin }] of all.entries()) browser.cookies.set(`${origin}/`, `who-s${place}=${name}; Path=/`);
    const session = /latchkey=([\w-]{43})/.exec(browser.cookies.header(`${base}/session`) ?? "")?.[1] ?? "";
    return { name, browser, session };
  }
  async function connects({ browser }: Person): Promise<void> {
    for (const place of places) {
      const page = await browser.get(`${base}/connections/${place}/start`);
      if (page.url !== `${base}/account?done=connected`) throw new Error(`${page.url} ${page.text.slice(0, 200)}`);
    }
  }
  /** What a backend gets for somebody, of one of the processes. */
  async function tokenFor({ session }: Person, place: string, turn: number, rejected?: string): Promise<string> {
    const body = new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: session,
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      audience: `tool:${place}`,
      ...(rejected === undefined
        ? {}
        : { rejected_token_hash: createHash("sha256").update(rejected).digest("base64url") }),
    });
    const headers = { authorization: `Basic ${btoa(`${service.id}:${service.secret}`)}` };
    const answer = await nodeAt(turn).fetch(new Request(`${base}/token`, { method: "POST", headers, body }));
    const { access_token: token } = (await answer.json()) as { access_token?: string };
    if (token === undefined) throw new Error(`POST /token answers ${answer.status}`);
    return token;
  }
  /** Every token names its person and its server, and the server that gets it says whose it took it for. */
  async function calls(person: Person, place: number, token: string): Promise<void> {
    const { url = "" } = all[place] ?? {};
    const answer = await fetch(url, { method: "POST", body: "{}", headers: { authorization: `Bearer ${token}` } });
    expect(await answer.json()).toEqual({ server: `s${place}`, person: person.name });
  }

  const crowd: Person[] = [];
  await inTurns(names, async (name, at) => {
    crowd[at] = await signsIn(name, at);
  });
  const [pioneer, ...others] = crowd as [Person, ...Person[]];
  await connects(pioneer);
  const asked = () => all.map(({ counts }) => ["document", "probe", "register"].map((what) => counts.get(what)));
  const before = asked();
  expect(before.map(([, , register]) => register)).toEqual(places.map(() => 1));
  // Whichever process they come to: what it needs to know it reads in the database.
  await inTurns(others, connects);
  expect(asked()).toEqual(before);
  for (const { counts } of all) expect(counts.get("code")).toBe(people);

  const held = new Map<string, string>();
  const everybody = (act: (person: Person, place: number) => Promise<void>) =>
    inTurns(crowd, async (person) => {
      for (const place of places.keys()) await act(person, place);
    });
  await everybody(async (person, place) => {
    const tokens = await Promise.all(nodes.map((_, turn) => tokenFor(person, `s${place}`, turn)));
    expect(new Set(tokens).size).toBe(1);
    for (const token of tokens) await calls(person, place, token);
    held.set(`${person.name} s${place}`, tokens[0] ?? "");
  });
  // Each server refuses what it gave: every process is told, and one of them asks for another.
  await everybody(async (person, place) => {
    const old = held.get(`${person.name} s${place}`) ?? "";
    const tokens = await Promise.all(nodes.map((_, turn) => tokenFor(person, `s${place}`, turn, old)));
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).not.toBe(old);
    await calls(person, place, tokens[0] ?? "");
  });
  for (const { counts, strange } of all) {
    expect(counts.get("refresh")).toBe(people);
    expect(strange).toEqual([]);
  }
  expect(asked()).toEqual(before);
}, 900_000);
