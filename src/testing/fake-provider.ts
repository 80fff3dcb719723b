/**
 * An OpenID provider for tests, over real HTTP on loopback.
 *
 * Left alone it is honest and follows the specifications: discovery, keys, authorization code with PKCE, `iss`,
 * PAR, client authentication, refresh tokens with rotation, userinfo, revocation, introspection, end of session.
 * Every answer can be changed, once (`next`), from now on (`script`) or in a part of it (`tweaks`), down to the
 * bare socket; it can rotate its keys, go down and come back. That makes it the rogue of attack tests as well.
 *
 * Not here: a sign-in page. Who sits at this provider is set by `signInAs`, or by a `login_hint`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, systemClock } from "../kernel/time.js";
import {
  type Answer,
  isRaw,
  type ProviderEndpoint,
  type RawAnswer,
  type RecordedRequest,
  type Scripted,
  writeAnswer,
} from "./fake-provider/answers.js";
import * as back from "./fake-provider/back-channel.js";
import { authorize, endSession } from "./fake-provider/front-channel.js";
import { createSigningKey, type SigningAlgorithm, type SigningKey } from "./fake-provider/keys.js";
import { metadataOf, routes } from "./fake-provider/metadata.js";
import type { FakeClient, FakePerson, FakeProviderTweaks, ProviderState } from "./fake-provider/state.js";
import { logoutToken } from "./fake-provider/tokens.js";

export interface FakeProviderOptions {
  /** Name in the issuer; it listens on 127.0.0.1 in any case. `localhost` and `127.0.0.1` are two sites to a browser. @default "127.0.0.1" */
  readonly host?: string;
  /** 0: any free port. @default 0 */
  readonly port?: number;
  /** Path of the issuer, e.g. `/tenant-1`; no slash at its end. @default "" */
  readonly path?: string;
  /** For `iat`, `exp` and lifetimes; share it with the app under test. @default the system's clock */
  readonly clock?: Clock;
  /** @default Ann, Ben and Cleo */
  readonly people?: readonly FakePerson[];
  /** @default one client, `latchkey`, with a secret */
  readonly clients?: readonly FakeClient[];
  /** @default "ES256" */
  readonly alg?: SigningAlgorithm;
  /**
   * `rotate`: each refresh gives a new refresh token, and reuse of an old one revokes all. `lenient`: a new one each time,
   * and the old ones go on working. `keep`: the same for good.
   *
   * @default "rotate"
   */
  readonly rotation?: "rotate" | "lenient" | "keep";
  /** @default true */
  readonly requirePkce?: boolean;
  /** Seconds. @default 3600 */
  readonly accessTokenLifetime?: number;
  /** Whether the ID token carries e-mail, name and the like, or only userinfo does. @default true */
  readonly claimsInIdToken?: boolean;
}

