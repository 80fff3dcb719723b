/**
 * Who may see a page of the app around us: somebody signed in whose account is approved. Everybody else gets an
 * answer that fits them: browsers go to the sign-in page and come back to where they were, programs get problem
 * details. The adapters put this in front of an app's own routes, so that none of them decides anything.
 *
 * The Origin check (SU-5) is part of it, as on our own routes: a cookie alone proves no intent. An app that wants it
 * otherwise asks `sessions.authenticate` and answers for itself.
 */
import { Hono } from "hono";
import { asLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import type { Authenticated } from "../sessions/session.js";
import { failureHeaders, page, plain, problem, seeOther } from "./answers.js";
import type { Ctx, ServerEnv, Web } from "./env.js";
import type { RequestFacts } from "./features.js";
import { frameOf } from "./languages.js";
import { logFailure } from "./middleware/failures.js";
import { requireSignedIn } from "./middleware/signed-in.js";
import { prefersPage } from "./negotiation.js";
import { FailurePage } from "./pages/failure.js";
import { WaitingPage } from "./pages/waiting-page.js";
import { rawPathOf } from "./parameters.js";

/** One of the two: somebody is let in, or there is an answer to send instead. */
export type Admission =
  | { readonly admitted: Authenticated; readonly refusal?: undefined }
  | { readonly admitted?: undefined; readonly refusal: Response };

export function createGuard(web: Web): (request: Request, facts: RequestFacts) => Promise<Admission> {
  const hono = new Hono<ServerEnv>();
  hono.onError((thrown, c) => refuse(web, c, thrown));
  hono.all("*", async (c) => {
    const found = await requireSignedIn(web, c);
    if (found.user.role === "pending") return keepWaiting(web, c, found);
    c.env.admit?.(found);
    return plain(web, c, 204, null);
  });
  return async (request, facts) => {
    let admitted: Authenticated | undefined;
    const env = {
      facts,
      matched: { route: "guard" },
      admit: (found: Authenticated) => {
        admitted = found;
      },
    };
    const refusal = await hono.fetch(request, env);
    return admitted === undefined ? { refusal } : { admitted };
  };
}

/** AC-20: an account that waits for approval sees one page, wherever it goes. */
async function keepWaiting(web: Web, c: Ctx, found: Authenticated): Promise<Response> {
  if (!prefersPage(c.req.raw.headers)) return refuse(web, c, new LatchkeyError("account.pending"));
  const mode = await web.features.signOutMode(found);
  return page(web, c, 403, <WaitingPage frame={frameOf(web, c)} email={found.user.email} mode={mode} />);
}

async function refuse(web: Web, c: Ctx, thrown: unknown): Promise<Response> {
  const error = asLatchkeyError(thrown);
  logFailure(web, c, error);
  if (!prefersPage(c.req.raw.headers)) return problem(web, c, error);
  const { status } = error.entry;
  // What a form has sent cannot be sent again after the sign-in, so only a page that was opened leads there and back.
  const opened = c.req.method === "GET" || c.req.method === "HEAD";
  if (status === 401 && opened)
    return seeOther(web, c, `${web.site.base}/sign-in?${new URLSearchParams(backTo(web, c))}`);
  const failure = { code: error.code, requestId: c.env.facts.requestId };
  return page(web, c, status, <FailurePage frame={frameOf(web, c)} failure={failure} />, failureHeaders(c, error));
}

/** The path on our own origin: the host of a request is whatever somebody wrote there (SU-3). */
function backTo(web: Web, c: Ctx): Record<string, string> {
  const { url } = c.req.raw;
  const query = url.indexOf("?");
  const path = rawPathOf(url) + (query === -1 ? "" : url.slice(query));
  return { return_to: web.features.safeReturnTo(path) };
}
