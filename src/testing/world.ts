/**
 * A whole small world for a test: a fake provider, Latchkey in this process on SQLite in memory (or Postgres, see
 * world-database), a clock, a log that
 * keeps its lines, and as many browsers as the test wants. What the browsers do goes over the app's own `fetch` and,
 * at the provider, over real HTTP.
 *
 * Not here: anything that replaces a part of Latchkey. Only what the world outside does is played.
 */

import type { ConfigInput } from "../config/schema.js";
import { createLatchkey } from "../create-latchkey.js";
import { type Clock, systemClock } from "../kernel/time.js";
import type { Latchkey } from "../latchkey.js";
import type { Ports } from "../options.js";
import { type Browser, createBrowser, type Page } from "./browser.js";
import { type CapturedLog, createCapturedLog } from "./captured-log.js";
import { type FakeProvider, type FakeProviderOptions, startFakeProvider } from "./fake-provider.js";
import { type FetchLike, loopbackFetch } from "./loopback-fetch.js";
import { openWorldDatabase } from "./world-database.js";

type ProviderInput = ConfigInput["providers"][number];

export interface WorldOptions {
  /** Laid over the world's configuration, by top-level key; `signIn` and `egress` key by key. */
  readonly config?: Partial<ConfigInput>;
  /** Laid over the world's one provider entry, `fake`. */
  readonly providerConfig?: Partial<ProviderInput>;
  readonly provider?: FakeProviderOptions;
  /** One clock for the app, the provider and the browsers. @default the system's clock */
  readonly clock?: Clock;
  readonly ports?: Omit<Ports, "clock" | "log">;
}

export interface World {
  readonly latchkey: Latchkey;
  readonly provider: FakeProvider;
  readonly clock: Clock;
  readonly log: CapturedLog;
  /** As given to `createLatchkey`: start a second node with it. */
  readonly config: ConfigInput;
  readonly baseUrl: string;
  /** An absolute URL below `basePath`, e.g. `url("/session")`. */
  url(path: string): string;
  /** Carries a request to the app or, for another origin, over the network. */
  readonly fetch: FetchLike;
  /** A request to the app, path below `basePath`. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** Another browser, with a jar of its own. */
  browser(): Browser;
  /** Signs in at the fake provider and comes back. @param person subject or e-mail @default who `signInAs` says */
  signIn(browser: Browser, person?: string, options?: SignInOptions): Promise<Page>;
  /** The same up to the provider's answer: the callback URL, which the browser has not opened yet. */
  approve(browser: Browser, person?: string, options?: SignInOptions): Promise<string>;
  /** `GET {base}/session` with the browser's cookies. */
  session(browser: Browser): Promise<{ status: number; body: SessionAnswer }>;
  close(): Promise<void>;
}

export interface SignInOptions {
  /** Path to land on. @default the account page */
  readonly returnTo?: string;
  /** Provider id. @default "fake" */
  readonly provider?: string;
}

/** What `GET {base}/session` answers: the person and the session, or problem details. */
export interface SessionAnswer {
  readonly user?: {
    readonly id: string;
    readonly email: string;
    readonly name: string;
    readonly role: string;
    readonly groups: readonly string[];
  };
  readonly session?: {
    readonly id: string;
    readonly provider: string;
    readonly createdAt: string;
    readonly expiresAt: string;
  };
  readonly code?: string;
}

/** 32 bytes for one world's seals. */
const freshSecret = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64");

/** Makes a world; `close()` it at the end of the test. */
export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const clock = options.clock ?? systemClock;
  const log = createCapturedLog();
  const provider = await startFakeProvider({ clock, ...options.provider });
  const database = await openWorldDatabase();
  const config: ConfigInput = {
    baseUrl: "http://localhost:3000",
    secrets: [freshSecret()],
    ...database.config,
    rateLimits: "off",
    ...options.config,
    egress: { allow: ["127.0.0.0/8", "localhost"], allowHttp: ["127.0.0.1", "localhost"], ...options.config?.egress },
    signIn: { signUp: true, ...options.config?.signIn },
    providers: options.config?.providers ?? [
      {
        id: "fake",
        displayName: "Fake",
        issuer: provider.issuer,
        clientId: provider.client.clientId,
        clientSecret: provider.client.clientSecret ?? null,
        ...options.providerConfig,
      },
    ],
  };
  const start = async () => {
    try {
      return await createLatchkey({ ...config, ports: { ...options.ports, clock, log } });
    } catch (thrown) {
      await provider.stop();
      await database.drop();
      throw thrown;
    }
  };
  const latchkey = await start();
  const { origin } = new URL(config.baseUrl);
  const basePath = config.basePath ?? "/auth";
  const url = (path: string) => origin + basePath + path;
  const fetchLike: FetchLike = (request) =>
    new URL(request.url).origin === origin ? latchkey.fetch(request, { address: "127.0.0.1" }) : loopbackFetch(request);

  /** Starts a sign-in and says at the provider who it is; the page is what the provider answered. */
  const atProvider = async (browser: Browser, person: string | undefined, how: SignInOptions): Promise<Page> => {
    const query = new URLSearchParams({ return_to: how.returnTo ?? `${basePath}/account` });
    const started = await browser.get(`${url(`/providers/${how.provider ?? "fake"}/start`)}?${query}`, {
      follow: false,
    });
    if (started.location === undefined) throw new Error(`the sign-in did not start: ${started.status} ${started.text}`);
    const authorization = new URL(started.location);
    // Refused: the app leads back to its own sign-in page.
    if (authorization.origin === origin) return browser.follow(started);
    if (person !== undefined) authorization.searchParams.set("login_hint", person);
    return browser.get(authorization.href, { from: started.url, follow: false });
  };

  return {
    latchkey,
    provider,
    clock,
    log,
    config,
    baseUrl: origin,
    url,
    fetch: fetchLike,
    request: (path, init) => fetchLike(new Request(url(path), init)),
    browser: () => createBrowser(fetchLike, { clock }),
    signIn: async (browser, person, how = {}) => {
      const answered = await atProvider(browser, person, how);
      if (answered.location !== undefined) return browser.follow(answered, { from: provider.issuer });
      return answered.forms.length > 0 && new URL(answered.url).origin !== origin ? browser.submit(answered) : answered;
    },
    approve: async (browser, person, how = {}) => {
      const answered = await atProvider(browser, person, how);
      if (answered.location === undefined)
        throw new Error(`no redirect from the provider: ${answered.status} ${answered.text}`);
      return answered.location;
    },
    session: async (browser) => {
      const cookie = browser.cookies.header(url("/session"));
      const answer = await fetchLike(
        new Request(url("/session"), { headers: cookie === undefined ? {} : { Cookie: cookie } }),
      );
      return { status: answer.status, body: (await answer.json()) as SessionAnswer };
    },
    close: async () => {
      await latchkey.close();
      await database.drop();
      await provider.stop();
    },
  };
}
