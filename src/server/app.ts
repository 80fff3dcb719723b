/**
 * Everything that is answered over HTTP, as one list of routes (all below `basePath`).
 *
 * Handlers read a request, call one feature and answer; what is decided is decided below `features.ts`. A request
 * that changes something goes through the Origin check, but for the provider's callback POST and its logout tokens
 * (SU-5), which read no cookie.
 *
 * Not here: listening on a socket, and how a Node request becomes a `Request`.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { LatchkeyError } from "../kernel/errors.js";
import { milliseconds } from "../kernel/time.js";
import { callbackPath, callbackRoutes } from "../providers/redirect-uri.js";
import { problem } from "./answers.js";
import type { Ctx, ServerEnv, Web } from "./env.js";
import type { Features } from "./features.js";
import { type Admission, createGuard } from "./guard.js";
import { plainHeaders } from "./headers.js";
import { allLanguages } from "./languages.js";
import { answerFailure } from "./middleware/failures.js";
import { originCheck } from "./middleware/origin.js";
import { rateLimits } from "./middleware/rate-limits.js";
import { readRequestFacts, trustedProxies } from "./middleware/request-facts.js";
import { makeAssets } from "./pages/assets.js";
import { isWellFormedPath, rawPathOf } from "./parameters.js";
import { endAllSessions, endOtherSessions, endSession, enter, showAccount } from "./routes/account.js";
import * as api from "./routes/api.js";
import * as apiConnections from "./routes/api-connections.js";
import * as apiIdentities from "./routes/api-identities.js";
import { type CallbackPlace, finishSignIn, passOnFormPost } from "./routes/callback.js";
import { sendInstallationMetadata, sendServerMetadata } from "./routes/client-metadata.js";
import { connectByForm, disconnectByForm, finishConnect, startConnect } from "./routes/connections.js";
import { addMethod, removeMethod, showSignInAgain } from "./routes/identities.js";
import { metadataPath, showClientKeySet, showKeySet, showServerMetadata } from "./routes/key-set.js";
import { sendPicture } from "./routes/pictures.js";
import { backChannelLogout, frontChannelLogout } from "./routes/provider-logout.js";
import {
  describeApi,
  health,
  healthRoute,
  readiness,
  readinessRoute,
  sendAsset,
  showMetrics,
} from "./routes/running.js";
import { exchangeToken, introspectForService, revokeForService } from "./routes/services.js";
import { showSignIn, startSignIn } from "./routes/sign-in.js";
import { showSignedOut, signOut } from "./routes/sign-out.js";
import { createQuickSession } from "./session-answer.js";
import { readSite } from "./site.js";

export interface App {
  /**
   * Answers one request. Never rejects.
   *
   * @param peer who opened the connection; without it nothing is limited by address and no proxy is trusted.
   */
  fetch(request: Request, peer?: { readonly address?: string | undefined }): Promise<Response>;
  /** True for a path that `fetch` answers: everything below `basePath`, and callbacks that were put elsewhere. */
  handles(target: string): boolean;
  /** True for a path that clients look up at the root of our origin, and that `fetch` answers as well. */
  isWellKnown(target: string): boolean;
  /** The guard of the app around us. */
  admit(request: Request, peer?: { readonly address?: string | undefined }): Promise<Admission>;
}

