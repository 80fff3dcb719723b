/**
 * `npm run interop [-- --json] [--only NAME] [--feature NAME] [--no-write]`: Latchkey with authorization servers that nobody here wrote, each started
 * on loopback, a person in a real Chromium, and what came of it as a matrix (docs/interop.md).
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { chromiumPath } from "../test/services.js";
import { openApps } from "./apps.js";
import { type Cell, features, type ServerKind, type ToolAuthorizationKind, toolFeatures } from "./matrix.js";
import { asMarkdown, asTable } from "./report.js";
import { tryFeatures } from "./try-features.js";
import { tryToolServer } from "./try-tool-server.js";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string" },
    feature: { type: "string" },
    "no-write": { type: "boolean", default: false },
  },
});
const note = (text: string) => void process.stderr.write(`${text}\n`);
/** Loaded when they are wanted: one that is not installed fails its own column alone. */
const all: Readonly<Record<string, () => Promise<ServerKind>>> = {
  "oidc-provider": async () => (await import("./servers/oidc-provider.js")).oidcProvider,
  glewlwyd: async () => (await import("./servers/glewlwyd.js")).glewlwyd,
  "lemonldap-ng": async () => (await import("./servers/lemonldap.js")).lemonldap,
  "better-auth": async () => (await import("./servers/better-auth.js")).betterAuthProvider,
  "oauth2-mock-server": async () => (await import("./servers/oauth2-mock-server.js")).mockServer,
};
/** Those that protect a tool server. */
const forTools: Readonly<Record<string, () => Promise<ToolAuthorizationKind>>> = {
  "mcp-typescript-sdk demo": async () => (await import("./servers/mcp-sdk.js")).mcpSdkForTools,
  "better-auth": async () => (await import("./servers/better-auth.js")).betterAuthForTools,
  "oidc-provider": async () => (await import("./servers/oidc-provider.js")).oidcProviderForTools,
};
const isWanted = (name: string) => values.only === undefined || name === values.only;
const isAbout = (of: readonly string[]) => values.feature === undefined || of.includes(values.feature);
const wanted = isAbout(features) ? Object.keys(all).filter(isWanted) : [];
const wantedForTools = isAbout(toolFeatures) ? Object.keys(forTools).filter(isWanted) : [];
if (wanted.length + wantedForTools.length === 0) {
  note(`nothing to try: there are ${[...new Set([...Object.keys(all), ...Object.keys(forTools)])].join(", ")}`);
  process.exit(2);
}
const executablePath = chromiumPath();
if (executablePath === undefined) {
  note("no Chromium: install one, or name it in CHROMIUM_PATH");
  process.exit(4);
}
const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

async function column(name: string): Promise<readonly Cell[]> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-interop-"));
  const apps = await openApps();
  try {
    const server = await (await all[name]?.())?.start(apps.clients, folder);
    if (server === undefined) throw new Error("it is not there");
    try {
      const { watched, other } = await apps.start(server);
      try {
        return await tryFeatures(name, { server, browser, watched, other, note, only: values.feature });
      } finally {
        await watched.stop();
        await other.stop();
      }
    } finally {
      await server.stop();
    }
  } catch (thrown) {
    const evidence = `did not start: ${thrown instanceof Error ? thrown.message : String(thrown)}`.split("\n")[0] ?? "";
    note(`${name}: ${evidence}`);
    await apps.abandon().catch(() => {});
    return features.map((feature) => ({ server: name, version: "", feature, result: "fail", evidence }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function toolColumn(name: string): Promise<readonly Cell[]> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-interop-"));
  try {
    const kind = await forTools[name]?.();
    if (kind === undefined) throw new Error("it is not there");
    return await tryToolServer(kind, { browser, folder, note });
  } catch (thrown) {
    const evidence = `did not start: ${thrown instanceof Error ? thrown.message : String(thrown)}`.split("\n")[0] ?? "";
    note(`${name}: ${evidence}`);
    return toolFeatures.map((feature) => ({ server: name, version: "", feature, result: "fail", evidence }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const cells: Cell[] = [];
try {
  for (const name of wanted) cells.push(...(await column(name)));
  for (const name of wantedForTools) cells.push(...(await toolColumn(name)));
} finally {
  await browser.close();
}
if (!values["no-write"] && values.only === undefined && values.feature === undefined) {
  writeFileSync(new URL("../docs/interop.md", import.meta.url), asMarkdown(cells));
}
process.stdout.write(values.json ? `${JSON.stringify(cells)}\n` : asTable(cells));
process.exit(cells.some(({ result }) => result === "fail") ? 1 : 0);
