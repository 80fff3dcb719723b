/** Takes away rows whose time is over, in small transactions, so that a large backlog never holds the write lock. */
import { before, type Clock, days } from "../kernel/time.js";
import type { Store } from "../store/contract.js";

const batch = 500;
/** Long enough for a node that was stopped over a weekend's maintenance to still hear what was said. */
const announcementsKept = days(7);
/** Longer than a revocation is tried: it needs to know where, and as whom. */
const removedKept = days(2);

/** One round; answers how many rows went. `stop` ends it after the transaction it is at. */
export async function cleanUp(ports: { store: Store; clock: Clock }, stop?: AbortSignal): Promise<number> {
  const now = ports.clock.now();
  let gone = 0;
  for (;;) {
    const round = await ports.store.transaction(async (tx) => [
      await tx.sessions.deleteEnded(now, batch),
      await tx.consumedFlows.deleteExpired(now, batch),
      await tx.usedJtis.deleteExpired(now, batch),
      await tx.signingKeys.deleteRetired(now),
      await tx.toolServers.deleteRemoved(before(now, removedKept)),
      await tx.announcements.deleteBefore(before(now, announcementsKept), batch),
    ]);
    gone += round.reduce((sum, count) => sum + count, 0);
    if (stop?.aborted || round.every((count) => count < batch)) return gone;
  }
}
