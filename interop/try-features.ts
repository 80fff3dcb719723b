/** One column of the matrix: every feature tried at one server, by a person in a real Chromium. */
import { createHash } from "node:crypto";
import type { Browser, BrowserContext, Page, Response } from "playwright-core";
import { type App, service } from "./apps.js";
import { type Cell, type Feature, type InteropServer, person } from "./matrix.js";
import { patience, walk } from "./walk.js";

export interface Stage {
  readonly server: InteropServer;
  readonly browser: Browser;
  readonly watched: App;
  readonly other: App;
  readonly note: (text: string) => void;
  /** One feature alone. */
  readonly only?: string | undefined;
}

type Metadata = Record<string, unknown>;
type Outcome = Pick<Cell, "result" | "evidence">;

export async function tryFeatures(name: string, stage: Stage): Promise<readonly Cell[]> {
  const address = `${stage.server.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const metadata = (await (await fetch(address)).json()) as Metadata;
  const cells: Cell[] = [];
  for (const [feature, attempt] of attempts) {
    if (stage.only !== undefined && stage.only !== feature) continue;
    const silent = stage.server.supports?.includes(feature) ? undefined : saidByMetadata(feature, metadata, address);
    const said = stage.server.unsupported?.[feature] ?? silent;
    const noted = stage.server.notes?.[feature];
    const note = noted === undefined ? "" : `. ${noted}`;
    let outcome: Outcome;
    if (said !== undefined) outcome = { result: "unsupported", evidence: said };
    else
      try {
        outcome = {
          result: "pass",
          evidence: `${await inBrowser(stage, (context) => attempt(stage, context, metadata))}${note}`,
        };
      } catch (thrown) {
        outcome = {
          result: "fail",
          evidence: String(thrown instanceof Error ? thrown.message : thrown).split("\n")[0] ?? "",
        };
      }
    stage.note(`${name}: ${feature}: ${outcome.result}: ${outcome.evidence}`);
    cells.push({ server: name, version: stage.server.version, feature, ...outcome });
  }
  return cells;
}

/** Back- and Front-Channel Logout 1.0 §2.1, RP-Initiated Logout 1.0 §2.1: what a server can do it says here, and silence means no. */
function saidByMetadata(feature: Feature, metadata: Metadata, address: string): string | undefined {
  const member =
    feature === "back-channel-logout"
      ? "backchannel_logout_supported"
      : feature === "front-channel-logout"
        ? "frontchannel_logout_supported"
        : undefined;
  if (member !== undefined && metadata[member] !== true)
    return `its metadata (${new URL(address).pathname}): ${member} is ${member in metadata ? JSON.stringify(metadata[member]) : "not there, which means false"}`;
  if (feature === "rp-initiated-logout" && metadata["end_session_endpoint"] === undefined)
    return `its metadata (${new URL(address).pathname}) has no end_session_endpoint`;
  return undefined;
}

async function inBrowser(stage: Stage, act: (context: BrowserContext) => Promise<string>): Promise<string> {
  const context = await stage.browser.newContext();
  context.setDefaultTimeout(10_000);
  try {
    return await act(context);
  } finally {
    await context.close();
  }
}

const attempts: readonly [Feature, (stage: Stage, context: BrowserContext, metadata: Metadata) => Promise<string>][] = [
  ["sign-in", signsIn],
  ["refresh", refreshes],
  ["rp-initiated-logout", signsOutThere],
  ["back-channel-logout", isToldByBackChannel],
  ["front-channel-logout", isToldByFrontChannel],
  ["key-rotation", survivesRotation],
];

async function signIn(stage: Stage, context: BrowserContext, app: App, provider: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${app.base}/providers/${provider}/start?return_to=/auth/account`);
  await walk(page, app.base, stage.server.act);
  if (page.url() !== `${app.base}/account`)
    throw new Error(`came back to ${page.url().split("?")[0]}: ${lastWarning(app)}`);
  const session = await context.request.get(`${app.base}/session`);
  if (session.status() !== 200) throw new Error(`GET /session answers ${session.status()}`);
  return page;
}

/** What the app has said last of something that is not as it should be. */
function lastWarning(app: App): string {
  const line = app.log.lines.findLast(({ level }) => level === "warn" || level === "error");
  return line === undefined ? "nothing in the log" : `${line.message}: ${JSON.stringify(line.fields).slice(0, 300)}`;
}

const statusOf = async (context: BrowserContext, app: App) =>
  (await context.request.get(`${app.base}/session`)).status();

async function isOut(context: BrowserContext, app: App): Promise<number> {
  const start = Date.now();
  while ((await statusOf(context, app)) !== 401) {
    if (Date.now() - start > patience)
      throw new Error(`GET /session still answers 200 after ${patience / 1_000} s; ${lastWarning(app)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return Date.now() - start;
}

async function signsIn(stage: Stage, context: BrowserContext): Promise<string> {
  await signIn(stage, context, stage.watched, "back");
  const { user } = (await (await context.request.get(`${stage.watched.base}/session`)).json()) as {
    user: { email: string; name: string };
  };
  if (user.email !== (stage.server.person ?? person).email) throw new Error(`signed in as ${user.email}`);
  return `signed in as ${user.email} (${user.name}); GET /session answers 200`;
}

async function refreshes(stage: Stage, context: BrowserContext, metadata: Metadata): Promise<string> {
  const { watched } = stage;
  await signIn(stage, context, watched, "back");
  const value = (await context.cookies(watched.base)).find(({ name }) => name === watched.cookieName)?.value ?? "";
  const ask = async (more: Record<string, string> = {}) => {
    const answer = await fetch(`${watched.base}/token`, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(`${service.id}:${service.secret}`).toString("base64")}` },
      body: new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token: value,
        subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
        audience: "provider:back",
        ...more,
      }),
    });
    const body = (await answer.json()) as { access_token?: string; error?: string; error_description?: string };
    if (body.access_token === undefined)
      throw new Error(`POST /token: ${answer.status} ${body.error} ${body.error_description}; ${lastWarning(watched)}`);
    return body.access_token;
  };
  const first = await ask();
  // An access token of the same second may be the same text.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const second = await ask({ rejected_token_hash: createHash("sha256").update(first).digest("base64url") });
  if (second === first) throw new Error("the access token is the same after a refresh");
  const userinfo = await fetch(String(metadata["userinfo_endpoint"]), {
    headers: { authorization: `Bearer ${second}` },
  });
  if (userinfo.status !== 200) throw new Error(`userinfo answers ${userinfo.status} to the refreshed token`);
  return "POST /token with rejected_token_hash: one refresh, another access token, which userinfo takes";
}

