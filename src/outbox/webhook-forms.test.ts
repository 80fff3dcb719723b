/** SI-23 in chat: names and addresses are a stranger's, who plays with the operators' channel. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toInstant } from "../kernel/time.js";
import { needsReconnect, userCreated } from "./webhook.js";
import { onOneLine, webhookBody } from "./webhook-forms.js";

const event = (name: string, email = "ann@example.com", provider: string | null = "corp") =>
  userCreated({ id: "u-1" as never, email, name, role: "user", createdAt: toInstant(1_767_225_600_000) }, provider);
// biome-ignore lint/suspicious/noExplicitAny: what a service reads, looked into as it would
const said = (format: "slack" | "discord" | "teams", name: string, email?: string): any =>
  JSON.parse(webhookBody(format, event(name, email)));

/** What each service shows of a message, as it would read it. */
const texts = {
  slack: (name: string, email?: string): string => said("slack", name, email).blocks[0].text.text,
  discord: (name: string, email?: string): string => said("discord", name, email).content,
  teams: (name: string, email?: string): string =>
    said("teams", name, email)
      .attachments[0].content.body.map((block: { inlines: { text: string }[] }) => block.inlines[0]?.text)
      .join("\n"),
};

const hostile = [
  "<!channel> urgent",
  "<!here|ann>",
  "<@U024BE7LH>",
  "<https://evil.example|Approve this user>",
  "@everyone",
  "@here look",
  "<@&123456789012345678>",
  "<@123456789012345678>",
  "[Approve](https://evil.example)",
  "https://evil.example/approve",
  "HTTP://evil.example",
  "www.evil.example",
  "` @everyone `",
  "``` ```@everyone",
  "*bold* _it_ ~s~ ||spoiler|| # head",
  "<at>Ann</at>",
  "Ann\nNew user: Root (role admin, made by an operator)",
  "Ann\u2028New user: Root",
  "Ann\r\n\r\n> quoted",
  "\u202Enimda",
  "a\u200B\u200B\uFEFFb",
  "\u0000\u0007\u001b[31m",
];

describe("a name that plays tricks", () => {
  test.each(hostile)("SI-23 %j mentions nobody, links nothing, formats nothing and stays on its line", (name) => {
    const slack = said("slack", name);
    expect(slack).toMatchObject({ parse: "none", link_names: false, mrkdwn: false, unfurl_links: false });
    expect(slack.blocks).toMatchObject([{ type: "section", text: { type: "plain_text", emoji: false } }]);
    expect(slack.text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);

    const discord = said("discord", name);
    expect(discord).toMatchObject({ allowed_mentions: { parse: [] }, flags: 4 });
    // Two code spans and our words: nothing of a stranger is outside them.
    expect(discord.content).toMatch(/^New user: `[^`]+`, `[^`]+` \(role user, came through corp\)$/);

    const card = said("teams", name).attachments[0].content;
    expect(card.body.map((block: { type: string }) => block.type)).toEqual(Array(3).fill("RichTextBlock"));
    expect(card).not.toHaveProperty("msteams");
    expect(texts.teams(name).split("\n")).toHaveLength(3);

    for (const text of [slack.text, texts.slack(name), discord.content, texts.teams(name).replaceAll("\n", " ")]) {
      expect(text).not.toMatch(/[\n\r\u2028\u2029\u0000-\u001f\u202e]/);
      expect(text).not.toMatch(/:\/\/|\bwww\.|@(?!\u200b)/i);
    }
  });

  test("SI-23 whatever the text is, it cannot leave its place", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), fc.string({ unit: "binary" }), (name, email) => {
        expect(texts.discord(name, email)).toMatch(/^New user: `[^`\n]+`, `[^`\n]+` \(role user, came through corp\)$/);
        expect(texts.slack(name, email)).not.toMatch(/[<>\n\r]/);
        expect(texts.teams(name, email).split("\n")).toHaveLength(3);
        expect([...onOneLine(name)].length).toBeLessThanOrEqual(300);
      }),
      { numRuns: 500 },
    );
  });

  test("SI-23 ordinary names come as they are", () => {
    expect(texts.slack("Ann O'Neil & Søn")).toBe(
      "New user: Ann O'Neil &amp; Søn, ann@\u200bexample.com (role user, came through corp)",
    );
    expect(texts.discord("王小明")).toBe("New user: `王小明`, `ann@\u200bexample.com` (role user, came through corp)");
    expect(texts.teams("Ann Lee")).toBe("New user\nAnn Lee, ann@\u200bexample.com\nrole user, came through corp");
    expect(onOneLine("x".repeat(500))).toBe(`${"x".repeat(119)}…`);
    expect(webhookBody("slack", event("Ann", "a@b.test", null))).toContain("made by an operator");
  });

  test("SI-23 a standard message is the event and nothing else, as it is", () => {
    const one = event('<!channel> "quoted" \n', "ann@example.com");
    expect(JSON.parse(webhookBody("standard", one))).toEqual(one);
  });
});

test("SI-23 a reason that a server gave mentions nobody, links nothing and stays in its place", () => {
  const reason = "<!channel> ` @everyone https://evil.example\n> quoted";
  const grant = { id: "g-1", userId: "u-1", connection: "tool:wiki" } as never;
  const over = needsReconnect(grant, reason, toInstant(1_767_225_600_000));
  const discord = JSON.parse(webhookBody("discord", over)).content;
  expect(discord).toMatch(/^Needs to be connected again: `tool:wiki`, `[^`\n]+` \(user u-1\)$/);
  const slack = JSON.parse(webhookBody("slack", over)).text;
  expect(slack).not.toMatch(/[<>\n]|:\/\/|@(?!\u200b)/);
  const [title, what, who] = JSON.parse(webhookBody("teams", over)).attachments[0].content.body;
  expect([title.inlines[0].text, who.inlines[0].text]).toEqual(["Needs to be connected again", "user u-1"]);
  expect(what.inlines[0].text).not.toMatch(/\n|:\/\//);
});
