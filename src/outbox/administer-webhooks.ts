/**
 * What an operator sees of messages to webhooks and can do about them: those that wait, those that are dead, and another
 * try for a dead one. A message that was delivered leaves no row; the log and the metrics have it.
 */
import type { Keyring } from "../crypto/port.js";
import { isId, type OutboxId } from "../kernel/ids.js";
import { after, type Clock, type Instant } from "../kernel/time.js";
import type { Page, PageRequest, Store } from "../store/contract.js";
import type { OutboxRecord } from "../store/records.js";
import { openWebhookMessage, type WebhookEvent, webhookKind, webhookLife } from "./webhook.js";

/** A message as an operator may see it: whom it is about by id, and no more of them. */
export interface QueuedMessage {
  readonly id: OutboxId;
  /** Null when no configured secret opens the row. */
  readonly webhook: string | null;
  readonly type: string | null;
  readonly user: string | null;
  readonly state: "waiting" | "dead";
  readonly attempts: number;
  /** Why the last attempt failed: a code, and what the receiver's status was. */
  readonly lastFailure: string | null;
  readonly createdAt: Instant;
  /** When it is tried next; null for a dead one. */
  readonly nextAttemptAt: Instant | null;
  readonly deadSince: Instant | null;
}

export interface WebhookAdministration {
  /** Oldest first. */
  list(page: PageRequest, dead?: boolean): Promise<Page<QueuedMessage>>;
  /** Has a dead message tried again from the beginning of its schedule. False when it is none. */
  retry(id: string): Promise<boolean>;
  /** The same for every dead message; answers how many. */
  retryAll(): Promise<number>;
}

export function administerWebhooks(ports: {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly clock: Clock;
}): WebhookAdministration {
  const { store, keyring, clock } = ports;
  const revive = (ids: readonly OutboxId[]): Promise<number> => {
    const now = clock.now();
    return store.transaction(async (tx) => {
      let revived = 0;
      for (const id of ids) if (await tx.outbox.revive(id, now, after(now, webhookLife))) revived++;
      return revived;
    });
  };
  const list = (page: PageRequest, dead?: boolean) =>
    store.outbox.list(page, { kind: webhookKind, ...(dead === undefined ? {} : { dead }) });
  return {
    async list(page, dead) {
      const { items, next } = await list(page, dead);
      return { items: items.map((row) => queuedMessage(keyring, row)), next };
    },
    async retry(id) {
      return isId(id) && (await revive([id as OutboxId])) === 1;
    },
    async retryAll() {
      let revived = 0;
      let cursor: string | undefined;
      do {
        const { items, next } = await list({ limit: 200, cursor }, true);
        revived += await revive(items.map((row) => row.id));
        cursor = next ?? undefined;
      } while (cursor !== undefined);
      return revived;
    },
  };
}

const personOf = (event: WebhookEvent): string =>
  event.type === "user.created" ? event.data.user.id : event.data.grant.user;

function queuedMessage(keyring: Keyring, row: OutboxRecord): QueuedMessage {
  const message = openWebhookMessage(keyring, row);
  return {
    id: row.id,
    webhook: message?.webhook ?? null,
    type: message?.event.type ?? null,
    user: message ? personOf(message.event) : null,
    state: row.dead ? "dead" : "waiting",
    attempts: row.attempts,
    lastFailure: row.lastFailure,
    createdAt: row.createdAt,
    nextAttemptAt: row.dead ? null : row.nextAttemptAt,
    deadSince: row.dead ? row.nextAttemptAt : null,
  };
}