async function pressSignOut(page: Page, app: App): Promise<void> {
  await page.goto(`${app.base}/account`);
  await page.locator("form[action$='/sign-out'] button").first().click();
}

async function signsOutThere(stage: Stage, context: BrowserContext): Promise<string> {
  const { watched, server } = stage;
  const page = await signIn(stage, context, watched, "back");
  const visited: string[] = [];
  page.on("request", (request) => {
    if (request.isNavigationRequest()) visited.push(request.url());
  });
  await pressSignOut(page, watched);
  await walk(page, `${watched.base}/signed-out`, server.agreeToSignOut);
  if ((await statusOf(context, watched)) !== 401) throw new Error("still signed in here");
  const asked = visited.find((url) => url.includes("post_logout_redirect_uri"));
  if (asked === undefined) throw new Error("the server was not asked to sign out");
  const hint = new URL(asked).searchParams.has("id_token_hint") ? "with id_token_hint" : "without id_token_hint";
  // Signed out there as well: who starts again is asked who they are.
  await page.goto(`${watched.base}/providers/back/start?return_to=/auth/account`);
  const back = await page.waitForURL(`${watched.base}/account`, { timeout: 3_000 }).then(
    () => true,
    () => false,
  );
  if (back && !server.keepsNoSessions)
    throw new Error("came back to /signed-out, but the server still knew who it was");
  return `asked ${hint}, came back to /signed-out; signed out there too: ${back ? "it has no sessions of its own" : "the next sign-in asks who it is"}`;
}

/** The person uses two apps in one browser, and signs out of the other one. */
async function signOutElsewhere(stage: Stage, context: BrowserContext, provider: string): Promise<void> {
  await signIn(stage, context, stage.watched, provider);
  const page = await signIn(stage, context, stage.other, "other");
  await pressSignOut(page, stage.other);
  await walk(page, `${stage.other.base}/signed-out`, stage.server.agreeToSignOut);
}

async function isToldByBackChannel(stage: Stage, context: BrowserContext): Promise<string> {
  const { watched } = stage;
  const away = await stage.browser.newContext();
  try {
    await signIn(stage, away, watched, "back");
    const before = watched.log.text().split("logged out by a provider").length;
    await signOutElsewhere(stage, context, "back");
    const waited = await isOut(context, watched);
    const told = watched.log.text().split("logged out by a provider").length - before;
    if (told < 1) throw new Error("the session ended, but no logout token was taken");
    const elsewhere = await statusOf(away, watched);
    return `signed out of another app of the same server: its logout token was taken (${told}), GET /session answers 401 within ${waited} ms of the page; ${elsewhere === 200 ? "the person's other browser stays signed in (by sid)" : "the person is signed out everywhere (by sub)"}`;
  } finally {
    await away.close();
  }
}

async function isToldByFrontChannel(stage: Stage, context: BrowserContext): Promise<string> {
  const { watched, server } = stage;
  const framed: { readonly answer: Response; readonly page: string; readonly cookie: string | undefined }[] = [];
  context.on("response", (answer) => {
    if (!answer.url().includes("/frontchannel-logout")) return;
    const page = answer.frame().parentFrame()?.url() ?? "no frame";
    framed.push({ answer, page, cookie: answer.request().headers()["cookie"] });
  });
  await signOutElsewhere(stage, context, "front");
  await isOut(context, watched);
  const [first] = framed;
  if (first === undefined) throw new Error("the session ended, but no frame of the server asked for it");
  const { answer, page, cookie } = first;
  const origin = URL.canParse(page) ? new URL(page).origin : page;
  const policy = /frame-ancestors ([^;]+)/.exec(answer.headers()["content-security-policy"] ?? "")?.[1];
  if (policy !== new URL(server.issuer).origin || origin !== policy)
    throw new Error(`frame-ancestors is ${policy}, the page is of ${origin}`);
  const asked = [...new URL(answer.url()).searchParams.keys()].join(" and ");
  const how = `${cookie === undefined ? "without" : "with"} a cookie`;
  return `signed out of another app of the same server: a frame on its page asked us with ${asked}, ${how}; frame-ancestors allowed that page's origin; GET /session answers 401`;
}

async function survivesRotation(stage: Stage, context: BrowserContext, metadata: Metadata): Promise<string> {
  const kids = async () => {
    const { keys } = (await (await fetch(String(metadata["jwks_uri"]))).json()) as { keys: { kid: string }[] };
    return keys.map(({ kid }) => kid);
  };
  const before = await kids();
  const how = await stage.server.rotateKeys();
  await signIn(stage, context, stage.watched, "back");
  const added = (await kids()).filter((kid) => !before.includes(kid));
  if (added.length === 0) throw new Error("its key set has no new key");
  return `${how}; the next sign-in is taken without a restart of ours`;
}
