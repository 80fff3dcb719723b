import { afterEach, expect, test } from "vitest";
import { createTwoProviders, type TwoProviders } from "../../test/support/two-providers.js";
import { createLastProvider } from "./last-provider.js";

let world: TwoProviders | undefined;
afterEach(() => world?.close());

/** The buttons of the sign-in page, in their order; a star for the one that is marked. */
async function buttons(cookie: string | undefined): Promise<string[]> {
  const answer = await world?.request("/sign-in", cookie === undefined ? {} : { headers: { cookie } });
  const links = (await answer?.text())?.match(/<a class="provider.*?<\/a>/gs) ?? [];
  return links.map((link) => `${/providers\/(\w+)\/start/.exec(link)?.[1]}${link.includes("Last used") ? "*" : ""}`);
}

test("SU-8 a completed sign-in is remembered as the provider's id and nothing else, also after signing out", async () => {
  world = await createTwoProviders();
  const browser = world.browser();
  const last = () => /latchkey-last=([^;]*)/.exec(browser.cookies.header(world?.url("/sign-in") ?? "") ?? "")?.[1];
  await browser.get(world.url("/providers/other/start"), { follow: false });
  expect(last(), "begun is not completed").toBeUndefined();
  await world.signIn(browser, "ann-1", { provider: "other" });
  expect(last()).toBe("other");
  await browser.post(world.url("/sign-out"), {});
  expect(await buttons(browser.cookies.header(world.url("/sign-in")))).toEqual(["other*", "fake"]);
});

test("SU-8 what a browser says it used decides nothing but the order, and an id that is not offered is ignored", async () => {
  world = await createTwoProviders();
  expect(await buttons(undefined)).toEqual(["fake", "other"]);
  expect(await buttons("latchkey-last=other")).toEqual(["other*", "fake"]);
  for (const odd of ["nobody", "", "<script>", "../other", "__proto__", "x".repeat(5_000)]) {
    expect(await buttons(`latchkey-last=${odd}`), odd).toEqual(["fake", "other"]);
  }
});

test("SU-8 the cookie is out of reach of scripts and siblings, and stays a year", () => {
  expect(createLastProvider({ secure: true, choice: true }).set("corp")).toEqual([
    "__Host-latchkey-last=corp; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=31536000",
  ]);
  expect(createLastProvider({ secure: true, choice: false }).set("corp")).toEqual([]);
});
