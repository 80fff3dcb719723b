/**
 * Every page in the states that people meet: the real HTTP app on loopback, over steps that say what the state needs.
 * The tests of accessibility and the screenshots look at the same list, so a new page or state belongs here once.
 */
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { IdentityView } from "../../src/accounts/list-identities.js";
import type { ConfigInput } from "../../src/config/schema.js";
import type { ToolServerReport } from "../../src/examine-tool-server.js";
import type { ClaimsExplanation } from "../../src/explain-claims.js";
import { LatchkeyError } from "../../src/kernel/errors.js";
import type { IdentityId, OutboxId } from "../../src/kernel/ids.js";
import { silentLog } from "../../src/kernel/log.js";
import { seconds, systemClock, toInstant } from "../../src/kernel/time.js";
import { githubIcon, googleIcon, microsoftIcon } from "../../src/providers/presets/icons.js";
import type { AdminToolServers, LookedAt } from "../../src/server/admin-tool-servers.js";
import type { Features, ProviderButton } from "../../src/server/features.js";
import { allLanguages } from "../../src/server/languages.js";
import { type Handler, serve } from "../../src/server/serve.js";
import type { SessionRecord } from "../../src/store/records.js";
import type { ListedToolServer } from "../../src/tool-servers/administer-tool-servers.js";
import type { TypedToolServer } from "../../src/tool-servers/draft.js";
import {
  adminWith,
  ann,
  aPerson,
  aWorld,
  identities,
  ids,
  methods,
  sessions,
  toolServers,
} from "./hand-made-features.js";
import { rightToLeft } from "./right-to-left.js";

export interface PageState {
  readonly page: string;
  readonly state: string;
  /** Below `basePath`. */
  readonly path: string;
  /** Cookies that the browser holds. */
  readonly cookies?: Readonly<Record<string, string>>;
  readonly config?: Partial<ConfigInput>;
  readonly features?: Partial<Features>;
  /** A button to press first, found by CSS since its name depends on the language; where it leads outside is out of reach, so the page on the way stays. */
  readonly press?: string;
  /** Fields to fill in before that, by CSS. */
  readonly fill?: Readonly<Record<string, string>>;
  /** The page's script would go on to the next page at once. */
  readonly withoutScript?: boolean;
}

const signedIn = { latchkey: "ann" };
const button = (
  id: string,
  displayName: string,
  health: ProviderButton["health"] = "ok",
  icon: string | null = null,
): ProviderButton => ({
  id,
  displayName,
  icon,
  startUrl: `/auth/providers/${id}/start`,
  health,
});
const buttons = (...all: ProviderButton[]): Partial<Features> => ({ providerButtons: async () => all });
const several = buttons(
  button("corp", "Corp SSO"),
  button("google", "Google", "ok", googleIcon),
  button("microsoft", "Microsoft", "ok", microsoftIcon),
  button("github", "GitHub", "ok", githubIcon),
);
const requestId = "01990000-0000-7000-8000-0000000000e5";
const account = { user: ann.user, roleOrigin: "default", groups: [], identities, methods, sessions, toolServers: [] };
const second = {
  ...identities[0],
  id: ids.phone as unknown as IdentityId,
  provider: "club",
  displayName: "The Rowing Club of Greater Northampton and District",
  email: "ann.with.a.rather.long.address@rowing-club-northampton.example",
  emailVerified: false,
} as IdentityView;
const newcomer = { ...ann, user: { ...ann.user, role: "pending", groups: [] } };

