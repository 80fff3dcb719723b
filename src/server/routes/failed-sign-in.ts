/**
 * What a sign-in that failed leads to (SI-13): a browser goes back to the sign-in page with our code and the request
 * id, and nothing of what the provider or the URL said; a program gets problem details.
 */
import { asLatchkeyError } from "../../kernel/errors.js";
import { problem, seeOther } from "../answers.js";
import type { Ctx, Web } from "../env.js";
import { answerFailure, logFailure } from "../middleware/failures.js";
import { prefersJson } from "../negotiation.js";

/** Failures about the request as such: sending the browser on would hide the status that says what is wrong. */
const answeredHere: ReadonlySet<string> = new Set(["server.rate_limited", "server.method_refused"]);

/** @param provider as the request names it; only one of the configuration becomes a label of metrics */
export async function failedSignIn(web: Web, c: Ctx, thrown: unknown, provider: string): Promise<Response> {
  const error = asLatchkeyError(thrown);
  if (answeredHere.has(error.code)) return answerFailure(web, c, error);
  const known = web.features.providers.byId(provider)?.id;
  web.features.metrics.signInEnded(known ?? "unknown", error.code);
  logFailure(web, c, error);
  if (prefersJson(c.req.raw.headers)) return problem(web, c, error);
  const query = new URLSearchParams({ error: error.code, request: c.env.facts.requestId });
  return seeOther(web, c, `${web.site.base}/sign-in?${query}`);
}
