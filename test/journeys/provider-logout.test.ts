/** Signing out at a real provider that nobody here wrote, which then tells us (LO-7, LO-8). */
import { afterEach, expect, test } from "vitest";
import { type Browser, createBrowser } from "../../src/testing/browser.js";
import { ann, ben, createSetting, type Setting, type SettingOptions } from "./setting.js";

let setting: Setting | undefined;
afterEach(() => setting?.close());

async function signIn({ base }: Setting, person: { email: string; password: string }): Promise<Browser> {
  const browser = createBrowser();
  const page = await browser.get(`${base}/providers/example/start?return_to=/auth/account`);
  const consent = await browser.submit(page, { email: person.email, password: person.password });
  expect((await browser.submit(consent)).url).toBe(`${base}/account`);
  return browser;
}
const statuses = ({ base }: Setting, ...browsers: Browser[]) =>
  Promise.all(browsers.map(async (browser) => (await browser.get(`${base}/session`)).status));

async function start(options: SettingOptions): Promise<Setting> {
  setting = await createSetting(options);
  return setting;
}

test.each([
  { backChannel: "sid", what: "by sid: the browser that signed out there, and no other", left: [401, 200, 200] },
  { backChannel: "sub", what: "by sub: everywhere, as the provider names no session", left: [401, 401, 200] },
] as const)("LO-7 LO-8 oidc-provider signs Ann out $what", async ({ backChannel, left }) => {
  const here = await start({ backChannel });
  const [laptop, phone, bens] = [await signIn(here, ann), await signIn(here, ann), await signIn(here, ben)];
  expect(await statuses(here, laptop, phone, bens)).toEqual([200, 200, 200]);

  // At the provider, with no link of ours: what a person does who signs out of everything.
  const page = await laptop.get(`${here.provider.issuer}/session/end`);
  await laptop.submit(page, { logout: "yes" });
  expect(here.problems).toEqual([]);
  expect(await statuses(here, laptop, phone, bens)).toEqual(left);
});

test("LO-5 LO-7 signing out here first, the provider's token finds nobody and is answered all the same", async () => {
  const here = await start({ backChannel: "sid" });
  const browser = await signIn(here, ann);
  const atProvider = await browser.post(`${here.base}/sign-out`);
  expect(await statuses(here, browser)).toEqual([401]);
  await browser.submit(atProvider, { logout: "yes" });
  expect(here.problems).toEqual([]);
  expect(here.log.text()).toContain("logged out by a provider");
});
