/** The JSON API of adding and removing sign-in methods; the account page's forms call the same features (SU-17). */
import { createRoute } from "@hono/zod-openapi";
import { jsonHeaders } from "../answers.js";
import type { Web } from "../env.js";
import { requireSignedIn } from "../middleware/signed-in.js";
import { type Handler, json, notSignedIn, security } from "./api.js";
import { failing, idParameter, linkParameter, linkQuery, linkStarted } from "./api-schemas.js";
import { removeOwn, startLink } from "./identities.js";

const refused = "The request did not come from one of our pages, or the sign-in is too long ago.";

export const linkRoute = createRoute({
  method: "post",
  path: "/api/identities/{provider}/link",
  summary: "Add a provider to my account",
  security,
  request: { params: linkParameter, query: linkQuery },
  responses: {
    200: json(linkStarted, "A flow has begun; its cookie comes with the answer."),
    401: notSignedIn,
    403: failing(`${refused} Or the account has an identity of this provider.`),
    404: failing("There is no such provider."),
    429: failing("Too many from this address."),
    503: failing("The provider cannot be reached."),
  },
});

export const link =
  (web: Web): Handler<typeof linkRoute> =>
  async (c) => {
    const signedIn = await requireSignedIn(web, c);
    const { provider } = c.req.valid("param");
    const location = await startLink(web, c, { signedIn, provider, returnTo: c.req.valid("query").return_to });
    return c.json({ location }, 200, jsonHeaders(web, c));
  };

export const unlinkRoute = createRoute({
  method: "delete",
  path: "/api/identities/{id}",
  summary: "Remove one of my sign-in methods",
  security,
  request: { params: idParameter },
  responses: {
    204: { description: "It is gone, and the sessions that were begun with it have ended." },
    401: notSignedIn,
    403: failing(refused),
    404: failing("No identity of this person has this id."),
    409: failing("It is the last one that leads in."),
  },
});

export const unlink =
  (web: Web): Handler<typeof unlinkRoute> =>
  async (c) => {
    const signedIn = await requireSignedIn(web, c);
    await removeOwn(web, c, signedIn, c.req.valid("param").id);
    return c.body(null, 204, jsonHeaders(web, c));
  };
