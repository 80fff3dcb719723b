/** The known name that a mistyped one was probably meant to be. */

/** Edits (insert, delete, replace, swap of neighbours) between two names: the optimal string alignment distance. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** The candidate with the fewest edits, if they are few for the length; case and `_`, `-` count for nothing. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  // Nobody types a key of this length by mistake, and the distance takes time in proportion to it.
  if (name.length > 64) return undefined;
  const plain = (text: string) => text.toLowerCase().replace(/[_-]/g, "");
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: editDistance(plain(name), plain(candidate)) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best !== undefined && best.edits <= Math.max(1, Math.floor(name.length / 3)) ? best.candidate : undefined;
}
