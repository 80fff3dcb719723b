/** What services ask for: `POST /revoke` ends a session (RFC 7009), `POST /introspect` says what a token is (RFC 7662); LO-11. */
import { plain } from "../answers.js";
import type { Web } from "../env.js";
import { forServices, required } from "../middleware/service.js";

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
