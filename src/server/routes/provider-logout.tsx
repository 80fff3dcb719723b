/**
 * Where providers sign people out: `POST /backchannel-logout` with a signed token (LO-7, LO-9), and
 * `GET /frontchannel-logout`, loaded in a frame of the provider's page (LO-10). Both also below one provider.
 *
 * Neither reads a cookie or sets one. The POST has no Origin and needs none (SU-5): what it may do is in its token. Only
 * what fails is counted and refused: one provider, from one address, may sign out thousands. A token is read before it is
 * counted, since a hosted provider sends those of its other customers from the same address: what does not speak to us at
 * all holds up nothing that does.
 */
import { asLatchkeyError, LatchkeyError } from "../../kernel/errors.js";
import { failureHeaders, framedPage, plain } from "../answers.js";
import type { Ctx, Web } from "../env.js";
import { frameOf } from "../languages.js";
import { logFailure } from "../middleware/failures.js";
import type { Limiter } from "../middleware/rate-limits.js";
import { LoggedOutPage } from "../pages/logged-out-page.js";
import { queryOf, readForm, single } from "../parameters.js";

export const backChannelLogout = (web: Web) => async (c: Ctx) => {
  const { address } = c.env.facts;
  const { strangersLogout } = web.limits;
  let stage = strangersLogout;
  try {
    const logoutToken = single(await readForm(c.req.raw), "logout_token");
    if (logoutToken === undefined) {
      throw new LatchkeyError("logout.token_invalid", { data: { reason: "logout_token is not there exactly once" } });
    }
    const provider = c.req.param("provider");
    const finish = await web.features.backChannelLogout({ provider, logoutToken, request: c.env.facts });
    await web.limits.logout.check(address);
    stage = web.limits.logout;
    await finish();
    return plain(web, c, 200, null);
  } catch (thrown) {
    const failure = asLatchkeyError(thrown);
    // Anybody can name a key that we may not ask for yet. No signature was checked, so it holds up no good token.
    const limiter = isCallersFault(failure) ? stage : mayComeAgain(failure) ? strangersLogout : undefined;
    const error = limiter === undefined ? failure : await counted(limiter, address, failure);
    logFailure(web, c, error);
    const body = { error: errorOf(error), error_description: error.entry.message };
    return plain(web, c, error.entry.status === 429 ? 429 : 400, JSON.stringify(body), {
      "content-type": "application/json",
      ...failureHeaders(c, error),
    });
  }
};

/** @returns what to answer: the failure, or that there were too many */
async function counted(limiter: Limiter, address: string | null, failure: LatchkeyError): Promise<LatchkeyError> {
  try {
    await limiter.take(address);
    return failure;
  } catch (refused) {
    return asLatchkeyError(refused);
  }
}

const isCallersFault = ({ code }: LatchkeyError): boolean =>
  code === "logout.token_invalid" || code === "logout.request_invalid" || code === "server.bad_request";

/** A token whose key could not be asked for yet (`verifySignature`). */
const mayComeAgain = ({ code, data }: LatchkeyError): boolean =>
  code === "logout.unfinished" && data["retryAfter"] !== undefined;

/** OpenID Connect Back-Channel Logout 1.0 §2.8: nothing else is promised than what this word says. */
const errorOf = (error: LatchkeyError): string => {
  if (isCallersFault(error)) return "invalid_request";
  return error.code === "server.rate_limited" ? "temporarily_unavailable" : "server_error";
};

export const frontChannelLogout = (web: Web) => async (c: Ctx) => {
  // Link checkers send it, and it would end a session that nobody wanted ended.
  if (c.req.method === "HEAD") throw new LatchkeyError("server.method_refused", { data: { allow: "GET" } });
  const query = queryOf(c.req.url);
  const [iss, sid] = [single(query, "iss"), single(query, "sid")];
  const doubled = query.getAll("iss").length > 1;
  const asked = { provider: c.req.param("provider"), iss: doubled ? "" : iss };
  const providers = await web.features.frontChannelProviders(asked);
  const [first] = providers;
  const ancestor = first === undefined ? undefined : new URL(iss ?? first.issuer).origin;
  if (first === undefined || sid === undefined || sid === "") {
    const data = { iss: iss?.slice(0, 200), provider: first?.id, reason: first === undefined ? "iss" : "sid" };
    const error = new LatchkeyError("logout.request_invalid", { data });
    await web.limits.strangersLogout.take(c.env.facts.address);
    logFailure(web, c, error);
    return framedPage(web, c, error.entry.status, <LoggedOutPage frame={frameOf(web, c)} done={false} />, ancestor);
  }
  await web.features.frontChannelLogout({ providers, iss, sid, request: c.env.facts });
  return framedPage(web, c, 200, <LoggedOutPage frame={frameOf(web, c)} done />, ancestor);
};