const admin = { ...ann, user: { ...ann.user, role: "admin" } };
/** The admin pages, for somebody who may see them. */
const asAdmin = (part: Parameters<typeof adminWith>[0] = {}): Partial<Features> => ({
  checkSession: async () => ({ kind: "signed-in", ...admin }),
  ...adminWith(part),
});
const longName = "Maximiliane Oberhauser-Wittgenstein von und zu Hohenstaufen";
const crowd = [
  aPerson("Ann Example", { role: "admin", roleOrigin: "claims:corp" }),
  aPerson(longName, { role: "pending", lastSignInAt: null }),
  aPerson("Ben Baker", { disabledAt: toInstant(1_789_000_000_000) }),
  aPerson("cleo@example.com", { claimedAt: null, lastSignInAt: null, emailVerified: false }),
];
const explained: ClaimsExplanation = {
  kind: "admit",
  provider: "corp",
  issuer: "https://idp.example.com",
  person: {
    identity: {
      issuer: "https://idp.example.com",
      subject: "00u1a2b3c4d5e6f7g8h9",
      sub: "00u1a2b3c4d5e6f7g8h9",
      email: "ann@example.com",
      emailVerified: true,
      emailMadeUp: false,
      name: "Ann Example",
      picture: undefined,
    },
    roles: { result: { kind: "values", values: ["team-a"] }, dropped: { wrongType: 0, tooLong: 0, malformed: 0 } },
    groups: { result: { kind: "values", values: ["staff"] }, dropped: { wrongType: 1, tooLong: 0, malformed: 0 } },
  },
  account: { kind: "update", userId: ids.user, role: null },
  role: { kind: "set", role: "admin", origin: "claims:corp", rule: "roles.rules.0: glob:team-*" },
  groups: [
    { kind: "create", name: "staff", origin: "claims:corp x", why: "in_claim" },
    { kind: "blocked", name: "eu-admins", pattern: "*-admins" },
    { kind: "leave", name: "former-members", id: "g" as never, origin: "claims:corp x", why: "not_in_claim" },
    { kind: "keep", name: "lunch", origin: "manual", why: "not_of_this_provider" },
  ],
  email: { address: "ann@example.com", trusted: true, why: "verified_claim" },
  user: { id: ids.user, email: "ann@example.com", name: "Ann Example", role: "user" },
  warnings: [{ code: "values_dropped", claim: "groups", name: "groups", wrongType: 1, tooLong: 0, malformed: 0 }],
};

const report = {
  id: "notes",
  url: "https://mcp.notes-of-the-northern-districts.example.com/v1/mcp",
  status: "protected",
  resource: "https://mcp.notes-of-the-northern-districts.example.com/v1",
  resourceMetadata: "https://mcp.notes-of-the-northern-districts.example.com/.well-known/oauth-protected-resource",
  authorizationServers: ["https://login.example.com", "https://other.example.com"],
  issuer: "https://login.example.com",
  issuerFrom: "metadata",
  scopesSupported: ["notes:read", "notes:write", "comments:read", "comments:write", "profile", "offline_access"],
  waysToRegister: ["cimd", "dynamic"],
  pkce: true,
  uses: {
    registration: "dynamic",
    why: "",
    reason: "base_url_not_public",
    clientId: null,
    scopes: ["notes:read", "notes:write"],
    resource: "https://mcp.notes-of-the-northern-districts.example.com/v1",
    dpop: "none",
    redirectUri: "https://chat.example.com/auth/connections/notes/callback",
  },
  warnings: [{ code: "resource_prefix", detail: "https://mcp.notes-of-the-northern-districts.example.com/v1" }],
} satisfies ToolServerReport;
const typed: TypedToolServer = {
  url: report.url,
  id: "notes",
  name: "Notes of the Northern Districts",
  scopes: "notes:read",
  roles: ["user", "admin"],
  groups: "staff\nfriends of the house",
  clientId: "latchkey-4711",
  clientSecret: "",
};
/** The admin pages with tool servers that answer as the state needs it. */
const withToolServers = (part: Partial<AdminToolServers>): Partial<Features> => ({
  checkSession: async () => ({ kind: "signed-in", ...admin }),
  admin: async () => {
    const made = await adminWith({}).admin();
    return { ...made, toolServers: { ...made.toolServers, ...part } };
  },
});
const looked = (of: Partial<LookedAt>) =>
  withToolServers({
    look: async () => ({ typed, hasSecret: true, draft: "sealed", wrong: [], failure: null, report: null, ...of }),
  });
