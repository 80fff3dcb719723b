import { expect, test } from "vitest";
import { createLatchkey } from "../create-latchkey.js";
import { systemRandom } from "../crypto/random.js";
import { silentLog } from "../kernel/log.js";
import { systemClock } from "../kernel/time.js";
import { openSqliteStore } from "../store/sqlite.js";
import { createWorld } from "../testing/world.js";

test("LO-5 AT-45 whoever signs out while their provider is switched off is not signed in when it is back", async () => {
  const store = await openSqliteStore({ path: ":memory:", clock: systemClock, random: systemRandom, log: silentLog });
  const world = await createWorld({ ports: { store } });
  const browser = world.browser();
  await world.signIn(browser, "ann-1");
  const cookie = browser.cookies.header(world.url("/session")) ?? "";
  const providers = world.config.providers.map((provider) => ({ ...provider, enabled: false }));
  const switchedOff = await createLatchkey({ ...world.config, providers, ports: { store, log: silentLog } });
  const signOut = (headers: Record<string, string>) =>
    switchedOff.fetch(new Request(world.url("/sign-out"), { method: "POST", headers: { cookie, ...headers } }));

  // Not from another site, and not for a value that is only part of what was sent (LO-4).
  expect((await signOut({ origin: "https://evil.example" })).status).toBe(403);
  await signOut({ authorization: `Bearer ${"x".repeat(43)}` });
  expect((await world.session(browser)).status).toBe(200);

  const out = await signOut({ origin: world.baseUrl });
  expect([out.status, out.headers.get("location")]).toEqual([303, world.url("/signed-out")]);
  expect((await world.session(browser)).status).toBe(401);
  // The switched-off node shares its store with the world's, which closes it.
  await world.close();
});
