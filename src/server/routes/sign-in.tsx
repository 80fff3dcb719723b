/** `GET /sign-in` and `GET /providers/{p}/start`: where a sign-in begins, and where it comes back to when it failed. */
import { isErrorCode } from "../../kernel/error-catalog.js";
import { LatchkeyError } from "../../kernel/errors.js";
import { page, seeOther } from "../answers.js";
import { type Ctx, cookieHeader, sendCookies, type Web } from "../env.js";
import { frameOf } from "../languages.js";
import { isRequestId } from "../middleware/request-facts.js";
import { whoIsIt } from "../middleware/signed-in.js";
import type { Failure } from "../pages/failure.js";
import { SignInPage } from "../pages/sign-in-page.js";
import { queryOf, single } from "../parameters.js";
import { failedSignIn } from "./failed-sign-in.js";

export const showSignIn = (web: Web) => async (c: Ctx) => {
  const query = queryOf(c.req.url);
  const straight = query.has("choose") || query.has("error") ? null : web.features.autoStart(cookieHeader(c));
  if (straight !== null) return seeOther(web, c, straight + startQuery(web, query));
  const [buttons, empty, signedIn] = await Promise.all([
    web.features.providerButtons(),
    orElse(web, c, false, web.features.isEmpty()),
    orElse(web, c, undefined, whoIsIt(web, c)),
  ]);
  const last = web.features.lastProvider(cookieHeader(c));
  const view = {
    // A stable sort: the others stay in the order of the configuration.
    buttons: buttons.toSorted((a, b) => Number(b.id === last) - Number(a.id === last)),
    // With one button there is nothing to tell apart.
    lastUsed: buttons.length > 1 ? last : null,
    startQuery: startQuery(web, query),
    failure: failureFrom(query),
    empty,
    signedInAs: signedIn?.user.name,
  };
  return page(web, c, 200, <SignInPage frame={frameOf(web, c)} view={view} />);
};

/** The page has to stand when the store does not; what depends on the store is left out then. */
async function orElse<T>(web: Web, c: Ctx, otherwise: T, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (cause) {
    const err = cause instanceof Error ? cause : undefined;
    web.features.log.warn(
      { requestId: c.env.facts.requestId, err },
      "the sign-in page was shown without what the store knows",
    );
    return otherwise;
  }
}

/** Anybody can put anything into the query: only a code of ours and an id of the right shape are shown (AT-24). */
function failureFrom(query: URLSearchParams): Failure | undefined {
  const code = single(query, "error");
  if (code === undefined || !isErrorCode(code)) return undefined;
  const request = single(query, "request");
  return { code, requestId: request !== undefined && isRequestId(request) ? request : null };
}

const setupShape = /^[A-Za-z0-9._~-]{1,512}$/;

/** What goes along to the start: where the person was going, checked (SI-7), and the set-up value (AC-9). */
function startQuery(web: Web, query: URLSearchParams): string {
  const forward = new URLSearchParams();
  const returnTo = single(query, "return_to");
  if (returnTo !== undefined) forward.set("return_to", web.features.safeReturnTo(returnTo));
  const setup = single(query, "setup");
  if (setup !== undefined && setupShape.test(setup)) forward.set("setup", setup);
  return forward.size === 0 ? "" : `?${forward}`;
}

export const startSignIn = (web: Web) => async (c: Ctx) => {
  const provider = c.req.param("provider") ?? "";
  try {
    // A HEAD would open a flow that nobody goes on with: link checkers send it.
    if (c.req.method === "HEAD") throw new LatchkeyError("server.method_refused", { data: { allow: "GET" } });
    await web.limits.start.take(c.env.facts.address);
    const query = queryOf(c.req.url);
    const { location, setCookies } = await web.features.beginSignIn({
      provider,
      returnTo: single(query, "return_to"),
      setup: single(query, "setup"),
      cookieHeader: cookieHeader(c),
      request: c.env.facts,
    });
    web.features.metrics.signInStarted(provider);
    sendCookies(c, setCookies);
    return seeOther(web, c, location);
  } catch (thrown) {
    return failedSignIn(web, c, thrown, provider);
  }
};
