/** What `sessions`, `secrets`, `database` and `bus` change. Lifetimes and the cookie's name and domain are in journeys and attacks. */
import { describe, expect, test } from "vitest";
import { createLatchkey } from "../../src/create-latchkey.js";
import { minutes } from "../../src/kernel/time.js";
import type { Browser } from "../../src/testing/browser.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { createSharedWorld, type SharedWorld } from "../support/shared-file.js";
import { aWorld, closing, errorOf, signsIn } from "./setting.js";

test("LO-1 [option:sessions.sameSite] is what the session cookie says; flow cookies stay Lax", async () => {
  for (const sameSite of ["lax", "none"] as const) {
    const config = {
      baseUrl: "https://app.example",
      sessions: { sameSite },
      signIn: { bootstrapAdmins: ["ann@example.com"] },
    };
    const world = await aWorld({ config });
    const { page, status } = await signsIn(world);
    expect(status).toBe(200);
    const cookies = page.hops.flatMap(({ headers }) => headers.getSetCookie());
    const session = cookies.find((cookie) => cookie.startsWith("__Host-latchkey="));
    expect(session?.toLowerCase()).toContain(`samesite=${sameSite}`);
    const away = await world.browser().get(world.url("/providers/fake/start"), { follow: false });
    for (const cookie of away.headers.getSetCookie()) expect(cookie.toLowerCase()).toContain("samesite=lax");
    expect(away.headers.getSetCookie()).toHaveLength(1);
  }
});

describe("what a restart keeps", () => {
  const cookieOf = (world: SharedWorld, browser: Browser) => browser.cookies.header(world.url("/session")) ?? "";

  test("VA-2 [option:secrets] an older secret still opens what it sealed, and one that is gone does not", async () => {
    const world = await closing(createSharedWorld());
    const newest = "a-newer-secret-of-this-test-kX9f2LqP0sT7vZ";
    for (const [secrets, error] of [
      [[newest, ...world.config.secrets], null],
      [[newest], "signin.state_unknown"],
    ] as const) {
      let now = world.latchkey;
      const browser = world.browserAt(() => now);
      const away = await browser.get(world.url("/providers/fake/start?return_to=/auth/account"), { follow: false });
      now = await world.node({ secrets: [...secrets] });
      const back = await browser.follow(away);
      // A callback without its cookie is repeated once from our own origin.
      expect(errorOf(back.forms.length > 0 && error !== null ? await browser.submit(back) : back)).toBe(error);
      expect((await browser.get(world.url("/session"))).status).toBe(error === null ? 200 : 401);
    }
  });

  test("VA-2 [option:secrets] the newest one seals", async () => {
    const world = await closing(createSharedWorld());
    const newest = "a-newer-secret-of-this-test-kX9f2LqP0sT7vZ";
    let now = await world.node({ secrets: [newest, ...world.config.secrets] });
    const browser = world.browserAt(() => now);
    const away = await browser.get(world.url("/providers/fake/start?return_to=/auth/account"), { follow: false });
    now = await world.node({ secrets: [newest] });
    expect(errorOf(await browser.follow(away))).toBeNull();
  });

  test("LO-3 [option:database] is where sessions are: the same file knows them, another one does not", async () => {
    const world = await closing(createSharedWorld());
    const { browser } = await signsIn(world);
    const cookie = cookieOf(world, browser);
    for (const [config, status] of [
      [{}, 200],
      [{ database: "sqlite::memory:" }, 401],
    ] as const) {
      const node = await world.node(config);
      const answer = await node.fetch(new Request(world.url("/session"), { headers: { cookie } }));
      expect(answer.status).toBe(status);
    }
  });

  test("LO-3 a bus that is none is refused and not ignored", async () => {
    const { config } = await aWorld({ config: { bus: "auto" } });
    await expect(createLatchkey({ ...config, bus: "bicycle" })).rejects.toMatchObject({ code: "config.invalid" });
  });
});

test("LO-2 LO-3 a session that is used at one node stays alive at another, whose memory says that it was idle for too long", async () => {
  const clock = createManualClock();
  const world = await closing(createSharedWorld({ clock, config: { sessions: { idle: "1h" } } }));
  const { browser } = await signsIn(world);
  const node = await world.node();
  const headers = { cookie: browser.cookies.header(world.url("/session")) ?? "" };
  const at = async (one: Pick<typeof node, "fetch">) =>
    (await one.fetch(new Request(world.url("/session"), { headers }))).status;
  expect(await at(node)).toBe(200);
  await clock.skip(minutes(40));
  expect(await at(world.latchkey)).toBe(200);
  await clock.skip(minutes(40));
  expect(await at(node)).toBe(200);
  await clock.skip(minutes(61));
  expect(await at(node)).toBe(401);
});
