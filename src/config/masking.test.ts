import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isLatchkeyError } from "../kernel/errors.js";
import { describeProblem } from "./describe-problem.js";
import { loadConfig, readConfig } from "./load.js";
import { effectiveValues } from "./print.js";
import type { ConfigProblem } from "./problems.js";

const leak = "hunter2hunter2";
const channel = `https://hooks.slack.com/services/T000/B000/${leak}`;
const yaml = (more: string) => `baseUrl: https://app.test\n${more}\n`;

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "latchkey-masking-"));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

/** What `config print` shows of a file and variables, as JSON text. */
async function printed(text: string, env: Record<string, string> = {}): Promise<string> {
  await writeFile(join(cwd, "latchkey.yaml"), text);
  return JSON.stringify(effectiveValues(await readConfig({ cwd, env })));
}

/** Everything that is wrong with them, as the command line says it. */
async function refused(text: string, env: Record<string, string> = {}): Promise<string> {
  await writeFile(join(cwd, "latchkey.yaml"), text);
  try {
    await loadConfig({ cwd, env });
  } catch (thrown) {
    if (!isLatchkeyError(thrown)) throw thrown;
    return (thrown.data["problems"] as never as ConfigProblem[]).map(describeProblem).join("\n");
  }
  throw new Error("it was accepted");
}

describe("what config print shows where the shape is wrong", () => {
  test.each<[what: string, text: string, env?: Record<string, string>]>([
    ["a map of providers", `providers: {corp: {issuer: https://idp.test, clientSecret: ${leak}}}`],
    ["one provider without a list", `providers: {id: corp, clientSecret: "\${LEAK}"}`],
    ["a provider's secret from a file", "providers: {corp: {clientSecret: '${file:secret.txt}'}}"],
    ["one service", `services: {id: chat, secret: ${leak}}`],
    ["one webhook", `webhooks: {url: ${channel}}`],
    ["a webhook that is only its URL", `webhooks: ["${channel}"]`],
    ["webhooks as text", `webhooks: "${channel}"`],
    ["a list in a list", `webhooks: [["${channel}"]]`],
    ["tool servers by name", `toolServers: {files: {headers: {x-key: ${leak}}}}`],
    ["a list below metrics", `observability: {metrics: [{token: ${leak}}]}`],
    ["text for a map that holds a token", `observability: ${leak}`],
    ["one level too deep", `providers: [{id: corp, issuer: {clientSecret: ${leak}}}]`],
    ["a map among the scopes", `providers: [{id: corp, scopes: [{clientSecret: ${leak}}]}]`],
    ["a parameter that has no place there", `signIn: {authorizeParams: {client_secret: ${leak}, prompt: login}}`],
    ["a whole list in a variable", "", { LATCHKEY_PROVIDERS: `[{'id':'corp','clientSecret':'${leak}'}]` }],
  ])("SU-2 VA-5 no secret of %s", async (_what, text, env = {}) => {
    const secret = join(cwd, "secret.txt");
    await writeFile(secret, leak);
    const shown = await printed(yaml(text).replace("secret.txt", secret), { LEAK: leak, ...env });
    expect(shown).not.toContain(leak);
    expect(shown).toContain("https://app.test");
  });

  test("SU-2 VA-5 a reference before an @ is told, and what only looks like one in a secret is not", async () => {
    const from = `database: "postgres://app:\${LEAK}@db.internal/latchkey"`;
    const written = `providers: [{id: corp, clientSecret: "\${LEAK}-$\${${leak}}-\${ ${leak} }"}]`;
    const shown = await printed(yaml(`${from}\n${written}`), { LEAK: leak });
    expect(shown.match(/latchkey\.yaml \$\{LEAK\}"/g)).toHaveLength(2);
    expect(shown).not.toContain(leak);
  });

  test("SU-2 what holds no secret is shown, lists and free maps too", async () => {
    const shown = await printed(yaml("groups: {permissions: {chat: {delete: true}}}\nproviders: [{id: corp}]"));
    for (const part of ['{"chat":{"delete":true}}', '"providers.0.id","value":"corp"']) expect(shown).toContain(part);
  });
});

describe("what a problem shows where the shape is wrong", () => {
  test.each([
    ["webhooks", { LATCHKEY_WEBHOOKS: channel }],
    ["providers", { LATCHKEY_PROVIDERS: `[{'id':'corp','clientSecret':'${leak}'}]` }],
    ["webhooks.0", { LATCHKEY_WEBHOOKS: `["${channel}"]` }],
    ["services", { LATCHKEY_SERVICES: `chat:${leak}` }],
    ["toolServers.0", { LATCHKEY_TOOL_SERVERS__0: `{id: files, headers: {x-key: ${leak}}}` }],
    ["observability", { LATCHKEY_OBSERVABILITY: `{metrics: {token: ${leak}}}` }],
    ["observability.metrics", { LATCHKEY_OBSERVABILITY__METRICS: leak }],
  ])("SU-1 VA-5 %s as text is refused without the text", async (path, env) => {
    const text = await refused(yaml(""), env);
    expect(text).toContain(`${path} is not `);
    expect(text).toContain("found: [secret]");
    expect(text).not.toContain(leak);
  });

  test("SU-1 VA-5 a file that is nothing but text is refused without the text", async () => {
    expect(await refused(leak)).not.toContain(leak);
  });

  test("SU-1 text for a list or map without secrets is still told, and so is a value beside a secret", async () => {
    expect(await refused(yaml("sessions: forever"))).toContain('found: "forever"');
    expect(await refused(yaml("providers: [{id: Corp}]"))).toContain('found: "Corp"');
  });
});
