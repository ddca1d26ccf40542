/** The fields of a line that matches, by the names that the pattern gives them; null: it does not match. */
type Matches = (line: string) => ReadonlyMap<string, string> | null;

/** A pattern of CloudWatch Logs for lines whose fields have spaces between them. */
export interface FilterPattern {
  /** The names that it gives fields. */
  readonly names: ReadonlySet<string>;
  readonly match: Matches;
}

/** What CloudWatch Logs takes (API reference, "PutMetricFilter"). */
const MOST_CHARACTERS = 1_024;

const ELLIPSIS = "...";

const NUMBERS: Readonly<Record<string, (one: number, other: number) => boolean>> = {
  ">": (one, other) => one > other,
  ">=": (one, other) => one >= other,
  "<": (one, other) => one < other,
  "<=": (one, other) => one <= other,
};

const COMPARISON = /^([\w-]+)\s*(!=|>=|<=|[=<>])\s*("[^"]*"|[\w.*+-]+)$/;

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** Characters between brackets or quotes are one field (the guide, as below). */
const FIELD = /"([^"]*)"|\[([^\]]*)\]|\S+/g;

/**
 * Understands the patterns of CloudWatch Logs for fields with spaces between them (its guide, "Using filter patterns to match
 * terms in space-delimited log events"): a name for each field, comparisons with texts, in which `*` stands for anything, and
 * with numbers, AND, OR, and `...` for any fields. Below a pattern without `...` the last name has the rest of the line, as in
 * the guide's `[w1=ERROR, w2]`.
 *
 * @throws Error at anything else, a regular expression too: what this does not understand is not tested.
 */
export function parsePattern(pattern: string): FilterPattern {
  const refuse = (why: string) => new Error(`The filter pattern ${pattern} ${why}.`);
  if (pattern.length > MOST_CHARACTERS) {
    throw refuse(`has ${pattern.length} characters, and may have ${MOST_CHARACTERS}`);
  }
  const inner = /^\[(.*)\]$/s.exec(pattern.trim())?.[1];
  if (inner === undefined) throw refuse("is not in brackets");
  const columns = outsideOfQuotes(inner, ",").map(columnOf);
  const names = columns.map(({ name }) => name).filter((name) => name !== ELLIPSIS);
  if (new Set(names).size < names.length) throw refuse("gives two fields one name");
  const open = columns.findIndex(({ name }) => name === ELLIPSIS);
  if (columns.length - names.length > 1) throw refuse(`has ${ELLIPSIS} twice`);

  return {
    names: new Set(names),
    match(line) {
      const fields = fieldsOf(line, columns.length, open);
      if (fields === null) return null;
      const isMatched = columns.every(({ isWanted }, at) => isWanted(fields[at] ?? ""));
      if (!isMatched) return null;
      return new Map(columns.map(({ name }, at) => [name, fields[at] ?? ""]));
    },
  };

  function columnOf(text: string) {
    const column = text.trim();
    if (column === ELLIPSIS || /^[\w-]+$/.test(column)) {
      return { name: column, isWanted: () => true };
    }
    const alternatives = outsideOfQuotes(column, "||").map((all) =>
      outsideOfQuotes(all, "&&").map((one) => comparisonOf(one.trim())),
    );
    const all = alternatives.flat();
    const [{ name } = { name: "" }] = all;
    if (all.some((one) => one.name !== name)) throw refuse(`compares two fields in one: ${column}`);
    return {
      name,
      isWanted: (field: string) =>
        alternatives.some((each) => each.every(({ isWanted }) => isWanted(field))),
    };
  }

  function comparisonOf(text: string) {
    const [, name = "", operator = "", value = ""] = COMPARISON.exec(text) ?? [];
    if (name === "") throw refuse(`has what is no comparison: ${text}`);
    const compare = NUMBERS[operator];
    if (compare !== undefined) {
      if (!NUMBER.test(value)) throw refuse(`compares a text by ${operator}`);
      return {
        name,
        isWanted: (field: string) => NUMBER.test(field) && compare(Number(field), Number(value)),
      };
    }
    const parts = value
      .replace(/^"(.*)"$/s, "$1")
      .split("*")
      .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
    const like = new RegExp(`^${parts.join(".*")}$`, "s");
    return { name, isWanted: (field: string) => like.test(field) === (operator === "=") };
  }
}

/** @returns one text for each column; null: the line has too few. @param open - the place of `...`, or -1 */
function fieldsOf(line: string, columns: number, open: number): readonly string[] | null {
  const found = [...line.matchAll(FIELD)];
  const texts = found.map(([whole, quoted, bracketed]) => quoted ?? bracketed ?? whole);
  const behind = columns - 1 - open;
  if (open >= 0) {
    if (texts.length < columns - 1) return null;
    return [...texts.slice(0, open), ELLIPSIS, ...(behind === 0 ? [] : texts.slice(-behind))];
  }
  if (texts.length < columns) return null;
  if (texts.length === columns) return texts;
  return [...texts.slice(0, columns - 1), line.slice(found[columns - 1]?.index).trimEnd()];
}

/** Splits a text where no quotes are open. */
function outsideOfQuotes(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let open: string | null = null;
  for (const between of text.split(separator)) {
    const part: string = open === null ? between : `${open}${separator}${between}`;
    const isOpen = part.split('"').length % 2 === 0;
    open = isOpen ? part : null;
    if (!isOpen) parts.push(part);
  }
  return open === null ? parts : [...parts, open];
}
