/** A person's groups, each once, with everything that put them there. */
import type { UserId } from "../kernel/ids.js";
import type { StoreReads } from "../store/contract.js";

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
    origins.set(group.name, [...(origins.get(group.name) ?? []), origin]);
  }
  return [...origins].map(([name, found]) => ({ name, origins: found }));
}
