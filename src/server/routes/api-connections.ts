/** The JSON API of what a person holds tokens for: a list without any token, and ending one (TS-17, VA-14, SU-17). */
import { createRoute, z } from "@hono/zod-openapi";
import { type Instant, toRfc3339 } from "../../kernel/time.js";
import { jsonHeaders } from "../answers.js";
import type { Web } from "../env.js";
import { requireSignedIn } from "../middleware/signed-in.js";
import { type Handler, json, notSignedIn, security } from "./api.js";
import { failing, listOf } from "./api-schemas.js";

const time = (about: string) => z.iso.datetime().nullable().describe(about);

const connectionItem = z
  .object({
    connection: z.string().describe("`tool:<id>` or `provider:<id>`."),
    name: z.string(),
    status: z.enum(["not_connected", "connected", "needs_consent", "needs_reconnect", "unreachable", "open"]),
    reason: z.string().nullable().describe("Why, where there is more to say."),
    since: time("When it was connected; null while it is not."),
    scopes: z.array(z.string()).describe("What was granted."),
    expiresAt: time("The end of the access token, which is refreshed when it is needed; null: unknown."),
    lastUsedAt: time("When a token was last made for it; null: never since."),
    connectUrl: z.url().nullable().describe("Send the browser here to connect it; null for a provider."),
  })
  .openapi("Connection");

export const connectionsRoute = createRoute({
  method: "get",
  path: "/api/connections",
  summary: "What I am connected to, and could be",
  security,
  responses: {
    200: json(listOf(connectionItem), "Tool servers in the order of the configuration, then kept providers."),
    401: notSignedIn,
  },
});

const at = (instant: Instant | null): string | null => (instant === null ? null : toRfc3339(instant));

export const listConnections =
  (web: Web): Handler<typeof connectionsRoute> =>
  async (c) => {
    const signedIn = await requireSignedIn(web, c);
    const items = (await web.features.connections(signedIn)).map((one) => ({
      connection: one.connection,
      name: one.name,
      status: one.status,
      reason: one.reason,
      since: at(one.since),
      scopes: [...one.scopes],
      expiresAt: at(one.expiresAt),
      lastUsedAt: at(one.lastUsedAt),
      connectUrl: one.connectUrl,
    }));
    return c.json({ items, next: null }, 200, jsonHeaders(web, c));
  };

export const disconnectRoute = createRoute({
  method: "delete",
  path: "/api/connections/{connection}",
  summary: "Disconnect one of them",
  security,
  request: { params: z.object({ connection: z.string().describe("`tool:<id>` or `provider:<id>`.") }) },
  responses: {
    204: { description: "It is gone here, and its tokens are being revoked." },
    401: notSignedIn,
    403: failing("A request with a cookie did not come from one of our pages."),
    404: failing("This person is not connected to it."),
  },
});

export const disconnect =
  (web: Web): Handler<typeof disconnectRoute> =>
  async (c) => {
    const signedIn = await requireSignedIn(web, c);
    await web.features.disconnect(signedIn, c.req.valid("param").connection);
    return c.body(null, 204, jsonHeaders(web, c));
  };
