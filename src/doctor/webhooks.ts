/** The checks on webhooks: could a message be sent at all, in a form that is read there, and were any given up (SI-23). */
import type { WebhookConfig } from "../config/schema.js";
import { webhookId, webhookWarnings } from "../config/webhook-hosts.js";
import type { DatabaseSeen } from "./database.js";
import { check, type Finding } from "./finding.js";

const forms = check("webhooks", "Whoever waits for a message to a webhook does not learn that none can arrive.");
const dead = check("webhooks-dead", "A message that was given up is kept, and told to nobody until it is tried again.");

/**
 * Nothing where there are no webhooks and no dead messages. Nothing is posted: a receiver would take it for real.
 *
 * @param refusal why egress would refuse a URL before it looks the name up
 */
export function judgeWebhooks(
  webhooks: readonly WebhookConfig[],
  seen: DatabaseSeen,
  refusal: (url: string) => string | undefined,
): readonly Finding[] {
  const findings: Finding[] = [];
  const refused = webhooks.flatMap((webhook) => {
    const reason = refusal(webhook.url.reveal());
    return reason === undefined ? [] : [`${webhookId(webhook)} would be refused (${reason})`];
  });
  const wrong = webhookWarnings(webhooks);
  if (refused.length > 0)
    findings.push(
      forms.warn(`${refused.join("; ")}.`, "Use https and a public address, or see egress.allowHttp and egress.allow."),
    );
  else if (wrong.length > 0) findings.push(forms.warn(`${wrong.join("; ")}.`, "Set the format that the host takes."));
  else if (webhooks.length > 0) findings.push(forms.ok(webhooks.map(webhookId).join(", ")));
  if (seen.kind === "open" && seen.dead > 0)
    findings.push(
      dead.warn(
        `${seen.dead} given up after every attempt.`,
        "latchkey webhook list --dead says why; mend the receiver, then latchkey webhook retry --all.",
      ),
    );
  return findings;
}
