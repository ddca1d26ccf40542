/** Parts of a page, by their names. */
export type Parts = Readonly<Record<string, string>>;

/**
 * A page with these parts between their marks.
 *
 * @throws Error when the page has no place for one of them.
 */
export function withParts(page: string, text: string, parts: Parts): string {
  return Object.entries(parts).reduce((result, [name, part]) => {
    const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end of ${name} -->`];
    const [from, to] = [result.indexOf(begin), result.indexOf(end)];
    if (from < 0 || to < from) {
      throw new Error(`${page} has no place for "${name}": it wants ${begin} … ${end}.`);
    }
    return `${result.slice(0, from)}${begin}\n\n${part}\n\n${result.slice(to)}`;
  }, text);
}
