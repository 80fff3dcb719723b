/**
 * Connecting a tool server (TS-12, TS-13): where it begins, where its authorization server sends people back to, and the
 * forms of the account page. What a start may do by itself depends on where the browser says it comes from: a link on
 * another site shows a page with a button, so that nobody is led to a consent page by somebody else (AT-43).
 */
import { isLatchkeyError, LatchkeyError } from "../../kernel/errors.js";
import type { Authenticated } from "../../sessions/session.js";
import { page, pageOnTo, seeOther } from "../answers.js";
import { type Ctx, cookieHeader, sendCookies, type Web } from "../env.js";
import { frameOf } from "../languages.js";
import { requireSignedIn, whoIsIt } from "../middleware/signed-in.js";
import { prefersJson } from "../negotiation.js";
import { ConnectPage } from "../pages/connect-page.js";
import { LeavingPage } from "../pages/methods-pages.js";
import { RepeatPage } from "../pages/repeat-page.js";
import { queryOf, readForm, single } from "../parameters.js";
import { signedInOrSentAway } from "./account.js";
import { carry, countFailure, marker } from "./callback.js";
import { failedConnect } from "./failed-connect.js";

const prefix = "tool:";

export const startConnect = (web: Web) => async (c: Ctx) => {
  const toolServer = c.req.param("toolServer") ?? "";
  try {
    // A HEAD would open a flow that nobody goes on with: link checkers send it.
    if (c.req.method === "HEAD") throw new LatchkeyError("server.method_refused", { data: { allow: "GET" } });
    const returnTo = single(queryOf(c.req.url), "return_to");
    const signedIn = prefersJson(c.req.raw.headers) ? await requireSignedIn(web, c) : await whoIsIt(web, c);
    if (!signedIn) return toSignIn(web, c, toolServer, returnTo);
    const name = await web.features.toolServerName(toolServer);
    if (comesFromElsewhere(c.req.raw.headers)) {
      const view = { name, connection: `${prefix}${toolServer}`, returnTo: returnTo ?? null };
      return await page(web, c, 200, <ConnectPage frame={frameOf(web, c)} view={view} />);
    }
    return seeOther(web, c, await begin(web, c, { signedIn, toolServer, returnTo }));
  } catch (thrown) {
    return failedConnect(web, c, thrown);
  }
};

/** Browsers that say nothing are old; what they do is bound to user and session all the same. */
function comesFromElsewhere(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  return site !== null && site !== "same-origin" && site !== "none";
}

function toSignIn(web: Web, c: Ctx, toolServer: string, returnTo: string | undefined): Response {
  const own = new URLSearchParams(returnTo === undefined ? {} : { return_to: web.features.safeReturnTo(returnTo) });
  const path = `${web.site.basePath}/connections/${encodeURIComponent(toolServer)}/start`;
  const query = new URLSearchParams({ return_to: own.size === 0 ? path : `${path}?${own}` });
  return seeOther(web, c, `${web.site.base}/sign-in?${query}`);
}

async function begin(
  web: Web,
  c: Ctx,
  input: { readonly signedIn: Authenticated; readonly toolServer: string; readonly returnTo: string | undefined },
): Promise<string> {
  await web.limits.start.take(c.env.facts.address);
  const begun = { ...input, cookieHeader: cookieHeader(c), request: c.env.facts };
  const { location, setCookies } = await web.features.beginConnect(begun);
  sendCookies(c, setCookies);
  return location;
}

export const finishConnect = (web: Web) => async (c: Ctx) => {
  const toolServer = c.req.param("toolServer") ?? "";
  const parameters = queryOf(c.req.url);
  const state = parameters.get("state");
  const cookies = cookieHeader(c);
  try {
    // A HEAD must not spend the code: link checkers send it.
    if (c.req.method === "HEAD") throw new LatchkeyError("server.method_refused", { data: { allow: "GET" } });
    await web.limits.callback.check(c.env.facts.address);
    const repeated = parameters.has(marker);
    parameters.delete(marker);
    if (!repeated && !prefersJson(c.req.raw.headers) && !web.features.hasFlowCookie(cookies, state)) {
      const fields = carry(parameters);
      if (fields !== undefined && state !== null) {
        const action = `${web.site.basePath}/connections/${encodeURIComponent(toolServer)}/callback`;
        const again = [...fields, [marker, "1"]] as const;
        return await page(web, c, 200, <RepeatPage frame={frameOf(web, c)} action={action} fields={again} />);
      }
    }
    const input = { toolServer, parameters, cookieHeader: cookies, request: c.env.facts };
    const { location, setCookies } = await web.features.completeConnect(input);
    sendCookies(c, setCookies);
    return seeOther(web, c, location);
  } catch (thrown) {
    if (!isLatchkeyError(thrown, "server.rate_limited", "server.method_refused")) {
      sendCookies(c, web.features.clearFlowCookie(cookies, state));
      await countFailure(web, c, thrown);
    }
    return failedConnect(web, c, thrown);
  }
};

/** The button of the account page, and of the page that a link on another site leads to. */
export const connectByForm = (web: Web) => async (c: Ctx) => {
  const signedIn = await signedInOrSentAway(web, c);
  if (signedIn instanceof Response) return signedIn;
  try {
    const toolServer = toolServerOf(c);
    const returnTo = single(await readForm(c.req.raw), "return_to");
    const location = await begin(web, c, { signedIn, toolServer, returnTo });
    const name = await web.features.toolServerName(toolServer);
    const element = <LeavingPage frame={frameOf(web, c)} provider={name} href={location} />;
    return await pageOnTo(web, c, location, element);
  } catch (thrown) {
    return failedConnect(web, c, thrown);
  }
};

export const disconnectByForm = (web: Web) => async (c: Ctx) => {
  const signedIn = await signedInOrSentAway(web, c);
  if (signedIn instanceof Response) return signedIn;
  try {
    await web.features.disconnect(signedIn, c.req.param("connection") ?? "");
    return seeOther(web, c, `${web.site.base}/account?done=disconnected`);
  } catch (thrown) {
    return failedConnect(web, c, thrown);
  }
};

/** A provider is connected by signing in with it; only a tool server has a start of its own. */
function toolServerOf(c: Ctx): string {
  const connection = c.req.param("connection") ?? "";
  if (connection.startsWith(prefix)) return connection.slice(prefix.length);
  throw new LatchkeyError("connect.server_unknown", { data: { connection: connection.slice(0, 64) } });
}
