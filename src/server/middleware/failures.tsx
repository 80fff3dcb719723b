/**
 * The one place where a failure becomes an answer: logged with its private facts, shown with the catalog's words.
 * Programs get problem details, browsers a page.
 */
import { HTTPException } from "hono/http-exception";
import { asLatchkeyError, LatchkeyError } from "../../kernel/errors.js";
import type { LogFields } from "../../kernel/log.js";
import { failureHeaders, page, problem } from "../answers.js";
import type { Ctx, Web } from "../env.js";
import { frameOf } from "../languages.js";
import { prefersJson, prefersPage } from "../negotiation.js";
import { FailurePage } from "../pages/failure.js";

/** Routes that programs use, whatever their Accept says. */
const forPrograms = /^\/(?:api\/.*|session|healthz|readyz|metrics|openapi\.json)$/;

/** @param thrown whatever a handler threw; what is no `LatchkeyError` becomes `server.unexpected`. */
export async function answerFailure(web: Web, c: Ctx, thrown: unknown): Promise<Response> {
  const error = toLatchkeyError(thrown);
  logFailure(web, c, error);
  if (asksForProblem(web, c)) return problem(web, c, error);
  const failure = { code: error.code, requestId: c.env.facts.requestId };
  return page(
    web,
    c,
    error.entry.status,
    <FailurePage frame={frameOf(web, c)} failure={failure} />,
    failureHeaders(c, error),
  );
}

/** The framework's own refusals (a body that is no JSON) are bad requests, not defects. */
function toLatchkeyError(thrown: unknown): LatchkeyError {
  if (thrown instanceof HTTPException && thrown.status < 500) {
    return new LatchkeyError("server.bad_request", { cause: thrown });
  }
  return asLatchkeyError(thrown);
}

function asksForProblem(web: Web, c: Ctx): boolean {
  if (prefersJson(c.req.raw.headers)) return true;
  if (forPrograms.test(c.req.path.slice(web.site.basePath.length))) return true;
  return c.req.method === "GET" && !prefersPage(c.req.raw.headers);
}

/**
 * A defect is an error and carries its cause; a failed sign-in or something out of reach is a warning for the
 * operator; what a caller simply got wrong is noise but for debugging.
 */
export function logFailure(web: Web, c: Ctx, error: LatchkeyError): void {
  const { log } = web.features;
  const { requestId, address } = c.env.facts;
  const cause = error.cause instanceof Error ? { err: error.cause } : {};
  const fields: LogFields = { requestId, address, code: error.code, data: { ...error.data }, ...cause };
  if (error.code === "server.unexpected") log.error({ ...fields, err: error }, "request failed unexpectedly");
  else if (error.entry.status >= 500 || /^(?:(?:signin|link|account|logout)\.|token\.client_invalid$)/.test(error.code))
    log.warn(fields, "request failed");
  else log.debug(fields, "request refused");
}