const listed = (id: string, more: Partial<ListedToolServer> = {}): ListedToolServer => ({
  id,
  source: "stored",
  name: id,
  url: `https://mcp.${id}.example.com/mcp`,
  enabled: true,
  registration: "auto",
  createdAt: toInstant(1_789_900_000_000),
  ...more,
});
const refusal = new LatchkeyError("connect.registration_refused", {
  data: {
    toolServer: "notes",
    issuer: "https://login.example.com",
    status: 400,
    error: "invalid_client_metadata",
    description: "client_name must be on our list of friends, which is long but does not hold this one",
  },
});
const list = [
  listed("calendar", { source: "file", name: "Calendar", createdAt: null, enabled: false }),
  listed("drafts", { source: "removing" }),
  listed("forms", { source: "left", url: null, enabled: false, registration: null, createdAt: null }),
  listed("notes", { name: "Notes of the Northern Districts and of the whole department of mechanical engineering" }),
  listed("tickets", { source: "file", createdAt: null }),
  listed("tickets", { source: "hidden" }),
  listed("wiki", { source: "unreadable", url: null, enabled: false, registration: null }),
];
const lookButton = "form[action$='/look'] button";

/** A colour that nobody could read on white, and one page of it must still pass. */
const branding = {
  name: "Corp Chat of the Northern Districts",
  logo: `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 24"><rect width="60" height="24" rx="6" fill="#ffb000"/></svg>')}`,
  color: "#ffb000",
  links: [
    { label: "Imprint", url: "/imprint" },
    { label: "Privacy", url: "https://corp.example.com/privacy" },
    { label: "Terms of use", url: "/terms" },
  ],
};

