/**
 * The port between HTTP and the core, made by hand, so that a test of a route, a header or a page says in one line
 * what the core answers. Calls are written down; anything may be replaced.
 */

import type { IdentityView } from "../../src/accounts/list-identities.js";
import type { MethodsView } from "../../src/accounts/list-methods.js";
import { type Config, type ConfigInput, configSchema } from "../../src/config/schema.js";
import { LatchkeyError } from "../../src/kernel/errors.js";
import type { IdentityId, SessionId, UserId } from "../../src/kernel/ids.js";
import type { LogFields } from "../../src/kernel/log.js";
import { silentMetrics } from "../../src/kernel/metrics.js";
import { days, hours, type Instant, minutes, toInstant } from "../../src/kernel/time.js";
import type { Provider } from "../../src/providers/provider.js";
import { redirectUriOf } from "../../src/providers/redirect-uri.js";
import type { AdminFeatures } from "../../src/server/admin-features.js";
import { type App, createApp } from "../../src/server/app.js";
import type { Features } from "../../src/server/features.js";
import { allLanguages } from "../../src/server/languages.js";
import type { SessionView } from "../../src/sessions/list-sessions.js";
import type { Authenticated, SessionCheck } from "../../src/sessions/session.js";
import type { UserRecord } from "../../src/store/records.js";
import type { ToolServerStanding } from "../../src/tool-servers/status.js";
import { rightToLeft } from "./right-to-left.js";

export const now: Instant = toInstant(1_790_000_000_000);
const ago = (length: number): Instant => toInstant(now - length);

export const ids = {
  user: "01990000-0000-7000-8000-000000000001" as UserId,
  current: "01990000-0000-7000-8000-0000000000c3" as SessionId,
  phone: "01990000-0000-7000-8000-0000000000b2" as SessionId,
  script: "01990000-0000-7000-8000-0000000000a1" as SessionId,
  identity: "01990000-0000-7000-8000-0000000000d4" as IdentityId,
};

const agents = {
  firefox: "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
  iphone:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
};

export const ann: Authenticated = {
  user: {
    id: ids.user,
    email: "ann@example.com",
    emailVerified: true,
    name: "Ann Example",
    picture: null,
    role: "user",
    groups: ["engineering", "lunch"],
  },
  session: {
    id: ids.current,
    provider: "corp",
    createdAt: ago(hours(3)),
    lastSeenAt: ago(minutes(1)),
    expiresAt: toInstant(now + days(7)),
  },
  via: "cookie",
};

const aSession = (id: SessionId, more: Partial<SessionView>): SessionView => ({
  id,
  provider: "corp",
  providerName: "Corp SSO",
  createdAt: ago(hours(3)),
  lastSeenAt: ago(minutes(1)),
  expiresAt: toInstant(now + days(7)),
  address: "203.0.113.7",
  userAgent: agents.firefox,
  current: false,
  ...more,
});
export const sessions: readonly SessionView[] = [
  aSession(ids.current, { current: true }),
  aSession(ids.phone, {
    userAgent: agents.iphone,
    address: "2001:db8::17",
    createdAt: ago(days(4)),
    lastSeenAt: ago(hours(20)),
  }),
  aSession(ids.script, { userAgent: null, address: null, createdAt: ago(days(6)), lastSeenAt: ago(days(5)) }),
];
export const identities: readonly IdentityView[] = [
  {
    id: ids.identity,
    provider: "corp",
    displayName: "Corp SSO",
    issuer: "https://idp.example.com",
    email: "ann@example.com",
    emailVerified: true,
    createdAt: ago(days(90)),
    lastUsedAt: ago(hours(3)),
  },
];