export interface FakeProvider {
  readonly issuer: string;
  readonly port: number;
  /** The default client, or the first that was given. */
  readonly client: FakeClient;
  /** By subject. Add, change and remove while it runs. */
  readonly people: Map<string, FakePerson>;
  /** By client id. */
  readonly clients: Map<string, FakeClient>;
  readonly tweaks: FakeProviderTweaks;
  /** Every request so far, in order of arrival. */
  readonly requests: RecordedRequest[];
  /** Requests to one endpoint. */
  requestsTo(endpoint: ProviderEndpoint): readonly RecordedRequest[];
  /** Who signs in at the next authorization requests (a subject); null: they press "cancel". A `login_hint` wins. */
  signInAs(sub: string | null): void;
  /** Answers the next request to `endpoint`; called again, the one after it. Goes before `script`. */
  next(endpoint: ProviderEndpoint, answer: Scripted): void;
  /** Answers all requests to these endpoints until `reset`, or until `undefined` is set. */
  script(answers: Partial<Record<ProviderEndpoint, Scripted | undefined>>): void;
  /** Takes scripts, queued answers and tweaks away; people, clients and tokens stay. */
  reset(): void;
  /** The key that signs now; all in the key set follow it. */
  readonly keys: readonly SigningKey[];
  /** A new signing key. @param options.keepOld leaves the earlier ones in the key set. @default false */
  rotateKeys(options?: { readonly keepOld?: boolean; readonly alg?: SigningAlgorithm }): Promise<SigningKey>;
  /** Signs any claims with the current key. */
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /**
   * A logout token (OpenID Connect Back-Channel Logout 1.0 §2.4), honest but for what is given: it needs a `sub` or a
   * `sid`. A member set to `undefined` is left out.
   */
  logoutToken(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  /** The `sid` of somebody's latest sign-in here. */
  sidOf(sub: string): string | undefined;
  /** True when the session that an ID token names was signed out at `end_session`. */
  isSignedOut(sid: string): boolean;
  /** How often reuse of a rotated refresh token ended a whole family: each is a grant that somebody lost. */
  readonly familyRevocations: number;
  /** Cuts every connection and closes the port: the provider is down. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  start(): Promise<void>;
}

export const defaultPeople: readonly FakePerson[] = [
  { sub: "ann-1", email: "ann@example.com", name: "Ann Archer" },
  { sub: "ben-2", email: "ben@example.com", name: "Ben Baker" },
  { sub: "cleo-3", email: "cleo@example.com", name: "Cleo Cook" },
];
export const defaultClient: FakeClient = { clientId: "latchkey", clientSecret: "fake provider secret: + & % é" };

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
};

/** Starts a fake provider; `stop()` it at the end of the test. */
export async function startFakeProvider(options: FakeProviderOptions = {}): Promise<FakeProvider> {
  const clients = options.clients ?? [defaultClient];
  const [client = defaultClient] = clients;
  const people = options.people ?? defaultPeople;
  const path = options.path ?? "";
  const alg = options.alg ?? "ES256";
  const state: ProviderState = {
    clock: options.clock ?? systemClock,
    alg,
    rotation: options.rotation ?? "rotate",
    requirePkce: options.requirePkce ?? true,
    accessTokenLifetime: options.accessTokenLifetime ?? 3_600,
    claimsInIdToken: options.claimsInIdToken ?? true,
    issuer: "",
    keys: [await createSigningKey(alg)],
    people: new Map(people.map((person) => [person.sub, person])),
    clients: new Map(clients.map((one) => [one.clientId, one])),
    signedInAs: people[0]?.sub ?? null,
    tweaks: {},
    codes: new Map(),
    accessTokens: new Map(),
    refreshTokens: new Map(),
    pushedRequests: new Map(),
    endedSessions: new Set(),
    familyRevocations: 0,
  };
  const endpoints = routes(path);
  const requests: RecordedRequest[] = [];
  const queues = new Map<ProviderEndpoint, Scripted[]>();
  let scripts: Partial<Record<ProviderEndpoint, Scripted | undefined>> = {};

  const honestAnswer = async (endpoint: ProviderEndpoint, request: RecordedRequest): Promise<Answer> => {
    switch (endpoint) {
      case "metadata":
        return { json: state.tweaks.metadata?.(metadataOf(state)) ?? metadataOf(state) };
      case "jwks": {
        const keys = state.keys.map((key) => key.publicJwk);
        return { json: { keys: state.tweaks.jwks?.(keys) ?? keys } };
      }
      case "authorize":
        return authorize(state, request);
      case "end_session":
        return endSession(state, request);
      case "token":
        return back.token(state, request);
      case "userinfo":
        return back.userinfo(state, request);
      case "revocation":
        return back.revocation(state, request);
      case "introspection":
        return back.introspection(state, request);
      case "par":
        return back.pushedAuthorizationRequest(state, request);
    }
  };

  const answerTo = async (request: RecordedRequest): Promise<Answer | RawAnswer | Response> => {
    if (request.endpoint === "other") return { status: 404 };
    const { endpoint } = request;
    const scripted = queues.get(endpoint)?.shift() ?? scripts[endpoint];
    if (scripted === undefined) return honestAnswer(endpoint, request);
    return typeof scripted === "function" ? scripted(() => honestAnswer(endpoint, request), request) : scripted;
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    const url = new URL(request.url ?? "/", "http://provider");
    const isForm = (request.headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded");
    const recorded: RecordedRequest = {
      endpoint: endpoints[url.pathname] ?? "other",
      method: request.method ?? "GET",
      path: url.pathname,
      query: url.searchParams,
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      body,
      form: new URLSearchParams(isForm ? body : ""),
      at: state.clock.now(),
    };
    requests.push(recorded);
    const answer = await answerTo(recorded);
    if (isRaw(answer)) await answer.raw(request, response, recorded);
    else await writeAnswer(response, answer);
  };

  const listen = (port: number): Promise<Server> =>
    new Promise((resolve, reject) => {
      const made = createServer((request, response) => {
        handle(request, response).catch((cause: unknown) => {
          // A script that throws must show in the test that wrote it, and not hang the app under test.
          if (!response.headersSent) response.writeHead(500, { "Content-Type": "text/plain" });
          response.end(`fake provider: ${String(cause)}`);
        });
      });
      made.once("error", reject);
      made.listen(port, "127.0.0.1", () => resolve(made));
    });

  let server: Server | undefined = await listen(options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  state.issuer = `http://${options.host ?? "127.0.0.1"}:${port}${path}`;

  return {
    issuer: state.issuer,
    port,
    client,
    people: state.people,
    clients: state.clients,
    tweaks: state.tweaks,
    requests,
    requestsTo: (endpoint) => requests.filter((request) => request.endpoint === endpoint),
    signInAs: (sub) => {
      state.signedInAs = sub;
    },
    next: (endpoint, answer) => {
      queues.set(endpoint, [...(queues.get(endpoint) ?? []), answer]);
    },
    script: (answers) => {
      scripts = { ...scripts, ...answers };
    },
    reset: () => {
      scripts = {};
      queues.clear();
      for (const name of Object.keys(state.tweaks) as (keyof FakeProviderTweaks)[]) delete state.tweaks[name];
    },
    get keys() {
      return state.keys;
    },
    rotateKeys: async ({ keepOld = false, alg: newAlg = alg } = {}) => {
      const key = await createSigningKey(newAlg);
      state.keys = keepOld ? [key, ...state.keys] : [key];
      return key;
    },
    sign: (claims, header) => back.signAs(state, claims, header),
    logoutToken: (claims, header) => logoutToken(state, client.clientId, claims, header),
    sidOf: (sub) => [...state.codes.values()].filter((code) => code.person.sub === sub).at(-1)?.sid,
    isSignedOut: (sid) => state.endedSessions.has(sid),
    get familyRevocations() {
      return state.familyRevocations;
    },
    stop: async () => {
      const closing = server;
      server = undefined;
      if (!closing) return;
      const closed = new Promise<void>((resolve) => closing.close(() => resolve()));
      closing.closeAllConnections();
      await closed;
    },
    start: async () => {
      server ??= await listen(port);
    },
  };
}
