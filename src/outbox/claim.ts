/**
 * Has a row for as long as it is tried: nobody else tries it meanwhile, however long that takes. A claim is short and is made
 * longer while its attempt runs; of a node that was killed the others take the row over when it ends.
 */
import { asLatchkeyError } from "../kernel/errors.js";
import type { Log } from "../kernel/log.js";
import { after, type Clock, seconds } from "../kernel/time.js";
import type { Store } from "../store/contract.js";
import type { OutboxRecord } from "../store/records.js";

const claimFor = seconds(30);
const renewAfter = seconds(10);

export interface OutboxClaim {
  /** Ends it; from then on the row is due when it was last said to be. */
  stop(): Promise<void>;
}

/** Undefined when another node has the row. */
export async function claimRow(
  { store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: Log },
  { id, attempts }: Pick<OutboxRecord, "id" | "attempts">,
): Promise<OutboxClaim | undefined> {
  const until = () => after(clock.now(), claimFor);
  if (!(await store.transaction((tx) => tx.outbox.claim(id, attempts, until())))) return undefined;
  let stopped = false;
  let renewing: Promise<void> = Promise.resolve();
  let cancel = (): void => {};

  async function renew(): Promise<void> {
    try {
      // False: this process stood still for too long, and another one has it.
      if (!(await store.transaction((tx) => tx.outbox.postpone(id, attempts + 1, until())))) return;
    } catch (thrown) {
      log.warn(
        { outbox: id, err: asLatchkeyError(thrown) },
        "an outbox row could not be kept from other nodes for longer",
      );
    }
    if (!stopped) schedule();
  }
  function schedule(): void {
    cancel = clock.after(renewAfter, () => {
      renewing = renew();
    });
  }
  schedule();

  return {
    async stop() {
      stopped = true;
      cancel();
      await renewing;
    },
  };
}
