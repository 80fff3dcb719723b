/**
 * Where a journey takes place: a real OpenID provider on `localhost`, Latchkey served on `127.0.0.1` (so the two are
 * different sites to a browser), and a real Chromium.
 */
import { randomBytes } from "node:crypto";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { vi } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { createLatchkey } from "../../src/create-latchkey.js";
import { seconds, systemClock } from "../../src/kernel/time.js";
import type { Latchkey } from "../../src/latchkey.js";
import { type Handler, serve } from "../../src/server/serve.js";
import { type CapturedLog, createCapturedLog } from "../../src/testing/captured-log.js";
import { type OidcClient, type OidcPerson, type OidcProvider, startOidcProvider } from "../provider/oidc-provider.js";

// A browser on a machine that is busy with other tests: a limit for what hangs, not a measure of speed.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

export const ann: OidcPerson = {
  sub: "ann-1",
  name: "Ann Archer",
  email: "ann@example.com",
  password: "ann's long password",
};
export const ben: OidcPerson = {
  sub: "ben-2",
  name: "Ben Baker",
  email: "ben@example.com",
  password: "ben's long password",
};

export interface Setting {
  readonly provider: OidcProvider;
  readonly latchkey: Latchkey;
  readonly log: CapturedLog;
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** `{origin}/auth` */
  readonly base: string;
  /** What the provider reported as gone wrong on its side. */
  readonly problems: string[];
  close(): Promise<void>;
}

export interface SettingOptions {
  readonly config?: Partial<ConfigInput>;
  readonly providerConfig?: Partial<ConfigInput["providers"][number]>;
  /** The provider posts logout tokens to us, naming the session or the person. */
  readonly backChannel?: "sid" | "sub";
  /** How the provider knows us otherwise, by our base. */
  readonly client?: (base: string) => Partial<OidcClient>;
  /** The provider is down when Latchkey starts. */
  readonly providerDown?: boolean;
}

export async function createSetting(options: SettingOptions = {}): Promise<Setting> {
  // The port comes first: it is part of `baseUrl` and of the redirect URI that the provider has to know.
  const log = createCapturedLog();
  let handler: Handler = async () => new Response(null, { status: 503 });
  const server = await serve({
    handler: (request, peer) => handler(request, peer),
    host: "127.0.0.1",
    port: 0,
    clock: systemClock,
    log,
  });
  const origin = server.url;
  const base = `${origin}/auth`;

  const problems: string[] = [];
  const provider = await startOidcProvider({
    people: [ann, ben],
    onProblem: (event, problem) => problems.push(`${event}: ${String(problem)}`),
  });
  const clientSecret = randomBytes(24).toString("base64url");
  provider.setClients([
    {
      clientId: "latchkey",
      clientSecret,
      name: "Latchkey",
      redirectUris: [`${base}/providers/example/callback`],
      postLogoutRedirectUris: [`${base}/signed-out`],
      ...(options.backChannel === undefined
        ? {}
        : {
            backchannelLogoutUri: `${base}/backchannel-logout`,
            backchannelLogoutSessionRequired: options.backChannel === "sid",
          }),
      ...options.client?.(base),
    },
  ]);
  if (options.providerDown) await provider.stop();

  const latchkey = await createLatchkey({
    baseUrl: origin,
    secrets: [randomBytes(32).toString("base64")],
    database: "sqlite::memory:",
    rateLimits: "off",
    egress: { allow: ["localhost", "127.0.0.0/8", "::1/128"], allowHttp: ["localhost"] },
    signIn: { signUp: true, defaultReturnTo: "/auth/account" },
    roles: { default: "user" },
    ...options.config,
    providers: [
      {
        id: "example",
        displayName: "Example Identity",
        issuer: provider.issuer,
        clientId: "latchkey",
        clientSecret,
        ...options.providerConfig,
      },
    ],
    ports: { log },
  });
  handler = (request, peer) => latchkey.fetch(request, peer);

  return {
    provider,
    latchkey,
    log,
    origin,
    base,
    problems,
    close: async () => {
      await server.stop(seconds(0));
      await latchkey.close();
      await provider.stop();
    },
  };
}

/** Flags that keep a test's Chromium from talking to anybody but the pages under test. */
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const launch = (executablePath: string): Promise<Browser> => chromium.launch({ executablePath, args: flags });

/** Opens our sign-in page and goes to the provider's. */
export async function toProvider(page: Page, base: string): Promise<void> {
  await page.goto(`${base}/sign-in?return_to=${encodeURIComponent("/auth/account")}`);
  await page.getByRole("link", { name: "Continue with Example Identity" }).click();
}

/** At the provider's sign-in page: says who it is, and allows what is asked, if anything is. */
export async function proveWho(page: Page, person: { email: string; password: string }): Promise<void> {
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  const allow = page.getByRole("button", { name: "Allow" });
  const backAtOurs = page.locator("header.brand");
  await allow.or(backAtOurs).first().waitFor();
  if (await allow.isVisible()) await allow.click();
}

/** The whole way, from our sign-in page to the account page. */
export async function signIn(
  page: Page,
  setting: { readonly base: string },
  person: { email: string; password: string },
): Promise<void> {
  await toProvider(page, setting.base);
  await proveWho(page, person);
  await page.waitForURL(`${setting.base}/account`);
}

/** What `GET {base}/session` says to this browser, or to a Bearer value. */
export async function sessionOf(context: BrowserContext, base: string, bearer?: string) {
  const answer = await context.request.get(`${base}/session`, {
    headers: bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` },
  });
  const body = (await answer.json()) as { user?: { email: string; role: string }; code?: string };
  return { status: answer.status(), body };
}

/** The session cookie that the browser holds for us. */
export async function sessionCookie(context: BrowserContext, base: string) {
  return (await context.cookies(base)).find((cookie) => cookie.name === "latchkey");
}
