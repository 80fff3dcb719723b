import { expect, test } from "vitest";
import { createLatchkey } from "../create-latchkey.js";
import { systemRandom } from "../crypto/random.js";
import { cleanUp } from "../jobs/clean-up.js";
import { silentLog } from "../kernel/log.js";
import { days, systemClock } from "../kernel/time.js";
import { openSqliteStore } from "../store/sqlite.js";
import { createManualClock } from "../testing/manual-clock.js";
import { createWorld } from "../testing/world.js";

test("LO-3 a node that nobody asked for so long that announcements are gone forgets what it knew", async () => {
  const clock = createManualClock();
  const store = await openSqliteStore({ path: ":memory:", clock: systemClock, random: systemRandom, log: silentLog });
  const config = { sessions: { idle: "30d", lifetime: "60d" } };
  const world = await createWorld({ clock, config, ports: { store } });
  // A node on standby: it has seen Ann once, and then nothing.
  const standby = await createLatchkey({ ...world.config, ports: { store, clock, log: silentLog } });
  const ann = world.browser();
  await world.signIn(ann, "ann-1");
  const headers = { cookie: ann.cookies.header(world.url("/session")) ?? "" };
  const atStandby = async () => (await standby.fetch(new Request(world.url("/session"), { headers }))).status;
  expect(await atStandby()).toBe(200);

  await ann.get(world.url("/account"));
  await ann.post(world.url("/account/sessions/end-all"));
  await clock.skip(days(8));
  // Something else that is said later keeps its row; what was said of Ann's session does not.
  await store.transaction((tx) => tx.announcements.append("user", "somebody-else", clock.now()));
  await cleanUp({ store, clock });
  expect((await store.announcements.after(0)).map(({ kind }) => kind)).toEqual(["user"]);
  expect(await atStandby()).toBe(401);
  await standby.close();
  await world.close();
});

test("LO-3 a node that is thousands of announcements behind reads them all before it believes what it knew", async () => {
  const store = await openSqliteStore({ path: ":memory:", clock: systemClock, random: systemRandom, log: silentLog });
  const world = await createWorld({ ports: { store } });
  const standby = await createLatchkey({ ...world.config, ports: { store, log: silentLog } });
  const ann = world.browser();
  await world.signIn(ann, "ann-1");
  const headers = { cookie: ann.cookies.header(world.url("/session")) ?? "" };
  const atStandby = async () => (await standby.fetch(new Request(world.url("/session"), { headers }))).status;
  expect(await atStandby()).toBe(200);
  await store.transaction(async (tx) => {
    for (let i = 0; i < 2_000; i++) await tx.announcements.append("user", `somebody-${i}`, systemClock.now());
  });
  await ann.get(world.url("/account"));
  await ann.post(world.url("/account/sessions/end-all"));
  expect(await atStandby()).toBe(401);
  await standby.close();
  await world.close();
});
