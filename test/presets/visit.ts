/** One person signing in at one provider in a browser of their own: what they ended with. */
import type { Page } from "../../src/testing/browser.js";
import type { World } from "../../src/testing/world.js";
import { errorOf } from "../options/setting.js";

export async function visit(world: World, provider: string) {
  const browser = world.browser();
  const page: Page = await browser.get(world.url(`/providers/${provider}/start`));
  const session = await world.session(browser);
  const listed = await browser.get(world.url("/api/identities"));
  const [identity] = session.status === 200 ? JSON.parse(listed.text).items : [];
  return { error: errorOf(page), user: session.body.user, identity, page };
}
