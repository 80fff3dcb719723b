/**
 * What is posted, in the form that the receiver takes. Pure.
 *
 * A name and an address come from a stranger, who would like to mention everybody in the operators' channel, to put a
 * link there that says "approve", or to write the next line as if it were ours. So in chat forms a name is one line of
 * limited length, in a kind of text that has no markup (Slack: `plain_text`, Discord: a code span, Teams: a `TextRun`),
 * mentions and previews are switched off by the service's own means, and what would become a link is broken.
 *
 * @see https://docs.slack.dev/messaging/formatting-message-text
 * @see https://docs.discord.com/developers/resources/webhook#execute-webhook
 * @see https://adaptivecards.io/explorer/TextRun.html
 */
import type { WebhookEvent, WebhookTarget } from "./webhook.js";

/** The body of one message. `standard` is exactly the event. */
export function webhookBody(format: WebhookTarget["format"], event: WebhookEvent): string {
  return JSON.stringify(format === "standard" ? event : chatForms[format](event));
}

const zeroWidthSpace = "\u200b";

/**
 * A stranger's text on one line: control, format (direction marks, invisible signs) and surrogate characters out, white
 * space as one space, at most 120 characters, and no `scheme://`, `www.` or `@name` in one piece.
 */
export function onOneLine(text: string): string {
  const line = text
    .normalize("NFC")
    .replace(/[\p{Zl}\p{Zp}\p{Zs}\p{Cc}]+/gu, " ")
    .replace(/[\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, "")
    .trim();
  const characters = [...line];
  const cut = characters.length > 120 ? `${characters.slice(0, 119).join("")}…` : line;
  return cut
    .replace(/:(?=\/)/g, `:${zeroWidthSpace}`)
    .replace(/\bwww\./gi, (found) => found.replace(".", `${zeroWidthSpace}.`))
    .replace(/@/g, `@${zeroWidthSpace}`);
}

/** What happened and to whom, in pieces: ours, those of a stranger, and ours. */
function pieces(event: WebhookEvent) {
  if (event.type === "grant.needs_reconnect") {
    const { connection, user, reason } = event.data.grant;
    // What a server gave as its reason is a stranger's text too.
    return { title: "Needs to be connected again", strangers: [connection, onOneLine(reason)], rest: `user ${user}` };
  }
  const { user } = event.data;
  const how = user.provider === null ? "made by an operator" : `came through ${user.provider}`;
  const strangers = [onOneLine(user.name), onOneLine(user.email)];
  return { title: "New user", strangers, rest: `role ${user.role}, ${how}` };
}

const chatForms = {
  slack(event: WebhookEvent) {
    const { title, strangers, rest } = pieces(event);
    const text = escapedForSlack(`${title}: ${strangers.join(", ")} (${rest})`);
    return {
      // `text` is what notifications show; the block is what stands in the channel.
      text,
      blocks: [{ type: "section", text: { type: "plain_text", text, emoji: false } }],
      mrkdwn: false,
      parse: "none",
      link_names: false,
      unfurl_links: false,
      unfurl_media: false,
    };
  },
  discord(event: WebhookEvent) {
    const { title, strangers, rest } = pieces(event);
    return {
      content: `${title}: ${strangers.map(codeSpan).join(", ")} (${rest})`,
      allowed_mentions: { parse: [] },
      // SUPPRESS_EMBEDS: no preview of anything.
      flags: 4,
    };
  },
  teams(event: WebhookEvent) {
    const { title, strangers, rest } = pieces(event);
    const line = (text: string, weight: "Bolder" | "Default") => ({
      type: "RichTextBlock",
      inlines: [{ type: "TextRun", text, weight }],
    });
    return {
      type: "message",
      attachments: [
        {
          contentType: "application/vnd.microsoft.card.adaptive",
          contentUrl: null,
          content: {
            $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
            type: "AdaptiveCard",
            version: "1.2",
            body: [line(title, "Bolder"), line(strangers.join(", "), "Default"), line(rest, "Default")],
          },
        },
      ],
    };
  },
} as const;

/** The three characters that begin or end something in Slack's text. */
const escapedForSlack = (text: string): string =>
  text.replace(/[&<>]/g, (found) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[found] ?? "");

/** Discord has no escape inside a code span: the only thing that ends it must not be there. */
const codeSpan = (text: string): string => `\`${text.replaceAll("`", "ˋ").trim() || "?"}\``;
