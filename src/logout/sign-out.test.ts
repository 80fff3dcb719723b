import { afterEach, describe, expect, test } from "vitest";
import { createLatchkey } from "../create-latchkey.js";
import { systemRandom } from "../crypto/random.js";
import { silentLog } from "../kernel/log.js";
import { milliseconds, minutes, systemClock } from "../kernel/time.js";
import { openSqliteStore } from "../store/sqlite.js";
import { createManualClock } from "../testing/manual-clock.js";
import { createWorld } from "../testing/world.js";

const closing: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0)) await one.close();
});

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

test("LO-5 what signing out revokes leaves at once, and not with the next round", async () => {
  const clock = createManualClock();
  const world = await createWorld({ clock, providerConfig: { revokeOnSignOut: "always" } });
  closing.push(world);
  const browser = world.browser();
  await world.signIn(browser, "ann-1");
  const headers = { cookie: browser.cookies.header(world.url("/session")) ?? "", origin: world.baseUrl };
  await world.request("/sign-out", { method: "POST", headers });
  // The clock stands: nothing that waits for a moment happens.
  await expect.poll(() => world.provider.requestsTo("revocation").length, { timeout: 10_000 }).toBeGreaterThan(0);
});

test("LO-5 an address of a listed app that is longer than a browser's is no place to go on to", async () => {
  const allowed = "https://app.example";
  const world = await createWorld({
    providerConfig: { logout: "local" },
    config: { signIn: { signOut: { allowedReturnTo: [allowed] } } },
  });
  closing.push(world);
  const goesTo = async (returnTo: string) => {
    const headers = { origin: world.baseUrl };
    const answer = await world.request("/sign-out", {
      method: "POST",
      headers,
      body: new URLSearchParams({ return_to: returnTo }),
    });
    return answer.headers.get("location");
  };
  const long = (length: number) => `${allowed}/`.padEnd(length, "x");
  expect(await goesTo(long(1_024))).toBe(long(1_024));
  expect(await goesTo(long(1_025))).toBe(world.url("/signed-out"));
});

describe("who comes back from the provider", () => {
  /** Ann signed out here and was sent to the provider; what comes back is asked by hand, as any browser could. */
  async function away() {
    const clock = createManualClock();
    const world = await createWorld({ clock, config: { signIn: { signOut: { returnTo: "/bye" } } } });
    closing.push(world);
    const browser = world.browser();
    await world.signIn(browser, "ann-1");
    const cookie = browser.cookies.header(world.url("/session")) ?? "";
    const headers = { cookie, origin: world.baseUrl };
    const out = await world.request("/sign-out", { method: "POST", headers });
    const state = new URL(out.headers.get("location") ?? "").searchParams.get("state") ?? "";
    const [kept = ""] = out.headers
      .getSetCookie()
      .flatMap((one) => /^([^=]*latchkey-sign-out=[^;]+)/.exec(one)?.[1] ?? []);
    const back = async (query: string, sent = kept) => {
      const answer = await world.request(`/signed-out${query}`, { headers: { cookie: sent } });
      return [answer.status, answer.headers.get("location"), answer.headers.getSetCookie().length];
    };
    return { state, kept, back, clock };
  }
  const shown = [200, null, 0];

  test("LO-5 goes on to signOut.returnTo with the state that was sent, and the cookie goes", async () => {
    const { state, back } = await away();
    expect(await back(`?state=${state}`)).toEqual([303, "/bye", 1]);
  });

  test("LO-5 is told that they are signed out with any other state, none, two, or no cookie for it, and loses nothing", async () => {
    const { state, kept, back } = await away();
    for (const query of ["?state=forged", `?state=${state.slice(0, -1)}`, "", `?state=${state}&state=${state}`])
      expect(await back(query), query).toEqual(shown);
    expect(await back(`?state=${state}`, "")).toEqual(shown);
    // Two of one name: whoever planted one must not choose which counts.
    expect(await back(`?state=${state}`, `${kept}; ${kept}`)).toEqual(shown);
    expect(await back(`?state=${state}`, `${kept.slice(0, -4)}AAAA`)).toEqual(shown);
    expect(await back(`?state=${state}`)).toEqual([303, "/bye", 1]);
  });

  test("LO-5 is told so, too, more than ten minutes later, whatever their browser kept", async () => {
    const { state, back, clock } = await away();
    await clock.skip(minutes(10));
    expect(await back(`?state=${state}`)).toEqual([303, "/bye", 1]);
    await clock.skip(milliseconds(1));
    expect(await back(`?state=${state}`)).toEqual(shown);
  });
});