/** One in each state. */
export const toolServers: readonly ToolServerStanding[] = (
  [
    ["linear", "connected", null],
    ["files of the whole department of mechanical engineering", "needs_consent", "insufficient_scope"],
    ["mail", "needs_reconnect", "invalid_grant"],
    ["calendar", "not_connected", null],
    ["archive", "unreachable", "connect.server_unreachable"],
    ["weather", "open", null],
  ] as const
).map(([id, status, reason]) => {
  const held = status === "connected" || status === "needs_consent" || status === "needs_reconnect";
  return {
    connection: `tool:${id}`,
    name: id,
    status,
    reason,
    since: held ? ago(days(9)) : null,
    scopes: held ? ["issues:read", "issues:write", "comments:read"] : [],
    expiresAt: null,
    lastUsedAt: null,
    connectUrl: `http://localhost:3000/auth/connections/${id}/start`,
  };
});

export const methods: MethodsView = {
  addable: [{ id: "club", displayName: "The Club", icon: null }],
  removable: [],
  current: ids.identity,
};

export interface Line {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly fields: LogFields;
  readonly message: string;
}
export interface Call {
  readonly name: string;
  readonly input: unknown;
}
export interface World {
  readonly app: App;
  readonly features: Features;
  readonly config: Config;
  readonly lines: Line[];
  readonly calls: Call[];
  /** A request to `baseUrl` + path; nothing is sent along but what is given. */
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, headers?: Record<string, string>, body?: string): Promise<Response>;
  send(
    method: string,
    path: string,
    init?: { headers?: Record<string, string>; body?: string; peer?: string },
  ): Promise<Response>;
}

export const browser = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
export const annsCookie = { cookie: "latchkey=ann" };

/** What an Authorization and a Cookie header amount to here: the value `ann` is good, all else is not. */
export function check(headers: Headers): SessionCheck {
  const bearer = /^bearer +(.*)$/i.exec(headers.get("authorization") ?? "")?.[1];
  const cookie = /(?:^|; )latchkey=([^;]*)/.exec(headers.get("cookie") ?? "")?.[1];
  if (bearer === undefined && cookie === undefined) {
    return headers.has("authorization")
      ? { kind: "invalid", code: "session.invalid", clearCookie: false }
      : { kind: "none" };
  }
  if (bearer !== undefined && cookie !== undefined && bearer !== cookie) {
    return { kind: "invalid", code: "session.conflict", clearCookie: false };
  }
  if ((bearer ?? cookie) !== "ann")
    return { kind: "invalid", code: "session.invalid", clearCookie: cookie !== undefined };
  return { kind: "signed-in", ...ann, via: bearer === undefined ? "cookie" : "bearer" };
}

