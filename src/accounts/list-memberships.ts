/** A person's groups, each once, with everything that put them there. */
import type { UserId } from "../kernel/ids.js";
import type { StoreReads } from "../store/contract.js";
import { shownOrigin } from "./policy/origin.js";

export interface MembershipView {
  readonly name: string;
  /** `manual` · `default` · `claims:<provider>` */
  readonly origins: readonly string[];
}

export async function listMemberships(
  { store }: { store: Pick<StoreReads, "groups"> },
  userId: UserId,
): Promise<readonly MembershipView[]> {
  const origins = new Map<string, string[]>();
  for (const { group, origin } of await store.groups.ofUser(userId)) {
    const shown = shownOrigin(origin);
    const before = origins.get(group.name) ?? [];
    if (!before.includes(shown)) origins.set(group.name, [...before, shown]);
  }
  return [...origins].map(([name, found]) => ({ name, origins: found }));
}
