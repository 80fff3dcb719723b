/**
 * The provider's answer comes back here: by GET in the query, or by a cross-site POST (`response_mode=form_post`).
 *
 * The POST is the one request that changes nothing, reads no cookie and so needs no Origin: Lax cookies do not come
 * with it. It answers 303 to the GET, with which they do. What it may say of the person's name (apple) travels beside
 * that GET in a cookie of its own. A GET that still comes without its flow cookie gets one
 * page that repeats it from our own origin, and is refused when that does not help either (SI-9).
 */
import { asLatchkeyError, isLatchkeyError, LatchkeyError } from "../../kernel/errors.js";
import { page, seeOther } from "../answers.js";
import { type Ctx, cookieHeader, sendCookies, type Web } from "../env.js";
import { frameOf } from "../languages.js";
import { prefersJson } from "../negotiation.js";
import { RepeatPage } from "../pages/repeat-page.js";
import { queryOf, readForm, repeatedName } from "../parameters.js";
import { failedChange } from "./failed-change.js";
import { failedSignIn } from "./failed-sign-in.js";

/** Where a callback arrived: the provider, and the path that its GET has, on our origin. */
export interface CallbackPlace {
  readonly provider: string;
  readonly path: string;
}

/** The only parameters that a form or our repeat page carries on: everything else stays behind. */
const carried = ["code", "state", "iss", "error"] as const;
/** All that is carried, together, names included: what a browser and a proxy still take as one URL. */
const carriedLimit = 8 * 1024;
/** Our own parameter: this GET is the second one. */
export const marker = "repeat";

export const finishSignIn = (web: Web, placeOf: (c: Ctx) => CallbackPlace) => async (c: Ctx) => {
  const place = placeOf(c);
  const parameters = queryOf(c.req.url);
  const state = parameters.get("state");
  const cookies = cookieHeader(c);
  const linking = web.features.isLinking(cookies, state);
  try {
    // A HEAD must not spend the code: link checkers send it.
    if (c.req.method === "HEAD") throw new LatchkeyError("server.method_refused", { data: { allow: "GET, POST" } });
    await web.limits.callback.check(c.env.facts.address);
    const repeated = parameters.has(marker);
    parameters.delete(marker);
    if (!repeated && !prefersJson(c.req.raw.headers) && !web.features.hasFlowCookie(cookies, state)) {
      const fields = carry(parameters);
      if (fields !== undefined && state !== null) {
        const again = [...fields, [marker, "1"]] as const;
        return await page(web, c, 200, <RepeatPage frame={frameOf(web, c)} action={place.path} fields={again} />);
      }
    }
    const { location, setCookies } = await web.features.completeSignIn({
      provider: place.provider,
      parameters,
      cookieHeader: cookies,
      request: c.env.facts,
    });
    if (!linking) web.features.metrics.signInEnded(place.provider, "ok");
    sendCookies(c, setCookies);
    return seeOther(web, c, location);
  } catch (thrown) {
    // A flow that failed is over, unless it was never looked at.
    if (!isLatchkeyError(thrown, "server.rate_limited", "server.method_refused")) {
      sendCookies(c, web.features.clearFlowCookie(cookies, state));
      await countFailure(web, c, thrown);
    }
    return linking ? failedChange(web, c, thrown) : failedSignIn(web, c, thrown, place.provider);
  }
};

/** A provider or a database out of reach is nobody's attempt: a whole office would lock itself out with it. */
export async function countFailure(web: Web, c: Ctx, thrown: unknown): Promise<void> {
  const { status, retryable } = asLatchkeyError(thrown).entry;
  if (status < 500 || !retryable) await web.limits.callback.count(c.env.facts.address);
}

export const passOnFormPost = (web: Web, placeOf: (c: Ctx) => CallbackPlace) => async (c: Ctx) => {
  const place = placeOf(c);
  try {
    await web.limits.callback.check(c.env.facts.address);
    if (web.features.providers.byId(place.provider) === undefined) throw new LatchkeyError("signin.provider_unknown");
    // Parameters come from the body of a POST or the query of a GET; with both there would be two answers (AT-4).
    if (queryOf(c.req.url).size > 0)
      throw new LatchkeyError("signin.parameter_repeated", { data: { reason: "query_and_body" } });
    const form = await readForm(c.req.raw);
    const repeated = repeatedName(form);
    if (repeated !== undefined) {
      throw new LatchkeyError("signin.parameter_repeated", { data: { parameter: repeated.slice(0, 40) } });
    }
    const fields = carry(form);
    if (fields === undefined) throw new LatchkeyError("signin.parameter_too_long", { data: { limit: carriedLimit } });
    if (!form.has("state")) throw new LatchkeyError("signin.parameter_missing", { data: { parameter: "state" } });
    sendCookies(c, web.features.keepPostedName(place.provider, form.get("state") ?? "", form.get("user") ?? ""));
    return seeOther(
      web,
      c,
      `${web.site.origin}${place.path}?${new URLSearchParams(fields.map(([name, value]) => [name, value]))}`,
    );
  } catch (thrown) {
    if (!isLatchkeyError(thrown, "server.rate_limited")) await countFailure(web, c, thrown);
    return failedSignIn(web, c, thrown, place.provider);
  }
};

/** The parameters that go on; `undefined` when one is there twice, or they are too long together. */
export function carry(parameters: URLSearchParams): readonly (readonly [string, string])[] | undefined {
  const fields: [string, string][] = [];
  for (const name of carried) {
    const values = parameters.getAll(name);
    if (values.length > 1) return undefined;
    if (values[0] !== undefined) fields.push([name, values[0]]);
  }
  return new URLSearchParams(fields).toString().length <= carriedLimit ? fields : undefined;
}
