/**
 * Claims that a refresh brought and that could not be applied, as an outbox row (AC-19): the grant that they came with, and
 * no more. What it says is asked again when it is tried, so that a late attempt never brings back what is over.
 */
import type { Keyring } from "../crypto/port.js";
import { outboxPlace } from "../crypto/sealed-places.js";
import { type GrantId, isId, newId, type OutboxId } from "../kernel/ids.js";
import type { RandomSource } from "../kernel/random.js";
import { after, hours, type Instant } from "../kernel/time.js";
import type { OutboxRecord } from "../store/records.js";

export const claimsKind = "claims";

/** By then a refresh has come by that brings them anyway. */
const giveUpAfter = hours(24);

export function claimsRow(
  ports: { keyring: Keyring; random: RandomSource },
  grant: GrantId,
  now: Instant,
  firstAttempt: Instant,
): OutboxRecord {
  const id = newId<OutboxId>(now, ports.random);
  return {
    id,
    kind: claimsKind,
    dead: false,
    sealed: ports.keyring.seal("outbox", outboxPlace({ id }).context, grant),
    attempts: 0,
    nextAttemptAt: firstAttempt,
    endsAt: after(now, giveUpAfter),
    lastFailure: null,
    createdAt: now,
  };
}

/** `undefined` when no key opens the row. */
export function openClaimsRow(keyring: Keyring, row: OutboxRecord): GrantId | undefined {
  const opened = keyring.open("outbox", outboxPlace(row).context, row.sealed);
  return opened.ok && isId(opened.value) ? (opened.value as GrantId) : undefined;
}
