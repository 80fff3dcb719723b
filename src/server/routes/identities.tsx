/** Adding and removing sign-in methods by the account page's forms (AC-4, SU-17). The API calls the same features. */

import type { Authenticated } from "../../sessions/session.js";
import { page, pageOnTo, seeOther } from "../answers.js";
import { type Ctx, cookieHeader, sendCookies, type Web } from "../env.js";
import { frameOf } from "../languages.js";
import { LeavingPage, SignInAgainPage } from "../pages/methods-pages.js";
import { signedInOrSentAway } from "./account.js";
import { failedChange } from "./failed-change.js";

export const addMethod = (web: Web) => async (c: Ctx) => {
  const signedIn = await signedInOrSentAway(web, c);
  if (signedIn instanceof Response) return signedIn;
  const provider = c.req.param("provider") ?? "";
  try {
    const location = await startLink(web, c, { signedIn, provider, returnTo: undefined });
    const name = web.features.providers.byId(provider)?.displayName ?? provider;
    const element = <LeavingPage frame={frameOf(web, c)} provider={name} href={location} />;
    return await pageOnTo(web, c, location, element);
  } catch (thrown) {
    return failedChange(web, c, thrown);
  }
};

/** Begins a link flow for whoever is signed in, and has its cookie go out with the answer. @returns where to go */
export async function startLink(
  web: Web,
  c: Ctx,
  input: { readonly signedIn: Authenticated; readonly provider: string; readonly returnTo: string | undefined },
): Promise<string> {
  await web.limits.start.take(c.env.facts.address);
  const begun = { ...input, cookieHeader: cookieHeader(c), request: c.env.facts };
  const { location, setCookies } = await web.features.beginLink(begun);
  sendCookies(c, setCookies);
  return location;
}

export const removeMethod = (web: Web) => async (c: Ctx) => {
  const signedIn = await signedInOrSentAway(web, c);
  if (signedIn instanceof Response) return signedIn;
  try {
    const signedOut = await removeOwn(web, c, signedIn, c.req.param("id") ?? "");
    return seeOther(web, c, `${web.site.base}/${signedOut ? "signed-out" : "account?done=method-removed"}`);
  } catch (thrown) {
    return failedChange(web, c, thrown);
  }
};

/** @returns whether the person is signed out here now: the session was begun with what is gone */
export async function removeOwn(web: Web, c: Ctx, signedIn: Authenticated, id: string): Promise<boolean> {
  const { endedCurrent } = await web.features.unlinkIdentity(signedIn, id, c.env.facts);
  if (endedCurrent) sendCookies(c, web.features.signedOutCookies());
  return endedCurrent;
}

/** The step before a change, for a sign-in that is too long ago. It leads back to the account page. */
export const showSignInAgain = (web: Web) => async (c: Ctx) => {
  const signedIn = await signedInOrSentAway(web, c);
  if (signedIn instanceof Response) return signedIn;
  if (web.features.isRecent(signedIn)) return seeOther(web, c, `${web.site.base}/account`);
  const { provider, createdAt } = signedIn.session;
  const query = new URLSearchParams({ return_to: `${web.site.basePath}/account?done=signed-in-again` });
  const view = {
    provider: web.features.providers.byId(provider)?.displayName ?? provider,
    href: `${web.site.base}/providers/${encodeURIComponent(provider)}/start?${query}`,
    signedInAt: createdAt,
  };
  return page(web, c, 200, <SignInAgainPage frame={frameOf(web, c)} view={view} />);
};
