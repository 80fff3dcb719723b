/**
 * Checks between two keys. They read the written form, tolerantly, so that they report beside the schema's own
 * problems and not only after those are gone: an operator sees everything at once.
 *
 * A value of a wrong type is skipped here, since the schema already reports it.
 */
import { isJsonObject } from "../kernel/json.js";
import { isLoopbackHost } from "./loopback.js";
import { presetChecks } from "./preset-checks.js";
import { type ConfigProblem, problem, valueAt } from "./problems.js";
import { roleChecks } from "./role-checks.js";
import { serviceChecks } from "./service-checks.js";
import { toolServerChecks } from "./tool-server-checks.js";
import { webhookChecks } from "./webhook-checks.js";
import { durationAt, providersOf, textAt, urlAt, written } from "./written.js";

type Check = (input: unknown) => readonly ConfigProblem[];

const plainHttp: Check = (input) => {
  const url = urlAt(input, "baseUrl");
  if (url?.protocol !== "http:" || isLoopbackHost(url.hostname) || written(input, "server", "insecureHttp") === true)
    return [];
  return [
    problem(["baseUrl"], "invalid", "is http on a name that is not loopback", input, {
      allowed: "https; http on localhost; or server.insecureHttp: true, which lets sessions be read on the way",
    }),
  ];
};

const crossSiteCookie: Check = (input) =>
  textAt(input, "sessions", "sameSite") === "none" && urlAt(input, "baseUrl")?.protocol === "http:"
    ? [
        problem(["sessions", "sameSite"], "invalid", "needs https: browsers drop such a cookie from http", input, {
          allowed: "lax, or none with an https baseUrl",
        }),
      ]
    : [];

const sharedCookie: Check = (input) => {
  const domain = textAt(input, "sessions", "cookieDomain")?.toLowerCase();
  const host = urlAt(input, "baseUrl")?.hostname;
  if (domain === undefined || host === undefined || host === domain || host.endsWith(`.${domain}`)) return [];
  return [
    problem(
      ["sessions", "cookieDomain"],
      "invalid",
      "is not the host of baseUrl or a domain above it: browsers drop such a cookie",
      input,
    ),
  ];
};

const idleWithinLifetime: Check = (input) => {
  const idle = durationAt(input, "sessions", "idle");
  const lifetime = durationAt(input, "sessions", "lifetime");
  if (idle === undefined || lifetime === undefined || idle <= lifetime) return [];
  // Of the two the written one is at fault; the other may be a default that nobody has seen.
  const key = valueAt(input, ["sessions", "idle"]) === undefined ? "lifetime" : "idle";
  return [problem(["sessions", key], "invalid", "makes sessions.idle longer than sessions.lifetime", input)];
};

const providerIds: Check = (input) => {
  const first = new Map<string, number>();
  return providersOf(input).flatMap((_, index) => {
    const id = textAt(input, "providers", index, "id");
    if (id === undefined) return [];
    const earlier = first.get(id);
    if (earlier === undefined) {
      first.set(id, index);
      return [];
    }
    return [problem(["providers", index, "id"], "invalid", `is already the id of providers.${earlier}`, input)];
  });
};

/** First path segments below `basePath` that are our own routes; empty: `basePath` with a slash. */
const routeNames: ReadonlySet<string> = new Set([
  "",
  "providers",
  "sign-in",
  "signed-out",
  "sign-out",
  "session",
  "api",
  "assets",
  "pictures",
  "account",
  "connections",
  "client-metadata",
  "client-metadata.json",
  "token",
  "introspect",
  "revoke",
  "jwks.json",
  "client-jwks.json",
  ".well-known",
  "backchannel-logout",
  "frontchannel-logout",
  "verify",
  "mcp",
  "admin",
  "healthz",
  "readyz",
  "metrics",
  "openapi.json",
  "docs",
]);

