/** The one of some names that a name was most probably meant to be: it takes the fewest changes of a letter. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const apart = new Map(names.map((name) => [name, changesBetween(given, name)]));
  return names.toSorted((one, other) => (apart.get(one) ?? 0) - (apart.get(other) ?? 0))[0];
}

/** Letters that are left out, added or replaced (Levenshtein's distance). */
function changesBetween(one: string, other: string): number {
  let row = [...Array(other.length + 1).keys()];
  for (const [at, letter] of one.split("").entries()) {
    const next = [at + 1];
    for (const [column, wanted] of other.split("").entries()) {
      const replaced = (row[column] ?? 0) + (letter === wanted ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
