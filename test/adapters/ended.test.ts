/** LO-12: an app that holds connections open learns which sessions have ended, here and in other processes. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createLatchkey } from "../../src/create-latchkey.js";
import { silentLog } from "../../src/kernel/log.js";
import { milliseconds } from "../../src/kernel/time.js";
import type { Latchkey } from "../../src/latchkey.js";
import type { EndedSession } from "../../src/sessions/ended.js";
import { createManualClock, type ManualClock } from "../../src/testing/manual-clock.js";
import { createWorld, type World } from "../../src/testing/world.js";

let world: World;
let clock: ManualClock;
let folder: string;
let other: Latchkey;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "latchkey-ended-"));
  clock = createManualClock();
  world = await createWorld({ clock, config: { database: `sqlite:${join(folder, "latchkey.db")}` } });
  other = await createLatchkey({ ...world.config, ports: { clock, log: silentLog } });
});
afterEach(async () => {
  await other.close();
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

/** Work that a nudge or a tick started: real reads of a real file. */
const soon = async (holds: () => boolean) => {
  for (let turn = 0; turn < 500 && !holds(); turn++) await new Promise((resolve) => setTimeout(resolve, 10));
};

async function someoneSignedIn() {
  const browser = world.browser();
  await world.signIn(browser, "ann-1");
  const cookie = browser.cookies.header(world.baseUrl) ?? "";
  const request = new Request(world.baseUrl, { headers: { cookie } });
  const signedIn = await world.latchkey.sessions.authenticate(request);
  if (!signedIn) throw new Error("not signed in");
  const signOut = () => browser.post(world.url("/sign-out"), {}, { from: world.url("/account"), follow: false });
  return { request, signOut, id: signedIn.session.id, userId: signedIn.user.id };
}

function listenTo(latchkey: Latchkey) {
  const heard: EndedSession[] = [];
  return { heard, stop: latchkey.sessions.onEnded((ended) => heard.push(ended)) };
}

describe("LO-12 sessions.onEnded", () => {
  test("tells at once of a session that this process ended, and whose it was", async () => {
    const { signOut, id, userId } = await someoneSignedIn();
    const { heard } = listenTo(world.latchkey);
    await signOut();
    await soon(() => heard.length > 0);
    expect(heard).toEqual([{ id, userId }]);
  });

  test("tells of a session that another process ended, within 50 ms and without a request of its own", async () => {
    const { request, signOut, id, userId } = await someoneSignedIn();
    expect(await other.sessions.authenticate(request)).not.toBeNull();
    const { heard } = listenTo(other);
    await signOut();
    expect(heard).toEqual([]);
    await clock.advance(milliseconds(50));
    await soon(() => heard.length > 0);
    expect(heard).toEqual([{ id, userId }]);
  });

  test("tells the id alone of a session that this process never saw", async () => {
    const { signOut, id } = await someoneSignedIn();
    const { heard } = listenTo(other);
    await signOut();
    await clock.advance(milliseconds(50));
    await soon(() => heard.length > 0);
    expect(heard).toEqual([{ id, userId: null }]);
  });

  test("tells each listener although another one throws or rejects, and none that was taken away", async () => {
    const { signOut, id, userId } = await someoneSignedIn();
    const gone = listenTo(world.latchkey);
    world.latchkey.sessions.onEnded(() => {
      throw new Error("a listener threw");
    });
    world.latchkey.sessions.onEnded((async () => {
      throw new Error("a listener rejected");
    }) as () => void);
    const { heard } = listenTo(world.latchkey);
    gone.stop();
    await signOut();
    await soon(() => heard.length > 0 && world.log.text().includes("a listener rejected"));
    expect(heard).toEqual([{ id, userId }]);
    expect(gone.heard).toEqual([]);
    expect(world.log.text()).toContain("a listener threw");
    expect(world.log.text()).toContain("a listener rejected");
  });
});
