/** What `webhooks` accepts and refuses, what is shown of it, and which hosts take which form (SI-23). */
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { loadConfig } from "./load.js";
import { effectiveValues } from "./print.js";
import { resolveUnknown } from "./resolve.js";
import { formatOfHost } from "./webhook-hosts.js";

const secret = "whsec_R7cPq0vYkL2mXz8sTn4bWd6fHj1gUa3eOi5rKx9yBQo=";
const chatUrl = "https://hooks.slack.com/services/T0/B0/canary-token-of-the-channel";
const least = {
  baseUrl: "http://localhost:3000",
  secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"],
  providers: [{ id: "corp", issuer: "https://idp.corp.test", clientId: "latchkey" }],
};
const problems = (...webhooks: unknown[]) => {
  const resolved = resolveUnknown({ ...least, webhooks });
  return resolved.ok ? [] : resolved.error.map(({ path, kind }) => [path, kind]);
};

describe("a webhook", () => {
  test("SI-23 [option:webhooks.format] [option:webhooks.events] needs a URL, and a secret where messages are signed", () => {
    const resolved = resolveUnknown({ ...least, webhooks: [{ url: "https://crm.example/in", secret }] });
    expect(resolved.ok && resolved.value.webhooks).toMatchObject([
      { id: null, format: "standard", events: ["user.created"] },
    ]);
    expect(problems({ url: chatUrl, format: "slack" })).toEqual([]);
    expect(problems({ secret })).toEqual([["webhooks.0.url", "missing"]]);
    expect(problems({ url: "https://crm.example/in" })).toEqual([["webhooks.0.secret", "missing"]]);
    expect(problems({ url: chatUrl, format: "slack", secret })).toEqual([["webhooks.0.secret", "invalid"]]);
  });

  test.each([
    ["url", "ftp://crm.example/"],
    ["url", "https://user:pass@crm.example/"],
    ["url", "https://crm.example/#part"],
    ["url", "crm.example"],
    ["format", "telegram"],
    ["id", "Has Capitals"],
    ["events", []],
    ["events", ["user.exploded"]],
    // [option:webhooks.secret] is judged as Standard Webhooks writes secrets.
    ["secret", "not-prefixed-but-long-enough-kX9f2LqP0sT7vZ"],
    ["secret", "whsec_c2hvcnQ="],
    ["secret", `whsec_${"A".repeat(44)}`],
    ["secret", `${secret.slice(0, -1)}*`],
    ["secret", `whsec_${Buffer.alloc(65, "kX9f2LqP0sT7vZ").toString("base64")}`],
  ])("SI-23 %s: %j is refused", (key, value) => {
    const found = problems({ url: "https://crm.example/in", secret, [key]: value });
    expect(found.length).toBeGreaterThan(0);
    for (const [path] of found) expect(path).toMatch(new RegExp(`^webhooks\\.0\\.${key}`));
  });

  test("SI-23 an event that there is not is refused", () => {
    const both = ["user.created", "grant.needs_reconnect"];
    expect(problems({ url: "https://a.example/", secret, events: both })).toEqual([]);
    const found = problems({ url: "https://a.example/", secret, events: [...both, "user.deleted"] });
    expect(found.map(([path]) => path)).toEqual(["webhooks.0.events.2"]);
  });

  test("SI-23 two of one name are refused: an id that is given twice, or two to one host without", () => {
    const one = { url: "https://a.example/1", secret };
    expect(problems(one, { url: "https://a.example/2", secret })).toEqual([["webhooks.1.id", "missing"]]);
    expect(problems({ ...one, id: "x" }, { url: "https://b.example/", secret, id: "x" })).toEqual([
      ["webhooks.1.id", "invalid"],
    ]);
    expect(problems(one, { url: "https://a.example/2", secret, id: "x" })).toEqual([]);
  });

  test("SI-23 VA-5 its URL and its secret are boxed and masked", () => {
    const input = {
      ...least,
      webhooks: [
        { url: chatUrl, format: "slack" },
        { url: "https://crm.example/in", secret },
      ],
    };
    const resolved = resolveUnknown(input);
    expect(resolved.ok).toBe(true);
    const document = {
      input,
      file: null,
      variables: new Map(),
      written: new Map(),
      warnings: [],
      problems: [],
    };
    const wrong = resolveUnknown({ ...input, webhooks: [{ url: `${chatUrl} x`, format: "slack", secret }] });
    const shown = [inspect(resolved, { depth: 9 }), JSON.stringify([resolved, effectiveValues(document), wrong])];
    for (const text of shown) {
      expect(text).toContain("[secret]");
      expect(text).not.toContain("canary-token-of-the-channel");
      expect(text).not.toContain(secret);
    }
  });
});

describe("hosts that take one form", () => {
  test.each([
    ["https://hooks.slack.com/services/T/B/x", "slack"],
    ["https://discord.com/api/webhooks/1/x", "discord"],
    ["https://discord.com/api/v10/webhooks/1/x", "discord"],
    ["https://canary.discordapp.com/api/webhooks/1/x", "discord"],
    ["https://discord.com/api/webhooks/1/x/slack", "slack"],
    ["https://corp.webhook.office.com/webhookb2/x", "teams"],
    ["https://prod-1.westeurope.logic.azure.com:443/workflows/x", "teams"],
    ["https://a.b.environment.api.powerplatform.com/x", "teams"],
    ["https://discord.com/channels/1", undefined],
    ["https://hooks.slack.com.evil.example/x", undefined],
    ["https://notlogic.azure.com/x", undefined],
    ["https://mattermost.example/hooks/x", undefined],
  ])("SI-23 %s: %s", (url, format) => {
    expect(formatOfHost(new URL(url))).toBe(format);
  });

  test("SI-23 a known host with another form is a warning of the configuration, without its URL", async () => {
    const content = JSON.stringify({ ...least, webhooks: [{ url: chatUrl, secret }] });
    const loaded = await loadConfig({ file: "/x/latchkey.json", cwd: "/x", env: {}, readFile: async () => content });
    expect(loaded.warnings).toEqual(["webhooks.0.format is standard, but hooks.slack.com takes only slack"]);
  });
});
