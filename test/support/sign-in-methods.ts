/** Adding and removing sign-in methods as a person does it, by the forms of the account page. */

import type { UserId } from "../../src/kernel/ids.js";
import type { IdentityRecord } from "../../src/store/records.js";
import type { Browser, Page } from "../../src/testing/browser.js";
import type { World } from "../../src/testing/world.js";
import type { SharedWorld } from "./shared-file.js";

/** The code that a page was opened with. */
export const errorOf = (page: Page | string | undefined): string | null =>
  new URL((typeof page === "string" ? page : page?.url) ?? "http://none/").searchParams.get("error");

/** Presses "Add …" on the account page, and stays here on the page that would go on to the provider. */
export async function pressAdd(world: World, browser: Browser, provider: string): Promise<Page> {
  await browser.get(world.url("/account"));
  const stopBefore = (url: string) => new URL(url).origin !== world.baseUrl;
  return browser.post(world.url(`/account/identities/${provider}/link`), {}, { stopBefore });
}

/** Where the page that "Add …" answers with goes on to. */
export function onward(page: Page): string {
  if (page.location === undefined) throw new Error(`nothing was begun: ${page.status} ${page.url} ${page.text}`);
  return page.location;
}

/** Proves at the provider to be `person`, up to the callback that the browser has not opened yet. */
export async function approveAt(browser: Browser, authorization: string, person: string): Promise<string> {
  const url = new URL(authorization);
  url.searchParams.set("login_hint", person);
  const answered = await browser.get(url.href, { follow: false });
  if (answered.location === undefined) throw new Error(`no redirect from the provider: ${answered.text}`);
  return answered.location;
}

/** The callback of an "Add …" that was approved at the provider. */
export const beginAdding = async (world: World, browser: Browser, provider: string, person: string): Promise<string> =>
  approveAt(browser, onward(await pressAdd(world, browser, provider)), person);

/** Opens a callback as the provider's redirect does: from another site. */
export const finish = (browser: Browser, callback: string): Promise<Page> =>
  browser.get(callback, { from: new URL("https://idp.example/").href });

export const add = async (world: World, browser: Browser, provider: string, person: string): Promise<Page> =>
  finish(browser, await beginAdding(world, browser, provider, person));

export async function remove(world: World, browser: Browser, id: string): Promise<Page> {
  await browser.get(world.url("/account"));
  return browser.post(world.url(`/account/identities/${id}/unlink`));
}

export async function userIdOf(world: World, browser: Browser): Promise<UserId> {
  const id = (await world.session(browser)).body.user?.id;
  if (!id) throw new Error("nobody is signed in");
  return id as UserId;
}

export async function identitiesOf(world: SharedWorld, user: UserId): Promise<readonly IdentityRecord[]> {
  return world.store.identities.ofUser(user);
}

export async function identityOf(world: SharedWorld, user: UserId, provider: string): Promise<IdentityRecord> {
  const found = (await identitiesOf(world, user)).find((identity) => identity.provider === provider);
  if (!found) throw new Error(`no identity of ${provider}`);
  return found;
}

export const auditTypes = async (world: SharedWorld, type: string) =>
  (await world.store.audit.list({ limit: 200 }, { type })).items;