export function aWorld(options: { config?: Partial<ConfigInput>; features?: Partial<Features> } = {}): World {
  const config = configSchema.parse({
    baseUrl: "http://localhost:3000",
    secrets: ["c29tZSBzZWNyZXQgb2YgNDggYnl0ZXMgZm9yIHRlc3RzIG9ubHkgLi4u"],
    providers: [
      {
        id: "corp",
        issuer: "https://idp.example.com",
        clientId: "latchkey",
        clientSecret: "x",
        displayName: "Corp SSO",
      },
      {
        id: "club",
        issuer: "https://club.example.com",
        clientId: "latchkey",
        clientSecret: "x",
        displayName: "The Club",
      },
    ],
    ...options.config,
  });
  const lines: Line[] = [];
  const calls: Call[] = [];
  const line = (level: Line["level"]) => (fields: LogFields, message: string) => {
    lines.push({ level, fields, message });
  };
  const called = (name: string, input: unknown) => {
    calls.push({ name, input });
  };
  const base = `${config.baseUrl}${config.basePath}`;
  const providers = config.providers.map(
    (entry) => ({ ...entry, redirectUri: redirectUriOf(config, entry) }) as unknown as Provider,
  );
  let made = 0;
  let ticks = 0;

  const features: Features = {
    config,
    clock: {
      now: () => now,
      monotonic: () => ++ticks,
      sleep: async () => {},
      after: () => () => {},
    },
    log: { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") },
    newRequestId: () => `request-${String(++made).padStart(4, "0")}`,
    providers: { all: () => providers, byId: (id) => providers.find((provider) => provider.id === id) },
    providerButtons: async () =>
      providers.map(({ id, displayName }) => ({
        id,
        displayName,
        icon: null,
        startUrl: `${base}/providers/${id}/start`,
        health: "ok",
      })),
    beginSignIn: async (input) => {
      called("beginSignIn", input);
      if (!providers.some(({ id }) => id === input.provider)) throw new LatchkeyError("signin.provider_unknown");
      return {
        location: "https://idp.example.com/authorize?client_id=latchkey",
        setCookies: ["latchkey-flow-abcdefgh=sealed; Path=/; HttpOnly"],
      };
    },
    completeSignIn: async (input) => {
      called("completeSignIn", input);
      return {
        location: "/home",
        setCookies: ["latchkey=ann; Path=/; HttpOnly", "latchkey-flow-abcdefgh=; Path=/; Max-Age=0"],
      };
    },
    hasFlowCookie: (header, state) => state === "good-state" && (header ?? "").includes("latchkey-flow-abcdefgh="),
    keepPostedName: () => [],
    clearFlowCookie: (header, state) =>
      state === "good-state" && (header ?? "").includes("latchkey-flow-abcdefgh=")
        ? ["latchkey-flow-abcdefgh=; Path=/; Max-Age=0"]
        : [],
    safeReturnTo: (text) => (text && /^\/(?![/\\])/.test(text) ? text : config.signIn.defaultReturnTo),
    checkSession: async (headers) => check(headers),
    clearSessionCookie: () => "latchkey=; Path=/; Max-Age=0",
    signedOutCookies: () => ["latchkey=; Path=/; Max-Age=0"],
    picture: async () => undefined,
    account: async (signedIn) => ({
      user: signedIn.user,
      roleOrigin: "default",
      groups: [
        { name: "engineering", origins: ["claims:corp"] },
        { name: "lunch", origins: ["manual", "default"] },
      ],
      identities,
      methods,
      sessions,
      toolServers: [],
    }),
    listSessions: async () => sessions,
    listIdentities: async () => identities,
    endSession: async (signedIn, id, request) => {
      called("endSession", { user: signedIn.user.id, id, request });
      if (!sessions.some((session) => session.id === id)) throw new LatchkeyError("session.not_found");
    },
    endOtherSessions: async (signedIn) => {
      called("endOtherSessions", { user: signedIn.user.id });
      return 2;
    },
    endAllSessions: async (signedIn) => {
      called("endAllSessions", { user: signedIn.user.id });
      return 3;
    },
    beginLink: async (input) => {
      called("beginLink", input);
      if (!providers.some(({ id }) => id === input.provider)) throw new LatchkeyError("signin.provider_unknown");
      return {
        location: "https://club.example.com/authorize?client_id=latchkey",
        setCookies: ["latchkey-flow-linkflow=sealed; Path=/; HttpOnly"],
      };
    },
    isLinking: (header, state) => state === "good-state" && (header ?? "").includes("latchkey-flow-linkflow="),
    isRecent: () => false,
    unlinkIdentity: async (signedIn, id) => {
      called("unlinkIdentity", { user: signedIn.user.id, id });
      if (id !== ids.identity) throw new LatchkeyError("link.not_found");
      throw new LatchkeyError("link.last_identity");
    },
    signOut: async (input) => {
      called("signOut", input);
      return { location: `${config.basePath}/signed-out`, setCookies: ["latchkey=; Path=/; Max-Age=0"] };
    },
    lastProvider: (header) => /(?:^|; )latchkey-last=([^;]*)/.exec(header ?? "")?.[1] ?? null,
    autoStart: () => null,
    signOutMode: async () => "local",
    signedOut: () => ({ location: null, setCookies: [] }),
    clientKeySet: async () => [],
    keySet: async () => ({ keys: [], lifetime: minutes(5) }),
    endSessionOrigins: () => ["https://idp.example.com"],
    backChannelLogout: async (input) => {
      called("backChannelLogout", input);
      return async () => 1;
    },
    frontChannelProviders: async ({ provider, iss }) =>
      providers.filter((one) => (provider ?? one.id) === one.id && (iss ?? one.issuer) === one.issuer),
    frontChannelLogout: async (input) => {
      called("frontChannelLogout", input);
      return 1;
    },
    authenticateService: async () => {
      throw new LatchkeyError("token.client_invalid");
    },
    exchangeToken: async () => {
      throw new LatchkeyError("session.invalid");
    },
    revokeForService: async () => false,
    admin: async () => adminFeatures,
    introspectForService: async () => ({ active: false }),
    metrics: silentMetrics,
    metricsPage: async () => ({ contentType: "text/plain", body: "" }),
    clientMetadata: async () => undefined,
    toolServerName: async (id) => id,
    beginConnect: async () => ({ location: "https://as.example.com/authorize", setCookies: [] }),
    completeConnect: async () => ({ location: "/auth/account", setCookies: [] }),
    connections: async () => [],
    disconnect: async () => {},
    readiness: async () => ({ ready: true }),
    isEmpty: async () => false,
    ...options.features,
  };
  const app = createApp(features, [...allLanguages, rightToLeft]);
  const send: World["send"] = (method, path, init = {}) =>
    app.fetch(
      new Request(config.baseUrl + path, {
        method,
        headers: init.headers ?? {},
        ...(init.body === undefined ? {} : { body: init.body }),
      }),
      init.peer === undefined ? undefined : { address: init.peer },
    );
  return {
    app,
    features,
    config,
    lines,
    calls,
    send,
    get: (path, headers) => send("GET", path, { headers: headers ?? {} }),
    post: (path, headers, body) =>
      send("POST", path, {
        headers: { ...(body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }), ...headers },
        ...(body === undefined ? {} : { body }),
      }),
  };
}