function isOwnRoute(path: string, basePath: string): boolean {
  if (path === basePath || path === `/.well-known/oauth-authorization-server${basePath}`) return true;
  return path.startsWith(`${basePath}/`) && routeNames.has(path.slice(basePath.length + 1).split("/")[0] ?? "");
}

const redirectUris: Check = (input) => {
  const base = urlAt(input, "baseUrl");
  const basePath = textAt(input, "basePath") ?? "";
  const taken = new Map<string, number>();
  const uris = providersOf(input).map((_, index) => {
    const id = textAt(input, "providers", index, "id");
    const own =
      base === undefined || id === undefined ? undefined : `${base.origin}${basePath}/providers/${id}/callback`;
    return { index, id, own, override: urlAt(input, "providers", index, "redirectUri") };
  });
  return uris.flatMap(({ index, own, override }) => {
    const uri = override?.href ?? own;
    if (uri === undefined) return [];
    const path = ["providers", index, "redirectUri"];
    const earlier = taken.get(uri);
    // Two providers of one id are reported as that; their equal callbacks would only say it again.
    const sameId = earlier !== undefined && uris[earlier]?.id === uris[index]?.id && override === undefined;
    if (earlier !== undefined)
      return sameId ? [] : [problem(path, "invalid", `is already the redirect URI of providers.${earlier}`, input)];
    taken.set(uri, index);
    if (override === undefined || override.origin !== base?.origin || override.href === own) return [];
    return isOwnRoute(override.pathname, basePath)
      ? [
          problem(path, "invalid", "is a route of Latchkey itself", input, {
            allowed: "a path that nothing else answers",
          }),
        ]
      : [];
  });
};

const clientCredentials: Check = (input) =>
  providersOf(input).flatMap((provider, index) => {
    if (!isJsonObject(provider)) return [];
    const has = (key: string) => (valueAt(provider, [key]) ?? null) !== null;
    const method = textAt(input, "providers", index, "tokenEndpointAuthMethod");
    const missing =
      method === "private_key_jwt" && !has("clientKey")
        ? "clientKey"
        : (method === "client_secret_basic" || method === "client_secret_post") && !has("clientSecret")
          ? "clientSecret"
          : undefined;
    return missing === undefined
      ? []
      : [problem(["providers", index, missing], "missing", `is needed for tokenEndpointAuthMethod ${method}`, input)];
  });

const tokenExchange: Check = (input) =>
  providersOf(input).flatMap((_, index) => {
    const path = ["providers", index, "tokenExchange"] as const;
    const clients = written(input, ...path, "clients");
    const none = !Array.isArray(clients) || clients.length === 0;
    if (written(input, ...path, "enabled") !== true || !none) return [];
    return [problem([...path, "clients"], "missing", "is needed where tokens are exchanged: whose are taken", input)];
  });

const signOutTarget: Check = (input) => {
  const target = textAt(input, "signIn", "signOut", "returnTo");
  const allowed = written(input, "signIn", "signOut", "allowedReturnTo");
  if (target === undefined || !URL.canParse(target)) return [];
  const { origin } = new URL(target);
  if (origin === urlAt(input, "baseUrl")?.origin || (Array.isArray(allowed) && allowed.includes(origin))) return [];
  return [
    problem(
      ["signIn", "signOut", "returnTo"],
      "invalid",
      "is on an origin that signIn.signOut.allowedReturnTo does not hold",
      input,
    ),
  ];
};

const checks: readonly Check[] = [
  plainHttp,
  crossSiteCookie,
  sharedCookie,
  idleWithinLifetime,
  roleChecks,
  providerIds,
  redirectUris,
  clientCredentials,
  tokenExchange,
  presetChecks,
  signOutTarget,
  webhookChecks,
  toolServerChecks,
  serviceChecks,
];

/** Every problem that lies between two keys. Never throws, whatever the input is. */
export const crossChecks = (input: unknown): readonly ConfigProblem[] => checks.flatMap((check) => check(input));
