/**
 * Many people at many tool servers through several nodes of one database: everybody gets their own, a server is looked at
 * and registered at once, and nobody but the first costs a request before the consent page (TS-6, TS-10, AT-44, QU-15).
 *
 * Here the nodes share a clock that a test moves; crowd-processes.test.ts has processes, and the whole size.
 */
import { expect, test } from "vitest";
import { minutes } from "../../src/kernel/time.js";
import type { Latchkey } from "../../src/latchkey.js";
import type { Browser } from "../../src/testing/browser.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { createSharedWorld } from "../support/shared-file.js";
import { closeLater } from "./connect-setting.js";
import { startCrowdServer } from "./crowd-server.js";

const [people, servers] = [12, 3];

async function inTurns<T>(items: readonly T[], most: number, work: (item: T, at: number) => Promise<unknown>) {
  const left = items.map((item, at) => [item, at] as const);
  const one = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) await work(...next);
  };
  await Promise.all(Array.from({ length: most }, one));
}

test("TS-6 TS-10 AT-44 QU-15 a crowd on three nodes: everybody their own, one registration for each server, no request for the second", async () => {
  const clock = createManualClock();
  const names = Array.from({ length: servers }, (_, at) => `s${at}`);
  const all = await Promise.all(names.map((name) => startCrowdServer(name, 600)));
  const world = await createSharedWorld({
    clock,
    provider: {
      people: Array.from({ length: people }, (_, at) => ({
        sub: `p${at}`,
        email: `p${at}@crowd.test`,
        emailVerified: true,
        name: `P ${at}`,
      })),
    },
    config: {
      roles: { default: "user" },
      toolServers: all.map(({ url }, at) => ({ id: `s${at}`, url })),
    },
  });
  closeLater(() => world.close());
  const nodes: readonly Latchkey[] = [world.latchkey, await world.node(), await world.node()];
  const nodeOf = (at: number): Latchkey => nodes[at % nodes.length] as Latchkey;
  const crowd: { browser: Browser; user: string }[] = [];
  await inTurns(Array.from({ length: people }), 8, async (_, at) => {
    let turn = at;
    // Each request of theirs comes to another node.
    const browser = world.browserAt(() => nodeOf(turn++));
    await world.signIn(browser, `p${at}`);
    for (const [place, { origin }] of all.entries()) {
      browser.cookies.set(`${origin}/`, `who-s${place}=p${at}; Path=/`);
    }
    const { body } = await world.session(browser);
    crowd[at] = { browser, user: body.user?.id ?? "" };
  });

  await inTurns(crowd, 8, async ({ browser }) => {
    for (const name of names) await browser.get(world.url(`/connections/${name}/start`));
  });
  for (const { counts } of all) {
    expect(Object.fromEntries(counts)).toMatchObject({ register: 1, code: people });
    // Each node may have begun before another had found it; nobody else asks.
    expect(counts.get("document")).toBeLessThanOrEqual(2 * nodes.length);
    expect(counts.get("probe")).toBeLessThanOrEqual(nodes.length);
  }

  const before = all.map(({ counts }) => ["document", "probe", "register"].map((what) => counts.get(what)));
  for (let round = 0; round < 3; round++) {
    await inTurns(crowd, 8, async ({ user }, at) => {
      for (const [place, { url }] of all.entries()) {
        const use = { user, connection: `tool:s${place}` };
        const answers = await Promise.all(
          nodes.map(async (node) => (await node.toolServers.fetch(use)(url, { method: "POST", body: "{}" })).json()),
        );
        for (const answer of answers) expect(answer).toEqual({ server: `s${place}`, person: `p${at}` });
      }
    });
    await clock.advance(minutes(11));
  }
  // Two expiries lay between the three rounds: one refresh each, whichever of the three nodes asked.
  for (const { counts, strange } of all) {
    expect(counts.get("refresh")).toBe(2 * people);
    expect(counts.get("tool")).toBe(3 * nodes.length * people);
    expect(strange).toEqual([]);
  }
  expect(all.map(({ counts }) => ["document", "probe", "register"].map((what) => counts.get(what)))).toEqual(before);
}, 600_000);
