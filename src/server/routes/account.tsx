/** The account page and its forms. The API does the same through the same features (SU-17). */
import { isErrorCode } from "../../kernel/error-catalog.js";
import { isLatchkeyError, LatchkeyError } from "../../kernel/errors.js";
import { isId, type SessionId } from "../../kernel/ids.js";
import type { Authenticated } from "../../sessions/session.js";
import { page, seeOther } from "../answers.js";
import { type Ctx, sendCookies, type Web } from "../env.js";
import { frameOf, isDoneCode } from "../languages.js";
import { isRequestId } from "../middleware/request-facts.js";
import { requireSignedIn, whoIsIt } from "../middleware/signed-in.js";
import { prefersJson } from "../negotiation.js";
import { AccountPage, type AccountPageView } from "../pages/account-page.js";
import type { Failure } from "../pages/failure.js";
import { WaitingPage } from "../pages/waiting-page.js";
import { queryOf, single } from "../parameters.js";

/** `GET {base}`: people who are signed in see their account, everybody else the way in. */
export const enter = (web: Web) => async (c: Ctx) => {
  const signedIn = await whoIsIt(web, c);
  return seeOther(web, c, `${web.site.base}/${signedIn ? "account" : "sign-in"}`);
};

export const showAccount = (web: Web) => async (c: Ctx) => {
  const signedIn = await signedInOrSentAway(web, c);
  if (signedIn instanceof Response) return signedIn;
  const signOutMode = await web.features.signOutMode(signedIn);
  const { user } = signedIn;
  if (user.role === "pending")
    return page(web, c, 200, <WaitingPage frame={frameOf(web, c)} email={user.email} mode={signOutMode} />);
  const query = queryOf(c.req.url);
  const done = single(query, "done");
  const view: AccountPageView = {
    account: await web.features.account(signedIn),
    picture: user.picture?.startsWith(`${web.site.base}/`) ? user.picture : null,
    providerName: (id: string) => web.features.providers.byId(id)?.displayName ?? id,
    signOutMode,
    done: done !== undefined && isDoneCode(done) ? done : undefined,
    failure: failureFrom(query),
  };
  return page(web, c, 200, <AccountPage frame={frameOf(web, c)} view={view} />);
};

/** What a form or the way to a provider and back came to. Anybody can write it: only what is ours is shown (AT-24). */
function failureFrom(query: URLSearchParams): Failure | undefined {
  const code = single(query, "error");
  if (
    code === undefined ||
    !isErrorCode(code) ||
    !/^(?:session\.not_found|account\.(?:domain_refused|roles?_\w+|groups_too_many)|(?:link|signin|connect|grant)\..+)$/.test(
      code,
    )
  ) {
    return undefined;
  }
  const request = single(query, "request");
  return { code, requestId: request !== undefined && isRequestId(request) ? request : null };
}

/** A second click, or a page that was open for long. */
const sessionGone = "session.not_found";

export const endSession = (web: Web) => async (c: Ctx) => {
  const signedIn = await signedInOrSentAway(web, c);
  if (signedIn instanceof Response) return signedIn;
  const id = c.req.param("id") ?? "";
  try {
    await endOwnSession(web, c, signedIn, id);
  } catch (thrown) {
    if (!isLatchkeyError(thrown, sessionGone) || prefersJson(c.req.raw.headers)) throw thrown;
    return seeOther(web, c, `${web.site.base}/account?error=${sessionGone}`);
  }
  if (id === signedIn.session.id) return seeOther(web, c, `${web.site.base}/signed-out`);
  return seeOther(web, c, `${web.site.base}/account?done=session-ended`);
};

export const endOtherSessions = (web: Web) => async (c: Ctx) => {
  const signedIn = await signedInOrSentAway(web, c);
  if (signedIn instanceof Response) return signedIn;
  await web.features.endOtherSessions(signedIn, c.env.facts);
  return seeOther(web, c, `${web.site.base}/account?done=others-ended`);
};

export const endAllSessions = (web: Web) => async (c: Ctx) => {
  const signedIn = await signedInOrSentAway(web, c);
  if (signedIn instanceof Response) return signedIn;
  await web.features.endAllSessions(signedIn, c.env.facts);
  sendCookies(c, web.features.signedOutCookies());
  return seeOther(web, c, `${web.site.base}/signed-out`);
};

/**
 * Ends a session of the person who asks; whose it is comes from their session, never from the request (AT-52).
 *
 * @throws LatchkeyError `session.not_found`
 */
export async function endOwnSession(web: Web, c: Ctx, signedIn: Authenticated, id: string): Promise<void> {
  if (!isId(id)) throw new LatchkeyError(sessionGone);
  await web.features.endSession(signedIn, id as SessionId, c.env.facts);
  if (id === signedIn.session.id) sendCookies(c, web.features.signedOutCookies());
}

/** A person without a session goes to sign in and comes back to their account; a program is told 401. */
export async function signedInOrSentAway(web: Web, c: Ctx): Promise<Authenticated | Response> {
  if (prefersJson(c.req.raw.headers)) return requireSignedIn(web, c);
  const signedIn = await whoIsIt(web, c);
  if (signedIn) return signedIn;
  const query = new URLSearchParams({ return_to: `${web.site.basePath}/account` });
  return seeOther(web, c, `${web.site.base}/sign-in?${query}`);
}
