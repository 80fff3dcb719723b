/** `POST /sign-out` and `GET /signed-out` (LO-5). */
import { page, pageOnTo, seeOther } from "../answers.js";
import { type Ctx, cookieHeader, sendCookies, type Web } from "../env.js";
import { frameOf } from "../languages.js";
import { whoIsIt } from "../middleware/signed-in.js";
import { prefersPage } from "../negotiation.js";
import { OnwardPage, SignedOutPage } from "../pages/signed-out-page.js";
import { queryOf, readForm, single } from "../parameters.js";

/**
 * Nobody signed in is not a failure here: the person wanted to be signed out, and is. Browsers are led to another origin by
 * a page, everybody else by a redirect.
 */
export const signOut = (web: Web) => async (c: Ctx) => {
  const form = await readForm(c.req.raw);
  const signedIn = await whoIsIt(web, c);
  const choice = single(form, "choice");
  const { location, setCookies } = await web.features.signOut({
    signedIn,
    headers: c.req.raw.headers,
    choice: choice === "local" || choice === "provider" ? choice : undefined,
    returnTo: single(form, "return_to"),
    request: c.env.facts,
  });
  sendCookies(c, setCookies);
  const { origin, host } = new URL(location, web.site.origin);
  if (origin === web.site.origin || !prefersPage(c.req.raw.headers)) return seeOther(web, c, location);
  return pageOnTo(web, c, location, <OnwardPage frame={frameOf(web, c)} host={host} href={location} />);
};

export const showSignedOut = (web: Web) => async (c: Ctx) => {
  const { location, setCookies } = web.features.signedOut({
    state: single(queryOf(c.req.url), "state"),
    cookieHeader: cookieHeader(c),
  });
  sendCookies(c, setCookies);
  return location === null ? page(web, c, 200, <SignedOutPage frame={frameOf(web, c)} />) : seeOther(web, c, location);
};
