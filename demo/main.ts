/**
 * `npm run demo`: Latchkey with a real OpenID provider and a protected MCP server beside it, and three people to sign in
 * as. Nothing needs an account anywhere, and nothing leaves this machine. docs/demo.md tells what to try.
 */
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ConfigInput } from "../src/config/schema.js";
import { createLatchkey } from "../src/create-latchkey.js";
import { systemRandom } from "../src/crypto/random.js";
import { silentLog } from "../src/kernel/log.js";
import { seconds, systemClock } from "../src/kernel/time.js";
import { type Handler, serve } from "../src/server/serve.js";
import { openSqliteStore } from "../src/store/sqlite.js";
import type { OidcProvider } from "../test/provider/oidc-provider.js";
import type { ProtectedToolServer } from "../test/provider/tool-server.js";
import { admin, people, prepareAccounts } from "./people.js";
import { createToolsPage } from "./tools-page.js";

const providerId = "example";
const clientId = "latchkey-demo";

const usage = `npm run demo [-- options]

  --port N     port of Latchkey; 0 takes any free one (default: 3000, or a free one when that is taken)
  --data DIR   keep the database in DIR, so that accounts are there the next time (default: a temporary folder)
  --json       print one line of JSON when it is ready
`;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string" },
        data: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
    const port = values.port === undefined ? undefined : Number(values.port);
    if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65_536))
      throw new Error(`--port ${values.port}: not a port`);
    return { ...values, port };
  } catch (problem) {
    process.stderr.write(`${(problem as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

/** Runs `start` with the first port that is free. */
async function onFreePort<T>(ports: readonly number[], start: (port: number) => Promise<T>): Promise<T> {
  const [port = 0, ...others] = ports;
  try {
    return await start(port);
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code !== "EADDRINUSE" || others.length === 0) throw problem;
    return onFreePort(others, start);
  }
}

/** The secret that seals what is kept. It lives beside the database, so that a kept database can be opened again. */
async function secretIn(folder: string): Promise<string> {
  const file = join(folder, "secret");
  try {
    return (await readFile(file, "utf8")).trim();
  } catch {
    const secret = randomBytes(32).toString("base64");
    await writeFile(file, `${secret}\n`, { mode: 0o600 });
    return secret;
  }
}

/** Loaded late: the package greets on the console when it is imported, and stdout is ours. */
async function startProvider(ports: readonly number[]): Promise<OidcProvider> {
  const { warn, error } = console;
  const speak = (...words: unknown[]) => (String(words[0]).startsWith("oidc-provider ") ? undefined : error(...words));
  console.info = speak;
  console.warn = (...words: unknown[]) => (String(words[0]).startsWith("oidc-provider ") ? undefined : warn(...words));
  const { startOidcProvider } = await import("../test/provider/oidc-provider.js");
  return onFreePort(ports, (port) => startOidcProvider({ port, people }));
}

async function startTools(ports: readonly number[]): Promise<ProtectedToolServer> {
  const { startToolServer } = await import("../test/provider/tool-server.js");
  return onFreePort(ports, (port) => startToolServer({ port, people }));
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) return void process.stdout.write(usage);

  const folder = options.data ?? (await mkdtemp(join(tmpdir(), "latchkey-demo-")));
  await mkdir(folder, { recursive: true });

  // The port comes first: it is part of `baseUrl` and of the redirect URI that the provider has to know.
  let handler: Handler = async () => new Response(null, { status: 503 });
  const ports = { clock: systemClock, log: silentLog };
  const server = await onFreePort(options.port === undefined ? [3000, 0] : [options.port], (port) =>
    serve({ ...ports, host: "127.0.0.1", port, handler: (request, peer) => handler(request, peer) }),
  );
  const { url } = server;
  const base = `${url}/auth`;

  const provider = await startProvider(options.port === undefined ? [3001, 0] : [0]);
  const clientSecret = randomBytes(24).toString("base64url");
  provider.setClients([
    {
      clientId,
      clientSecret,
      name: "Latchkey demo",
      redirectUris: [`${base}/providers/${providerId}/callback`],
      postLogoutRedirectUris: [`${base}/signed-out`],
    },
  ]);

  const tools = await startTools(options.port === undefined ? [3002, 0] : [0]);

  const store = await openSqliteStore({
    path: join(folder, "latchkey.db"),
    migrate: true,
    random: systemRandom,
    ...ports,
  });
  await prepareAccounts(store, systemClock.now());

  const config: ConfigInput = {
    baseUrl: url,
    secrets: [await secretIn(folder)],
    log: { level: "warn" },
    egress: { allow: ["localhost", "127.0.0.0/8", "::1/128"], allowHttp: ["localhost", "127.0.0.1"] },
    signIn: { signUp: true, bootstrapAdmins: [admin.email], defaultReturnTo: "/auth/account" },
    branding: { name: "Latchkey demo" },
    toolServers: [{ id: "notes", name: "Notes", url: tools.url }],
    providers: [
      {
        id: providerId,
        displayName: "Example Identity",
        issuer: provider.issuer,
        clientId,
        clientSecret,
        scopes: ["openid", "email", "profile", "offline_access"],
      },
    ],
  };
  const latchkey = await createLatchkey({ ...config, ports: { store } });
  const toolsPage = createToolsPage(latchkey, tools.url);
  handler = async (request, peer) => {
    const { pathname } = new URL(request.url);
    // Little but Latchkey lives here, so the bare address leads to it.
    if (pathname === "/") return Response.redirect(`${base}/account`, 303);
    if (pathname === "/tools") return toolsPage(request, peer);
    return latchkey.fetch(request, peer);
  };

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await server.stop(seconds(2));
    await provider.stop();
    await tools.stop();
    await latchkey.close();
    if (options.data === undefined) await rm(folder, { recursive: true, force: true });
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void stop());
  // A package runner that is killed hard passes no signal on; a demo without its parent would hold its ports for ever.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && void stop(), 500).unref();

  const shown = people.map(({ name, email, password, role }) => ({ name, email, password, role }));
  if (options.json) {
    const ready = {
      event: "ready",
      url,
      base,
      admin: `${base}/admin`,
      provider: { id: providerId, issuer: provider.issuer },
      toolServer: { id: "notes", url: tools.url },
      people: shown,
    };
    process.stdout.write(`${JSON.stringify(ready)}\n`);
    return;
  }
  const column = (text: string, width: number) => text.padEnd(width);
  const lines = shown.map(
    (one) => `  ${column(one.role, 9)}${column(one.name, 14)}${column(one.email, 20)}${one.password}`,
  );
  process.stdout.write(`
  Latchkey     ${base}/sign-in
  Tools        ${url}/tools   (an app that uses the tool server ${tools.url})
  Provider     ${provider.issuer}   (it has a sign-in page of its own)
  Database     ${join(folder, "latchkey.db")}${options.data === undefined ? "   (removed at the end)" : ""}

  ${column("role", 9)}${column("name", 14)}${column("e-mail", 20)}password
${lines.join("\n")}

  Ctrl+C ends it.
`);
}

await main();