/** @param languages of the pages; the tests bring one that is read from right to left. */
export function createApp(features: Features, languages: Web["languages"] = allLanguages): App {
  const site = readSite(features.config);
  const plain = plainHeaders(site);
  const limits = rateLimits(features.config.rateLimits, features.sharedCounts);
  const assets = makeAssets(features.config.branding.color, features.extraCss ?? null);
  const web: Web = { features, site, plainHeaders: plain, limits, assets, languages };
  const hono = routes(web);
  const isTrusted = trustedProxies(features.config.server.trustedProxies);
  const ports = { isTrusted, newRequestId: () => features.newRequestId() };
  const guard = createGuard(web);
  const { basePath } = site;
  const callbacks = new Set(callbackRoutes(features.config).map(({ path }) => path));

  async function answerTo(request: Request, env: ServerEnv["Bindings"]): Promise<Response> {
    try {
      return await hono.fetch(request, env);
    } catch (thrown) {
      // The router turns errors into answers, but hands on what was thrown and is no Error.
      const cause = new LatchkeyError("server.unexpected", { cause: thrown });
      features.log.error({ requestId: env.facts.requestId, err: cause }, "request failed unexpectedly");
      return new Response(null, { status: 500, headers: { ...plain, "x-request-id": env.facts.requestId } });
    }
  }

  const quickSession = createQuickSession(web);

  return {
    async fetch(request, peer) {
      // A store that cannot be asked is asked again on the long way, which knows how to say so.
      const quick = await quickSession(request).catch(() => undefined);
      if (quick instanceof Response) return quick;
      const started = features.clock.monotonic();
      const facts = readRequestFacts(request, peer?.address ?? null, ports);
      const matched = { route: "unmatched" };
      const response = await answerTo(request, { facts, matched, checked: quick });
      const duration = milliseconds(features.clock.monotonic() - started);
      const { method } = request;
      features.metrics.requestEnded({ method, route: matched.route, status: response.status, duration });
      const fields = {
        requestId: facts.requestId,
        method,
        path: rawPathOf(request.url),
        status: response.status,
        took: Math.round(duration),
      };
      features.log.debug(fields, "request");
      return response;
    },
    handles(target) {
      const [path = ""] = target.split(/[?#]/, 1);
      return path === basePath || path.startsWith(`${basePath}/`) || callbacks.has(path);
    },
    isWellKnown: (target) => target.split(/[?#]/, 1)[0] === metadataPath(site),
    admit: (request, peer) => guard(request, readRequestFacts(request, peer?.address ?? null, ports)),
  };
}

function routes(web: Web): OpenAPIHono<ServerEnv> {
  const root = new OpenAPIHono<ServerEnv>();
  root.onError((thrown, c) => answerFailure(web, c, thrown));
  root.notFound((c) => answerFailure(web, c, new LatchkeyError("server.not_found")));
  const { length } = web.site.basePath;
  root.use(async (c, next) => {
    // Middleware is registered for every method; the first of one method is the route that will answer.
    const route = matchedRoutes(c).find(({ method }) => method !== "ALL");
    if (route) c.env.matched.route = route.path.slice(length) || "/";
    await next();
  });
  root.use(async (c, next) => {
    if (!isWellFormedPath(rawPathOf(c.req.url)))
      throw new LatchkeyError("server.bad_request", { data: { reason: "path" } });
    await next();
  });

  root.use(overriddenCallbacks(web));
  root.route(web.site.basePath || "/", ownRoutes(web, root));
  root.get(`${web.site.basePath}/`, enter(web));
  root.get(metadataPath(web.site), showServerMetadata(web));
  return root;
}

function ownRoutes(web: Web, root: OpenAPIHono<ServerEnv>): OpenAPIHono<ServerEnv> {
  const app = new OpenAPIHono<ServerEnv>({
    defaultHook: (result, c) => {
      if (result.success) return undefined;
      const errors = result.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
      return problem(web, c, new LatchkeyError("server.bad_request"), errors);
    },
  });

  // The provider. Before the Origin check: its POST comes from another site by design.
  const place = (c: Ctx): CallbackPlace => {
    const provider = c.req.param("provider") ?? "";
    return { provider, path: callbackPath(web.site, encodeURIComponent(provider)) };
  };
  app.get("/providers/:provider/start", startSignIn(web));
  app.get("/providers/:provider/callback", finishSignIn(web, place));
  app.post("/providers/:provider/callback", passOnFormPost(web, place));

  app.post("/backchannel-logout", backChannelLogout(web));
  app.post("/providers/:provider/backchannel-logout", backChannelLogout(web));
  app.get("/frontchannel-logout", frontChannelLogout(web));
  app.get("/providers/:provider/frontchannel-logout", frontChannelLogout(web));

  // Services, who authenticate with a secret of their own and bring no cookie that anybody looks at.
  app.post("/token", exchangeToken(web));
  app.post("/revoke", revokeForService(web));
  app.post("/introspect", introspectForService(web));
  // Programs, that come without a cookie.
  app.get("/jwks.json", showKeySet(web));
  app.get("/client-jwks.json", showClientKeySet(web));
  app.get(metadataPath({ basePath: "" }), showServerMetadata(web));
  app.get("/connections/:toolServer/start", startConnect(web));
  app.get("/connections/:toolServer/callback", finishConnect(web));

  app.use(originCheck(web.site));

  // Pages.
  app.get("/", enter(web));
  app.get("/sign-in", showSignIn(web));
  app.get("/signed-out", showSignedOut(web));
  app.post("/sign-out", signOut(web));
  app.get("/account", showAccount(web));
  app.post("/account/sessions/end-others", endOtherSessions(web));
  app.post("/account/sessions/end-all", endAllSessions(web));
  app.post("/account/sessions/:id/end", endSession(web));
  app.post("/account/identities/:provider/link", addMethod(web));
  app.post("/account/identities/:id/unlink", removeMethod(web));
  app.post("/account/connections/:connection/connect", connectByForm(web));
  app.post("/account/connections/:connection/disconnect", disconnectByForm(web));
  app.get("/account/sign-in-again", showSignInAgain(web));
  app.get("/assets/:name", sendAsset(web));
  app.get("/pictures/:user", sendPicture(web));

  // Who we are to authorization servers.
  app.get("/client-metadata.json", sendInstallationMetadata(web));
  app.get("/client-metadata/:file", sendServerMetadata(web));
  // Operators' pages: loaded when somebody first asks for one (QU-14).
  const admin = (name: keyof typeof import("./routes/admin.js")) => async (c: Ctx) =>
    (await import("./routes/admin.js"))[name](web)(c);
  app.get("/admin", admin("enter"));
  app.get("/admin/users", admin("showUsers"));
  app.get("/admin/users/:id", admin("showUser"));
  app.post("/admin/users/:id/role", admin("setRole"));
  app.post("/admin/users/:id/disable", admin("disableUser"));
  app.post("/admin/users/:id/enable", admin("enableUser"));
  app.post("/admin/users/:id/sign-out", admin("signOutUser"));
  app.post("/admin/users/:id/sessions/:session/end", admin("endSessionOfUser"));
  app.get("/admin/providers", admin("showProviders"));
  app.get("/admin/claims", admin("showClaims"));
  app.post("/admin/claims", admin("explainClaims"));
  app.get("/admin/webhooks", admin("showWebhooks"));
  app.post("/admin/webhooks/retry-all", admin("retryAllMessages"));
  app.post("/admin/webhooks/:id/retry", admin("retryMessage"));
  const tools = (name: keyof typeof import("./routes/admin-tool-servers.js")) => async (c: Ctx) =>
    (await import("./routes/admin-tool-servers.js"))[name](web)(c);
  app.get("/admin/tool-servers", tools("showToolServers"));
  app.get("/admin/tool-servers/add", tools("showToolServerForm"));
  app.post("/admin/tool-servers/look", tools("lookAtToolServer"));
  app.post("/admin/tool-servers/change", tools("changeToolServer"));
  app.post("/admin/tool-servers/add", tools("addToolServer"));
  app.post("/admin/tool-servers/:id/test", tools("testToolServer"));
  app.get("/admin/tool-servers/:id/remove", tools("askBeforeRemoval"));
  app.post("/admin/tool-servers/:id/remove", tools("removeToolServer"));

  // JSON.
  app.openapi(api.sessionRoute, api.showSession(web));
  app.openapi(api.providersRoute, api.listProviders(web));
  app.openapi(api.sessionsRoute, api.listSessions(web));
  app.openapi(api.endSessionRoute, api.deleteSession(web));
  app.openapi(api.identitiesRoute, api.listIdentities(web));
  app.openapi(apiIdentities.linkRoute, apiIdentities.link(web));
  app.openapi(apiIdentities.unlinkRoute, apiIdentities.unlink(web));

  app.openapi(apiConnections.connectionsRoute, apiConnections.listConnections(web));
  app.openapi(apiConnections.disconnectRoute, apiConnections.disconnect(web));

  // Running it.
  app.openapi(healthRoute, health(web));
  app.openapi(readinessRoute, readiness(web));
  app.get("/metrics", showMetrics(web));
  app.get("/openapi.json", describeApi(web, root));
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  app.openAPIRegistry.registerComponent("securitySchemes", "cookie", {
    type: "apiKey",
    in: "cookie",
    name: (web.site.https ? "__Host-" : "") + web.features.config.sessions.cookieName,
  });
  return app;
}

/**
 * A provider's own `redirectUri` that lies on our origin arrives here and is that provider's callback (SI-26).
 * Compared as text and before all else: a path from the configuration is no pattern, and its POST needs no Origin.
 */
function overriddenCallbacks(web: Web): MiddlewareHandler<ServerEnv> {
  const { config } = web.features;
  const overridden = new Map(
    callbackRoutes(config)
      .filter(({ path, providerId }) => path !== callbackPath(config, providerId))
      .map(({ path, providerId }) => [path, { provider: providerId, path }]),
  );
  return async (c, next) => {
    const place = overridden.get(rawPathOf(c.req.url));
    if (place === undefined) return next();
    c.env.matched.route = callbackPath({ basePath: "" }, ":provider");
    if (c.req.method === "POST") return passOnFormPost(web, () => place)(c);
    if (c.req.method === "GET" || c.req.method === "HEAD") return finishSignIn(web, () => place)(c);
    throw new LatchkeyError("server.method_refused", { data: { allow: "GET, POST" } });
  };
}