export const pageStates: readonly PageState[] = [
  { page: "sign-in", state: "several", path: "/sign-in", cookies: { "latchkey-last": "google" }, features: several },
  { page: "sign-in", state: "one", path: "/sign-in", features: buttons(button("corp", "Corp SSO")) },
  {
    page: "sign-in",
    state: "branded",
    path: "/sign-in",
    config: { branding },
    features: several,
  },
  {
    page: "sign-in",
    state: "failed",
    path: `/sign-in?error=signin.state_unknown&request=${requestId}`,
    cookies: { "latchkey-last": "corp" },
    features: several,
  },
  {
    page: "sign-in",
    state: "unreachable",
    path: "/sign-in",
    cookies: { "latchkey-last": "corp" },
    features: buttons(
      button("corp", "Corp SSO", "unreachable"),
      button("club", "The Rowing Club of Greater Northampton and District", "misconfigured"),
    ),
  },
  { page: "sign-in", state: "first-person", path: "/sign-in", features: { ...several, isEmpty: async () => true } },
  { page: "sign-in", state: "no-provider", path: "/sign-in", features: buttons() },
  { page: "sign-in", state: "signed-in", path: "/sign-in", cookies: signedIn, features: several },
  { page: "account", state: "full", path: "/account", cookies: signedIn },
  {
    page: "account",
    state: "new",
    path: "/account",
    cookies: signedIn,
    features: {
      account: async () => ({
        ...account,
        user: { ...ann.user, emailVerified: false, name: "ann@example.com", groups: [] },
        groups: [],
        identities: identities.map((identity) => ({ ...identity, emailVerified: false })),
        sessions: sessions.slice(0, 1),
      }),
    },
  },
  {
    page: "account",
    state: "connections",
    path: "/account?done=connected",
    cookies: signedIn,
    features: { account: async () => ({ ...account, toolServers }) },
  },
  {
    page: "account",
    state: "methods",
    path: "/account?done=method-added",
    cookies: signedIn,
    features: {
      account: async () => ({
        ...account,
        identities: [...identities, second],
        methods: {
          addable: [
            { id: "google", displayName: "Google", icon: null },
            { id: "microsoft", displayName: "Microsoft", icon: null },
            { id: "github", displayName: "GitHub", icon: null },
          ],
          removable: [ids.identity, second.id],
          current: ids.identity,
        },
      }),
    },
  },
  {
    page: "account",
    state: "not-added",
    path: `/account?error=link.identity_taken&request=${requestId}`,
    cookies: signedIn,
  },
  { page: "leaving", state: "plain", path: "/account", cookies: signedIn, press: "form[action$='/link'] button" },
  { page: "sign-in-again", state: "plain", path: "/account/sign-in-again", cookies: signedIn },
  { page: "account", state: "done", path: "/account?done=session-ended", cookies: signedIn },
  { page: "account", state: "failed", path: "/account?error=session.not_found", cookies: signedIn },
  {
    page: "account",
    state: "sign-out-choice",
    path: "/account",
    cookies: signedIn,
    features: { signOutMode: async () => "ask" },
  },
  {
    page: "waiting",
    state: "pending",
    path: "/account",
    cookies: signedIn,
    features: { checkSession: async () => ({ kind: "signed-in", ...newcomer }) },
  },
  {
    page: "admin-users",
    state: "several",
    path: "/admin/users?search=example",
    cookies: signedIn,
    features: asAdmin({
      attention: async () => ({ waiting: 3, waitingMore: false, dead: 2 }),
      users: async () => ({ items: crowd, next: "cursor" }),
    }),
  },
  {
    page: "admin-users",
    state: "nobody",
    path: "/admin/users?search=zzz",
    cookies: signedIn,
    features: asAdmin({ users: async () => ({ items: [], next: null }) }),
  },
  {
    page: "admin-user",
    state: "full",
    path: `/admin/users/${ids.user}?done=role-set`,
    cookies: signedIn,
    features: asAdmin({
      user: async () => ({
        user: aPerson("Ann Example", { role: "admin", roleOrigin: "claims:corp" }),
        identities: identities.map((one) => ({
          ...one,
          userId: ids.user,
          subject: "00u1a2b3c4d5",
          sub: "x",
          claims: null,
        })),
        sessions: sessions as readonly unknown[] as readonly SessionRecord[],
        groups: [
          { name: "engineering", origin: "claims:corp" },
          { name: "lunch", origin: "manual" },
        ],
      }),
    }),
  },
  {
    page: "admin-user",
    state: "last-admin",
    path: `/admin/users/${ids.user}?error=account.last_admin&request=${requestId}`,
    cookies: signedIn,
    features: asAdmin({
      user: async () => ({
        user: aPerson(longName, { claimedAt: null, disabledAt: toInstant(1_789_000_000_000) }),
        identities: [],
        sessions: [],
        groups: [],
      }),
    }),
  },
  { page: "admin-claims", state: "empty", path: "/admin/claims", cookies: signedIn, features: asAdmin() },
  {
    page: "admin-claims",
    state: "told",
    path: "/admin/claims",
    cookies: signedIn,
    features: asAdmin({ explain: async () => ({ told: explained, signsIn: true }) }),
    fill: { "#claims": '{ "sub": "00u1a2b3c4d5e6f7g8h9", "groups": ["staff", "eu-admins", 7] }' },
    press: "form[method=post] button",
  },
  {
    page: "admin-claims",
    state: "refused",
    path: "/admin/claims",
    cookies: signedIn,
    features: asAdmin({
      explain: async () => ({
        told: {
          ...explained,
          kind: "refuse",
          reason: "account.role_refused",
          rule: "roles.noMatch",
          userId: ids.user,
          signOutEverywhere: true,
        } as ClaimsExplanation,
        signsIn: false,
      }),
    }),
    fill: { "#claims": '{ "sub": "00u1a2b3c4d5e6f7g8h9" }' },
    press: "form[method=post] button",
  },
  {
    page: "admin-claims",
    state: "unreadable",
    path: "/admin/claims",
    cookies: signedIn,
    features: asAdmin(),
    fill: { "#claims": "no JSON" },
    press: "form[method=post] button",
  },
  { page: "admin-webhooks", state: "empty", path: "/admin/webhooks", cookies: signedIn, features: asAdmin() },
  {
    page: "admin-webhooks",
    state: "dead",
    path: "/admin/webhooks",
    cookies: signedIn,
    features: asAdmin({
      messages: async () => ({
        items: (["dead", "waiting"] as const).map((state, at) => ({
          id: `01990000-0000-7000-8000-00000000020${at}` as OutboxId,
          webhook: "crm-of-the-northern-districts",
          type: "user.created",
          user: ids.user,
          state,
          attempts: state === "dead" ? 10 : 2,
          lastFailure: "outbox.webhook_refused status_500",
          createdAt: toInstant(1_789_900_000_000),
          nextAttemptAt: null,
          deadSince: null,
        })),
        next: null,
      }),
    }),
  },
  {
    page: "admin-providers",
    state: "several",
    path: "/admin/providers",
    cookies: signedIn,
    features: asAdmin(),
  },
  {
    page: "admin-tool-servers",
    state: "none",
    path: "/admin/tool-servers?done=server-removed",
    cookies: signedIn,
    features: withToolServers({}),
  },
  {
    page: "admin-tool-servers",
    state: "several",
    path: "/admin/tool-servers?done=server-added",
    cookies: signedIn,
    features: withToolServers({ list: async () => list }),
  },
  {
    page: "admin-tool-server-form",
    state: "empty",
    path: "/admin/tool-servers/add",
    cookies: signedIn,
    features: withToolServers({}),
  },
  {
    page: "admin-tool-server-form",
    state: "wrong",
    path: "/admin/tool-servers/add",
    cookies: signedIn,
    features: looked({ wrong: ["url", "id", "scopes", "groups", "clientId"] }),
    fill: { "#url": "nonsense" },
    press: lookButton,
  },
  {
    page: "admin-tool-server-form",
    state: "failed",
    path: "/admin/tool-servers/add",
    cookies: signedIn,
    features: looked({
      failure: new LatchkeyError("connect.server_unreachable", {
        data: { url: `${report.url}/.well-known/oauth-protected-resource`, reason: "status_503" },
      }),
    }),
    fill: { "#url": report.url },
    press: lookButton,
  },
  {
    page: "admin-tool-server-preview",
    state: "plain",
    path: "/admin/tool-servers/add",
    cookies: signedIn,
    features: looked({ report }),
    fill: { "#url": report.url },
    press: lookButton,
  },
  {
    page: "admin-tool-server-preview",
    state: "needs-client",
    path: "/admin/tool-servers/add",
    cookies: signedIn,
    features: looked({
      report: {
        ...report,
        waysToRegister: [],
        pkce: false,
        uses: { ...report.uses, registration: "operator", reason: "no_way_to_register" },
      },
    }),
    fill: { "#url": report.url },
    press: lookButton,
  },
  {
    page: "admin-tool-server-test",
    state: "works",
    path: "/admin/tool-servers",
    cookies: signedIn,
    features: withToolServers({
      list: async () => list,
      test: async () => ({
        report,
        failure: null,
        authorize: { kind: "unclear", by: "a page with status 200 that shows no error" },
        name: "Notes",
      }),
    }),
    press: "form[action$='/notes/test'] button",
  },
  {
    page: "admin-tool-server-test",
    state: "refused",
    path: "/admin/tool-servers",
    cookies: signedIn,
    features: withToolServers({
      list: async () => list,
      test: async () => ({ report, failure: refusal, authorize: null, name: "Notes" }),
    }),
    press: "form[action$='/notes/test'] button",
  },
  {
    page: "admin-tool-server-removal",
    state: "people",
    path: "/admin/tool-servers/notes/remove",
    cookies: signedIn,
    features: withToolServers({
      removal: async () => ({ name: "Notes", hidden: false, people: 17, revocable: true }),
    }),
  },
  {
    page: "admin-tool-server-removal",
    state: "unrevoked",
    path: "/admin/tool-servers/notes/remove",
    cookies: signedIn,
    features: withToolServers({
      removal: async () => ({ name: "notes", hidden: false, people: 17, revocable: false }),
    }),
  },
  {
    page: "error",
    state: "not-admin",
    path: "/admin/users",
    cookies: signedIn,
  },
  { page: "signed-out", state: "plain", path: "/signed-out" },
  {
    page: "signed-out",
    state: "onward",
    path: "/account",
    cookies: signedIn,
    features: {
      signOut: async () => ({
        location: "https://login.northampton-district.example/out?id_token_hint=x",
        setCookies: [],
      }),
    },
    press: "form[action$='/sign-out'] button",
  },
  { page: "repeat", state: "plain", path: "/providers/corp/callback?code=c&state=s", withoutScript: true },
  { page: "error", state: "not-found", path: "/nothing-here" },
  {
    page: "error",
    state: "too-many",
    path: "/providers/corp/start",
    features: {
      beginSignIn: async () => {
        throw new LatchkeyError("server.rate_limited", { data: { retryAfter: 30 } });
      },
    },
  },
  {
    page: "error",
    state: "unexpected",
    path: "/account",
    cookies: signedIn,
    features: {
      account: async () => {
        throw new Error("scripted");
      },
    },
  },
  {
    page: "error",
    state: "database-away",
    path: "/account",
    cookies: signedIn,
    features: {
      checkSession: async () => {
        throw new LatchkeyError("store.unavailable");
      },
    },
  },
];

