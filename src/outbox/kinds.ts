/** The kinds of rows in the outbox: what an attempt of each is, whom it goes to, and what follows when it fails. */
import type { Keyring } from "../crypto/port.js";
import type { LatchkeyError } from "../kernel/errors.js";
import type { GrantId } from "../kernel/ids.js";
import type { Duration, Instant } from "../kernel/time.js";
import type { OutboxRecord } from "../store/records.js";
import { claimsKind, openClaimsRow } from "./claims-again.js";
import { type RevokePorts, revocationPause, revoke } from "./deliver-revocation.js";
import { postWebhook, webhookAttempts, webhookPause } from "./deliver-webhook.js";
import { openRevocation, revocationKind } from "./revocation.js";
import { openUnregistration, type Unregistration, unregister, unregistrationKind } from "./unregistration.js";
import { openWebhookMessage, type WebhookTarget, webhookKind } from "./webhook.js";

/** Every kind there is. Each is delivered by itself. */
export const outboxKinds = [revocationKind, claimsKind, unregistrationKind, webhookKind] as const;
export type OutboxKindName = (typeof outboxKinds)[number];

export interface KindPorts extends RevokePorts {
  readonly keyring: Keyring;
  readonly webhooks: readonly WebhookTarget[];
  /** Applies the claims of a grant that could not be applied when they came (AC-19). */
  readonly claimsAgain: (grant: GrantId) => Promise<void>;
  /** Has the row of a registration go that is thrown away; false where it is used again. */
  readonly letGo: (unregistration: Unregistration) => Promise<boolean>;
}

/** What one kind of row needs. */
export interface OutboxKind {
  /** For the log: "a revocation". */
  readonly what: string;
  /** The attempt, ready to be made; undefined when no key opens the row. */
  prepare(row: OutboxRecord, now: Instant): PreparedRow | undefined;
  /** How long after so many attempts the next one is; a part of it is by chance, so that nodes and rows spread. */
  pause(attempts: number): Duration;
  /** Rows that are tried at one time at one receiver. */
  readonly atOnce: number;
  /** Whether the attempt that just failed was the last. */
  isOver(row: OutboxRecord, now: Instant, error: LatchkeyError): boolean;
  /** Whether a row that is given up is kept for the operator to see. */
  readonly keepsDead: boolean;
}

interface PreparedRow {
  /** Whom it goes to: a receiver that hangs holds up what is for itself. */
  readonly to: string;
  /** For the log. */
  readonly about: object;
  attempt(): Promise<void>;
}

/** What is tried one by one for as long as its row says, and forgotten then. */
const untilItsEnd = ({ random }: KindPorts): Pick<OutboxKind, "pause" | "atOnce" | "isOver" | "keepsDead"> => ({
  pause: (attempts) => revocationPause(attempts, random),
  atOnce: 1,
  isOver: (row, now) => now >= row.endsAt,
  keepsDead: false,
});

export const kindsOf = (ports: KindPorts): Readonly<Record<OutboxKindName, OutboxKind>> => ({
  [revocationKind]: {
    what: "a revocation",
    prepare(row) {
      const revocation = openRevocation(ports.keyring, row);
      if (!revocation) return undefined;
      const { issuer, provider } = revocation;
      return { to: issuer, about: { provider }, attempt: () => revoke(ports, revocation) };
    },
    ...untilItsEnd(ports),
    isOver: (row, now, error) => now >= row.endsAt || error.data["gone"] === true,
  },
  [claimsKind]: {
    what: "applying claims of a refresh",
    prepare(row) {
      const grant = openClaimsRow(ports.keyring, row);
      // Whose grant it is stands in the grant alone, so those of all providers go one after the other.
      return grant && { to: "", about: { grant }, attempt: () => ports.claimsAgain(grant) };
    },
    ...untilItsEnd(ports),
  },
  [unregistrationKind]: {
    what: "taking a registration back",
    prepare(row) {
      const unregistration = openUnregistration(ports.keyring, row);
      if (!unregistration) return undefined;
      const { connection, issuer } = unregistration;
      return { to: issuer, about: { connection }, attempt: () => unregister(ports, unregistration) };
    },
    ...untilItsEnd(ports),
  },
  [webhookKind]: {
    what: "a message to a webhook",
    prepare(row, now) {
      const message = openWebhookMessage(ports.keyring, row);
      if (!message) return undefined;
      const { webhook } = message;
      return { to: webhook, about: { webhook }, attempt: () => postWebhook(ports, row, message, now) };
    },
    pause: (attempts) => webhookPause(attempts, ports.random),
    atOnce: 5,
    isOver: (row, now, error) =>
      row.attempts + 1 >= webhookAttempts || now >= row.endsAt || error.data["gone"] === true,
    keepsDead: true,
  },
});
