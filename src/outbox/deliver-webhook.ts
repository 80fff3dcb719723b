/**
 * One attempt to deliver a message to a webhook, and when the next one is.
 *
 * Any answer of 200 to 299 is success, everything else is not (a redirect is never followed, EG-2). A receiver that says
 * 410 wants no more of them, so that message is not tried again.
 */
import { webhookHeaders } from "../crypto/webhook-signature.js";
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import { type RandomSource, randomFraction } from "../kernel/random.js";
import { type Duration, hours, type Instant, milliseconds, minutes, seconds } from "../kernel/time.js";
import type { OutboxRecord } from "../store/records.js";
import type { WebhookMessage, WebhookTarget } from "./webhook.js";
import { webhookBody } from "./webhook-forms.js";

/** Pauses after the first attempt, the second, …: the schedule that Standard Webhooks shows, three days and four hours. */
const pauses: readonly Duration[] = [
  seconds(5),
  minutes(5),
  minutes(30),
  hours(2),
  hours(5),
  hours(10),
  hours(14),
  hours(20),
  hours(24),
];

/** Attempts in all. */
export const webhookAttempts = pauses.length + 1;

/** How long after so many attempts the next one is: up to a fifth more by chance, so that nodes and rows spread. */
export function webhookPause(attempts: number, random: RandomSource): Duration {
  // The last pause also follows a last attempt that a crash cut short.
  const pause = pauses[Math.min(attempts, pauses.length) - 1] ?? seconds(5);
  return milliseconds(Math.round(pause + (pause / 5) * randomFraction(random)));
}

/** @throws LatchkeyError `egress.*`; `data.gone` when the receiver wants no more */
export async function postWebhook(
  ports: { readonly egress: Egress; readonly webhooks: readonly WebhookTarget[] },
  row: OutboxRecord,
  message: WebhookMessage,
  now: Instant,
): Promise<void> {
  const target = ports.webhooks.find(({ id }) => id === message.webhook);
  // Kept for as long as any other: another node may have the new configuration already, or a name is mistyped.
  if (!target) throw new LatchkeyError("egress.not_accepted", { data: { reason: "not_configured" } });
  const body = webhookBody(target.format, message.event);
  const signature = target.secret === null ? {} : webhookHeaders(target.secret, { id: row.id, at: now, body });
  const { status } = await ports.egress.request({
    purpose: "webhook",
    url: target.url.reveal(),
    method: "POST",
    headers: { "content-type": "application/json", accept: "*/*", ...signature },
    body,
  });
  if (status >= 200 && status < 300) return;
  throw new LatchkeyError("egress.not_accepted", { data: { reason: `status_${status}`, gone: status === 410 } });
}
