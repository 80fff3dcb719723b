/** The JSON API of the person who is signed in, and the list of providers for apps that draw their own buttons. */
import { createRoute, type RouteHandler } from "@hono/zod-openapi";
import { toRfc3339 } from "../../kernel/time.js";
import { jsonHeaders } from "../answers.js";
import type { ServerEnv, Web } from "../env.js";
import { requireSignedIn } from "../middleware/signed-in.js";
import { deviceName } from "../pages/device.js";
import { sessionBody } from "../session-answer.js";
import { endOwnSession } from "./account.js";
import {
  failing,
  identityItem,
  idParameter,
  listOf,
  listQuery,
  providerItem,
  sessionAnswer,
  sessionItem,
} from "./api-schemas.js";
import { pageOf } from "./list.js";

export type Handler<R extends Parameters<typeof createRoute>[0]> = RouteHandler<R, ServerEnv>;

export const json = <T>(schema: T, description: string) => ({
  description,
  content: { "application/json": { schema } },
});
export const notSignedIn = failing("Nobody is signed in, or not any more.");
export const security = [{ cookie: [] }, { bearer: [] }];

export const sessionRoute = createRoute({
  method: "get",
  path: "/session",
  summary: "Who is signed in",
  security,
  responses: { 200: json(sessionAnswer, "The user and the session."), 401: notSignedIn },
});

export const showSession =
  (web: Web): Handler<typeof sessionRoute> =>
  async (c) => {
    return c.json(sessionBody(await requireSignedIn(web, c)), 200, jsonHeaders(web, c));
  };

export const providersRoute = createRoute({
  method: "get",
  path: "/api/providers",
  summary: "The ways to sign in, in the order of the configuration",
  responses: { 200: json(listOf(providerItem), "Enabled providers with their health.") },
});

export const listProviders =
  (web: Web): Handler<typeof providersRoute> =>
  async (c) => {
    const buttons = await web.features.providerButtons();
    const items = buttons.map(({ id, displayName, icon, startUrl, health }) => ({
      id,
      displayName,
      icon,
      startUrl,
      health,
    }));
    return c.json({ items, next: null }, 200, jsonHeaders(web, c));
  };

export const sessionsRoute = createRoute({
  method: "get",
  path: "/api/sessions",
  summary: "Where I am signed in",
  security,
  request: { query: listQuery },
  responses: {
    200: json(listOf(sessionItem), "Newest first."),
    400: failing("A field is not valid."),
    401: notSignedIn,
  },
});

export const listSessions =
  (web: Web): Handler<typeof sessionsRoute> =>
  async (c) => {
    const signedIn = await requireSignedIn(web, c);
    const { items, next } = pageOf(await web.features.listSessions(signedIn), c.req.valid("query"));
    const shown = items.map((session) => ({
      id: session.id,
      provider: session.provider,
      providerName: session.providerName,
      device: deviceName(session.userAgent),
      userAgent: session.userAgent,
      address: session.address,
      createdAt: toRfc3339(session.createdAt),
      lastSeenAt: toRfc3339(session.lastSeenAt),
      expiresAt: toRfc3339(session.expiresAt),
      current: session.current,
    }));
    return c.json({ items: shown, next }, 200, jsonHeaders(web, c));
  };

export const endSessionRoute = createRoute({
  method: "delete",
  path: "/api/sessions/{id}",
  summary: "End one of my sessions",
  security,
  request: { params: idParameter },
  responses: {
    204: { description: "The session has ended." },
    401: notSignedIn,
    403: failing("A request with a cookie did not come from one of our pages."),
    404: failing("No session of this person has this id."),
  },
});

export const deleteSession =
  (web: Web): Handler<typeof endSessionRoute> =>
  async (c) => {
    const signedIn = await requireSignedIn(web, c);
    await endOwnSession(web, c, signedIn, c.req.valid("param").id);
    return c.body(null, 204, jsonHeaders(web, c));
  };

export const identitiesRoute = createRoute({
  method: "get",
  path: "/api/identities",
  summary: "The provider accounts that lead to my account",
  security,
  request: { query: listQuery },
  responses: {
    200: json(listOf(identityItem), "Newest first."),
    400: failing("A field is not valid."),
    401: notSignedIn,
  },
});

export const listIdentities =
  (web: Web): Handler<typeof identitiesRoute> =>
  async (c) => {
    const signedIn = await requireSignedIn(web, c);
    const { items, next } = pageOf(await web.features.listIdentities(signedIn), c.req.valid("query"));
    const shown = items.map((identity) => ({
      id: identity.id,
      provider: identity.provider,
      displayName: identity.displayName,
      issuer: identity.issuer,
      email: identity.email,
      emailVerified: identity.emailVerified,
      createdAt: toRfc3339(identity.createdAt),
      lastUsedAt: toRfc3339(identity.lastUsedAt),
    }));
    return c.json({ items: shown, next }, 200, jsonHeaders(web, c));
  };
