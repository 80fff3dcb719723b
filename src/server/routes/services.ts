/**
 * What services ask for: `POST /token` exchanges (RFC 8693, VA-15), `POST /revoke` ends a session (RFC 7009) and
 * `POST /introspect` says what a token is (RFC 7662); LO-11.
 */
import { plain } from "../answers.js";
import type { Web } from "../env.js";
import { forServices, required } from "../middleware/service.js";
import { answerOAuthFailure } from "../oauth-failure.js";

/** RFC 8693 §2.2.1. Several targets have an error of their own (§2.2.2), so those fields may come more than once. */
export const exchangeToken = (web: Web) =>
  forServices(
    web,
    async (c, { service, form }) => {
      const exchanged = await web.features.exchangeToken({ service, form, request: c.env.facts });
      if (exchanged.kind === "connect_needed") return answerOAuthFailure(web, c, exchanged.error, exchanged.connectUri);
      const { accessToken, issuedTokenType, tokenType, expiresIn, scopes } = exchanged;
      const body = {
        access_token: accessToken,
        issued_token_type: issuedTokenType,
        token_type: tokenType,
        ...(expiresIn === null ? {} : { expires_in: expiresIn }),
        ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
      };
      return plain(web, c, 200, JSON.stringify(body), { "content-type": "application/json" });
    },
    ["audience", "resource"],
  );

/** §2.2: 200 for what has ended, and for what was nothing; the hint is of no use where the token says what it is. */
export const revokeForService = (web: Web) =>
  forServices(web, async (c, { service, form }) => {
    await web.features.revokeForService({ service, token: required(form, "token"), request: c.env.facts });
    return plain(web, c, 200, null);
  });

/** §2.2: 200 whatever it is; the hint is of no use where the token says what it is. */
export const introspectForService = (web: Web) =>
  forServices(web, async (c, { service, form }) => {
    const answer = await web.features.introspectForService({ service, token: required(form, "token") });
    return plain(web, c, 200, JSON.stringify(answer), { "content-type": "application/json" });
  });
