/** One column of the second matrix: a person connects a tool server whose authorization server nobody here wrote, and its life after. */
import { randomBytes } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { createLatchkey } from "../src/create-latchkey.js";
import { seconds, systemClock } from "../src/kernel/time.js";
import { type Handler, serve } from "../src/server/serve.js";
import { createCapturedLog } from "../src/testing/captured-log.js";
import { startFakeProvider } from "../src/testing/fake-provider.js";
import { ConsentRequired } from "../src/vault/consent-required.js";
import { type Cell, type ToolAuthorization, type ToolAuthorizationKind, toolFeatures } from "./matrix.js";
import { startToolResource } from "./tool-resource.js";
import { walk } from "./walk.js";

const connection = "tool:notes";

/** An app with one tool server, and somebody who is signed in. */
async function openStage(browser: Browser, kind: ToolAuthorizationKind, folder: string) {
  const resource = await startToolResource();
  const server = await kind.start(resource.url, folder);
  resource.protectedBy(server.issuer, server.check);
  const signIn = await startFakeProvider();
  const log = createCapturedLog();
  let handler: Handler = async () => new Response(null, { status: 503 });
  const serving = await serve({
    handler: (request, peer) => handler(request, peer),
    host: "127.0.0.1",
    port: 0,
    clock: systemClock,
    log,
  });
  const latchkey = await createLatchkey({
    baseUrl: serving.url,
    secrets: [randomBytes(32).toString("base64")],
    database: "sqlite::memory:",
    rateLimits: "off",
    egress: { allow: ["localhost", "127.0.0.0/8", "::1/128"], allowHttp: ["localhost", "127.0.0.1"] },
    signIn: { signUp: true, defaultReturnTo: "/auth/account" },
    roles: { default: "user" },
    providers: [
      {
        id: "fake",
        issuer: signIn.issuer,
        clientId: signIn.client.clientId,
        clientSecret: signIn.client.clientSecret ?? null,
      },
    ],
    toolServers: [{ id: "notes", url: resource.url }],
    ports: { log },
  });
  handler = (request, peer) => latchkey.fetch(request, peer);
  const base = `${serving.url}/auth`;
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${base}/providers/fake/start?return_to=/auth/account`);
  await page.waitForURL(`${base}/account`);
  const { user } = (await (await context.request.get(`${base}/session`)).json()) as { user: { id: string } };
  const { toolServers, vault } = latchkey;
  return {
    server,
    page,
    base,
    log,
    resource,
    user: user.id,
    vault,
    call: (body: string) => toolServers.fetch({ user: user.id, connection })(resource.url, { method: "POST", body }),
    async stop() {
      await context.close();
      await serving.stop(seconds(0));
      await latchkey.close();
      await server.stop();
      await signIn.stop();
      await resource.stop();
    },
  };
}
type Stage = Awaited<ReturnType<typeof openStage>>;

async function goesTo(page: Page, { base, server }: Stage, url: string): Promise<void> {
  await page.goto(url);
  await walk(page, `${base}/account`, server.act);
  if (!page.url().endsWith("?done=connected")) throw new Error(`came back to ${page.url()}`);
}

async function took(stage: Stage, body: string): Promise<readonly string[]> {
  const answer = await stage.call(body);
  if (answer.status !== 200) throw new Error(`the tool server answers ${answer.status}`);
  return ((await answer.json()) as { scopes: readonly string[] }).scopes;
}

async function connects(stage: Stage): Promise<string> {
  await goesTo(stage.page, stage, `${stage.base}/connections/notes/start`);
  const scopes = await took(stage, '{"method":"read"}');
  return `registered dynamically, asked with resource and PKCE; the tool server takes the token (${scopes.join(" ")})`;
}

async function renews({ user, vault, ...stage }: Stage): Promise<string> {
  const { accessToken } = await vault.accessToken({ user, connection });
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const next = await vault.reportRejected({ user, connection, accessToken });
  if (next.accessToken === accessToken) throw new Error("the access token is the same after a refresh");
  await took({ user, vault, ...stage }, '{"method":"read"}');
  return "told that its token was refused: one refresh, another access token, which the tool server takes";
}

async function stepsUp(stage: Stage): Promise<string> {
  const asked = await stage.call('{"method":"write"}').then(
    ({ status }) => new Error(`the tool server answers ${status} without having asked for more`),
    (thrown: unknown) => thrown,
  );
  if (!(asked instanceof ConsentRequired)) throw asked;
  await goesTo(stage.page, stage, asked.connectUrl);
  const scopes = await took(stage, '{"method":"write"}');
  return `403 insufficient_scope became a question to the person, and then a token for ${scopes.join(" ")}`;
}

async function revokes({ user, vault, server }: Stage): Promise<string> {
  const { accessToken } = await vault.accessToken({ user, connection });
  await vault.disconnect({ user, connection });
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    const seen = await server.isRevoked?.(accessToken);
    if (seen !== undefined) return `disconnected: ${seen}`;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("what the person had lives on there");
}

const attempts = { connect: connects, renewal: renews, "step-up": stepsUp, revocation: revokes };

/** What it says of itself in its metadata: silence means no. */
async function saidBy({ issuer, unsupported }: ToolAuthorization, feature: keyof typeof attempts) {
  if (unsupported?.[feature] !== undefined) return unsupported[feature];
  if (feature !== "revocation") return undefined;
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  const places = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
  for (const place of places) {
    const answer = await fetch(place);
    if (answer.status !== 200) continue;
    const metadata = (await answer.json()) as Record<string, unknown>;
    return metadata["revocation_endpoint"] === undefined
      ? `its metadata (${new URL(place).pathname}) has no revocation_endpoint`
      : undefined;
  }
  return undefined;
}

export async function tryToolServer(
  kind: ToolAuthorizationKind,
  { browser, folder, note }: { browser: Browser; folder: string; note: (text: string) => void },
): Promise<readonly Cell[]> {
  const stage = await openStage(browser, kind, folder);
  const cells: Cell[] = [];
  try {
    for (const feature of toolFeatures) {
      const said = await saidBy(stage.server, feature);
      const outcome =
        said !== undefined
          ? ({ result: "unsupported", evidence: said } as const)
          : await attempts[feature](stage).then(
              (evidence) => ({ result: "pass", evidence }) as const,
              (thrown: unknown) => {
                const first = String(thrown instanceof Error ? thrown.message : thrown).split("\n")[0] ?? "";
                const line = stage.log.lines.findLast(({ level }) => level === "warn" || level === "error");
                const last = line ? `; ${line.message} ${JSON.stringify(line.fields).slice(0, 300)}` : "";
                return { result: "fail", evidence: `${first}${last}` } as const;
              },
            );
      note(`${kind.name}: ${feature}: ${outcome.result}: ${outcome.evidence}`);
      cells.push({ server: kind.name, version: stage.server.version, feature, ...outcome });
    }
  } finally {
    await stage.stop();
  }
  return cells;
}
