/**
 * One page of a list, newest first. Ids are UUIDv7, so their order is the order of making and the last id of a page
 * is a cursor that stays good when that row is gone by the next request.
 */
export function pageOf<T extends { readonly id: string }>(
  all: readonly T[],
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): { items: T[]; next: string | null } {
  const rest = all
    .filter(({ id }) => cursor === undefined || id < cursor)
    .sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
  const items = rest.slice(0, limit);
  return { items, next: rest.length > limit ? (items.at(-1)?.id ?? null) : null };
}
