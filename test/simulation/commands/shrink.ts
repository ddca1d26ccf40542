/**
 * Reduces a list of faults to a smallest one that still fails: none can be left out of it (Zeller's
 * "ddmin": halves are left out first, then ever smaller parts).
 *
 * @param fails - whether the world still fails when only these faults happen.
 * @param mostRuns - after so many tries, what there is by then is good enough.
 */
export async function shrink(
  faults: readonly string[],
  fails: (faults: readonly string[]) => Promise<boolean>,
  mostRuns = 400,
): Promise<readonly string[]> {
  if (await fails([])) return [];
  let runs = 1;
  let smallest = faults;
  let parts = 2;
  while (smallest.length > 1 && runs < mostRuns) {
    const size = Math.ceil(smallest.length / parts);
    let without: readonly string[] | null = null;
    for (let start = 0; start < smallest.length && runs < mostRuns; start += size) {
      const rest = [...smallest.slice(0, start), ...smallest.slice(start + size)];
      runs += 1;
      if (await fails(rest)) {
        without = rest;
        break;
      }
    }
    if (without !== null) {
      smallest = without;
      parts = Math.max(parts - 1, 2);
    } else if (size === 1) {
      break;
    } else {
      parts = Math.min(smallest.length, parts * 2);
    }
  }
  return smallest;
}
