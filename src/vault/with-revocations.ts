/**
 * Revocations for grants that are ended by somebody's word (VA-14). They are sealed before the transaction, from what the
 * rows held then. A refresh that was written in between has put other tokens into a row, and those are the ones that live:
 * so each row is compared inside the transaction, and where it changed nothing is written and all of it begins anew.
 */
import type { Keyring } from "../crypto/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { GrantId } from "../kernel/ids.js";
import type { Transaction } from "../store/contract.js";
import type { GrantRecord, OutboxRecord } from "../store/records.js";
import { type GrantSecrets, openGrant } from "./sealed-grant.js";

/** Queues the revocation of what this row, read in the transaction, holds. False where there is none: no key opens it, or nobody could send it. */
export type QueueRevocation = (tx: Transaction, grant: GrantRecord) => Promise<boolean>;

/** A grant is refreshed once in a while, not several times in the milliseconds that this takes. */
const mostRounds = 5;

/**
 * @param read the rows that are meant, as they are now
 * @param act one transaction; it reads the rows again, and calls `queue` for each that it ends
 * @throws LatchkeyError `store.busy` when rows changed faster than they could be read
 */
export async function withRevocations<T>(
  ports: {
    readonly keyring: Keyring;
    /** The outbox row that revokes these tokens at their issuer; undefined where none is to wait for that. */
    readonly revocation: (grant: GrantRecord, secrets: GrantSecrets) => OutboxRecord | undefined;
  },
  read: () => Promise<readonly GrantRecord[]>,
  act: (queue: QueueRevocation) => Promise<T>,
): Promise<T> {
  for (let round = 0; round < mostRounds; round++) {
    const prepared = new Map((await read()).map((grant) => [grant.id, prepare(ports, grant)]));
    let outdated: GrantId | undefined;
    try {
      return await act(async (tx, grant) => {
        const one = prepared.get(grant.id);
        if (one?.sealed !== grant.sealed) {
          outdated = grant.id;
          throw changed(grant.id);
        }
        if (one.row) await tx.outbox.insert(one.row);
        return one.row !== undefined;
      });
    } catch (thrown) {
      if (outdated === undefined) throw thrown;
    }
  }
  throw changed(undefined);
}

/** A row that no key opens has nothing that could be revoked. */
function prepare(ports: Parameters<typeof withRevocations>[0], grant: GrantRecord) {
  const secrets = openGrant(ports.keyring, grant);
  return { sealed: grant.sealed, row: secrets && ports.revocation(grant, secrets) };
}

const changed = (grant: GrantId | undefined): LatchkeyError =>
  new LatchkeyError("store.busy", { data: { reason: "grant_changed", grant } });
