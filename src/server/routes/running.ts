/** What whoever runs the process asks: is it alive, can it serve, what is its API. */
import { createRoute, type OpenAPIHono, type RouteHandler, z } from "@hono/zod-openapi";
import { LatchkeyError } from "../../kernel/errors.js";
import { headersOf, jsonHeaders, plain } from "../answers.js";
import type { Ctx, ServerEnv, Web } from "../env.js";
import { assetHeaders } from "../headers.js";
import { failing } from "./api-schemas.js";

const status = (description: string) => ({
  description,
  content: { "application/json": { schema: z.object({ status: z.literal("ok") }) } },
});
const json = { "content-type": "application/json" };

export const healthRoute = createRoute({
  method: "get",
  path: "/healthz",
  summary: "Is the process alive",
  responses: { 200: status("It answers. Nothing else was asked.") },
});

export const health =
  (web: Web): RouteHandler<typeof healthRoute, ServerEnv> =>
  async (c) => {
    return c.json({ status: "ok" as const }, 200, jsonHeaders(web, c));
  };

export const readinessRoute = createRoute({
  method: "get",
  path: "/readyz",
  summary: "Can the process serve",
  responses: { 200: status("It can."), 503: failing("It cannot; the code says why.") },
});

export const readiness =
  (web: Web): RouteHandler<typeof readinessRoute, ServerEnv> =>
  async (c) => {
    const answer = await web.features.readiness();
    if (!answer.ready) throw new LatchkeyError(answer.code ?? "store.unavailable");
    return c.json({ status: "ok" as const }, 200, jsonHeaders(web, c));
  };

/** `GET /metrics`, in the text format of Prometheus (SU-16). */
export const showMetrics = (web: Web) => async (c: Ctx) => {
  const { contentType, body } = await web.features.metricsPage(c.req.header("authorization"));
  return plain(web, c, 200, body, { "content-type": contentType });
};

/** `GET /openapi.json`, made once, from the routes that were registered. */
export const describeApi = (web: Web, app: OpenAPIHono<ServerEnv>) => {
  let document: string | undefined;
  return (c: Ctx) => {
    document ??= JSON.stringify(
      app.getOpenAPI31Document({
        openapi: "3.1.0",
        info: { title: web.site.name, version: "1", description: "Sign-in, sessions and accounts." },
        servers: [{ url: web.site.origin }],
      }),
    );
    return plain(web, c, 200, document, json);
  };
};

export const sendAsset = (web: Web) => (c: Ctx) => {
  const asset = Object.values(web.assets).find(({ name }) => name === c.req.param("name"));
  if (asset === undefined) throw new LatchkeyError("server.not_found");
  return new Response(asset.body, { headers: headersOf(c, assetHeaders(web.site, asset.contentType)) });
};
