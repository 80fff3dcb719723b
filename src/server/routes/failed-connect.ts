/**
 * What a connection that failed leads to (TS-13): a browser goes back to the account page with our code and the request id,
 * and nothing of what the tool server or the URL said; a program gets problem details.
 */
import { asLatchkeyError } from "../../kernel/errors.js";
import { seeOther } from "../answers.js";
import type { Ctx, Web } from "../env.js";
import { answerFailure, logFailure } from "../middleware/failures.js";
import { whoIsIt } from "../middleware/signed-in.js";
import { prefersJson } from "../negotiation.js";

/** Failures about the request as such, or about us: sending the browser on would hide what is wrong. */
const answeredHere = /^(?:server|session|store)\./;

export async function failedConnect(web: Web, c: Ctx, thrown: unknown): Promise<Response> {
  const error = asLatchkeyError(thrown);
  if (prefersJson(c.req.raw.headers) || answeredHere.test(error.code)) return answerFailure(web, c, error);
  logFailure(web, c, error);
  const query = new URLSearchParams({ error: error.code, request: c.env.facts.requestId });
  if (await whoIsIt(web, c)) return seeOther(web, c, `${web.site.base}/account?${query}`);
  query.set("return_to", `${web.site.basePath}/account`);
  return seeOther(web, c, `${web.site.base}/sign-in?${query}`);
}
