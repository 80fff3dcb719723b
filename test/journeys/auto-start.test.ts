/** SI-15: one provider, no button to press. */
import { afterEach, expect, test } from "vitest";
import { createWorld, type World, type WorldOptions } from "../../src/testing/world.js";

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

async function aWorld(options: WorldOptions = {}): Promise<World> {
  const world = await createWorld({
    ...options,
    config: { signIn: { signUp: true, autoStart: true }, ...options.config },
  });
  worlds.push(world);
  return world;
}
const opens = async (world: World, path: string, browser = world.browser()) =>
  (await browser.get(world.url(path), { follow: false })).location;

test("SI-15 [option:signIn.autoStart] the sign-in page leads straight to the only provider, and takes the target along", async () => {
  const world = await aWorld();
  expect(await opens(world, "/sign-in?return_to=/chat")).toBe(world.url("/providers/fake/start?return_to=%2Fchat"));
  const page = await world.browser().get(world.url("/sign-in?return_to=/auth/account"));
  expect(page.url).toBe(world.url("/account"));

  const calm = await aWorld({ config: { signIn: { signUp: true, autoStart: false } } });
  expect(await opens(calm, "/sign-in")).toBeUndefined();
});

test("SI-15 ?choose, an error, and a second provider show the page", async () => {
  const world = await aWorld();
  expect(await opens(world, "/sign-in?choose")).toBeUndefined();
  expect(await opens(world, "/sign-in?error=signin.denied&request=x")).toBeUndefined();
  const [first] = world.config.providers;
  if (!first) throw new Error("no provider");
  const two = await aWorld({ config: { providers: [first, { ...first, id: "second" }] } });
  expect(await opens(two, "/sign-in")).toBeUndefined();
  const oneOff = await aWorld({ config: { providers: [first, { ...first, id: "second", enabled: false }] } });
  expect(await opens(oneOff, "/sign-in")).toContain("/providers/fake/start");
});

test("SI-15 a provider that refuses is not asked again and again", async () => {
  const world = await aWorld();
  world.provider.signInAs(null);
  const page = await world.browser().get(world.url("/sign-in"));
  expect(page.url).toContain("/auth/sign-in?error=signin.denied");
  expect(page.status).toBe(200);
  expect(world.provider.requestsTo("authorize")).toHaveLength(1);
});

test("SI-15 LO-5 nobody who signed out is signed straight back in, until they choose to", async () => {
  const world = await aWorld();
  const browser = world.browser();
  await world.signIn(browser, "ann-1");
  await browser.get(world.url("/account"));
  const out = await browser.post(world.url("/sign-out"));
  expect(out.url).toContain("/auth/signed-out");
  // The app sends people without a session to the sign-in page, and they must land on it.
  expect(await opens(world, "/sign-in", browser)).toBeUndefined();
  await world.signIn(browser, "ann-1");
  expect((await world.session(browser)).status).toBe(200);
  expect(await opens(world, "/sign-in", browser)).toContain("/providers/fake/start");
  expect(await opens(world, "/sign-in", world.browser())).toContain("/providers/fake/start");
});

test("SI-15 LO-6 nor is who ended their own session, or all of them, from the account page", async () => {
  const world = await aWorld();
  const browser = world.browser();
  const endings = [
    async () => world.url("/account/sessions/end-all"),
    async () => world.url(`/account/sessions/${(await world.session(browser)).body.session?.id}/end`),
  ];
  for (const ending of endings) {
    await world.signIn(browser, "ann-1");
    const url = await ending();
    await browser.get(world.url("/account"));
    expect((await browser.post(url)).url).toContain("/auth/signed-out");
    expect((await world.session(browser)).status).toBe(401);
    expect(await opens(world, "/sign-in", browser)).toBeUndefined();
  }
});
