/** Worlds for the tests of single options: each is closed when its test ends. */
import { afterEach } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import type { Page } from "../../src/testing/browser.js";
import { type FakeProvider, type FakeProviderOptions, startFakeProvider } from "../../src/testing/fake-provider.js";
import { createWorld, type World, type WorldOptions } from "../../src/testing/world.js";

export type ProviderInput = ConfigInput["providers"][number];

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
/** Closes something at the end of the test. */
export async function closing<T extends { close(): Promise<unknown> }>(made: Promise<T>): Promise<T> {
  const one = await made;
  open.push(() => one.close());
  return one;
}

export const aWorld = (options: WorldOptions = {}): Promise<World> => closing(createWorld(options));

/** A world whose provider entry depends on where the provider listens. */
export async function aWorldAt(
  entry: (provider: FakeProvider) => Partial<ProviderInput>,
  how: FakeProviderOptions = {},
): Promise<World> {
  const provider = await startFakeProvider(how);
  open.push(() => provider.stop());
  const { clientId, clientSecret = null } = provider.client;
  const record = { id: "fake", issuer: provider.issuer, clientId, clientSecret, ...entry(provider) };
  return { ...(await aWorld({ config: { providers: [record] } })), provider };
}

/** Where a start leads: the provider, or our own sign-in page with an error. */
export async function started(world: World, provider = "fake", query = ""): Promise<URL> {
  const page = await world.browser().get(world.url(`/providers/${provider}/start${query}`), { follow: false });
  if (page.location === undefined) throw new Error(`the start was answered ${page.status}`);
  return new URL(page.location);
}

/** The code of a failed sign-in, from the URL of the page it ended on; null when there was none. */
export const errorOf = (page: Page | URL): string | null =>
  (page instanceof URL ? page : new URL(page.url)).searchParams.get("error");

/** Somebody signs in in a new browser: the last page, its error, and what `/session` says then. */
export async function signsIn(world: World, person = "ann-1", provider = "fake") {
  const browser = world.browser();
  const page = await world.signIn(browser, person, { provider });
  const { status, body } = await world.session(browser);
  return { browser, page, error: errorOf(page), status, ...body };
}
