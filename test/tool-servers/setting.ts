/** A tool server and its authorization server on loopback, answer by answer, and discovery in front of them. */
import type { RequestListener } from "node:http";
import { afterEach } from "vitest";
import { toolServerSchema } from "../../src/config/schema-tool-servers.js";
import type { EgressOptions } from "../../src/egress/egress.js";
import { isLatchkeyError } from "../../src/kernel/errors.js";
import { startNews } from "../../src/sessions/news.js";
import type { Store } from "../../src/store/contract.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { type CapturedLog, createCapturedLog } from "../../src/testing/captured-log.js";
import { createManualClock, type ManualClock } from "../../src/testing/manual-clock.js";
import type { Registrations } from "../../src/tool-servers/choose-authorization-server.js";
import { createDiscovery, type Discovery } from "../../src/tool-servers/discovery.js";
import { createToolServers } from "../../src/tool-servers/registry.js";
import { type DiscoverySettings, discoverySettings } from "../../src/tool-servers/settings.js";
import { aDoor, aServer, type Counted } from "../egress/loopback.js";
import { countedRandom } from "../support/oauth-setting.js";

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly json?: unknown;
  readonly text?: string;
  /** Never answers. */
  readonly hangs?: boolean;
}
type Answering =
  | Answer
  | ((request: { readonly body: string; readonly headers: NodeJS.Dict<string | string[]> }) => Answer);

/** Answers by path; what has no answer is a 404. The table may change while it runs. */
export async function aScripted(
  routes: Record<string, Answering>,
  options: { host?: string; port?: number } = {},
): Promise<Counted & { readonly origin: string; readonly asked: readonly string[]; forget(): void }> {
  let from = 0;
  const listener: RequestListener = (request, response) => {
    const last = server.requests.at(-1);
    const route = routes[request.url ?? ""];
    const answer = typeof route === "function" ? route({ body: last?.body ?? "", headers: request.headers }) : route;
    const { status = answer ? 200 : 404, headers = {}, json, text, hangs } = answer ?? {};
    if (hangs) return;
    const type = json === undefined ? {} : { "content-type": "application/json" };
    response.writeHead(status, { ...type, ...(headers as Record<string, string>) });
    response.end(text ?? (json === undefined ? "" : JSON.stringify(json)));
  };
  const server = await aServer(listener, options);
  return {
    port: server.port,
    requests: server.requests,
    server: server.server,
    origin: `http://127.0.0.1:${server.port}`,
    get connections() {
      return server.connections;
    },
    get asked() {
      return server.requests.slice(from).map(({ method, url }) => `${method} ${url}`);
    },
    forget: () => {
      from = server.requests.length;
    },
  };
}

/** What the defaults of the configuration make of a URL. */
export function settingsFor(url: string, more: Partial<DiscoverySettings> = {}): DiscoverySettings {
  const record = toolServerSchema.parse({ id: "wiki", url: "https://mcp.example/mcp" });
  const [server] = createToolServers({
    baseUrl: "https://app.example",
    basePath: "/auth",
    toolServers: [record],
  }).all();
  if (!server) throw new Error("no tool server");
  return { ...discoverySettings(server), url, ...more };
}

/** Metadata as the newest rules want it. */
export const asMetadata = (issuer: string, more: Record<string, unknown> = {}): Answer => ({
  json: {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: `${issuer}/register`,
    code_challenge_methods_supported: ["S256"],
    ...more,
  },
});

/** What a tool server and its authorization server at one origin publish; `over` replaces a path's answer. */
export async function aStranger(over: (origin: string) => Record<string, Answer> = () => ({})) {
  const routes: Record<string, Answer> = {};
  const server = await aScripted(routes);
  const { origin } = server;
  Object.assign(routes, {
    "/mcp": { status: 401, headers: { "www-authenticate": "Bearer" }, text: "" },
    "/.well-known/oauth-protected-resource/mcp": {
      json: { resource: `${origin}/mcp`, authorization_servers: [origin], scopes_supported: ["read"] },
    },
    "/.well-known/oauth-authorization-server": asMetadata(origin),
    ...over(origin),
  });
  return server;
}
export interface Setting {
  readonly discovery: Discovery;
  readonly store: Store;
  readonly clock: ManualClock;
  readonly log: CapturedLog;
  /** Another process with the same database. */
  anotherNode(): Promise<Discovery>;
}

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

export async function aDiscovery(
  options: { readonly egress?: Partial<EgressOptions>; readonly registrations?: Partial<Registrations> } = {},
): Promise<Setting> {
  const clock = createManualClock();
  const log = createCapturedLog();
  const random = countedRandom();
  const store = await openSqliteStore({ path: ":memory:", clock, random, log });
  open.push(() => store.close());
  const here = { allow: ["127.0.0.0/8"], allowHttp: ["127.0.0.1"], clock, log };
  const registrations = {
    known: async () => ({ inUse: [], registered: [] }),
    canRegister: async (as: { registration_endpoint?: string | undefined }) => as.registration_endpoint !== undefined,
    ...options.registrations,
  };
  const aNode = async () =>
    createDiscovery({
      egress: aDoor({ ...here, ...options.egress }),
      store,
      clock,
      random,
      log,
      news: await startNews({ store, log }),
      registrations: () => registrations,
    });
  return { discovery: await aNode(), store, clock, log, anotherNode: aNode };
}

/** `code reason` of what it fails with, or `fine`. */
export const failureOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "fine",
    (thrown) => (isLatchkeyError(thrown) ? `${thrown.code} ${String(thrown.data["reason"])}` : String(thrown)),
  );
