/**
 * For routes that services call: counted, read, authenticated, and only then acted upon. No cookie is read and none is
 * set, so they are outside the Origin check (SU-5); what a browser would send along on its own is of no use here.
 */
import { LatchkeyError } from "../../kernel/errors.js";
import type { Service } from "../../services/service.js";
import type { Ctx, Web } from "../env.js";
import { answerOAuthFailure } from "../oauth-failure.js";
import { readForm, repeatedName } from "../parameters.js";

/** A request of a service that has authenticated. */
export interface ServiceRequest {
  readonly service: Service;
  /** Each field once (RFC 6749 §3.2), but for those that may be repeated. */
  readonly form: URLSearchParams;
}

/**
 * @param act what the route does; what it throws is answered in OAuth's words
 * @param mayRepeat names of fields that may come more than once
 */
export const forServices =
  (web: Web, act: (c: Ctx, asked: ServiceRequest) => Promise<Response>, mayRepeat: readonly string[] = []) =>
  async (c: Ctx): Promise<Response> => {
    const { limits, features } = web;
    try {
      await limits.token.take(c.env.facts.address);
      const form = await readForm(c.req.raw);
      const repeated = repeatedName(form, mayRepeat);
      if (repeated !== undefined) throw invalid("repeated", repeated);
      const authorization = c.req.raw.headers.get("authorization") ?? undefined;
      const service = await features.authenticateService({ authorization, form });
      await limits.token.takeAs(`service ${service.id}`);
      return await act(c, { service, form });
    } catch (thrown) {
      return answerOAuthFailure(web, c, thrown);
    }
  };

/** A field that has to be there. @throws LatchkeyError `token.request_invalid` */
export function required(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  // RFC 6749 §3.2: a parameter without a value counts as left out.
  if (value === null || value === "") throw invalid("missing", name);
  return value;
}

const invalid = (reason: string, parameter: string): LatchkeyError =>
  new LatchkeyError("token.request_invalid", { data: { reason, parameter: parameter.slice(0, 40) } });
