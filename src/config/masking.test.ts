import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readConfig } from "./load.js";
import { effectiveValues } from "./print.js";

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

describe("what config print shows where the shape is wrong", () => {
  test.each([
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

  test("SU-2 what holds no secret is shown, lists and free maps too", async () => {
    const shown = await printed(yaml("groups: {permissions: {chat: {delete: true}}}\nproviders: [{id: corp}]"));
    for (const part of ['{"chat":{"delete":true}}', '"providers.0.id","value":"corp"']) expect(shown).toContain(part);
  });
});
