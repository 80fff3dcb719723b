/**
 * Messages to webhooks as outbox rows (SI-23): one row for each webhook that wants the event, sealed before the
 * transaction that writes what it tells, so that there is never the one without the other.
 *
 * A row names its webhook and keeps what happened, not the finished message: an operator who corrects a URL, a secret or
 * a format wants the messages that wait to follow.
 */
import type { Keyring } from "../crypto/port.js";
import { outboxPlace } from "../crypto/sealed-places.js";
import { newId, type OutboxId } from "../kernel/ids.js";
import { isJsonObject, member, parseJson, stringMember } from "../kernel/json.js";
import type { RandomSource } from "../kernel/random.js";
import type { Secret } from "../kernel/secret.js";
import { after, days, type Instant, toRfc3339 } from "../kernel/time.js";
import type { GrantRecord, OutboxRecord, UserRecord } from "../store/records.js";

export const webhookKind = "webhook";

export type WebhookEventType = "user.created" | "grant.needs_reconnect";

/** Where to, and how: one entry of the configuration. */
export interface WebhookTarget {
  readonly id: string;
  /** Boxed: a chat service's URL is the key to its channel. */
  readonly url: Secret;
  readonly format: "standard" | "slack" | "discord" | "teams";
  /** Of `standard`: what messages are signed with. */
  readonly secret: Secret | null;
  readonly events: readonly WebhookEventType[];
}

/** What receivers learn of a user. Nothing else of a sign-in is told: no claim, no token. */
export interface WebhookUser {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: string;
  /** Id of the provider through which they came; null when an operator made the account. */
  readonly provider: string | null;
  /** RFC 3339. */
  readonly createdAt: string;
}

/** What receivers learn of a connection that is over. No token, and of its person the id alone. */
export interface WebhookGrant {
  readonly id: string;
  /** The person's id. */
  readonly user: string;
  /** `provider:<id>` or `tool:<id>` */
  readonly connection: string;
  /** What the server said, or our word where it said nothing. */
  readonly reason: string;
}

/** The body of a `standard` message, in the shape that Standard Webhooks recommends. */
export type WebhookEvent = {
  /** When it happened, RFC 3339; the same in every attempt. */
  readonly timestamp: string;
} & (
  | { readonly type: "user.created"; readonly data: { readonly user: WebhookUser } }
  | { readonly type: "grant.needs_reconnect"; readonly data: { readonly grant: WebhookGrant } }
);

export interface WebhookMessage {
  /** Id of the webhook it is for. */
  readonly webhook: string;
  readonly event: WebhookEvent;
}

export function userCreated(
  user: Pick<UserRecord, "id" | "email" | "name" | "role" | "createdAt">,
  provider: string | null,
): WebhookEvent {
  const { id, email, name, role } = user;
  const createdAt = toRfc3339(user.createdAt);
  return { type: "user.created", timestamp: createdAt, data: { user: { id, email, name, role, provider, createdAt } } };
}

export function needsReconnect(
  { id, userId, connection }: Pick<GrantRecord, "id" | "userId" | "connection">,
  reason: string,
  at: Instant,
): WebhookEvent {
  const grant = { id, user: userId, connection, reason };
  return { type: "grant.needs_reconnect", timestamp: toRfc3339(at), data: { grant } };
}

/** How long after it is written, or revived, a row may be under way at most; its number of attempts usually ends it. */
export const webhookLife = days(5);

/** A row for each webhook that wants to hear of it. Sealing: call it before the transaction. */
export function webhookRows(
  ports: { readonly keyring: Keyring; readonly random: RandomSource },
  targets: readonly WebhookTarget[],
  event: WebhookEvent,
  now: Instant,
): readonly OutboxRecord[] {
  return targets
    .filter((target) => target.events.includes(event.type))
    .map((target) => {
      const id = newId<OutboxId>(now, ports.random);
      const message: WebhookMessage = { webhook: target.id, event };
      return {
        id,
        kind: webhookKind,
        dead: false,
        sealed: ports.keyring.seal("outbox", outboxPlace({ id }).context, JSON.stringify(message)),
        attempts: 0,
        nextAttemptAt: now,
        endsAt: after(now, webhookLife),
        lastFailure: null,
        createdAt: now,
      };
    });
}

/** `undefined` when no key opens the row, or it holds something else. */
export function openWebhookMessage(keyring: Keyring, row: OutboxRecord): WebhookMessage | undefined {
  const opened = keyring.open("outbox", outboxPlace(row).context, row.sealed);
  const value = opened.ok ? parseJson(opened.value) : undefined;
  if (!isJsonObject(value)) return undefined;
  const [webhook, event] = [stringMember(value, "webhook"), member(value, "event")];
  if (webhook === undefined || !isJsonObject(event) || !isKnown(member(event, "type"))) return undefined;
  // What opens was sealed by us, for this row: its inner shape is the one that was written.
  return { webhook, event: event as unknown as WebhookEvent };
}

/** One that an older version does not know stays for a newer one. */
const isKnown = (type: unknown): boolean => type === "user.created" || type === "grant.needs_reconnect";
