/**
 * Who may ask for an admin page, and what its query says. Who asks must be an admin now, by the session check and not by
 * what a page once said; nothing of a person is read before that.
 */
import { isErrorCode } from "../../kernel/error-catalog.js";
import { LatchkeyError } from "../../kernel/errors.js";
import type { Authenticated } from "../../sessions/session.js";
import type { AdminFeatures } from "../admin-features.js";
import { seeOther } from "../answers.js";
import type { Ctx, Web } from "../env.js";
import { isDoneCode } from "../languages.js";
import { isRequestId } from "../middleware/request-facts.js";
import { requireSignedIn, whoIsIt } from "../middleware/signed-in.js";
import { prefersJson } from "../negotiation.js";
import type { AdminNotes } from "../pages/admin-frame.js";
import { rawPathOf, single } from "../parameters.js";

/** A handler that is given the admin who asks. */
type Handler = (web: Web, c: Ctx, admin: Authenticated, features: AdminFeatures) => Promise<Response>;

export const forAdmins = (handler: Handler) => (web: Web) => async (c: Ctx) => {
  const admin = await adminOrSentAway(web, c);
  return admin instanceof Response ? admin : handler(web, c, admin, await web.features.admin());
};

/** @throws LatchkeyError `account.not_admin` */
async function adminOrSentAway(web: Web, c: Ctx): Promise<Authenticated | Response> {
  const signedIn = prefersJson(c.req.raw.headers) ? await requireSignedIn(web, c) : await whoIsIt(web, c);
  if (!signedIn) {
    const back = c.req.method === "GET" ? rawPathOf(c.req.url) : `${web.site.basePath}/admin/users`;
    return seeOther(web, c, `${web.site.base}/sign-in?${new URLSearchParams({ return_to: back })}`);
  }
  if (signedIn.user.role !== "admin")
    throw new LatchkeyError("account.not_admin", { data: { user: signedIn.user.id } });
  return signedIn;
}

/** Anybody can write a query: only codes of ours are shown (AT-24). */
export function notesFrom(query: URLSearchParams): AdminNotes {
  const [done, code, request] = ["done", "error", "request"].map((name) => single(query, name));
  const requestId = request !== undefined && isRequestId(request) ? request : null;
  return {
    done: done !== undefined && isDoneCode(done) ? done : undefined,
    failure: code !== undefined && isErrorCode(code) && isAdmins.test(code) ? { code, requestId } : undefined,
  };
}

/** Families of what the forms of these pages can be refused for. */
const isAdmins = /^(?:account|session|connect)\./;