/** A person as an operator's list has them. */
export const aPerson = (name: string, more: Partial<UserRecord> = {}): UserRecord => ({
  id: `01990000-0000-7000-8000-0000000001${String(name.length).padStart(2, "0")}` as UserId,
  email: `${name.toLowerCase().replaceAll(" ", ".")}@example.com`,
  emailVerified: true,
  name,
  picture: null,
  role: "user",
  roleOrigin: "default",
  disabledAt: null,
  claimedAt: ago(days(80)),
  version: 1,
  createdAt: ago(days(80)),
  updatedAt: ago(days(2)),
  lastSignInAt: ago(hours(5)),
  ...more,
});

const adminFeatures: AdminFeatures = {
  roles: ["pending", "user", "admin"],
  attention: async () => ({ waiting: 0, waitingMore: false, dead: 0 }),
  users: async () => ({ items: [aPerson("Ann Example")], next: null }),
  user: async () => ({ user: aPerson("Ann Example"), identities: [], sessions: [], groups: [] }),
  setRole: async () => aPerson("Ann Example"),
  setDisabled: async () => aPerson("Ann Example"),
  signOutUser: async () => 1,
  endSessionOfUser: async () => {},
  explain: async () => {
    throw new LatchkeyError("signin.provider_unknown");
  },
  messages: async () => ({ items: [], next: null }),
  retry: async () => true,
  retryAll: async () => 1,
  toolServers: {
    list: async () => [],
    look: async (_admin, typed) => {
      const kept = { typed: { ...typed, clientSecret: "" }, hasSecret: typed.clientSecret !== "", draft: "sealed" };
      return { ...kept, wrong: ["url"], failure: null, report: null };
    },
    reopen: () => undefined,
    add: async () => {},
    test: async () => {
      throw new LatchkeyError("connect.server_unknown");
    },
    removal: async (id) => ({ name: id, hidden: false, people: 0, revocable: true }),
    remove: async () => {},
  },
};
/** What the admin pages get, with a part of it as the state needs it. */
export const adminWith = (part: Partial<AdminFeatures>): Pick<Features, "admin"> => ({
  admin: async () => ({ ...adminFeatures, ...part }),
});

export const callNames = (world: World): string[] => world.calls.map(({ name }) => name);
