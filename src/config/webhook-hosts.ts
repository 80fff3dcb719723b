/**
 * Hosts of chat services that are known to take one message form only. Whoever posts another form there gets an error
 * that nobody reads, so it is said beforehand (SI-23). Pure.
 *
 * Not here: a service's form on another host. Mattermost and others take Slack's, wherever they run.
 */

export type WebhookFormat = "standard" | "slack" | "discord" | "teams";

/** The form that the host of a URL takes; undefined where nothing is known. */
export function formatOfHost(url: URL): WebhookFormat | undefined {
  const host = url.hostname.replace(/\.$/, "");
  const under = (domain: string) => host === domain || host.endsWith(`.${domain}`);
  if (host === "hooks.slack.com" || host === "hooks.slack-gov.com") return "slack";
  if ((under("discord.com") || under("discordapp.com")) && /^\/api\/(v\d+\/)?webhooks\//.test(url.pathname)) {
    // Discord takes Slack's form too, at an address that says so.
    return /\/slack\/?$/.test(url.pathname) ? "slack" : "discord";
  }
  if (under("webhook.office.com") || under("logic.azure.com") || under("environment.api.powerplatform.com"))
    return "teams";
  return undefined;
}

interface Configured {
  readonly id: string | null;
  readonly url: { reveal(): string };
  readonly format: WebhookFormat;
}

/** What a webhook is called: its `id`, or its URL's host. */
export const webhookId = ({ id, url }: Pick<Configured, "id" | "url">): string => id ?? new URL(url.reveal()).host;

/** The webhooks, each with the name that it goes by. */
export const namedWebhooks = <Webhook extends Pick<Configured, "id" | "url">>(webhooks: readonly Webhook[]) =>
  webhooks.map((webhook) => ({ ...webhook, id: webhookId(webhook) }));

/** One sentence for each webhook whose host takes another form than it is sent. */
export const webhookWarnings = (webhooks: readonly Configured[]): readonly string[] =>
  webhooks.flatMap((webhook, index) => {
    const url = new URL(webhook.url.reveal());
    const expected = formatOfHost(url);
    if (expected === undefined || expected === webhook.format) return [];
    return [`webhooks.${index}.format is ${webhook.format}, but ${url.hostname} takes only ${expected}`];
  });
