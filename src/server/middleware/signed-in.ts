/** Who is asking, for the routes that need to know. */
import { LatchkeyError } from "../../kernel/errors.js";
import type { Authenticated } from "../../sessions/session.js";
import { type Ctx, sendCookies, type Web } from "../env.js";
import { isChanging, requireOwnOrigin } from "./origin.js";

/**
 * Whoever is signed in, or nobody. A cookie that is no live session is taken away with the answer.
 *
 * @throws LatchkeyError `store.unavailable` when it cannot be known, `session.origin_refused` (SU-5)
 */
export async function whoIsIt(web: Web, c: Ctx): Promise<Authenticated | undefined> {
  const found = await check(web, c);
  return found.kind === "signed-in" ? found : undefined;
}

/**
 * @throws LatchkeyError `session.missing` · `session.invalid` · `session.conflict` (401), and what `whoIsIt` throws
 */
export async function requireSignedIn(web: Web, c: Ctx): Promise<Authenticated> {
  const found = await check(web, c);
  if (found.kind === "signed-in") return found;
  throw new LatchkeyError(found.kind === "none" ? "session.missing" : found.code);
}

async function check(web: Web, c: Ctx) {
  const found = c.env.checked ?? (await web.features.checkSession(c.req.raw.headers));
  if (found.kind === "invalid" && found.clearCookie) sendCookies(c, [web.features.clearSessionCookie()]);
  // The check before the routes goes by the headers; this one goes by what was really used, in case the two differ.
  if (found.kind === "signed-in" && found.via === "cookie" && isChanging(c.req.method)) {
    requireOwnOrigin(c.req.raw.headers, web.site);
  }
  return found;
}
