/**
 * The client that the official suite judges (TS-20): one person who signed in, connects the tool server and calls a tool.
 * Everything about authorization is Latchkey's, by its public API; the transport is the official client's.
 *
 * The suite gives the tool server's URL as the last argument and what a scenario needs in its environment.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { ConfigInput } from "latchkey";
import { type Browser, createWorld, type World } from "latchkey/testing";
import { startEmployer } from "./employer.js";

type ToolServerInput = NonNullable<ConfigInput["toolServers"]>[number];

const url = process.argv.at(-1) ?? "";
const context = JSON.parse(process.env["MCP_CONFORMANCE_CONTEXT"] ?? "{}") as Record<string, string | undefined>;
const stateless = process.env["MCP_CONFORMANCE_PROTOCOL_VERSION"] === "2026-07-28";
const scenario = process.env["MCP_CONFORMANCE_SCENARIO"] ?? "";
const connection = "tool:mcp";
/** What the suite takes for our client metadata document; nobody fetches it. */
const document = "https://conformance-test.local/client-metadata.json";
/** How often a person follows a link to connect before they give up. Latchkey itself stops earlier (TS-14). */
const mostLinks = 6;

const employer =
  context["idp_id_token"] === undefined
    ? undefined
    : await startEmployer(context["idp_id_token"], context["idp_token_endpoint"] ?? "");

/** What the scenario gives us is what an operator would write down. */
function credentials(): Partial<ToolServerInput> {
  const {
    client_id: clientId,
    client_secret: clientSecret = null,
    private_key_pem: clientKey,
    valid_jwt: jwt,
  } = context;
  if (clientId === undefined) return { clientMetadataUrl: document };
  if (jwt !== undefined) {
    const workloadTokenFile = join(mkdtempSync(join(tmpdir(), "conformance-workload-")), "token");
    writeFileSync(workloadTokenFile, jwt);
    return { registration: "workload", clientId, workloadTokenFile };
  }
  if (employer) return { registration: "enterprise", provider: "employer", clientId, clientSecret };
  const asItself = scenario.startsWith("auth/client-credentials");
  return {
    ...(asItself ? { registration: "client-credentials" } : {}),
    clientId,
    clientSecret,
    ...(clientKey === undefined ? {} : { clientKey }),
  };
}

/** Who people sign in with: the suite's, where it plays one. */
const people = (): Partial<ConfigInput> =>
  employer === undefined
    ? {}
    : {
        providers: [
          {
            id: "employer",
            preset: "oauth2",
            issuer: employer.origin,
            endpoints: {
              authorization: `${employer.origin}/authorize`,
              token: `${employer.origin}/token`,
              userinfo: `${employer.origin}/userinfo`,
            },
            clientId: context["idp_client_id"] ?? "",
            tokenEndpointAuthMethod: "none",
            emailVerified: "always",
          },
        ],
      };

async function useTools(world: World, user: string): Promise<void> {
  const client = new Client(
    { name: "latchkey-conformance", version: "1.0.0" },
    stateless ? { versionNegotiation: { mode: { pin: "2026-07-28" } } } : {},
  );
  const fetch = world.latchkey.toolServers.fetch({ user, connection });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch }));
  await client.listTools();
  await client.callTool({ name: "test-tool", arguments: {} });
  await client.close();
}

/** Opens the link in the person's browser; the page it ends on says why if nothing was connected. */
async function connect(world: World, browser: Browser): Promise<void> {
  const page = await browser.get(world.latchkey.toolServers.connectUrl(connection));
  const failed = new URL(page.url).searchParams.get("error");
  if (failed !== null) throw new Error(`not connected: ${failed}`);
}

/** The failure of ours behind what the client made of it. */
function codeOf(thrown: unknown): string | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    const { code } = error as { code?: unknown };
    if (typeof code === "string" && /^(grant|connect)\./.test(code)) return code;
  }
  return undefined;
}

const asksThePerson = new Set(["grant.not_connected", "grant.needs_reconnect", "grant.consent_required"]);

const world = await createWorld({
  config: {
    ...people(),
    toolServers: [{ id: "mcp", url, ...credentials() }],
    // The suite starts all its scenarios at once, and the first of them would give up on a small machine.
    egress: { timeout: "60s" },
  },
});
try {
  const browser = world.browser();
  if (employer) await browser.get(world.url("/providers/employer/start"));
  else await world.signIn(browser);
  const { user } = (await world.session(browser)).body;
  if (!user) throw new Error("nobody is signed in");
  for (let links = 0; ; links++) {
    try {
      await useTools(world, user.id);
      break;
    } catch (thrown) {
      const code = codeOf(thrown);
      const moved = String((thrown as { status?: unknown }).status ?? (thrown as { code?: unknown }).code) === "401";
      if (links === mostLinks || (!moved && (code === undefined || !asksThePerson.has(code)))) throw thrown;
      await connect(world, browser);
    }
  }
} catch (thrown) {
  console.error(thrown);
  for (const line of world.log.lines) if (line.level !== "debug") console.error(JSON.stringify(line));
  process.exitCode = 1;
} finally {
  await world.close();
  employer?.close();
}