/** The looks of each state: a window, a telephone, and a window in the dark. */
export const looks = {
  desktop: { viewport: { width: 1280, height: 800 }, colorScheme: "light" },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, colorScheme: "light" },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
} as const satisfies Record<string, BrowserContextOptions>;
export type Look = keyof typeof looks;

/** The languages of the pages, and the one that shows how a page that is read from right to left looks. */
export const pageLanguages = [...allLanguages.map(({ language }) => language), rightToLeft.language];

export interface Gallery {
  /**
   * Opens the state in a browser of its own and gives the page to `look at`.
   *
   * @param language what the browser asks for; English when it is not said.
   */
  show<T>(state: PageState, look: Look, lookAt: (page: Page) => Promise<T>, language?: string): Promise<T>;
  close(): Promise<void>;
}

/** Serves the states on loopback, one at a time, and opens a Chromium to look at them. */
export async function openGallery(executablePath: string): Promise<Gallery> {
  let handler: Handler = async () => new Response(null, { status: 503 });
  const server = await serve({
    handler: (request, peer) => handler(request, peer),
    host: "127.0.0.1",
    port: 0,
    clock: systemClock,
    log: silentLog,
  });
  const browser: Browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  return {
    async show(state, look, lookAt, language = "en") {
      const { app } = aWorld({ config: { baseUrl: server.url, ...state.config }, features: state.features ?? {} });
      handler = (request, peer) => app.fetch(request, peer);
      // A colour that is on its way to another would be judged, and photographed, as it is half-way.
      const context = await browser.newContext({ ...looks[look], reducedMotion: "reduce", locale: language });
      try {
        const cookies = Object.entries(state.cookies ?? {});
        await context.addCookies(cookies.map(([name, value]) => ({ name, value, url: server.url })));
        if (state.withoutScript) await context.route("**/assets/*.js", (route) => route.abort());
        const page = await context.newPage();
        await page.goto(`${server.url}/auth${state.path}`);
        for (const [field, text] of Object.entries(state.fill ?? {})) await page.locator(field).fill(text);
        if (state.press) {
          await context.route(
            (url) => url.origin !== new URL(server.url).origin,
            (route) => route.abort("aborted"),
          );
          await page.locator(state.press).first().click();
          await page.waitForLoadState();
        }
        return await lookAt(page);
      } finally {
        await context.close();
      }
    },
    async close() {
      await browser.close();
      await server.stop(seconds(0));
    },
  };
}

/** All that a page is held to, or what another colour scheme alone can change. */
const rules = {
  all: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
  colours: { type: "rule", values: ["color-contrast", "link-in-text-block"] },
} as const;

/** What axe finds on the page as it stands, one line for each element. */
export async function axeFindings(page: Page, about: keyof typeof rules = "all"): Promise<readonly string[]> {
  const isThere = await page.evaluate(() => "axe" in globalThis);
  if (!isThere) await page.evaluate(axe.source);
  const violations = await page.evaluate(async ({ type, values }) => {
    // The page has the global that the source has just made; its types are those of the package.
    const { axe: here } = globalThis as unknown as { axe: typeof axe };
    const options = { runOnly: { type, values: [...values] }, resultTypes: ["violations" as const] };
    return (await here.run(options)).violations;
  }, rules[about]);
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help} (${target.join(" ")}) ${failureSummary ?? ""}`),
  );
}
