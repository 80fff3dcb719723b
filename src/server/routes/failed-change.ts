/**
 * What a change of sign-in methods that failed leads to: a browser goes back to the account page with our code and the
 * request id, or to the step that is missing; a program gets problem details.
 */
import { asLatchkeyError, type LatchkeyError } from "../../kernel/errors.js";
import { seeOther } from "../answers.js";
import type { Ctx, Web } from "../env.js";
import { answerFailure, logFailure } from "../middleware/failures.js";
import { whoIsIt } from "../middleware/signed-in.js";
import { prefersJson } from "../negotiation.js";

export async function failedChange(web: Web, c: Ctx, thrown: unknown): Promise<Response> {
  const error = asLatchkeyError(thrown);
  if (prefersJson(c.req.raw.headers) || !isAboutIt(error)) return answerFailure(web, c, error);
  logFailure(web, c, error);
  if (error.code === "link.reauthentication_required")
    return seeOther(web, c, `${web.site.base}/account/sign-in-again`);
  const query = new URLSearchParams({ error: error.code, request: c.env.facts.requestId });
  if (await whoIsIt(web, c)) return seeOther(web, c, `${web.site.base}/account?${query}`);
  query.set("return_to", `${web.site.basePath}/account`);
  return seeOther(web, c, `${web.site.base}/sign-in?${query}`);
}

/** What the account page has words for. The rest is about the request as such, or about us. */
const isAboutIt = ({ code }: LatchkeyError): boolean => /^(?:link|signin|account)\./.test(code);
