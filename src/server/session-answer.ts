/**
 * `GET {base}/session`: the question that an app asks with every request of its own, so the one answer here that has to
 * be quick (QU-8). Somebody whom this node knows is answered from one text and one set of headers, past router and
 * middleware; everybody else goes the long way, where failures, cookies and challenges are dealt with.
 */
import type { z } from "@hono/zod-openapi";
import { milliseconds, toRfc3339 } from "../kernel/time.js";
import type { Authenticated, SessionCheck } from "../sessions/session.js";
import type { Web } from "./env.js";
import type { sessionAnswer } from "./routes/api-schemas.js";

/** The body, as the API describes it. */
export const sessionBody = ({ user, session }: Authenticated): z.input<typeof sessionAnswer> => ({
  user: {
    id: user.id,
    email: user.email,
    emailVerified: user.emailVerified,
    name: user.name,
    picture: user.picture,
    role: user.role,
    groups: [...user.groups],
  },
  session: {
    id: session.id,
    provider: session.provider,
    createdAt: toRfc3339(session.createdAt),
    expiresAt: toRfc3339(session.expiresAt),
    current: true as const,
  },
});

/**
 * Answers a request that is this question of somebody signed in. What was found of anybody else comes back as it is, so
 * that the long way need not look again; undefined for every other request.
 */
export function createQuickSession(web: Web): (request: Request) => Promise<Response | SessionCheck | undefined> {
  const { features, site } = web;
  const path = `${site.basePath}/session`;
  const headers = { ...web.plainHeaders, "content-type": "application/json" };
  /** A check gives the same answer object until something changes, and then another one. */
  const bodies = new WeakMap<Authenticated, string>();
  // A request id is for quoting a failure or finding a log line; here there is neither.
  const logged = features.log.isLevelEnabled?.("debug") ?? true;

  return async (request) => {
    if (logged || request.method !== "GET" || !request.url.endsWith(path)) return undefined;
    // The whole path, and no query: what only ends like it goes the long way.
    if (request.url.indexOf("/", request.url.indexOf("//") + 2) !== request.url.length - path.length) return undefined;
    const started = features.clock.monotonic();
    const found = await features.checkSession(request.headers);
    if (found.kind !== "signed-in") return found;
    let body = bodies.get(found);
    if (body === undefined) {
      body = JSON.stringify(sessionBody(found));
      bodies.set(found, body);
    }
    const duration = milliseconds(features.clock.monotonic() - started);
    features.metrics.requestEnded({ method: "GET", route: "/session", status: 200, duration });
    return new Response(body, { headers });
  };
}
