/**
 * A real OpenID provider that nobody here wrote (`oidc-provider`, certified by the OpenID Foundation), with people,
 * passwords and a sign-in page of its own. Journeys and the demo sign in at it; the tests of single answers use
 * `latchkey/testing`, which can lie.
 *
 * It listens on 127.0.0.1 and calls itself `localhost`: to a browser that is another site than 127.0.0.1, as a
 * provider in the world is another site than the app.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import Provider, { type AdapterPayload, errors } from "oidc-provider";
import { consentPage, messagePage, signInPage, signOutPage } from "./oidc-provider-pages.js";

export interface OidcPerson {
  readonly sub: string;
  readonly name: string;
  readonly email: string;
  readonly emailVerified?: boolean;
  readonly password: string;
  readonly groups?: readonly string[];
}

export interface OidcClient {
  readonly clientId: string;
  /** Left out: a public client. */
  readonly clientSecret?: string;
  readonly name?: string;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris?: readonly string[];
  /** Where logout tokens are posted to. */
  readonly backchannelLogoutUri?: string;
  /** Whether they, and ID tokens, carry a `sid`. @default false */
  readonly backchannelLogoutSessionRequired?: boolean;
  /** @default "client_secret_basic", or "none" without a secret */
  readonly authMethod?: string;
  /** Where the provider fetches the keys of a client that authenticates with one. */
  readonly jwksUri?: string;
  /** Redirects to plain http on loopback, as RFC 8252 has it for apps on a machine. @default false */
  readonly native?: boolean;
  /** @default the code flow with refresh */
  readonly grantTypes?: readonly string[];
}

export interface OidcProviderOptions {
  /** @default 0 */
  readonly port?: number;
  /** @default "localhost" */
  readonly host?: string;
  readonly people: readonly OidcPerson[];
  readonly clients?: readonly OidcClient[];
  /** Seconds. @default 3600 */
  readonly accessTokenLifetime?: number;
  /** Puts e-mail and name into the ID token; else only userinfo has them. @default false */
  readonly claimsInIdToken?: boolean;
  /** It is the authorization server of a tool server too: registration, client metadata documents, resource indicators. */
  readonly toolServer?: ProtectedResource;
  /** What the provider reports of its own failures. */
  readonly onProblem?: (event: string, problem: unknown) => void;
}

