/** Signatures of Standard Webhooks, by the reference library: a receiver checks them with the same one in their language. */
import { Webhook } from "standardwebhooks";
import type { Secret } from "../kernel/secret.js";
import { type Instant, toDate } from "../kernel/time.js";

/**
 * The three headers of a signed message.
 *
 * @param secret `whsec_…`, as the configuration has checked it
 * @param message `id` is the same in every attempt, so that a receiver can tell a repetition; the time is the attempt's
 * @see Standard Webhooks, "Webhook headers"
 */
export const webhookHeaders = (
  secret: Secret,
  message: { readonly id: string; readonly at: Instant; readonly body: string },
): Readonly<Record<string, string>> => ({
  "webhook-id": message.id,
  "webhook-timestamp": String(Math.floor(message.at / 1_000)),
  "webhook-signature": new Webhook(secret.reveal()).sign(message.id, toDate(message.at), message.body),
});
