/** Which sessions have to go when there are too many (SI-21). */
import type { SessionId } from "../../kernel/ids.js";
import type { Instant } from "../../kernel/time.js";

interface Session {
  readonly id: SessionId;
  readonly lastSeenAt: Instant;
}

/**
 * Those that were used longest ago, longest ago first, so that `most` are left. Of two that were seen at the same moment
 * the older one goes first: ids are in order of making.
 *
 * @param kept never goes: the session that was just made
 */
export function beyondCap<T extends Session>(sessions: readonly T[], kept: SessionId, most: number): readonly T[] {
  const others = sessions.filter(({ id }) => id !== kept);
  const tooMany = others.length - (most - 1);
  if (tooMany <= 0) return [];
  return others.toSorted((a, b) => a.lastSeenAt - b.lastSeenAt || (a.id < b.id ? -1 : 1)).slice(0, tooMany);
}