export interface ProtectedResource {
  /** The identifier that clients must name (RFC 8707). */
  readonly resource: string;
  readonly scopes: readonly string[];
  /** How client metadata documents are fetched. @default over the network */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** An access token as the provider has it. */
export interface IssuedToken {
  readonly person: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly audience: unknown;
}

export interface OidcProvider {
  readonly issuer: string;
  readonly port: number;
  /** Replaces the clients; sessions and tokens stay. */
  setClients(clients: readonly OidcClient[]): void;
  /** Signs with a new key from now on. @param options.keepOld leaves the old ones in the key set */
  rotateKeys(options?: { readonly keepOld?: boolean }): Promise<void>;
  /** How many sign-in sessions somebody has here; each is one browser. */
  sessionsOf(sub: string): number;
  /** What it knows of an access token that it issued and that counts still. */
  accessToken(token: string): Promise<IssuedToken | undefined>;
  /** Ids of the clients that registered themselves. */
  registered(): readonly string[];
  /** Forgets them, as a server does that was set up anew. */
  loseRegistrations(): void;
  /** How many access and refresh tokens somebody has here that count still. */
  tokensOf(sub: string): number;
  /** The bodies that token, registration and revocation endpoints were asked with, in order. */
  readonly asked: readonly { readonly path: string; readonly form: URLSearchParams }[];
  stop(): Promise<void>;
  /** Listens again, on the same port, with everything it knew. */
  start(): Promise<void>;
}

/** oidc-provider's storage, one map for all models, as its adapter interface wants it. */
const createAdapter = (rows: Map<string, AdapterPayload>) => {
  const key = (model: string, id: string) => `${model}:${id}`;
  return (model: string) => ({
    upsert: async (id: string, payload: AdapterPayload) => void rows.set(key(model, id), payload),
    find: async (id: string) => rows.get(key(model, id)),
    findByUid: async (uid: string) => [...rows].find(([at, row]) => at.startsWith(`${model}:`) && row.uid === uid)?.[1],
    findByUserCode: async (code: string) => [...rows.values()].find((row) => row.userCode === code),
    consume: async (id: string) => {
      const row = rows.get(key(model, id));
      if (row) row.consumed = Math.floor(Date.now() / 1_000);
    },
    destroy: async (id: string) => void rows.delete(key(model, id)),
    revokeByGrantId: async (grantId: string) => {
      for (const [at, row] of rows) if (row.grantId === grantId) rows.delete(at);
    },
  });
};

/** What the newest servers offer: whoever asks is registered, a URL is a client, tokens are for one resource. */
const toolServerFeatures = ({ resource, scopes }: ProtectedResource, lifetime: number) => ({
  registration: { enabled: true, initialAccessToken: false },
  registrationManagement: { enabled: true, rotateRegistrationAccessToken: false },
  clientIdMetadataDocument: { enabled: true, ack: "draft-02" },
  clientCredentials: { enabled: true },
  resourceIndicators: {
    enabled: true,
    defaultResource: () => undefined,
    useGrantedResource: () => true,
    getResourceServerInfo: async (_context: unknown, indicator: string) => {
      if (indicator !== resource) throw new errors.InvalidTarget();
      return { scope: scopes.join(" "), audience: resource, accessTokenTTL: lifetime, accessTokenFormat: "opaque" };
    },
  },
});

async function createKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: "RS256", use: "sig", kid: randomBytes(6).toString("hex") };
}

const equal = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};

const readForm = async (request: IncomingMessage): Promise<URLSearchParams> => {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return new URLSearchParams(body);
};

