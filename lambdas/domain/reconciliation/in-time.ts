/**
 * Where the first stands that is not older than this; the length when there is none.
 *
 * @param sorted - by time, oldest first.
 */
export function firstSince(sorted: readonly { readonly at: number }[], since: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle]?.at ?? Infinity) < since) from = middle + 1;
    else to = middle;
  }
  return from;
}