const sendPage = (response: ServerResponse, status: number, html: string): void => {
  response.writeHead(status, { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" }).end(html);
};

export async function startOidcProvider(options: OidcProviderOptions): Promise<OidcProvider> {
  const { people } = options;
  const rows = new Map<string, AdapterPayload>();
  const cookieKeys = [randomBytes(32).toString("hex")];
  let keys = [await createKey()];
  let clients = options.clients ?? [];
  let issuer = "";
  let current: { provider: Provider; callback: ReturnType<Provider["callback"]> } | undefined;

  const configuration = () => ({
    adapter: createAdapter(rows),
    jwks: { keys },
    cookies: { keys: cookieKeys },
    clients: clients.map((client) => ({
      client_id: client.clientId,
      client_name: client.name ?? client.clientId,
      ...(client.clientSecret === undefined ? {} : { client_secret: client.clientSecret }),
      token_endpoint_auth_method:
        client.authMethod ?? (client.clientSecret === undefined ? "none" : "client_secret_basic"),
      redirect_uris: client.redirectUris,
      ...(client.jwksUri === undefined ? {} : { jwks_uri: client.jwksUri }),
      ...(client.native === true ? { application_type: "native" } : {}),
      post_logout_redirect_uris: client.postLogoutRedirectUris ?? [],
      ...(client.backchannelLogoutUri === undefined
        ? {}
        : {
            backchannel_logout_uri: client.backchannelLogoutUri,
            backchannel_logout_session_required: client.backchannelLogoutSessionRequired ?? false,
          }),
      response_types: client.grantTypes === undefined ? ["code"] : [],
      grant_types: client.grantTypes ?? ["authorization_code", "refresh_token"],
    })),
    clientAuthMethods: ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
    scopes: ["openid", "offline_access", "email", "profile", "groups", ...(options.toolServer?.scopes ?? [])],
    ...(options.toolServer ? { extraClientMetadata: { properties: ["client_uri"] } } : {}),
    conformIdTokenClaims: options.claimsInIdToken !== true,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    ttl: {
      AccessToken: options.accessTokenLifetime ?? 3_600,
      AuthorizationCode: 60,
      IdToken: 3_600,
      RefreshToken: 86_400,
      Interaction: 3_600,
      Session: 86_400,
      Grant: 86_400,
    },
    findAccount: async (_context: unknown, sub: string) => {
      const person = people.find((one) => one.sub === sub);
      if (!person) return undefined;
      const { name, email, emailVerified = true, groups = [] } = person;
      return { accountId: sub, claims: async () => ({ sub, name, email, email_verified: emailVerified, groups }) };
    },
    interactions: { url: (_context: unknown, interaction: { uid: string }) => `/sign-in/${interaction.uid}` },
    // Its own guard keeps it from loopback, where the apps under test are.
    fetch: (url: string, { dispatcher: _, ...request }: RequestInit & { dispatcher?: unknown }) =>
      options.toolServer?.fetch ? options.toolServer.fetch(new Request(url, request)) : globalThis.fetch(url, request),
    features: {
      ...(options.toolServer ? toolServerFeatures(options.toolServer, options.accessTokenLifetime ?? 3_600) : {}),
      backchannelLogout: { enabled: true },
      devInteractions: { enabled: false },
      revocation: {
        enabled: true,
        // As its default has it, which says on standard output that it was asked.
        allowedPolicy: async (_context: unknown, client: { clientId: string }, token: { clientId: string }) =>
          token.clientId === client.clientId,
      },
      introspection: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: async (context: { body: string }, form: string) => {
          context.body = signOutPage(form);
        },
        postLogoutSuccessSource: async (context: { body: string }) => {
          context.body = messagePage("Signed out", "You are signed out of Example Identity.");
        },
      },
    },
    renderError: async (
      context: { type: string; body: string },
      problem: { error?: string; error_description?: string },
    ) => {
      context.type = "html";
      context.body = messagePage("Something is wrong", `${problem.error ?? ""}: ${problem.error_description ?? ""}`);
    },
  });

  const build = (): void => {
    const provider = new Provider(issuer, configuration());
    for (const event of [
      "server_error",
      "authorization.error",
      "grant.error",
      "end_session.error",
      "backchannel.error",
    ]) {
      provider.on(event, (_context, problem) => options.onProblem?.(event, problem));
    }
    current = { provider, callback: provider.callback() };
  };

  /** `/sign-in/{uid}`, and below it `password`, `consent`, `cancel`: what the person does while the client waits. */
  const interact = async (provider: Provider, path: string, request: IncomingMessage, response: ServerResponse) => {
    const [, , , step] = path.split("/");
    const { uid, prompt, params, session, grantId } = await provider.interactionDetails(request, response);
    const clientId = String(params["client_id"]);
    const client = clients.find((one) => one.clientId === clientId)?.name ?? clientId;
    const at = {
      action: `/sign-in/${uid}/${prompt.name === "login" ? "password" : "consent"}`,
      cancel: `/sign-in/${uid}/cancel`,
      client,
    };
    const showSignIn = (problem: string | null, email: string) =>
      sendPage(response, problem === null ? 200 : 403, signInPage({ ...at, problem, email }));

    if (request.method !== "POST") {
      if (prompt.name === "login") return showSignIn(null, String(params["login_hint"] ?? ""));
      const name = people.find((one) => one.sub === session?.accountId)?.name ?? "";
      return sendPage(response, 200, consentPage({ ...at, name, scopes: String(params["scope"]).split(" ") }));
    }
    const form = await readForm(request);
    if (step === "cancel") {
      const result = { error: "access_denied", error_description: "The person cancelled." };
      return provider.interactionFinished(request, response, result);
    }
    if (step === "password" && prompt.name === "login") {
      const email = form.get("email")?.trim().toLowerCase() ?? "";
      const person = people.find((one) => one.email === email);
      if (!person || !equal(person.password, form.get("password") ?? "")) {
        return showSignIn("E-mail or password is not right.", email);
      }
      return provider.interactionFinished(request, response, { login: { accountId: person.sub } });
    }
    if (step === "consent" && prompt.name === "consent" && session) {
      const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
      const grant = known ?? new provider.Grant({ accountId: session.accountId, clientId });
      const missing = prompt.details["missingOIDCScope"];
      if (Array.isArray(missing)) grant.addOIDCScope(missing.join(" "));
      for (const [resource, scopes] of Object.entries(prompt.details["missingResourceScopes"] ?? {}))
        grant.addResourceScope(resource, (scopes as readonly string[]).join(" "));
      return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
    }
    return sendPage(response, 404, messagePage("Not found", "There is no such page."));
  };

  const asked: { path: string; form: URLSearchParams }[] = [];
  /** Listens along; the provider reads the same bytes. */
  const note = (request: IncomingMessage): void => {
    const path = request.url ?? "";
    if (request.method !== "POST" || !/^\/(?:token|reg|revocation|request)/.test(path.slice(path.lastIndexOf("/"))))
      return;
    let body = "";
    const one = { path: path.slice(path.lastIndexOf("/")), form: new URLSearchParams() };
    asked.push(one);
    const { emit } = request;
    request.emit = function (this: IncomingMessage, event: string, ...values: unknown[]) {
      if (event === "data") body += String(values[0]);
      if (event === "end") for (const [name, value] of new URLSearchParams(body)) one.form.append(name, value);
      return emit.call(this, event, ...values);
    } as typeof request.emit;
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!current) return void response.writeHead(503).end();
    note(request);
    const { pathname } = new URL(request.url ?? "/", issuer);
    if (!pathname.startsWith("/sign-in/")) return current.callback(request, response);
    try {
      await interact(current.provider, pathname, request, response);
    } catch (problem) {
      options.onProblem?.("sign-in", problem);
      if (!response.headersSent)
        sendPage(
          response,
          400,
          messagePage("Start again", "This sign-in is over. Go back to the app and start again."),
        );
    }
  };

  const listen = (port: number): Promise<Server> =>
    new Promise((resolve, reject) => {
      const made = createServer((request, response) => void handle(request, response));
      made.once("error", reject);
      made.listen(port, "127.0.0.1", () => resolve(made));
    });

  let server: Server | undefined = await listen(options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  issuer = `http://${options.host ?? "localhost"}:${port}`;
  build();

  return {
    issuer,
    port,
    setClients: (next) => {
      clients = next;
      build();
    },
    rotateKeys: async ({ keepOld = false } = {}) => {
      const key = await createKey();
      keys = keepOld ? [key, ...keys] : [key];
      build();
    },
    sessionsOf: (sub) =>
      [...rows].filter(([at, row]) => at.startsWith("Session:") && (row as { accountId?: string }).accountId === sub)
        .length,
    accessToken: async (token) => {
      const found = await current?.provider.AccessToken.find(token);
      const own = found ? undefined : await current?.provider.ClientCredentials.find(token);
      if (own?.clientId && !own.isExpired)
        return { person: own.clientId, clientId: own.clientId, scopes: own.scope?.split(" ") ?? [], audience: own.aud };
      if (!found?.accountId || found.isExpired) return undefined;
      const { accountId: person, clientId, scope = "", aud: audience } = found;
      return { person, clientId, scopes: scope.split(" ").filter((one) => one !== ""), audience };
    },
    registered: () => [...rows.keys()].filter((at) => at.startsWith("Client:")).map((at) => at.slice("Client:".length)),
    loseRegistrations: () => {
      for (const at of rows.keys()) if (at.startsWith("Client:")) rows.delete(at);
      build();
    },
    tokensOf: (sub) =>
      [...rows].filter(
        ([at, row]) =>
          /^(?:AccessToken|RefreshToken):/.test(at) &&
          (row as { accountId?: string }).accountId === sub &&
          !row.consumed,
      ).length,
    asked,
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
